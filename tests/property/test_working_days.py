from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel import deadlines
from jutong.kernel.calendar import DayRow, WorkCalendar
from jutong.kernel.deadlines import compute
from jutong.standards import holidays

FIRST, LAST = date(2004, 1, 1), date(2027, 12, 31)
CALENDAR = WorkCalendar(years=[holidays.provisional_year(2027)])
STARTS = st.dates(FIRST, date(2027, 3, 1))
COUNTS = st.integers(1, 60)
DAY = timedelta(days=1)


@st.composite
def pauses(draw, starts=STARTS):
    first = draw(starts)
    return first, first + timedelta(days=draw(st.integers(0, 30)))


@given(STARTS, COUNTS)
def test_counting_never_lands_on_a_rest_day_and_counts_back_the_same(start, count):
    due = CALENDAR.add_workdays(start, count).due_on
    assert due > start
    assert CALENDAR.is_workday(due)
    assert CALENDAR.workdays_between(start, due) == count
    assert CALENDAR.workdays_between(due, start) == -count


@given(STARTS, COUNTS, COUNTS)
def test_more_days_end_later_and_steps_add_up(start, first, second):
    once = CALENDAR.add_workdays(start, first)
    assert CALENDAR.add_workdays(start, first + second).due_on > once.due_on
    assert CALENDAR.add_workdays(once.due_on, second).due_on == CALENDAR.add_workdays(start, first + second).due_on


@given(STARTS, st.integers(0, 90), COUNTS)
def test_a_later_start_never_ends_earlier(start, days, count):
    later = start + timedelta(days=days)
    assert CALENDAR.add_workdays(later, count).due_on >= CALENDAR.add_workdays(start, count).due_on


@given(st.dates(FIRST, LAST), st.dates(FIRST, LAST), st.dates(FIRST, LAST))
def test_spans_add_up(first, second, third):
    between = CALENDAR.workdays_between
    assert between(first, second) + between(second, third) == between(first, third)


@given(st.dates(FIRST, LAST), st.integers(0, 40))
def test_the_count_is_the_number_of_working_days_seen_one_by_one(start, days):
    end = min(start + timedelta(days=days), LAST)
    seen = [start + DAY * step for step in range(1, (end - start).days + 1)]
    assert CALENDAR.workdays_between(start, end) == sum(map(CALENDAR.is_workday, seen))


@given(STARTS, COUNTS, st.lists(pauses(), max_size=4))
def test_pausing_never_shortens_and_paused_days_are_not_counted(start, length, paused):
    due = compute(start, length, CALENDAR, paused)
    assert due.due_on >= compute(start, length, CALENDAR).due_on
    span = [start + DAY * step for step in range(1, (due.due_on - start).days + 1)]
    running = [
        day for day in span if CALENDAR.is_workday(day) and not any(first <= day <= last for first, last in paused)
    ]
    assert len(running) == length
    assert running[-1] == due.due_on


@given(STARTS, COUNTS, st.integers(0, 70), st.integers(0, 30))
def test_pausing_and_resuming_is_the_same_as_counting_with_the_pause(start, length, wait, held):
    due = compute(start, length, CALENDAR)
    paused_on = min(max(start + timedelta(days=wait), start + DAY), due.due_on)
    resumed_on = paused_on + timedelta(days=held)
    left = deadlines.left_at_pause(due, paused_on, CALENDAR)
    assert 1 <= left <= length
    resumed = deadlines.resume(left, resumed_on, CALENDAR)
    assert resumed.due_on == compute(start, length, CALENDAR, [(paused_on, resumed_on)]).due_on


@given(STARTS, COUNTS, st.dates(FIRST, LAST))
def test_remaining_days_turn_negative_only_after_the_last_day(start, length, today):
    due = compute(start, length, CALENDAR)
    left = deadlines.remaining(due, today, CALENDAR)
    if due.is_overdue(today):
        assert left <= 0
    else:
        assert left >= 0
        assert (left == 0) == (today == due.due_on)


@given(STARTS, COUNTS, st.lists(st.dates(FIRST, LAST), max_size=5))
def test_more_rest_days_never_end_a_clock_earlier(start, length, days):
    rests = [DayRow(day, is_workday=False, source="test") for day in days]
    stricter = WorkCalendar(years=[holidays.provisional_year(2027)], overrides=rests)
    assert compute(start, length, stricter).due_on >= compute(start, length, CALENDAR).due_on


@given(STARTS, COUNTS)
def test_a_deadline_is_provisional_exactly_when_it_counts_in_a_provisional_year(start, length):
    due = compute(start, length, CALENDAR)
    assert due.provisional == (2027 in due.years)
    assert due.years == tuple(range((start + DAY).year, due.due_on.year + 1))


@given(st.dates(FIRST, LAST), st.integers(0, 240))
def test_months_keep_the_day_or_take_the_last_one(start, months):
    end = deadlines.add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + DAY).day == 1)
