"""Loading calendar years and days, and what that does to the clocks that run on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from jutong.center.audit.actions import Subject, record, record_all
from jutong.center.clocks.errors import CalendarYearOfficialError
from jutong.center.clocks.models import CalendarDay, StatutoryClock
from jutong.center.clocks.models import CalendarYear as LoadedYear
from jutong.center.clocks.queries import OPEN, calendar, due_of, ended, pauses_of
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.center.sharing.models import Notice
from jutong.kernel.calendar import (
    CalendarYear,
    CalendarYearMissingError,
    DayRow,
    WorkCalendar,
    YearStatus,
    official_years,
)
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import DueDate, Recomputed, compute
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

MOVED = gettext_noop("“{label}”的期限由{before}改为{after}：{year}年的工作日历已更新。")
"""The notice to an organisation whose due date moved."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class LoadedCalendar:
    """What loading did: how many clocks were counted again, settled from 暂定, and moved to another day."""

    year: int
    recomputed: int
    settled: int
    moved: int


@transaction.atomic
def load_calendar_year(
    *, year: int, rows: Iterable[DayRow], provisional: bool, source: str, by: Actor, now: datetime
) -> LoadedCalendar:
    """Load a year's calendar; an official one ends the provisional one and replaces the package's year.

    Every open clock that runs into the year is counted again. Whoever must act is told when a due date moved.

    Raises:
        CalendarRowError: for a row outside the year or against another.
        CalendarYearOfficialError: for a provisional calendar where an official one is known.
        ForbiddenError: if ``by`` does not load calendars.
    """
    require(by, Permission.CLOCKS_CALENDAR_LOAD)
    status = YearStatus.PROVISIONAL if provisional else YearStatus.OFFICIAL
    loaded = CalendarYear(year, status, tuple(rows), source)
    previous = LoadedYear.objects.select_for_update().filter(year=year).first()
    if provisional and (year in official_years() or (previous and not previous.is_provisional)):
        raise CalendarYearOfficialError(year=year)
    CalendarDay.objects.filter(date__year=year).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(
            date=row.day, is_workday=row.is_workday, is_provisional=provisional, note=row.note[:64], loaded_at=now
        )
        for row in {row.day: row for row in loaded.rows}.values()
    )
    LoadedYear.objects.update_or_create(
        year=year, defaults={"is_provisional": provisional, "source": source[:200], "loaded_at": now}
    )
    outcome = _recompute(_open_clocks(year), year=year, by=by, now=now)
    record(
        event="clocks:calendar:load",
        by=by,
        now=now,
        subject_kind="calendar",
        subject_id=year,
        subject_label=source,
        status=status.value,
        rows=len(loaded.rows),
        recomputed=outcome.recomputed,
        settled=outcome.settled,
        moved=outcome.moved,
    )
    return outcome


@transaction.atomic
def override_day(*, day: date, is_workday: bool, note: str, by: Actor, now: datetime) -> LoadedCalendar:
    """Correct one day of a known year, such as a day off ordered during the year.

    Raises:
        CalendarYearMissingError: if the year has no calendar yet; a single day does not make one.
        InvalidInputError: without a note that says who ordered it.
        ForbiddenError: if ``by`` does not load calendars.
    """
    require(by, Permission.CLOCKS_CALENDAR_LOAD)
    if calendar().year_status(day.year) is YearStatus.MISSING:
        raise CalendarYearMissingError(year=day.year)
    if not note.strip():
        allowed = gettext("请写明依据的通知")
        row = {"field": gettext("依据"), "found": "", "allowed": allowed, "clause": "", "message": allowed}
        raise InvalidInputError(problems=[row])
    CalendarDay.objects.update_or_create(
        date=day, defaults={"is_workday": is_workday, "note": note.strip()[:64], "loaded_at": now}
    )
    outcome = _recompute(_open_clocks(day.year), year=day.year, by=by, now=now)
    record(
        event="clocks:calendar:override",
        by=by,
        now=now,
        subject_kind="calendar",
        subject_id=day.isoformat(),
        subject_label=note,
        is_workday=is_workday,
        recomputed=outcome.recomputed,
        moved=outcome.moved,
    )
    return outcome


@transaction.atomic
def settle_provisional(*, by: Actor, now: datetime) -> int:
    """Count 暂定 clocks again whose year became official with a newer package. Returns how many were settled."""
    days = calendar()
    waiting = StatutoryClock.objects.filter(state__in=OPEN, is_provisional=True)
    years = {due.year for due in waiting.values_list("due_on", flat=True).distinct()}
    settled = 0
    for year in sorted(years):
        if days.year_status(year) is YearStatus.OFFICIAL:
            settled += _recompute(waiting.filter(due_on__year=year), year=year, by=by, now=now).settled
    return settled


def recount(clock: StatutoryClock, days: WorkCalendar) -> Recomputed:
    """Set a clock's due date from its start, length, extensions and ended pauses; nothing is saved.

    Raises:
        CalendarYearMissingError: if counting reaches a year without calendar.
    """
    before = due_of(clock)
    after = compute(clock.started_on, clock.length + clock.extension, days, pauses_of(clock))
    clock.due_on, clock.is_provisional = after.due_on, after.provisional
    return Recomputed(before, after)


def _open_clocks(year: int) -> QuerySet[StatutoryClock]:
    touches = Q(started_on__year__lte=year, due_on__year__gte=year) | Q(is_provisional=True)
    return StatutoryClock.objects.filter(touches, state__in=OPEN)


class _Kept(NamedTuple):
    """What counting again needs of a clock; a model of each of a hundred thousand would cost more than the counting."""

    id: UUID
    period: str
    subject_kind: str
    subject_id: str
    subject_label: str
    organisation_id: UUID
    started_on: date
    length: int
    extension: int
    pauses: list[tuple[str, str | None]]
    due_on: date
    is_provisional: bool
    breached_at: datetime | None


def _recompute(clocks: QuerySet[StatutoryClock], *, year: int, by: Actor, now: datetime) -> LoadedCalendar:
    days, today = calendar(), civil_date(now)
    rows = list(map(_Kept._make, clocks.select_for_update().order_by("id").values_list(*_Kept._fields)))
    recounted: dict[tuple[date, int, str], DueDate] = {}
    alike: dict[tuple[date, bool, bool], list[UUID]] = {}
    moved: list[tuple[_Kept, date]] = []
    settled = 0
    for clock in rows:
        key = (clock.started_on, clock.length + clock.extension, str(clock.pauses))
        after = recounted.get(key)
        if after is None:
            after = recounted[key] = compute(*key[:2], days, ended(clock.pauses))
        settled += clock.is_provisional and not after.provisional
        forgiven = clock.breached_at is not None and after.due_on >= today
        if clock.due_on != after.due_on or clock.is_provisional != after.provisional or forgiven:
            alike.setdefault((after.due_on, after.provisional, forgiven), []).append(clock.id)
        if clock.due_on != after.due_on:
            moved.append((clock, after.due_on))
    for (due_on, provisional, forgiven), ids in alike.items():
        # late only by a calendar that turned out wrong is not late
        cleared: dict[str, None] = {"breached_at": None} if forgiven else {}
        StatutoryClock.objects.filter(id__in=ids).update(due_on=due_on, is_provisional=provisional, **cleared)
    Notice.objects.bulk_create((_moved_notice(*pair, year, now) for pair in moved), batch_size=_BATCH)
    record_all(event="clocks:clock:move", by=by, now=now, subjects=(_told_move(*pair) for pair in moved))
    return LoadedCalendar(year, len(rows), settled, len(moved))


def _moved_notice(clock: _Kept, after: date, year: int, now: datetime) -> Notice:
    label = clock.subject_label[:120]
    fields = {"label": label, "before": str(clock.due_on), "after": str(after), "year": str(year)}
    return Notice(organisation_id=clock.organisation_id, text=MOVED, fields=fields, at=now)


def _told_move(clock: _Kept, after: date) -> Subject:
    moved = {"before": clock.due_on.isoformat(), "after": after.isoformat()}
    return Subject(clock.subject_kind, clock.subject_id, clock.subject_label, {"period": clock.period, **moved})
