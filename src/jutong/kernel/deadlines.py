"""Deadline arithmetic of the law's clocks (政务数据共享条例 17, 21, 22, 26; counting by 民法典 201-203).

The day of receipt is day 0. A pause for a supplement (补正) leaves out every day from the notice to the completed
material, both included, and the days that were left go on after it. Leaving out the day of the notice is what
keeps a whole day for a one-day clock; leaving out the day of completion is the receipt rule again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from jutong.kernel.calendar import DayRow, Deadline, WorkCalendar, YearStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DAY = timedelta(days=1)
Pause = tuple[date, date]
"""First and last day on which a clock stood still, both included."""


@dataclass(frozen=True, slots=True)
class DueDate(Deadline):
    """The last day on which the duty can still be met on time."""

    def is_overdue(self, today: date) -> bool:
        """Tell whether the last day has passed, working day or not."""
        return today > self.due_on


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What loading another calendar did to one deadline."""

    before: DueDate
    after: DueDate

    @property
    def moved(self) -> bool:
        """Whether the date changed, so that the parties must be told."""
        return self.before.due_on != self.after.due_on

    @property
    def settled(self) -> bool:
        """Whether a provisional (暂定) date became a firm one."""
        return self.before.provisional and not self.after.provisional


@dataclass(frozen=True, slots=True)
class Spent:
    """Working days that passed: ``gross`` all of them, ``net`` without those the clock stood still on."""

    gross: int
    net: int


class DayKind(StrEnum):
    """What one civil day does to a clock."""

    RECEIPT = "receipt"
    COUNTED = "counted"
    EXTENDED = "extended"
    PAUSED = "paused"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of a clock's run; ``number`` is the working day it is, 0 where it is not counted."""

    day: date
    kind: DayKind
    number: int
    row: DayRow


def compute(started_on: date, length: int, calendar: WorkCalendar, paused: Iterable[Pause] = ()) -> DueDate:
    """Return the due date of a clock of ``length`` working days that started on ``started_on``.

    Pauses may touch or overlap. One that begins after the clock ran out changes nothing: what is late stays late.

    Raises:
        CalendarYearMissingError: when a day of a year without calendar would have to be counted.
        ValueError: for a length below 1 or a pause that ends before it begins.
    """
    if length < 1:
        raise ValueError("a clock has at least one working day")
    cursor, left, years = started_on, length, set[int]()
    end = calendar.add_workdays(cursor, left)
    for first, last in _merged(paused):
        if last <= cursor:
            continue
        if end.due_on < first:
            break
        before = max(cursor, first - _DAY)
        left -= calendar.workdays_between(cursor, before)
        years |= _touched(cursor, before)
        cursor = last
        end = calendar.add_workdays(cursor, left)
    return _due(end, years, calendar)


def extend(due: DueDate, by: int, calendar: WorkCalendar) -> DueDate:
    """Return the due date ``by`` working days later; the caps and consents are the caller's rule.

    Raises:
        CalendarYearMissingError: when counting reaches a year without calendar.
        ValueError: for fewer than one day.
    """
    if by < 1:
        raise ValueError("an extension has at least one working day")
    return _due(calendar.add_workdays(due.due_on, by), due.years, calendar)


def remaining(due: DueDate, today: date, calendar: WorkCalendar) -> int:
    """Return the working days after ``today`` up to the due date: 0 on the last day, negative when overdue.

    On the rest days right after the last day no working day is overdue yet and the answer is still 0;
    ``DueDate.is_overdue`` tells the two apart.
    """
    return calendar.workdays_between(today, due.due_on)


def left_at_pause(due: DueDate, paused_on: date, calendar: WorkCalendar) -> int:
    """Return how many working days a clock keeps when it is paused on a day: that day and those after it.

    0 means that it had run out before.
    """
    return max(0, calendar.workdays_between(paused_on - _DAY, due.due_on))


def resume(left: int, resumed_on: date, calendar: WorkCalendar, *, years: Iterable[int] = ()) -> DueDate:
    """Return the due date of a clock with ``left`` working days that goes on after ``resumed_on``.

    ``years`` are those counted in before the pause.

    Raises:
        CalendarYearMissingError: when counting reaches a year without calendar.
        ValueError: when nothing is left to resume.
    """
    if left < 1:
        raise ValueError("a clock that ran out cannot be resumed")
    return _due(calendar.add_workdays(resumed_on, left), years, calendar)


def spent(started_on: date, until: date, calendar: WorkCalendar, paused: Iterable[Pause] = ()) -> Spent:
    """Return the working days after ``started_on`` up to and including ``until``, gross and net of the pauses.

    Raises:
        CalendarYearMissingError: when the span touches a year without calendar.
        ValueError: for a pause that ends before it begins.
    """
    if until <= started_on:
        return Spent(0, 0)
    gross, still, cursor = calendar.workdays_between(started_on, until), 0, started_on
    for first, last in _merged(paused):
        begin, end = max(cursor, first - _DAY), min(last, until)
        if end > begin:
            still += calendar.workdays_between(begin, end)
            cursor = end
    return Spent(gross, gross - still)


def walk(
    started_on: date, length: int, calendar: WorkCalendar, paused: Iterable[Pause] = (), *, extension: int = 0
) -> list[CountedDay]:
    """Return every day from the receipt to the due date with what it does to the clock.

    The last one is the day ``compute`` returns for ``length + extension``.

    Raises:
        CalendarYearMissingError: when a day of a year without calendar would have to be counted.
        ValueError: for a length below 1, an extension below 0 or a pause that ends before it begins.
    """
    if extension < 0:
        raise ValueError("an extension is not negative")
    stills = _merged(paused)
    due = compute(started_on, length + extension, calendar, stills)
    days = [CountedDay(started_on, DayKind.RECEIPT, 0, calendar.explain(started_on))]
    number, day = 0, started_on
    while day < due.due_on:
        day += _DAY
        kind = DayKind.REST
        if any(first <= day <= last for first, last in stills):
            kind = DayKind.PAUSED
        elif calendar.is_workday(day):
            number += 1
            kind = DayKind.COUNTED if number <= length else DayKind.EXTENDED
        counted = number if kind in {DayKind.COUNTED, DayKind.EXTENDED} else 0
        days.append(CountedDay(day, kind, counted, calendar.explain(day)))
    return days


def recompute(
    before: DueDate, *, started_on: date, length: int, calendar: WorkCalendar, paused: Sequence[Pause] = ()
) -> Recomputed:
    """Compute a clock again under another calendar; ``length`` includes the extensions granted so far.

    Raises:
        CalendarYearMissingError: when the other calendar lacks a year.
    """
    return Recomputed(before, compute(started_on, length, calendar, paused))


def add_months(day: date, months: int) -> date:
    """Return the corresponding day ``months`` later, or the month's last day when there is none (民法典 202).

    Retention periods of months and years end so; they do not move off rest days, because keeping is not acting.
    """
    if months < 0:
        raise ValueError("periods run forward")
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(following - _DAY, date(year, month + 1, 1) + timedelta(days=day.day - 1))


def _merged(paused: Iterable[Pause]) -> list[Pause]:
    merged: list[Pause] = []
    for first, last in sorted(paused):
        if last < first:
            raise ValueError("a pause ends before it begins")
        if merged and first <= merged[-1][1] + _DAY:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _touched(start: date, end: date) -> set[int]:
    return set(range((start + _DAY).year, end.year + 1)) if end > start else set()


def _due(deadline: Deadline, years: Iterable[int], calendar: WorkCalendar) -> DueDate:
    together = tuple(sorted({*years, *deadline.years}))
    provisional = any(calendar.year_status(year) is YearStatus.PROVISIONAL for year in together)
    return DueDate(deadline.due_on, provisional, together)
