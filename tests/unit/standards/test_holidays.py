from __future__ import annotations

import json
from datetime import date

import pytest
from chinese_calendar.constants import holidays as published

from jutong.kernel.calendar import CalendarRowError, WorkCalendar, YearStatus
from jutong.standards import holidays, lunisolar
from jutong.standards.holidays import CalendarFileError

FEASTS_2027 = {
    "元旦": "2027-01-01",
    "春节": "2027-02-05 2027-02-06 2027-02-07 2027-02-08",
    "清明节": "2027-04-05",
    "劳动节": "2027-05-01 2027-05-02",
    "端午节": "2027-06-09",
    "中秋节": "2027-09-15",
    "国庆节": "2027-10-01 2027-10-02 2027-10-03",
}


def test_the_thirteen_days_of_2027():
    expected = {(date.fromisoformat(text), name) for name, days in FEASTS_2027.items() for text in days.split()}
    found = {(statutory.day, statutory.name) for statutory in holidays.statutory_days(2027)}
    assert found == expected
    assert len(found) == 13


@pytest.mark.parametrize("year", [2025, 2026])
def test_statutory_days_are_rest_days_in_the_published_notices(year):
    for statutory in holidays.statutory_days(year):
        assert statutory.day in published, statutory


@pytest.mark.parametrize("year", range(2008, 2027))
def test_moving_feasts_agree_with_the_published_notices(year):
    names = {
        "Spring Festival": lunisolar.lunar_new_year(year),
        "Tomb-sweeping Day": lunisolar.clear_brightness(year),
        "Dragon Boat Festival": lunisolar.lunar_day(year, 5, 5),
        "Mid-autumn Festival": lunisolar.lunar_day(year, 8, 15),
    }
    for name, day in names.items():
        if day.weekday() < 5 and not (name == "Mid-autumn Festival" and day.month == 10):
            assert published.get(day) == name, (name, day)
        else:
            assert not WorkCalendar().is_workday(day), (name, day)


@pytest.mark.parametrize(
    ("year", "new_year"),
    [(2000, "2000-02-05"), (2033, "2033-01-31"), (2034, "2034-02-19"), (2057, "2057-02-04"), (2099, "2099-01-21")],
)
def test_new_years_from_the_published_tables(year, new_year):
    assert lunisolar.lunar_new_year(year) == date.fromisoformat(new_year)


def test_a_leap_month_does_not_shift_the_feasts_after_it():
    # 2025 has a leap sixth month, 2033 a leap eleventh one
    assert lunisolar.lunar_day(2025, 8, 15) == date(2025, 10, 6)
    assert lunisolar.lunar_day(2033, 8, 15) == date(2033, 9, 8)
    leap = [month for month in lunisolar._months(2025) if month.leap]
    assert [(month.number, month.first_day) for month in leap] == [(6, date(2025, 7, 25))]


@pytest.mark.parametrize("year", [1999, 2100])
def test_years_nobody_compared_are_refused(year):
    with pytest.raises(ValueError, match="2000 to 2099"):
        lunisolar.lunar_new_year(year)
    with pytest.raises(ValueError, match="2000 to 2099"):
        lunisolar.clear_brightness(year)


def test_the_rules_do_not_reach_back():
    with pytest.raises(ValueError, match="in force from 2025"):
        holidays.statutory_days(2024)


def test_the_shipped_year_is_what_the_rules_make():
    assert holidays.shipped_provisional(2027) == holidays.provisional_year(2027)
    text = json.dumps(holidays.provisional_document(2027), ensure_ascii=False)
    assert holidays.parse_year(text) == holidays.provisional_year(2027)
    with pytest.raises(FileNotFoundError):
        holidays.shipped_provisional(2031)


def test_the_shipped_year_makes_december_deadlines_provisional():
    calendar = WorkCalendar(years=[holidays.shipped_provisional(2027)])
    assert calendar.year_status(2027) is YearStatus.PROVISIONAL
    found = calendar.add_workdays(date(2026, 12, 24), 20)
    assert (found.due_on, found.provisional) == (date(2027, 1, 22), True)


def test_nothing_that_only_the_notice_decides_is_placed():
    calendar = WorkCalendar(years=[holidays.shipped_provisional(2027)])
    assert calendar.is_workday(date(2027, 2, 9))
    assert not calendar.is_workday(date(2027, 2, 13))
    owed = [statutory.day.isoformat() for statutory in holidays.owed_days(2027)]
    assert owed == ["2027-02-06", "2027-02-07", "2027-05-01", "2027-05-02", "2027-10-02", "2027-10-03"]
    assert [row["date"] for row in holidays.provisional_document(2027)["owed"]] == owed


GOOD = {"year": 2027, "status": "official", "source": "notice", "rows": [{"date": "2027-01-01", "is_workday": False}]}


def test_an_operators_file_is_read():
    year = holidays.parse_year(json.dumps(GOOD))
    assert (year.year, year.status, year.source) == (2027, YearStatus.OFFICIAL, "notice")
    assert year.rows[0].note == ""


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"year": "2027"}, "/year"),
        ({"year": True}, "/year"),
        ({"status": "missing"}, "/status"),
        ({"source": " "}, "/source"),
        ({"source": None}, "/source"),
        ({"rows": []}, "/rows"),
        ({"rows": {}}, "/rows"),
        ({"rows": [1]}, "/rows/0"),
        ({"rows": [{"date": "2027-13-01", "is_workday": False}]}, "/rows/0"),
        ({"rows": [{"date": "2027-01-01"}]}, "/rows/0"),
        ({"rows": [{"date": "2027-01-01", "is_workday": "no"}]}, "/rows/0/is_workday"),
    ],
)
def test_a_wrong_file_is_told_where(change, place):
    with pytest.raises(CalendarFileError) as caught:
        holidays.parse_year(json.dumps(GOOD | change))
    assert caught.value.fields["place"] == place


@pytest.mark.parametrize("text", ["[]", "{"])
def test_what_is_no_calendar_file_is_refused(text):
    with pytest.raises(CalendarFileError):
        holidays.parse_year(text)


def test_rows_of_another_year_are_refused():
    with pytest.raises(CalendarRowError):
        holidays.parse_year(json.dumps(GOOD | {"year": 2028}))
