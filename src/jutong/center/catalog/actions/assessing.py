"""The two assessments of 条例 13: of one version, or with one conclusion of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.catalog.actions.many import Outcome, Row, for_each
from jutong.center.catalog.enums import AssessmentKind, Event, VersionState
from jutong.center.catalog.findings import ENTRY_CLAUSE, Finding, refuse
from jutong.center.catalog.models import Assessment, EntryVersion
from jutong.center.catalog.rules import transition
from jutong.center.catalog.steps import note, open_step, require_content
from jutong.center.org.actor import Actor
from jutong.kernel.clock import civil_date


@dataclass(frozen=True, slots=True)
class Assessed:
    """What was found of one kind, by whom, when."""

    kind: str
    passed: bool
    conclusion: str
    assessed_by: str
    assessed_on: date


@transaction.atomic
def record_assessment(
    *,
    version: EntryVersion,
    kind: str,
    passed: bool,
    conclusion: str,
    assessed_by: str,
    assessed_on: date,
    by: Actor,
    now: datetime,
) -> EntryVersion:
    """Record one of the two assessments; when both passed, the version goes to 部门负责人 (条例 13).

    Raises:
        InvalidInputError: without conclusion or person, or with a day to come.
        RemovalContentError: if the version takes its entry down.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if the version is no draft.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked, row = open_step(version, Event.ASSESS, by)
    require_content(locked, Event.ASSESS)
    found = [Assessed(AssessmentKind(kind), passed, conclusion.strip(), assessed_by.strip(), assessed_on)]
    refuse(assessment_findings(found, civil_date(now)))
    _assessed([(locked, row)], found, by, now)
    return locked


def assess_many(*, ids: Iterable[UUID], found: Sequence[Assessed], by: Actor, now: datetime) -> list[Outcome]:
    """Record what was found of many drafts together; those with both passed go to 部门负责人.

    Raises:
        InvalidInputError: without conclusion or person, or with a day to come.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    refuse(assessment_findings(found, civil_date(now)))
    return for_each(
        ids,
        Event.ASSESS,
        by,
        prepare=lambda _: lambda version: require_content(version, Event.ASSESS),
        apply=lambda rows: _assessed(rows, found, by, now),
    )


def _assessed(rows: Sequence[Row], found: Sequence[Assessed], by: Actor, now: datetime) -> None:
    versions = [version for version, _ in rows]
    made = [
        Assessment(
            version=version,
            kind=one.kind,
            passed=one.passed,
            conclusion=one.conclusion.strip(),
            assessed_by=one.assessed_by.strip(),
            assessed_on=one.assessed_on,
        )
        for version in versions
        for one in found
    ]
    Assessment.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["version", "kind"],
        update_fields=["passed", "conclusion", "assessed_by", "assessed_on"],
        batch_size=500,
    )
    finish(versions)
    for one in found:
        note("assess", versions, by, now, kind=str(one.kind), passed=one.passed)


def finish(versions: Sequence[EntryVersion]) -> None:
    """Take the step that follows by itself for the versions with both assessments passed."""
    passed: dict[UUID, int] = {}
    for version_id in Assessment.objects.filter(version__in=versions, passed=True).values_list("version_id", flat=True):
        passed[version_id] = passed.get(version_id, 0) + 1
    ready = [version for version in versions if passed.get(version.id) == len(AssessmentKind)]
    for version in ready:
        version.state = transition(version.state, Event.FINISH_ASSESSMENT, name=version.name).next
    EntryVersion.objects.filter(id__in=[version.id for version in ready]).update(state=VersionState.ASSESSED)


def assessment_findings(found: Sequence[Assessed], today: date) -> list[Finding]:
    """Return what is wrong with what was said of an assessment."""
    return [finding for one in found for finding in _bad(one, today)]


def _bad(one: Assessed, today: date) -> list[Finding]:
    checks = (
        ("conclusion", gettext("评估结论"), one.conclusion, 1000),
        ("assessed_by", gettext("评估人"), one.assessed_by, 64),
    )
    found = []
    for place, label, text, longest in checks:
        if not text.strip() or len(text) > longest:
            message, way_out = gettext("必须填写，且不超过规定长度"), gettext("请按评估报告填写")
            found.append(Finding("VC-02", place, label, ENTRY_CLAUSE, message, way_out))
    if one.assessed_on > today:
        message, way_out = gettext("评估日期不能是将来"), gettext("请填写实际评估的日期")
        label, day = gettext("评估日期"), one.assessed_on.isoformat()
        found.append(Finding("VC-02", "assessed_on", label, ENTRY_CLAUSE, message, way_out, day))
    return found
