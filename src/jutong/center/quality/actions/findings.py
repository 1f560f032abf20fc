"""Findings: opened by a check, reported right by whoever answers for the table, closed by a check and nothing else."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit import actions as audit
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.errors import ClockNotRunningError
from jutong.center.library import steps
from jutong.center.library.models import WorkCause
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.process import admission
from jutong.center.process.sides import Side
from jutong.center.quality.deriving import field_of
from jutong.center.quality.enums import FindingEvent, FindingState
from jutong.center.quality.models import CheckedTable, Finding, FindingStep, QualityRun, RuleFigure
from jutong.center.quality.rules import FINDINGS, LASTING, PERIOD
from jutong.center.sharing.actions._common import notify
from jutong.center.sharing.numbers import next_number
from jutong.contracts.quality import CheckOrder, QualityRule
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.quality import scheme

logger = logging.getLogger(__name__)
SUBJECT = "finding"
"""The subject kind of a finding's clock and audit events."""
LETTERS = "WT"
LONGEST = 500
PERMILLE = 1000
_FOUND = gettext_noop("{number}：“{table}”的质量检查发现{rows}行不合规则，请整改。")


def follow(checked: CheckedTable, run: QualityRun, order: CheckOrder, by: Actor, now: datetime) -> None:
    """Open what a run found, say anew how much of it is left, and close what it did not find any more."""
    lasting = {row.rule: row for row in Finding.objects.select_for_update().filter(checked=checked, state__in=LASTING)}
    rules = {rule.id: rule for rule in order.rules}
    allowed = scheme().most_failing_permille
    seen: set[str] = set()
    for figure in run.figures.all():
        seen.add(figure.rule)
        known = lasting.get(figure.rule)
        if figure.failed * PERMILLE > allowed * figure.evaluated:
            if known is None:
                _open(checked, figure, rules[figure.rule], by, now)
            else:
                _still(known, figure, by, now)
        elif known is not None and figure.evaluated:
            _close(known, figure.evaluated, by, now)
    for rule, known in lasting.items():
        if rule not in seen:
            _close(known, known.evaluated, by, now)


def _open(checked: CheckedTable, figure: RuleFigure, rule: QualityRule, by: Actor, now: datetime) -> None:
    before = Finding.objects.filter(checked=checked, rule=figure.rule).order_by("-opened_at").first()
    finding = Finding.objects.create(
        number=next_number(LETTERS, now), checked=checked, organisation=checked.organisation, rule=figure.rule,
        kind=figure.kind, field=field_of(rule), indicator=figure.indicator, body=rule.model_dump(mode="json"),
        cause=cause_of(figure), failed=figure.failed, evaluated=figure.evaluated, first_failed=figure.failed,
        times=before.times + 1 if before else 1, opened_at=now, seen_at=now,
    )  # fmt: skip
    _record("open", finding, by, now)
    try:
        with transaction.atomic():
            clocks.start(
                period=PERIOD, subject_kind=SUBJECT, subject_id=finding.id,
                subject_label=f"{finding.number} {checked.title}", organisation=checked.organisation, by=by, now=now,
            )  # fmt: skip
    except CalendarYearMissingError as problem:
        logger.warning("%s has no clock: %s", finding.number, problem.code)
    notify(
        checked.organisation, Role.STEWARD, _FOUND, link(finding), now, number=finding.number, table=checked.title,
        rows=finding.failed,
    )  # fmt: skip


def cause_of(figure: RuleFigure) -> str:
    """Return what groups findings of one cause: the kind of rule and the element, or the field where it has none."""
    return f"{figure.kind}:{figure.element or figure.field or '-'}"


def _still(finding: Finding, figure: RuleFigure, by: Actor, now: datetime) -> None:
    finding.failed, finding.evaluated, finding.seen_at = figure.failed, figure.evaluated, now
    if finding.state == FindingState.REPORTED:
        _step(finding, FindingEvent.FAIL, by, now, sides=(Side.PLATFORM,))
    else:
        finding.save(update_fields=["failed", "evaluated", "seen_at"])


def _close(finding: Finding, evaluated: int, by: Actor, now: datetime) -> None:
    finding.failed, finding.evaluated, finding.seen_at, finding.closed_at = 0, evaluated, now, now
    _step(finding, FindingEvent.PASS, by, now, sides=(Side.PLATFORM,))
    _stop_clock(finding, by, now)


def _stop_clock(finding: Finding, by: Actor, now: datetime) -> None:
    try:
        with transaction.atomic():
            clocks.stop(subject_kind=SUBJECT, subject_id=finding.id, period=PERIOD, by=by, now=now)
    except ClockNotRunningError:
        logger.info("%s had no clock", finding.number)


def sides_of(finding: Finding, by: Actor) -> set[Side]:
    """Return where somebody stands towards a finding."""
    sides = {Side.PROVIDER} if finding.organisation_id == by.organisation_id else set()
    if has(by, Permission.QUALITY_FINDING_ACCEPT) and finding.organisation.division_code == by.division_code:
        sides.add(Side.AUTHORITY)
    return sides


def link(finding: Finding) -> str:
    """Return where a finding's page is."""
    return f"/quality/findings/{finding.number}"


@transaction.atomic
def report_finding(*, finding: Finding, text: str, by: Actor, now: datetime) -> Finding:
    """Say how it was put right, and have the table checked again.

    Raises:
        NotFoundError: for whoever is no party.
        StepNotAllowedError, WrongSideError, ForbiddenError: see ``process.admission``.
        InvalidInputError: without a word on how.
    """
    locked = _locked(finding.id)
    _step(locked, FindingEvent.REPORT, by, now, sides=sides_of(locked, by), text=_text(text))
    checked = locked.checked
    steps.take("check", checked.table, feed=checked.feed, by=by, now=now, cause=WorkCause.HAND)
    return locked


@transaction.atomic
def accept_finding(*, finding: Finding, text: str, by: Actor, now: datetime) -> Finding:
    """Let a finding stand as it is, for a reason: what the source law has no value for, a history nobody can mend.

    Raises:
        NotFoundError: for whoever is no party.
        StepNotAllowedError, WrongSideError, ForbiddenError: see ``process.admission``.
        InvalidInputError: without a reason.
    """
    locked = _locked(finding.id)
    _step(locked, FindingEvent.ACCEPT, by, now, sides=sides_of(locked, by), text=_text(text))
    _stop_clock(locked, by, now)
    return locked


def _locked(finding_id: UUID) -> Finding:
    rows = Finding.objects.select_for_update(of=("self",)).select_related("organisation", "checked__table__library")
    return rows.select_related("checked__feed", "organisation", "checked__table__library__node").get(id=finding_id)


def _step(
    finding: Finding,
    event: FindingEvent,
    by: Actor,
    now: datetime,
    *,
    sides: set[Side] | tuple[Side, ...],
    text: str = "",
) -> None:
    row = admission.admit(FINDINGS, finding.state, event, sides=sides, label=finding.number, by=by)
    finding.state = FindingState(row.next)
    finding.save()
    FindingStep.objects.create(finding=finding, event=event, text=text, failed=finding.failed, by_id=by.user_id, at=now)
    _record(event.value, finding, by, now)


def _text(text: str) -> str:
    clean = text.strip()
    if not 1 <= len(clean) <= LONGEST:
        message = gettext("请写明情况，最多500字")
        row = {"field": "text", "found": str(len(clean)), "allowed": f"1-{LONGEST}", "message": message, "clause": ""}
        raise InvalidInputError(problems=[row])
    return clean


def _record(what: str, finding: Finding, by: Actor, now: datetime) -> None:
    audit.record(
        event=f"quality:finding:{what}", by=by, now=now, subject_kind=SUBJECT, subject_id=finding.id,
        subject_label=f"{finding.number} {finding.checked.title}", rule=finding.rule, failed=finding.failed,
        state=str(finding.state),
    )  # fmt: skip
