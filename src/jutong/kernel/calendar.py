"""The working-day calendar of the law's clocks: effective-dated, year by year, and refusing to guess.

A working day (工作日) is a Monday to Friday that the State Council's yearly notice does not free, or a weekend day
on which it orders work (调休). Each year is ``official`` (the notice is out), ``provisional`` (statutory days only,
loaded by an operator while the notice is awaited) or ``missing``. Asking about a missing year is an error: a
weekday silently taken for a working day would move a legal deadline.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING

import chinese_calendar

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FRIDAY = 4
PACKAGE_SOURCE = "chinesecalendar"
"""The ``source`` of days taken from the State Council notices that the package of this name carries."""


class YearStatus(StrEnum):
    """How far the calendar of a year can be relied on."""

    OFFICIAL = "official"
    PROVISIONAL = "provisional"
    MISSING = "missing"


class CalendarYearMissingError(JutongError):
    """A day of a year without a calendar was asked for; the clock refuses to count."""

    code = "kernel.calendar.year-missing"
    http_status = 503
    message = gettext_noop("{year}年的工作日历还没有装入，涉及该年的期限不能计算。")
    next_step = gettext_noop("请平台运维人员装入{year}年的正式工作日历；国务院通知未发布时，可先装入暂定日历。")


class CalendarRowError(JutongError):
    """A row handed to the calendar contradicts another or lies outside its year."""

    code = "kernel.calendar.row-invalid"
    http_status = 422
    message = gettext_noop("工作日历中{day}这一行不在{year}年内，或与同一天的另一行矛盾；每天只能有一行，且属于该年。")
    next_step = gettext_noop("请改正这一行后重新装入，原有日历没有改动。")


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day that is said to be a working day or a rest day, with where that is said."""

    day: date
    is_workday: bool
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """The rows of one year that differ from "Monday to Friday work, the weekend rests"."""

    year: int
    status: YearStatus
    rows: tuple[DayRow, ...]
    source: str

    def __post_init__(self) -> None:
        if self.status is YearStatus.MISSING:
            raise ValueError("a missing year has no rows to load")
        seen: dict[date, bool] = {}
        for row in self.rows:
            if row.day.year != self.year or seen.setdefault(row.day, row.is_workday) != row.is_workday:
                raise CalendarRowError(day=row.day, year=self.year)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Where counting working days ended.

    ``provisional`` (暂定) says that a day was counted in a provisional year; ``years`` are the years counted in.
    """

    due_on: date
    provisional: bool
    years: tuple[int, ...]


@cache
def official_years() -> Mapping[int, CalendarYear]:
    """Return the years the installed ``chinesecalendar`` package covers, without gaps, from its own tables."""
    rests, works = chinese_calendar.constants.holidays, chinese_calendar.constants.workdays
    rows: dict[int, list[DayRow]] = {}
    for table, is_workday in ((rests, False), (works, True)):
        for day, name in table.items():
            rows.setdefault(day.year, []).append(DayRow(day, is_workday, PACKAGE_SOURCE, str(name)))
    covered = {day.year for day in rests}
    return {
        year: CalendarYear(
            year,
            YearStatus.OFFICIAL,
            tuple(sorted(rows[year], key=lambda row: row.day)),
            PACKAGE_SOURCE,
        )
        for year in sorted(covered)
    }


class WorkCalendar:
    """An immutable calendar; loading more rows means building another one.

    Args:
        years: years loaded by the operator. An official one replaces the package's year; a provisional one is
            used only while no official one exists, so loading it twice or too late does no harm.
        overrides: single days corrected by the operator, later rows winning. They never make a year known.
        packaged: the official years to start from; the package's own unless a test says otherwise.
    """

    def __init__(
        self,
        *,
        years: Iterable[CalendarYear] = (),
        overrides: Iterable[DayRow] = (),
        packaged: Mapping[int, CalendarYear] | None = None,
    ) -> None:
        known = dict(official_years() if packaged is None else packaged)
        for loaded in years:
            current = known.get(loaded.year)
            if loaded.status is YearStatus.OFFICIAL or current is None or current.status is YearStatus.PROVISIONAL:
                known[loaded.year] = loaded
        self._years = dict(sorted(known.items()))
        self._overrides = {row.day: row for row in overrides}
        self._ordinals: dict[int, tuple[int, ...]] = {}

    def year_status(self, year: int) -> YearStatus:
        """Tell whether the calendar of ``year`` is official, provisional or missing."""
        known = self._years.get(year)
        return YearStatus.MISSING if known is None else known.status

    @property
    def years(self) -> tuple[CalendarYear, ...]:
        """The known years, in order."""
        return tuple(self._years.values())

    @cached_property
    def fingerprint(self) -> str:
        """``sha256:<hex>`` of everything the calendar says; two calendars with one fingerprint count alike."""
        content = hashlib.sha256()
        for year in self._years:
            text = ",".join(map(str, self._workdays(year)))
            content.update(f"{year} {self.year_status(year)} {text}\n".encode())
        return "sha256:" + content.hexdigest()

    def is_workday(self, day: date) -> bool:
        """Tell whether ``day`` is a working day.

        Raises:
            CalendarYearMissingError: for a year without calendar.
        """
        workdays = self._workdays(day.year)
        ordinal = day.toordinal()
        found = bisect_right(workdays, ordinal)
        return found > 0 and workdays[found - 1] == ordinal

    def explain(self, day: date) -> DayRow:
        """Return the row that decides ``day``: an override, the year's own row, or the plain week.

        Raises:
            CalendarYearMissingError: for a year without calendar.
        """
        if day.year not in self._years:
            raise CalendarYearMissingError(year=day.year)
        if day in self._overrides:
            return self._overrides[day]
        year = self._years[day.year]
        plain = DayRow(day, day.weekday() <= _FRIDAY, year.source)
        return next((row for row in year.rows if row.day == day), plain)

    def add_workdays(self, day: date, count: int) -> Deadline:
        """Return the ``count``-th working day after ``day``; ``day`` itself is day 0 (民法典 201).

        With a count of 0 it is ``day``, or the next working day when ``day`` is a rest day (民法典 203).

        Raises:
            CalendarYearMissingError: when counting reaches a year without calendar.
            ValueError: for a negative count.
        """
        if count < 0:
            raise ValueError("working days are counted forward")
        left, after, year = (count, day, day.year) if count else (1, day - timedelta(days=1), day.year)
        counted: list[int] = []
        while True:
            workdays = self._workdays(year)
            passed = bisect_right(workdays, after.toordinal())
            counted.append(year)
            if passed + left <= len(workdays):
                break
            left -= len(workdays) - passed
            year += 1
        due_on = date.fromordinal(workdays[passed + left - 1])
        years = _drop_untouched(counted, day, due_on)
        return Deadline(due_on, self._rests_on_provisional(years), years)

    def workdays_between(self, start: date, end: date) -> int:
        """Return how many working days lie after ``start`` up to and including ``end``; negative backwards.

        Raises:
            CalendarYearMissingError: when the span touches a year without calendar.
        """
        if end < start:
            return -self.workdays_between(end, start)
        first, last = start.toordinal(), end.toordinal()
        return sum(
            bisect_right(workdays, last) - bisect_right(workdays, first)
            for workdays in map(self._workdays, range(start.year, end.year + 1))
        )

    def next_workday(self, day: date) -> date:
        """Return ``day``, or the first working day after it when it is a rest day (民法典 203)."""
        return self.add_workdays(day, 0).due_on

    def _rests_on_provisional(self, years: Iterable[int]) -> bool:
        return any(self.year_status(year) is YearStatus.PROVISIONAL for year in years)

    def _workdays(self, year: int) -> tuple[int, ...]:
        """Return the ordinals of a year's working days, worked out once."""
        if year in self._ordinals:
            return self._ordinals[year]
        known = self._years.get(year)
        if known is None:
            raise CalendarYearMissingError(year=year)
        exceptions = {row.day: row.is_workday for row in known.rows}
        exceptions.update((day, row.is_workday) for day, row in self._overrides.items() if day.year == year)
        first = date(year, 1, 1).toordinal()
        days = map(date.fromordinal, range(first, date(year, 12, 31).toordinal() + 1))
        workdays = (day.toordinal() for day in days if exceptions.get(day, day.weekday() <= _FRIDAY))
        self._ordinals[year] = tuple(workdays)
        return self._ordinals[year]


def _drop_untouched(counted: list[int], start: date, due_on: date) -> tuple[int, ...]:
    """Leave out the starting year when no day of it was passed over, as from 31 December on."""
    first = start + timedelta(days=1) if due_on > start else start
    return tuple(year for year in counted if first.year <= year <= due_on.year)
