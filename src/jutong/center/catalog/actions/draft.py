"""Writing an entry: draft, changes, the two assessments, a new version of a published entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.catalog.codes import allocate
from jutong.center.catalog.enums import AssessmentKind, Event, UpdateTrigger, VersionState
from jutong.center.catalog.errors import NotPublishedError, OpenVersionExistsError
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import ENTRY_CLAUSE, Finding, refuse
from jutong.center.catalog.models import Assessment, Entry, EntryVersion, Item
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.shape import LABELS, shape_findings
from jutong.center.catalog.steps import UPDATE_SUBJECT, items_for, note, open_step, write, written
from jutong.center.catalog.validation import repeated_items
from jutong.center.clocks import actions as clocks
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation, require
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError


@transaction.atomic
def create_entry(*, fields: EntryFields, items: Iterable[ItemFields], by: Actor, now: datetime) -> EntryVersion:
    """Start an entry of the actor's department: its first version as a draft, and its code.

    Raises:
        InvalidInputError: if name or classification is missing or a value does not fit its column.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    require(by, Permission.CATALOG_ENTRY_EDIT)
    rows = list(items)
    refuse([*shape_findings(fields, rows), *repeated_items(rows)])
    organisation: Organisation = own_organisation(by)
    entry = Entry.objects.create(
        code=allocate(fields.classification)[0], organisation=organisation, created_at=now, updated_at=now
    )
    version = EntryVersion(entry=entry, number=1, created_by_id=by.user_id, created_at=now, writers=_writers([], by))
    write(version, fields)
    version.save(force_insert=True)
    Item.objects.bulk_create(items_for(version, rows))
    note("create", version, by, now)
    return version


@transaction.atomic
def edit_version(
    *, version: EntryVersion, fields: EntryFields, items: Iterable[ItemFields], by: Actor, now: datetime
) -> EntryVersion:
    """Write a version anew. Assessments and consent were about other content and fall away (条例 13).

    Raises:
        InvalidInputError: if a value does not fit, or the classification no longer matches the code.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if it is under review or published.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked, row = open_step(version, Event.EDIT, by)
    rows = list(items)
    refuse([*shape_findings(fields, rows), *repeated_items(rows), *_moved_class(locked, fields)])
    write(locked, fields)
    locked.state = row.next
    locked.writers = _writers(locked.writers, by)
    locked.consented_by = locked.consented_at = None
    locked.save()
    locked.assessments.all().delete()
    locked.items.all().delete()
    Item.objects.bulk_create(items_for(locked, rows))
    note("edit", locked, by, now)
    return locked


@transaction.atomic
def new_version(
    *,
    entry: Entry,
    by: Actor,
    now: datetime,
    trigger: str = UpdateTrigger.VOLUNTARY,
    happened_on: date | None = None,
) -> EntryVersion:
    """Start a new version of a published entry from what the published one says (条例 17).

    A change of law or duty starts the department's clock on the day it happened.

    Raises:
        NotFoundError: if it is another department's.
        NotPublishedError: if the entry has no published version.
        OpenVersionExistsError: if one is being made.
        InvalidInputError: for a change of law or duty without its day, or with a day to come.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    require(by, Permission.CATALOG_ENTRY_EDIT)
    locked = Entry.objects.select_for_update(of=("self",)).select_related("published", "organisation").get(id=entry.id)
    if locked.organisation_id != by.organisation_id:
        raise NotFoundError(what=locked.code)
    if locked.published is None:
        raise NotPublishedError(name=locked.code, step=gettext("更新"))
    cause = UpdateTrigger(trigger)
    refuse(_bad_day(cause, happened_on, civil_date(now)))
    fields, items = written(locked.published)
    latest = locked.versions.order_by("-number").first()
    number = locked.published.number if latest is None else latest.number
    version = EntryVersion(
        entry=locked,
        number=number + 1,
        trigger=cause,
        created_by_id=by.user_id,
        created_at=now,
        writers=_writers([], by),
    )
    write(version, fields)
    being_made = locked.versions.filter(state__in=OPEN_STATES).first()
    state = VersionState(being_made.state if being_made else VersionState.DRAFT).label
    with constraint_errors(one_open_version_per_entry=OpenVersionExistsError(name=version.name, state=state)):
        version.save(force_insert=True)
    Item.objects.bulk_create(items_for(version, items))
    if happened_on is not None:
        clocks.start(
            period="SLA-CAT-UPD",
            subject_kind=UPDATE_SUBJECT,
            subject_id=locked.id,
            subject_label=version.name,
            organisation=locked.organisation,
            by=by,
            now=now,
            started_on=happened_on,
        )
    note("renew", version, by, now, trigger=cause.value, happened_on=happened_on and happened_on.isoformat())
    return version


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
        NotFoundError: if it is another department's.
        StepNotAllowedError: if the version is no draft.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked, _ = open_step(version, Event.ASSESS, by)
    which = AssessmentKind(kind)
    refuse(_bad_assessment(conclusion, assessed_by, assessed_on, civil_date(now)))
    Assessment.objects.update_or_create(
        version=locked,
        kind=which,
        defaults={
            "passed": passed,
            "conclusion": conclusion.strip(),
            "assessed_by": assessed_by.strip(),
            "assessed_on": assessed_on,
        },
    )
    if locked.assessments.filter(passed=True).count() == len(AssessmentKind):
        locked, row = open_step(locked, Event.FINISH_ASSESSMENT, by)
        locked.state = row.next
        locked.save(update_fields=["state"])
    note("assess", locked, by, now, kind=which.value, passed=passed)
    return locked


def _writers(before: Sequence[UUID], by: Actor) -> list[UUID]:
    return [*before, by.user_id] if by.user_id is not None and by.user_id not in before else [*before]


def _moved_class(version: EntryVersion, fields: EntryFields) -> list[Finding]:
    if version.entry.code.partition("/")[0] == fields.classification:
        return []
    message = gettext("分类与已编的信息资源代码不一致")
    way_out = gettext("代码编定后分类不能改；分类确实有误的，请另建目录")
    place = "classification"
    return [Finding("VC-00", place, LABELS[place], ENTRY_CLAUSE, message, way_out, fields.classification)]


def _bad_day(cause: UpdateTrigger, happened_on: date | None, today: date) -> list[Finding]:
    voluntary = cause == UpdateTrigger.VOLUNTARY
    if (happened_on is None) == voluntary and (happened_on is None or happened_on <= today):
        return []
    message = gettext("法律或职责变化要写明发生的日期，且不能是将来；主动完善不写日期")
    way_out = gettext("请按变化的生效日期填写")
    return [
        Finding(
            "VC-00",
            "happened_on",
            gettext("变化发生日期"),
            "政务数据共享条例第十七条",
            message,
            way_out,
            str(happened_on or ""),
        )
    ]


def _bad_assessment(conclusion: str, assessed_by: str, assessed_on: date, today: date) -> list[Finding]:
    checks = (
        ("conclusion", gettext("评估结论"), bool(conclusion.strip()), conclusion, 1000),
        ("assessed_by", gettext("评估人"), bool(assessed_by.strip()), assessed_by, 64),
    )
    found = []
    for place, label, given, text, longest in checks:
        if not given or len(text) > longest:
            message, way_out = gettext("必须填写，且不超过规定长度"), gettext("请按评估报告填写")
            found.append(Finding("VC-02", place, label, ENTRY_CLAUSE, message, way_out))
    if assessed_on > today:
        message, way_out = gettext("评估日期不能是将来"), gettext("请填写实际评估的日期")
        label = gettext("评估日期")
        found.append(Finding("VC-02", "assessed_on", label, ENTRY_CLAUSE, message, way_out, assessed_on.isoformat()))
    return found
