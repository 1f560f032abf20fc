"""Writing an entry: draft, changes, a new version of a published entry, giving a version up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.catalog.actions.many import Outcome, Row, for_each
from jutong.center.catalog.codes import allocate
from jutong.center.catalog.enums import Event, UpdateTrigger, VersionKind, VersionState
from jutong.center.catalog.errors import NotPublishedError, OpenVersionExistsError
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import ENTRY_CLAUSE, Finding, refuse
from jutong.center.catalog.life import Touch
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.shape import LABELS, shape_findings
from jutong.center.catalog.steps import (
    UPDATE_SUBJECT,
    items_for,
    note,
    open_step,
    require_content,
    write,
    written,
)
from jutong.center.catalog.template import edition_in_force
from jutong.center.catalog.validation import repeated_items
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation, require
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

LONGEST_NOTE = 500
UPDATE_CLAUSE = "政务数据共享条例第十七条"


@transaction.atomic
def create_entry(*, fields: EntryFields, items: Iterable[ItemFields], by: Actor, now: datetime) -> EntryVersion:
    """Start an entry of the actor's department: its first version as a draft, and its code.

    Raises:
        InvalidInputError: if name or classification is missing or a value does not fit its column.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    require(by, Permission.CATALOG_ENTRY_EDIT)
    rows = list(items)
    edition = edition_in_force(civil_date(now), by.division_code)
    refuse([*shape_findings(fields, rows, edition), *repeated_items(rows)])
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
        RemovalContentError: if the version takes its entry down.
        NotFoundError: if it is another department's.
        StepNotAllowedError: if it is under review or published.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked, row = open_step(version, Event.EDIT, by)
    require_content(locked, Event.EDIT)
    rows = list(items)
    edition = edition_in_force(civil_date(now), by.division_code)
    refuse([*shape_findings(fields, rows, edition), *repeated_items(rows), *_moved_class(locked, fields)])
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
    change_note: str = "",
    effective_from: date | None = None,
) -> EntryVersion:
    """Start a new version of a published entry from what the published one says (条例 17).

    A change of law or duty starts the department's clock on the day it happened, unless one runs already. Changes
    registered before that still wait for an answer are answered by this version.

    Args:
        entry: a published one of the actor's department.
        by: who starts it.
        now: when.
        trigger: why; with registered changes waiting, a voluntary update takes theirs.
        happened_on: the day of the change, where ``trigger`` is one.
        change_note: what is to change, at most 500 characters.
        effective_from: the day from which it holds, where it is not the day of publication.

    Raises:
        NotFoundError: if it is another department's.
        NotPublishedError: if the entry has no published version.
        OpenVersionExistsError: if one is being made.
        InvalidInputError: for a change of law or duty without its day, or with a day to come.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked = published_of_own(entry, by, step=gettext("更新"))
    cause = UpdateTrigger(trigger)
    refuse([*_bad_day(cause, happened_on, civil_date(now)), *note_findings(change_note)])
    running = _is_running(locked)
    waiting = _unanswered(locked) if running else []
    if waiting and cause == UpdateTrigger.VOLUNTARY:
        cause = UpdateTrigger(waiting[0].event.kind)
    assert locked.published is not None  # noqa: S101 - published_of_own asked
    fields, items = written(locked.published)
    version = next_version(locked, by, now, trigger=cause, note=change_note, effective_from=effective_from)
    write(version, fields)
    save_new(version)
    Item.objects.bulk_create(items_for(version, items))
    Touch.objects.filter(id__in=[touch.id for touch in waiting]).update(version=version)
    if happened_on is not None and not running:
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


def published_of_own(entry: Entry, by: Actor, *, step: str) -> Entry:
    """Return a published entry of the actor's department, its row locked.

    Raises:
        NotFoundError: if it is another department's.
        NotPublishedError: if it has no published version.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    require(by, Permission.CATALOG_ENTRY_EDIT)
    locked = Entry.objects.select_for_update(of=("self",)).select_related("published", "organisation").get(id=entry.id)
    if locked.organisation_id != by.organisation_id:
        raise NotFoundError(what=locked.code)
    if locked.published is None:
        raise NotPublishedError(name=locked.code, step=step)
    return locked


def next_version(
    entry: Entry,
    by: Actor,
    now: datetime,
    *,
    trigger: str = UpdateTrigger.VOLUNTARY,
    kind: str = VersionKind.CONTENT,
    note: str = "",
    effective_from: date | None = None,
) -> EntryVersion:
    """Return the version that follows the newest of an entry; nothing is saved."""
    numbers = entry.versions.order_by("-number").values_list("number", flat=True)
    return EntryVersion(
        entry=entry,
        number=(numbers.first() or 0) + 1,
        kind=kind,
        trigger=trigger,
        change_note=note.strip(),
        effective_from=effective_from,
        created_by_id=by.user_id,
        created_at=now,
        writers=_writers([], by),
    )


def save_new(version: EntryVersion) -> None:
    """Save a version, the only one being made of its entry.

    Raises:
        OpenVersionExistsError: if another is.
    """
    being_made = version.entry.versions.filter(state__in=OPEN_STATES).first()
    state = VersionState(being_made.state if being_made else VersionState.DRAFT).label
    with constraint_errors(one_open_version_per_entry=OpenVersionExistsError(name=version.name, state=state)):
        version.save(force_insert=True)


def note_findings(text: str, *, needed: bool = False) -> list[Finding]:
    """Return what is wrong with what a department says of a change of its own."""
    if len(text) <= LONGEST_NOTE and (text.strip() or not needed):
        return []
    message, way_out = gettext("要写明，且不超过500字"), gettext("请写明改了什么、为什么")
    return [Finding("VC-00", "change_note", gettext("变更说明"), UPDATE_CLAUSE, message, way_out)]


def _unanswered(entry: Entry) -> list[Touch]:
    """Return the registered changes an entry has no version for yet, the first first."""
    return list(Touch.objects.filter(entry=entry, version=None).select_related("event").order_by("event_id"))


def _is_running(entry: Entry) -> bool:
    return StatutoryClock.objects.filter(
        period="SLA-CAT-UPD", subject_kind=UPDATE_SUBJECT, subject_id=str(entry.id), state__in=OPEN
    ).exists()


@transaction.atomic
def discard(*, version: EntryVersion, by: Actor, now: datetime) -> EntryVersion:
    """Give a version up that is still being made. Its entry's code stays used; what is published stays published.

    Raises:
        NotFoundError: if it is another department's.
        StepNotAllowedError: if it is under review, published or given up.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    locked, row = open_step(version, Event.DISCARD, by)
    _discarded([(locked, row)], by, now)
    return locked


def discard_many(*, ids: Iterable[UUID], by: Actor, now: datetime) -> list[Outcome]:
    """Give up every version that is still being made, as ``discard`` does one.

    Raises:
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    return for_each(
        ids, Event.DISCARD, by, prepare=lambda _: lambda _: None, apply=lambda rows: _discarded(rows, by, now)
    )


def _discarded(rows: Sequence[Row], by: Actor, now: datetime) -> None:
    for version, row in rows:
        version.state = row.next
    versions = [version for version, _ in rows]
    EntryVersion.objects.filter(id__in=[version.id for version in versions]).update(state=VersionState.DISCARDED)
    Touch.objects.filter(version__in=versions).update(version=None)
    note("discard", versions, by, now)


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
            UPDATE_CLAUSE,
            message,
            way_out,
            str(happened_on or ""),
        )
    ]
