"""条例 17: registering a change that entries must follow within ten working days, and asking for five more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.catalog.actions.draft import UPDATE_CLAUSE
from jutong.center.catalog.enums import VersionKind, VersionState
from jutong.center.catalog.errors import (
    ExtensionDecidedError,
    ExtensionPendingError,
    NoUpdateDueError,
)
from jutong.center.catalog.findings import Finding, refuse
from jutong.center.catalog.life import CHANGE_KINDS, ChangeEvent, Touch, UpdateExtension
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.steps import UPDATE_SUBJECT
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.errors import ClockRanOutError, ExtensionTooLongError
from jutong.center.clocks.many import Bound, start_all
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.clocks.rules import cap_of
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, authority_for, own_organisation, require
from jutong.center.sharing.models import Notice
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

PERIOD = "SLA-CAT-UPD"
MOST_ENTRIES = 2000
LONGEST_TITLE = 200
LONGEST_TEXT = 500
TOUCHED = gettext_noop("“{title}”涉及本部门目录{count}条，请在期限内更新并提交审核。")
ASKED = gettext_noop("{organisation}申请把“{name}”的更新延长{days}个工作日。")
GRANTED = gettext_noop("“{name}”的更新期限延长{days}个工作日。")
NOT_GRANTED = gettext_noop("“{name}”的更新期限没有延长：{note}")


@transaction.atomic
def register_change(
    *, kind: str, title: str, basis: str, happened_on: date, codes: Iterable[str], by: Actor, now: datetime
) -> ChangeEvent:
    """Register a change of law, regulation, decision or duty; the clock of every entry it touches starts (条例 17).

    An entry whose clock runs already keeps it, because that one ends sooner.

    Args:
        kind: a value of ``UpdateTrigger`` other than voluntary.
        title: what changed, at most 200 characters.
        basis: the document and article, at most 500 characters.
        happened_on: the day from which the ten working days count.
        codes: of the entries, all published: own ones, for the authority those of its division.
        by: who registers it.
        now: when.

    Raises:
        InvalidInputError: for what is missing or cannot be right.
        NotFoundError: for a code that is no published entry of the department or division.
        CalendarYearMissingError: if the due date cannot be counted; then nothing is registered.
        ForbiddenError: if ``by`` does not register changes.
    """
    require(by, Permission.CATALOG_CHANGE_REGISTER)
    wanted = list(dict.fromkeys(codes))
    event = ChangeEvent(
        kind=kind,
        title=title.strip(),
        basis=basis.strip(),
        happened_on=happened_on,
        division_code=by.division_code,
        organisation=own_organisation(by),
        registered_by_id=by.user_id or NOBODY,
        registered_at=now,
    )
    refuse(_bad_change(event, wanted, civil_date(now)))
    entries = _entries(wanted, by)
    event.save(force_insert=True)
    _touch(event, entries)
    _start_clocks(event, entries, by, now)
    _tell(event, entries, now)
    record(
        event="catalog:change:register",
        by=by,
        now=now,
        subject_kind="catalog-change",
        subject_id=event.id,
        subject_label=event.title,
        kind=event.kind,
        happened_on=happened_on.isoformat(),
        codes=wanted,
    )
    return event


def _bad_change(event: ChangeEvent, codes: Sequence[str], today: date) -> list[Finding]:
    must, write = gettext("必须填写，且不超过规定长度"), gettext("请按变化的文件填写")
    checks = (
        ("kind", gettext("变化类型"), event.kind in dict(CHANGE_KINDS), gettext("不在允许的取值之内"), write),
        ("title", gettext("变化内容"), 1 <= len(event.title) <= LONGEST_TITLE, must, write),
        ("basis", gettext("依据"), 1 <= len(event.basis) <= LONGEST_TEXT, must, write),
        ("happened_on", gettext("变化发生日期"), event.happened_on <= today, gettext("不能是将来"), write),
        (
            "entries",
            gettext("涉及的目录"),
            1 <= len(codes) <= MOST_ENTRIES,
            gettext("要选出1至2000条涉及的目录"),
            gettext("请选出涉及的目录"),
        ),
    )
    return [
        Finding("VC-00", place, label, UPDATE_CLAUSE, message, way_out)
        for place, label, holds, message, way_out in checks
        if not holds
    ]


def _entries(codes: Sequence[str], by: Actor) -> list[Entry]:
    """Return the entries in the order of their codes, locked."""
    rows = Entry.objects.select_for_update(of=("self",)).filter(code__in=codes, published__isnull=False)
    if by.role == Role.AUTHORITY:
        rows = rows.filter(organisation__division_code=by.division_code)
    else:
        rows = rows.filter(organisation_id=by.organisation_id or NOBODY)
    found = list(rows.select_related("organisation").order_by("code"))
    missing = set(codes) - {entry.code for entry in found}
    if missing:
        raise NotFoundError(what=min(missing))
    return found


def _touch(event: ChangeEvent, entries: Sequence[Entry]) -> None:
    """Tie the entries to the change; a version that is still written answers it, one under review does not."""
    making = EntryVersion.objects.filter(
        entry__in=entries, kind=VersionKind.CONTENT, state__in=set(OPEN_STATES) - {VersionState.SUBMITTED}
    )
    answers = {version.entry_id: version for version in making}
    Touch.objects.bulk_create(
        [Touch(event=event, entry=entry, version=answers.get(entry.id)) for entry in entries], batch_size=500
    )


def _start_clocks(event: ChangeEvent, entries: Sequence[Entry], by: Actor, now: datetime) -> None:
    ids = [str(entry.id) for entry in entries]
    running = set(
        StatutoryClock.objects.filter(
            period=PERIOD, subject_kind=UPDATE_SUBJECT, subject_id__in=ids, state__in=OPEN
        ).values_list("subject_id", flat=True)
    )
    bound = [
        Bound(entry.id, entry.published_name, entry.organisation) for entry in entries if str(entry.id) not in running
    ]
    start_all(period=PERIOD, subject_kind=UPDATE_SUBJECT, subjects=bound, by=by, now=now, started_on=event.happened_on)


def _tell(event: ChangeEvent, entries: Sequence[Entry], now: datetime) -> None:
    groups: defaultdict[Organisation, int] = defaultdict(int)
    for entry in entries:
        groups[entry.organisation] += 1
    Notice.objects.bulk_create(
        Notice(
            organisation=organisation,
            role=Role.STEWARD,
            text=TOUCHED,
            fields={"title": event.title, "count": str(count)},
            link=f"/changes/{event.id}",
            at=now,
        )
        for organisation, count in groups.items()
    )


@transaction.atomic
def ask_extension(*, entry: Entry, days: int, reason: str, by: Actor, now: datetime) -> UpdateExtension:
    """Ask the authority for more working days to update an entry, at most five in all (条例 17).

    Raises:
        InvalidInputError: without a reason.
        ExtensionTooLongError: for more than the law leaves, or less than one.
        ClockRanOutError: if the last day has passed.
        NoUpdateDueError: if no clock runs.
        ExtensionPendingError: if a request waits already.
        NotFoundError: if the entry is another department's.
        ForbiddenError: if ``by`` does not ask.
    """
    require(by, Permission.CATALOG_EXTENSION_ASK)
    found = Entry.objects.select_related("organisation").filter(
        id=entry.id, organisation_id=by.organisation_id or NOBODY
    )
    own = found.first()
    if own is None:
        raise NotFoundError(what=entry.code)
    refuse(_bad_reason(reason))
    clock = _running(own)
    _check_days(clock, days, now)
    with constraint_errors(one_extension_waits=ExtensionPendingError(name=own.published_name)):
        asked = UpdateExtension.objects.create(
            entry=own, clock=clock, days=days, reason=reason.strip(), asked_by_id=by.user_id or NOBODY, asked_at=now
        )
    _record("ask", asked, by, now, days=days)
    authority = authority_for(own.organisation.division_code)
    words = {"organisation": own.organisation.short_name, "name": own.published_name, "days": str(days)}
    Notice.objects.create(
        organisation=authority, role=Role.AUTHORITY, text=ASKED, fields=words, link=f"/extensions/{asked.id}", at=now
    )
    return asked


def _running(entry: Entry) -> StatutoryClock:
    clock = StatutoryClock.objects.filter(
        period=PERIOD, subject_kind=UPDATE_SUBJECT, subject_id=str(entry.id), state__in=OPEN
    ).first()
    if clock is None:
        raise NoUpdateDueError(name=entry.published_name or entry.code)
    return clock


def _check_days(clock: StatutoryClock, days: int, now: datetime) -> None:
    if civil_date(now) > clock.due_on:
        raise ClockRanOutError(subject=clock.subject_label, due=clock.due_on, step=gettext("延长期限"))
    left = cap_of(clock) - clock.extension
    if not 1 <= days <= left:
        raise ExtensionTooLongError(found=days, allowed=left, clause=clock.clause)


@transaction.atomic
def decide_extension(
    *, extension_id: UUID, consented: bool, note: str = "", by: Actor, now: datetime
) -> UpdateExtension:
    """Give a department more time, or not, as the authority of the division (条例 17).

    Raises:
        InvalidInputError: if it is not given and no reason is.
        ClockRanOutError: if the last day passed meanwhile.
        ClockNotRunningError: if the department submitted meanwhile.
        ExtensionDecidedError: if it was decided.
        NotFoundError: if it is another division's.
        ForbiddenError: if ``by`` does not decide on extensions.
    """
    require(by, Permission.CATALOG_EXTENSION_DECIDE)
    locked = (
        UpdateExtension.objects.select_for_update(of=("self",))
        .select_related("entry__organisation", "clock")
        .filter(id=extension_id)
        .first()
    )
    if locked is None or authority_for(locked.entry.organisation.division_code).id != by.organisation_id:
        raise NotFoundError(what=str(extension_id))
    entry = locked.entry
    if locked.consented is not None:
        raise ExtensionDecidedError(name=entry.published_name)
    refuse([] if consented else _bad_reason(note))
    if consented:
        clocks.extend(subject_kind=UPDATE_SUBJECT, subject_id=entry.id, period=PERIOD, days=locked.days, by=by, now=now)
    locked.consented, locked.note = consented, note.strip()[:LONGEST_TEXT]
    locked.decided_by_id, locked.decided_at = by.user_id, now
    locked.save(update_fields=["consented", "note", "decided_by", "decided_at"])
    _record("consent" if consented else "refuse", locked, by, now, days=locked.days)
    Notice.objects.create(
        organisation=entry.organisation,
        role=Role.STEWARD,
        text=GRANTED if consented else NOT_GRANTED,
        fields={"name": entry.published_name, "days": str(locked.days), "note": locked.note},
        link=f"/manage/entries/{entry.code}",
        at=now,
    )
    return locked


def _bad_reason(text: str) -> list[Finding]:
    if text.strip() and len(text) <= LONGEST_TEXT:
        return []
    message, way_out = gettext("要写明，且不超过500字"), gettext("请写明特殊情况")
    return [Finding("VC-00", "reason", gettext("理由"), UPDATE_CLAUSE, message, way_out)]


def _record(verb: str, extension: UpdateExtension, by: Actor, now: datetime, **details: object) -> None:
    record(
        event=f"catalog:extension:{verb}",
        by=by,
        now=now,
        subject_kind="entry",
        subject_id=extension.entry.code,
        subject_label=extension.entry.published_name,
        **details,
    )
