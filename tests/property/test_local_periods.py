"""Local periods are stricter than the law or equal to it, whatever a locality writes and in whatever order."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel.calendar import WorkCalendar
from jutong.kernel.deadlines import DayKind, compute, extend, remaining, spent, walk
from jutong.standards import holidays, periods
from jutong.standards.periods import Bound, PeriodLooserError, localise, strictest

TODAY = date(2026, 11, 22)
EVERY = sorted(periods.in_force(TODAY).values(), key=lambda row: row.id)
CALENDAR = WorkCalendar(years=[holidays.provisional_year(2027)])
YEARS = [year.year for year in CALENDAR.years]
DAY = timedelta(days=1)
LENGTHS, CAPS = st.integers(1, 60), st.one_of(st.none(), st.integers(0, 30))


def looser(law: periods.Period, found: periods.Period) -> bool:
    if not law.statutory:
        return False
    longer = found.length < law.length if law.bound is Bound.AT_LEAST else found.length > law.length
    return longer or found.extension_cap > law.extension_cap


@pytest.mark.parametrize("law", EVERY, ids=lambda row: row.id)
@given(length=LENGTHS, cap=CAPS)
def test_what_is_loaded_is_never_looser(law, length, cap):
    try:
        found = localise(law, length, extension_cap=cap)
    except PeriodLooserError:
        assert law.statutory
        return
    assert not looser(law, found)
    assert strictest(law, (length, cap)) in {found, law}


@pytest.mark.parametrize("law", EVERY, ids=lambda row: row.id)
@given(local=st.lists(st.tuples(LENGTHS, CAPS), max_size=4))
def test_what_holds_is_never_looser_however_many_levels_wrote(law, local):
    found = strictest(law, *local)
    assert not looser(law, found)
    if law.statutory:
        assert strictest(law, *reversed(local)) == found
    assert found.local == ((found.length, found.extension_cap) != (law.length, law.extension_cap))


@st.composite
def runs(draw):
    year = draw(st.sampled_from([year for year in YEARS if year < 2027]))
    start = draw(st.dates(date(year, 1, 1), date(year, 12, 31)))
    pauses = [
        (first, first + timedelta(days=draw(st.integers(0, 20))))
        for first in draw(st.lists(st.dates(start + DAY, start + timedelta(days=40)), max_size=3))
    ]
    return start, draw(st.integers(1, 20)), draw(st.integers(0, 10)), pauses


@given(runs())
def test_every_day_walked_leads_to_the_day_computed(run):
    start, length, extension, pauses = run
    try:
        due = compute(start, length + extension, CALENDAR, pauses)
    except ValueError:
        return
    days = walk(start, length, CALENDAR, pauses, extension=extension)
    assert days[0].kind is DayKind.RECEIPT
    assert days[-1].day == due.due_on
    assert [row.number for row in days if row.number] == list(range(1, length + extension + 1))
    assert days[-1].kind is (DayKind.EXTENDED if extension else DayKind.COUNTED)
    assert all(CALENDAR.is_workday(row.day) for row in days if row.number)
    assert all((later.day - day.day) == DAY for day, later in pairwise(days))


@given(runs())
def test_gross_and_net_days_are_those_of_the_walk(run):
    start, length, extension, pauses = run
    days = walk(start, length, CALENDAR, pauses, extension=extension)
    due = days[-1].day
    took = spent(start, due, CALENDAR, pauses)
    assert took.net == length + extension
    assert took.gross == CALENDAR.workdays_between(start, due)
    assert took.gross >= took.net
    for row in days[1:]:
        so_far = spent(start, row.day, CALENDAR, pauses)
        assert so_far.net == sum(1 for one in days if one.number and one.day <= row.day)


@given(runs())
def test_what_is_left_and_what_was_spent_add_up_without_pauses(run):
    start, length, extension, _ = run
    due = compute(start, length, CALENDAR)
    for offset in range(40):
        today = start + offset * DAY
        if today.year in YEARS and today >= start:
            assert spent(start, today, CALENDAR).net + remaining(due, today, CALENDAR) == length
    if extension:
        assert extend(due, extension, CALENDAR).due_on == compute(start, length + extension, CALENDAR).due_on


def test_a_day_before_the_receipt_spends_nothing():
    assert spent(TODAY, TODAY - DAY, CALENDAR) == spent(TODAY, TODAY, CALENDAR)
    with pytest.raises(ValueError, match="not negative"):
        walk(TODAY, 1, CALENDAR, extension=-1)
