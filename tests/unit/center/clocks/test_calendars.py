from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from jutong.center.clocks import actions, calendars, queries
from jutong.center.clocks.errors import CalendarYearOfficialError
from jutong.center.clocks.models import CalendarDay, CalendarYear, StatutoryClock
from jutong.center.sharing.models import Notice
from jutong.kernel.calendar import CalendarRowError, CalendarYearMissingError, DayRow, YearStatus, official_years
from jutong.kernel.errors import ForbiddenError, InvalidInputError
from jutong.standards.holidays import provisional_year
from tests.center_world import PLATFORM, City

DECEMBER = datetime(2026, 12, 24, 1, 0, tzinfo=UTC)
OFFICIAL_2027 = (
    *provisional_year(2027).rows,
    DayRow(date(2027, 1, 4), is_workday=False, source="notice", note="调休"),
    DayRow(date(2027, 1, 9), is_workday=True, source="notice", note="调休上班"),
)


def provisional(now: datetime = DECEMBER) -> calendars.LoadedCalendar:
    return actions.load_calendar_year(
        year=2027, rows=provisional_year(2027).rows, provisional=True, source="办法", by=PLATFORM, now=now
    )


def official(now: datetime = DECEMBER) -> calendars.LoadedCalendar:
    return actions.load_calendar_year(
        year=2027, rows=OFFICIAL_2027, provisional=False, source="国务院通知", by=PLATFORM, now=now
    )


def clock(city: City, subject: str = "a-1", period: str = "SLA-REP-C", now: datetime = DECEMBER) -> StatutoryClock:
    return actions.start(
        period=period, subject_kind="application", subject_id=subject, subject_label="婚姻登记信息",
        organisation=city.civil, by=PLATFORM, now=now,
    )  # fmt: skip


def test_a_provisional_year_lets_december_count_and_says_so(city: City):
    provisional()
    running = clock(city)
    assert (running.due_on, running.is_provisional) == (date(2027, 1, 8), True)
    assert queries.clock_view(running, date(2026, 12, 25)).provisional
    assert queries.calendar().year_status(2027) is YearStatus.PROVISIONAL


def test_the_official_year_settles_the_clocks_and_tells_whoever_must_act(city: City):
    provisional()
    running = clock(city)
    still = clock(city, "a-2", "SLA-CAT-UPD", datetime(2026, 12, 21, 1, 0, tzinfo=UTC))
    outcome = official()
    running.refresh_from_db()
    still.refresh_from_db()
    assert (running.due_on, running.is_provisional) == (date(2027, 1, 9), False)
    assert (still.due_on, still.is_provisional) == (date(2027, 1, 6), False)
    assert (outcome.recomputed, outcome.settled, outcome.moved) == (2, 2, 2)
    notices = list(Notice.objects.filter(organisation=city.civil).order_by("text"))
    assert len(notices) == 2
    assert ("2027-01-08", "2027-01-09") in [(notice.fields["before"], notice.fields["after"]) for notice in notices]
    assert not Notice.objects.exclude(organisation=city.civil).exists()


def test_a_settled_clock_whose_day_stays_tells_nobody(city: City):
    provisional()
    running = clock(city, period="SLA-CAT-REV", now=datetime(2026, 12, 30, 1, 0, tzinfo=UTC))
    assert running.due_on == date(2027, 1, 4)
    rows = provisional_year(2027).rows
    outcome = actions.load_calendar_year(
        year=2027, rows=rows, provisional=False, source="国务院通知", by=PLATFORM, now=DECEMBER
    )
    assert (outcome.settled, outcome.moved) == (1, 0)
    assert not Notice.objects.exists()


def test_loading_twice_leaves_one_year(city: City):
    provisional()
    provisional()
    official()
    official()
    assert CalendarYear.objects.count() == 1
    assert CalendarDay.objects.filter(date__year=2027).count() == len(OFFICIAL_2027)
    with pytest.raises(CalendarYearOfficialError):
        provisional()


def test_a_year_the_package_knows_takes_no_provisional_one(city: City):
    with pytest.raises(CalendarYearOfficialError):
        actions.load_calendar_year(
            year=2026, rows=provisional_year(2026).rows, provisional=True, source="x", by=PLATFORM, now=DECEMBER
        )


def test_wrong_rows_change_nothing(city: City):
    provisional()
    wrong = DayRow(date(2028, 1, 1), is_workday=False, source="x")
    with pytest.raises(CalendarRowError):
        actions.load_calendar_year(year=2027, rows=[wrong], provisional=False, source="x", by=PLATFORM, now=DECEMBER)
    assert CalendarYear.objects.get().is_provisional


def test_only_the_system_administrator_loads_calendars(city: City):
    for name in ("security_admin", "auditor", "authority", "steward"):
        with pytest.raises(ForbiddenError):
            actions.load_calendar_year(
                year=2027, rows=OFFICIAL_2027, provisional=False, source="x", by=city[name], now=DECEMBER
            )
        with pytest.raises(ForbiddenError):
            actions.override_day(day=date(2026, 12, 25), is_workday=False, note="通知", by=city[name], now=DECEMBER)
    actions.load_calendar_year(
        year=2027, rows=OFFICIAL_2027, provisional=False, source="x", by=city["system_admin"], now=DECEMBER
    )


def test_one_day_may_be_corrected_and_moves_what_runs_over_it(city: City):
    running = clock(city, period="SLA-CAT-REV", now=datetime(2026, 11, 9, 1, 0, tzinfo=UTC))
    assert running.due_on == date(2026, 11, 11)
    outcome = actions.override_day(
        day=date(2026, 11, 11), is_workday=False, note="临时放假通知", by=PLATFORM, now=DECEMBER
    )
    running.refresh_from_db()
    assert (running.due_on, outcome.moved) == (date(2026, 11, 12), 1)
    assert queries.calendar().explain(date(2026, 11, 11)).note == "临时放假通知"
    with pytest.raises(InvalidInputError):
        actions.override_day(day=date(2026, 11, 12), is_workday=False, note=" ", by=PLATFORM, now=DECEMBER)
    with pytest.raises(CalendarYearMissingError):
        actions.override_day(day=date(2027, 1, 4), is_workday=False, note="通知", by=PLATFORM, now=DECEMBER)


def test_a_corrected_day_of_a_loaded_year_joins_its_rows(city: City):
    official()
    actions.override_day(day=date(2027, 3, 1), is_workday=False, note="通知", by=PLATFORM, now=DECEMBER)
    days = queries.calendar()
    assert not days.is_workday(date(2027, 3, 1))
    assert days.explain(date(2027, 3, 1)).source == "国务院通知"


def test_a_breach_by_a_wrong_calendar_is_taken_back(city: City):
    provisional()
    running = clock(city)
    january = datetime(2027, 1, 9, 1, 0, tzinfo=UTC)
    assert [row.id for row in actions.scan_breaches(by=PLATFORM, now=january)] == [running.id]
    official(january)
    running.refresh_from_db()
    assert (running.due_on, running.breached_at) == (date(2027, 1, 9), None)
    monday = datetime(2027, 1, 11, 1, 0, tzinfo=UTC)
    assert [row.id for row in actions.scan_breaches(by=PLATFORM, now=monday)] == [running.id]


def test_a_newer_package_settles_what_was_provisional(city: City, monkeypatch: pytest.MonkeyPatch):
    provisional()
    running = clock(city)
    assert actions.settle_provisional(by=PLATFORM, now=DECEMBER) == 0
    newer = {**official_years(), 2027: provisional_year(2027)}
    newer[2027] = type(newer[2027])(2027, YearStatus.OFFICIAL, OFFICIAL_2027, "chinesecalendar")
    monkeypatch.setattr("jutong.kernel.calendar.official_years", lambda: newer)
    assert actions.scan_breaches(by=PLATFORM, now=DECEMBER) == []
    running.refresh_from_db()
    assert (running.due_on, running.is_provisional) == (date(2027, 1, 9), False)
    assert actions.settle_provisional(by=PLATFORM, now=DECEMBER) == 0


def test_paused_clocks_are_counted_again_too(city: City):
    provisional()
    running = clock(city)
    key: dict[str, Any] = {"subject_kind": "application", "subject_id": "a-1", "period": "SLA-REP-C", "by": PLATFORM}
    actions.pause(now=DECEMBER, **key)
    actions.resume(now=datetime(2026, 12, 25, 1, 0, tzinfo=UTC), **key)
    actions.pause(now=datetime(2026, 12, 28, 1, 0, tzinfo=UTC), **key)
    official()
    running.refresh_from_db()
    assert (running.state, running.is_provisional) == ("paused", False)


def test_the_years_are_listed_with_their_working_days(city: City):
    provisional()
    years = {row.year: row for row in queries.calendar_years(city["requester"])}
    assert (years[2025].workdays, years[2026].workdays) == (248, 248)
    assert years[2027].status is YearStatus.PROVISIONAL
    assert years[2027].source == "办法"
    assert years[2004].workdays > 240
