"""The calendar in force here, and what a clock says to a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.models import CalendarDay, StatutoryClock
from jutong.center.clocks.models import CalendarYear as LoadedYear
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, require
from jutong.kernel.calendar import CalendarYear, CalendarYearMissingError, DayRow, WorkCalendar, YearStatus
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import DueDate, Pause, Spent, left_at_pause, remaining, spent
from jutong.standards import periods

SOON_DAYS = 2
"""A clock with so many working days left, or fewer, is shown as pressing."""
OPEN = (ClockState.RUNNING, ClockState.PAUSED)
_DONE = {ClockState.MET, ClockState.LATE, ClockState.CANCELLED}


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock in working days, as pages and the API show it. ``remaining`` is negative when overdue.

    ``gross`` counts every working day since the receipt, ``net`` leaves out those on which the clock stood still.
    """

    total: int
    used: int
    remaining: int
    state: Literal["ok", "soon", "over", "paused", "done"]
    due_on: date
    provisional: bool
    clause: str
    period: str = ""
    name: str = ""
    organisation_name: str = ""
    gross: int = 0
    net: int = 0


@dataclass(frozen=True, slots=True)
class YearView:
    """One year of the calendar: where it comes from and on which days it differs from the plain week."""

    year: int
    status: YearStatus
    source: str
    workdays: int
    rows: tuple[DayRow, ...]


def calendar() -> WorkCalendar:
    """Return the package's years with the years and days loaded here laid over them."""
    loaded = {row.year: row for row in LoadedYear.objects.all()}
    rows: dict[int, list[DayRow]] = {year: [] for year in loaded}
    overrides: list[DayRow] = []
    for day in CalendarDay.objects.order_by("date"):
        row = DayRow(day.date, day.is_workday, _source(loaded.get(day.date.year)), day.note)
        rows.get(day.date.year, overrides).append(row)
    years = (
        CalendarYear(
            year, YearStatus.PROVISIONAL if row.is_provisional else YearStatus.OFFICIAL, tuple(rows[year]), row.source
        )
        for year, row in loaded.items()
    )
    return WorkCalendar(years=years, overrides=overrides)


def _source(year: LoadedYear | None) -> str:
    return "" if year is None else year.source


def calendar_years(actor: Actor) -> list[YearView]:
    """Return every known year, the latest first."""
    require(actor, Permission.CLOCKS_CALENDAR_VIEW)
    known = calendar()
    return [
        YearView(year.year, year.status, year.source, _workdays_of(year.year, known), year.rows)
        for year in reversed(known.years)
    ]


def _workdays_of(year: int, days: WorkCalendar) -> int:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return days.is_workday(first) + days.workdays_between(first, last)


def pauses_of(clock: StatutoryClock) -> list[Pause]:
    """Return the ended pauses of a clock. One that goes on moves the due date only when it ends."""
    return ended(clock.pauses)


def ended(pauses: Iterable[tuple[str, str | None]]) -> list[Pause]:
    """Return the pauses that ended, of those a clock keeps."""
    return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pauses if last is not None]


def due_of(clock: StatutoryClock) -> DueDate:
    """Return a clock's due date as it is kept."""
    return DueDate(clock.due_on, clock.is_provisional, ())


def clock_view(clock: StatutoryClock, today: date, *, days: WorkCalendar | None = None) -> ClockView:
    """Return what a clock says on a day. Lists hand in ``days``, one calendar for all rows."""
    days = days or calendar()
    due, total = due_of(clock), clock.length + clock.extension
    state: Literal["ok", "soon", "over", "paused", "done"]
    if clock.state in _DONE:
        ended = civil_date(clock.stopped_at) if clock.stopped_at else today
        state, left = "done", _left(clock, due, ended, days)
    elif clock.state == ClockState.PAUSED:
        state, left = "paused", _left(clock, due, today, days)
    else:
        left = remaining(due, today, days)
        state = "over" if due.is_overdue(today) else "soon" if left <= SOON_DAYS else "ok"
    took = days_spent(clock, civil_date(clock.stopped_at) if clock.stopped_at else today, days)
    return ClockView(
        total=total,
        used=total - left,
        remaining=left,
        state=state,
        due_on=clock.due_on,
        provisional=clock.is_provisional and state != "done",
        clause=clock.clause,
        period=clock.period,
        name=period_name(clock.period, clock.started_on),
        organisation_name=clock.organisation.short_name,
        gross=took.gross,
        net=took.net,
    )


def days_to_keep(clock: StatutoryClock, until: date, days: WorkCalendar) -> Spent | None:
    """Return the days an ending clock took; None where a year without calendar lies between, for ending never waits."""
    try:
        return days_spent(clock, until, days)
    except CalendarYearMissingError:
        return None


def days_spent(clock: StatutoryClock, until: date, days: WorkCalendar) -> Spent:
    """Return the working days a clock has taken up to a day; of an ended one those that were kept."""
    if clock.gross_days is not None and clock.net_days is not None:
        return Spent(clock.gross_days, clock.net_days)
    paused = pauses_of(clock)
    if clock.pauses and clock.pauses[-1][1] is None and (first := date.fromisoformat(clock.pauses[-1][0])) <= until:
        paused.append((first, until))
    return spent(clock.started_on, until, days, paused)


def _left(clock: StatutoryClock, due: DueDate, on: date, days: WorkCalendar) -> int:
    """Return the working days a clock has left on a day, not counting those it stood still on."""
    if clock.pauses and clock.pauses[-1][1] is None:
        return left_at_pause(due, date.fromisoformat(clock.pauses[-1][0]), days)
    return remaining(due, on, days)


def views(clocks: Iterable[StatutoryClock], today: date) -> list[tuple[StatutoryClock, ClockView]]:
    """Return clocks with what they say, reading the calendar once."""
    rows = list(clocks)
    days = calendar() if rows else None
    return [(clock, clock_view(clock, today, days=days)) for clock in rows]


def period_name(period: str, on: date) -> str:
    """Return what people call a period, in the language of whoever is served."""
    law = periods.period(period, on=on)
    return law.name_en if (get_language() or "").startswith("en") else law.name


def for_subjects(subject_kind: str, subject_ids: Iterable[object]) -> dict[tuple[str, str], StatutoryClock]:
    """Return the latest clock by (period, subject id), for lists that would else ask once per row."""
    wanted = [str(subject) for subject in subject_ids]
    found = StatutoryClock.objects.filter(subject_kind=subject_kind, subject_id__in=wanted)
    return {
        (clock.period, clock.subject_id): clock
        for clock in found.select_related("organisation").order_by("started_on", "id")
    }


def of_subject(subject_kind: str, subject_id: object) -> list[StatutoryClock]:
    """Return every clock a subject ever had, the first first."""
    found = StatutoryClock.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id))
    return list(found.select_related("organisation").order_by("started_on", "id"))


def running_for(actor: Actor) -> QuerySet[StatutoryClock]:
    """Return the open clocks that bind the actor's organisation; for authority and leaders its whole division."""
    require(actor, Permission.CLOCKS_CLOCK_VIEW)
    mine = Q(organisation_id=actor.organisation_id or NOBODY)
    if actor.role in {Role.AUTHORITY, Role.LEADER}:
        mine |= Q(organisation__division_code=actor.division_code)
    return StatutoryClock.objects.filter(mine, state__in=OPEN).select_related("organisation").order_by("due_on", "id")
