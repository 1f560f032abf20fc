from __future__ import annotations

from datetime import date, timedelta

import pytest

from jutong.kernel.calendar import (
    CalendarRowError,
    CalendarYear,
    CalendarYearMissingError,
    DayRow,
    WorkCalendar,
    YearStatus,
    official_years,
)

VECTORS = {
    "2025-08-01": ("2025-08-04", "2025-08-05", "2025-08-08", "2025-08-15", "2025-08-29"),
    "2025-09-26": ("2025-09-28", "2025-09-29", "2025-10-10", "2025-10-16", "2025-10-30"),
    "2025-09-30": ("2025-10-09", "2025-10-10", "2025-10-14", "2025-10-21", "2025-11-04"),
    "2025-10-01": ("2025-10-09", "2025-10-10", "2025-10-14", "2025-10-21", "2025-11-04"),
    "2026-02-12": ("2026-02-13", "2026-02-14", "2026-02-26", "2026-03-04", "2026-03-18"),
    "2026-04-30": ("2026-05-06", "2026-05-07", "2026-05-11", "2026-05-18", "2026-06-01"),
}
LENGTHS = (1, 2, 5, 10, 20)
REST_2025 = (
    "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 10-03 10-06 10-07 10-08"
)
WORK_2025 = "01-26 02-08 04-27 09-28 10-11"
REST_2026 = (
    "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07"
)
WORK_2026 = "01-04 02-14 02-28 05-09 09-20 10-10"
NEW_YEAR_2027 = CalendarYear(
    2027, YearStatus.PROVISIONAL, (DayRow(date(2027, 1, 1), is_workday=False, source="operator"),), "operator"
)


def packaged_2026() -> dict[int, CalendarYear]:
    """The official years up to 2026, whatever a newer package may cover."""
    return {year: rows for year, rows in official_years().items() if year <= 2026}


@pytest.fixture
def calendar() -> WorkCalendar:
    return WorkCalendar(packaged=packaged_2026())


@pytest.mark.parametrize("received", VECTORS)
def test_rulebook_vectors(calendar, received):
    start = date.fromisoformat(received)
    found = [calendar.add_workdays(start, length) for length in LENGTHS]
    assert tuple(deadline.due_on.isoformat() for deadline in found) == VECTORS[received]
    assert not any(deadline.provisional for deadline in found)


@pytest.mark.parametrize(("year", "rests", "works"), [(2025, REST_2025, WORK_2025), (2026, REST_2026, WORK_2026)])
def test_every_day_of_the_published_years(calendar, year, rests, works):
    rest = {date.fromisoformat(f"{year}-{day}") for day in rests.split()}
    work = {date.fromisoformat(f"{year}-{day}") for day in works.split()}
    days = [date(year, 1, 1) + timedelta(days=offset) for offset in range(365)]
    expected = [day for day in days if day in work or (day.weekday() < 5 and day not in rest)]
    assert [day for day in days if calendar.is_workday(day)] == expected
    assert len(expected) == 248


@pytest.mark.parametrize("length", [6, 10, 20])
def test_a_clock_that_runs_into_a_missing_year_refuses(calendar, length):
    with pytest.raises(CalendarYearMissingError) as caught:
        calendar.add_workdays(date(2026, 12, 24), length)
    assert caught.value.fields == {"year": 2027}
    assert caught.value.code == "kernel.calendar.year-missing"
    assert "2027" in caught.value.explain()
    assert "暂定日历" in caught.value.advise()


def test_days_before_the_missing_year_are_still_counted(calendar):
    assert calendar.add_workdays(date(2026, 12, 24), 5).due_on == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("length", "due_on", "provisional", "years"),
    [
        (1, "2026-12-25", False, (2026,)),
        (5, "2026-12-31", False, (2026,)),
        (6, "2027-01-04", True, (2026, 2027)),
        (10, "2027-01-08", True, (2026, 2027)),
        (20, "2027-01-22", True, (2026, 2027)),
    ],
)
def test_a_provisional_year_makes_the_deadline_provisional(length, due_on, provisional, years):
    calendar = WorkCalendar(years=[NEW_YEAR_2027], packaged=packaged_2026())
    found = calendar.add_workdays(date(2026, 12, 24), length)
    assert (found.due_on.isoformat(), found.provisional, found.years) == (due_on, provisional, years)


def test_counting_from_the_last_day_of_a_year_rests_on_the_next_year_alone():
    calendar = WorkCalendar(years=[NEW_YEAR_2027], packaged=packaged_2026())
    assert calendar.add_workdays(date(2026, 12, 31), 1).years == (2027,)


def test_an_official_year_replaces_a_provisional_one_and_never_the_other_way():
    official = CalendarYear(2027, YearStatus.OFFICIAL, (), "notice")
    for order in ([NEW_YEAR_2027, official], [official, NEW_YEAR_2027]):
        calendar = WorkCalendar(years=order, packaged=packaged_2026())
        assert calendar.year_status(2027) is YearStatus.OFFICIAL
        assert calendar.is_workday(date(2027, 1, 1))
        assert not calendar.add_workdays(date(2026, 12, 24), 20).provisional


def test_a_newer_provisional_year_replaces_an_older_one():
    newer = CalendarYear(2027, YearStatus.PROVISIONAL, (), "second try")
    assert WorkCalendar(years=[NEW_YEAR_2027, newer], packaged=packaged_2026()).is_workday(date(2027, 1, 1))


def test_an_operator_may_replace_a_packaged_official_year():
    notice = CalendarYear(2026, YearStatus.OFFICIAL, (), "corrected notice")
    assert WorkCalendar(years=[notice], packaged=packaged_2026()).is_workday(date(2026, 10, 1))


def test_overrides_win_and_later_ones_win_over_earlier_ones():
    day = date(2026, 12, 25)
    rows = [DayRow(day, is_workday=False, source="city", note="a"), DayRow(day, is_workday=True, source="city")]
    assert not WorkCalendar(overrides=rows[:1]).is_workday(day)
    assert WorkCalendar(overrides=rows).is_workday(day)
    assert WorkCalendar(overrides=rows[:1]).explain(day) == rows[0]
    assert WorkCalendar(overrides=rows[:1]).add_workdays(date(2026, 12, 24), 1).due_on == date(2026, 12, 28)


def test_an_override_does_not_make_a_year_known(calendar):
    lonely = WorkCalendar(
        overrides=[DayRow(date(2027, 3, 1), is_workday=True, source="city")], packaged=packaged_2026()
    )
    assert lonely.year_status(2027) is YearStatus.MISSING
    for ask in (lonely.is_workday, lonely.explain, lonely.next_workday):
        with pytest.raises(CalendarYearMissingError):
            ask(date(2027, 3, 1))


def test_every_answer_can_be_explained(calendar):
    assert calendar.explain(date(2026, 2, 14)).is_workday
    assert calendar.explain(date(2026, 2, 14)).note
    plain = calendar.explain(date(2026, 3, 4))
    assert (plain.is_workday, plain.source, plain.note) == (True, "chinesecalendar", "")
    assert not calendar.explain(date(2026, 3, 7)).is_workday


def test_counting_zero_days_moves_off_a_rest_day(calendar):
    assert calendar.next_workday(date(2025, 10, 1)) == date(2025, 10, 9)
    assert calendar.next_workday(date(2025, 10, 9)) == date(2025, 10, 9)
    assert calendar.add_workdays(date(2025, 10, 9), 0).years == (2025,)


def test_counting_never_runs_backward(calendar):
    with pytest.raises(ValueError, match="forward"):
        calendar.add_workdays(date(2025, 10, 9), -1)


def test_workdays_between_is_signed(calendar):
    assert calendar.workdays_between(date(2025, 9, 26), date(2025, 10, 30)) == 20
    assert calendar.workdays_between(date(2025, 10, 30), date(2025, 9, 26)) == -20
    assert calendar.workdays_between(date(2025, 12, 31), date(2026, 1, 5)) == 2
    with pytest.raises(CalendarYearMissingError):
        calendar.workdays_between(date(2026, 12, 31), date(2027, 1, 1))


def test_cover_comes_from_the_package():
    calendar = WorkCalendar()
    years = [year.year for year in calendar.years]
    assert years == sorted(official_years())
    assert years[0] == 2004
    assert years[-1] >= 2026
    assert calendar.year_status(2003) is YearStatus.MISSING
    assert calendar.year_status(2026) is YearStatus.OFFICIAL


def test_calendars_that_say_the_same_share_a_fingerprint(calendar):
    rest = [DayRow(date(2026, 12, 25), is_workday=False, source="city")]
    same = [DayRow(date(2026, 12, 25), is_workday=True, source="city")]
    assert WorkCalendar(overrides=same, packaged=packaged_2026()).fingerprint == calendar.fingerprint
    assert WorkCalendar(overrides=rest, packaged=packaged_2026()).fingerprint != calendar.fingerprint
    provisional = WorkCalendar(years=[NEW_YEAR_2027], packaged=packaged_2026())
    assert provisional.fingerprint != calendar.fingerprint


def test_rows_outside_their_year_or_against_each_other_are_refused():
    day = date(2027, 1, 1)
    rest, work = (DayRow(day, is_workday=flag, source="x") for flag in (False, True))
    with pytest.raises(CalendarRowError) as caught:
        CalendarYear(2028, YearStatus.OFFICIAL, (rest,), "x")
    assert caught.value.fields == {"day": day, "year": 2028}
    with pytest.raises(CalendarRowError):
        CalendarYear(2027, YearStatus.OFFICIAL, (rest, work), "x")
    CalendarYear(2027, YearStatus.OFFICIAL, (rest, rest), "x")


def test_a_missing_year_cannot_be_loaded():
    with pytest.raises(ValueError, match="no rows"):
        CalendarYear(2027, YearStatus.MISSING, (), "x")
