from __future__ import annotations

from datetime import date

import pytest

from jutong.kernel import deadlines
from jutong.kernel.calendar import (
    CalendarYear,
    CalendarYearMissingError,
    DayRow,
    WorkCalendar,
    YearStatus,
    official_years,
)
from jutong.kernel.deadlines import DueDate, compute


def day(text: str) -> date:
    return date.fromisoformat(text)


PACKAGED = {year: rows for year, rows in official_years().items() if year <= 2026}
NEW_YEAR = DayRow(day("2027-01-01"), is_workday=False, source="operator")
PROVISIONAL_2027 = CalendarYear(2027, YearStatus.PROVISIONAL, (NEW_YEAR,), "operator")


@pytest.fixture
def calendar() -> WorkCalendar:
    return WorkCalendar(packaged=PACKAGED)


@pytest.fixture
def with_2027() -> WorkCalendar:
    return WorkCalendar(packaged=PACKAGED, years=[PROVISIONAL_2027])


@pytest.mark.parametrize(
    ("started", "length", "due_on"),
    [
        ("2025-09-26", 1, "2025-09-28"),
        ("2025-09-30", 10, "2025-10-21"),
        ("2026-02-12", 2, "2026-02-14"),
        ("2026-04-30", 20, "2026-06-01"),
    ],
)
def test_a_clock_without_a_pause_counts_like_the_calendar(calendar, started, length, due_on):
    assert compute(day(started), length, calendar) == DueDate(day(due_on), provisional=False, years=(int(due_on[:4]),))


def test_a_december_clock_refuses_without_the_next_year_and_is_provisional_with_it(calendar, with_2027):
    with pytest.raises(CalendarYearMissingError) as caught:
        compute(day("2026-12-24"), 20, calendar)
    assert caught.value.fields == {"year": 2027}
    due = compute(day("2026-12-24"), 20, with_2027)
    assert due == DueDate(day("2027-01-22"), provisional=True, years=(2026, 2027))
    assert not compute(day("2026-12-24"), 5, with_2027).provisional


@pytest.mark.parametrize(
    ("pauses", "due_on"),
    [
        ([], "2025-08-15"),
        # notice on Tuesday, material on Thursday: three working days stand still
        ([("2025-08-05", "2025-08-07")], "2025-08-20"),
        # notice and material on the same day
        ([("2025-08-05", "2025-08-05")], "2025-08-18"),
        # over a weekend only
        ([("2025-08-09", "2025-08-10")], "2025-08-15"),
        # on the last day: one working day is left
        ([("2025-08-15", "2025-08-18")], "2025-08-19"),
        # on the day of receipt
        ([("2025-08-01", "2025-08-04")], "2025-08-18"),
        # before the clock began
        ([("2025-07-28", "2025-07-30")], "2025-08-15"),
        # after it ran out
        ([("2025-08-18", "2025-08-29")], "2025-08-15"),
        # two that overlap, given in the wrong order, and one that touches them
        ([("2025-08-06", "2025-08-07"), ("2025-08-05", "2025-08-06"), ("2025-08-08", "2025-08-08")], "2025-08-21"),
        # two apart; the second is only reached because of the first
        ([("2025-08-05", "2025-08-06"), ("2025-08-18", "2025-08-18")], "2025-08-20"),
    ],
)
def test_a_pause_keeps_the_days_that_were_left(calendar, pauses, due_on):
    spans = [(day(first), day(last)) for first, last in pauses]
    assert compute(day("2025-08-01"), 10, calendar, spans).due_on == day(due_on)


def test_a_one_day_clock_keeps_its_day_through_a_pause(calendar):
    paused = [(day("2025-08-04"), day("2025-08-06"))]
    assert compute(day("2025-08-01"), 1, calendar, paused).due_on == day("2025-08-07")


def test_years_before_a_pause_are_counted_in_too(with_2027):
    due = compute(day("2026-12-24"), 5, with_2027, [(day("2026-12-29"), day("2027-01-05"))])
    assert due == DueDate(day("2027-01-08"), provisional=True, years=(2026, 2027))
    right_away = compute(day("2026-12-31"), 1, with_2027, [(day("2026-12-31"), day("2027-01-05"))])
    assert right_away.years == (2027,)


def test_nonsense_is_refused(calendar):
    with pytest.raises(ValueError, match="at least one"):
        compute(day("2025-08-01"), 0, calendar)
    with pytest.raises(ValueError, match="ends before"):
        compute(day("2025-08-01"), 1, calendar, [(day("2025-08-05"), day("2025-08-04"))])
    with pytest.raises(ValueError, match="at least one"):
        deadlines.extend(compute(day("2025-08-01"), 1, calendar), 0, calendar)
    with pytest.raises(ValueError, match="cannot be resumed"):
        deadlines.resume(0, day("2025-08-01"), calendar)


def test_an_extension_counts_on_from_the_due_date(calendar, with_2027):
    due = compute(day("2025-08-01"), 10, calendar)
    assert deadlines.extend(due, 10, calendar) == compute(day("2025-08-01"), 20, calendar)
    late = compute(day("2026-12-24"), 2, with_2027)
    assert deadlines.extend(late, 10, with_2027) == compute(day("2026-12-24"), 12, with_2027)


@pytest.mark.parametrize(
    ("today", "left", "overdue"),
    [
        ("2025-08-01", 10, False),
        ("2025-08-03", 10, False),
        ("2025-08-04", 9, False),
        ("2025-08-15", 0, False),
        ("2025-08-16", 0, True),
        ("2025-08-18", -1, True),
        ("2025-08-25", -6, True),
    ],
)
def test_remaining_days_are_signed(calendar, today, left, overdue):
    due = compute(day("2025-08-01"), 10, calendar)
    assert deadlines.remaining(due, day(today), calendar) == left
    assert due.is_overdue(day(today)) is overdue


def test_pause_and_resume_give_the_same_as_counting_again(calendar):
    due = compute(day("2025-08-01"), 10, calendar)
    left = deadlines.left_at_pause(due, day("2025-08-05"), calendar)
    assert left == 9
    resumed = deadlines.resume(left, day("2025-08-07"), calendar, years=due.years)
    assert resumed == compute(day("2025-08-01"), 10, calendar, [(day("2025-08-05"), day("2025-08-07"))])
    assert deadlines.left_at_pause(due, day("2025-08-18"), calendar) == 0


def test_the_official_year_moves_and_settles_a_provisional_deadline(with_2027):
    before = compute(day("2026-12-24"), 20, with_2027)
    rest = tuple(DayRow(date(2027, 1, number), is_workday=False, source="notice") for number in (1, 4))
    official = WorkCalendar(packaged=PACKAGED, years=[CalendarYear(2027, YearStatus.OFFICIAL, rest, "notice")])
    result = deadlines.recompute(before, started_on=day("2026-12-24"), length=20, calendar=official)
    assert (result.moved, result.settled) == (True, True)
    assert result.after == DueDate(day("2027-01-25"), provisional=False, years=(2026, 2027))
    same = deadlines.recompute(before, started_on=day("2026-12-24"), length=20, calendar=with_2027)
    assert (same.moved, same.settled) == (False, False)


def test_recomputing_keeps_the_pauses(with_2027):
    paused = [(day("2026-12-28"), day("2026-12-30"))]
    before = compute(day("2026-12-24"), 10, with_2027, paused)
    again = deadlines.recompute(before, started_on=day("2026-12-24"), length=10, calendar=with_2027, paused=paused)
    assert again.after == before


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2025-08-01", 36, "2028-08-01"),
        ("2024-02-29", 36, "2027-02-28"),
        ("2025-08-31", 6, "2026-02-28"),
        ("2025-12-31", 6, "2026-06-30"),
        ("2025-11-15", 1, "2025-12-15"),
        ("2025-12-15", 12, "2026-12-15"),
        ("2025-05-31", 0, "2025-05-31"),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_last(start, months, end):
    assert deadlines.add_months(day(start), months) == day(end)


def test_months_run_forward():
    with pytest.raises(ValueError, match="forward"):
        deadlines.add_months(day("2025-05-31"), -1)
