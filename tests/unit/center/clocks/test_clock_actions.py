from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from jutong.center.audit.queries import of_subject as events_of
from jutong.center.clocks import actions, queries
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.errors import (
    ClockNotRunningError,
    ClockRanOutError,
    ClockRunningError,
    ExtensionTooLongError,
)
from jutong.center.clocks.models import StatutoryClock
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.errors import ForbiddenError
from jutong.standards.periods import PeriodUnknownError
from tests.center_world import NOW, PLATFORM, City, at

SUBJECT: dict[str, Any] = {"subject_kind": "application", "subject_id": "a-1"}
KEY: dict[str, Any] = {**SUBJECT, "period": "SLA-REP-C", "by": PLATFORM}


def morning(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 1, 0, tzinfo=UTC)


def start(city: City, now: datetime = NOW, period: str = "SLA-REP-C", **changes: Any) -> StatutoryClock:
    words = {
        **SUBJECT, "period": period, "subject_label": "婚姻登记信息", "organisation": city.civil, "by": PLATFORM,
        "now": now,
    }  # fmt: skip
    return actions.start(**{**words, **changes})


def view(clock: StatutoryClock, day: date) -> queries.ClockView:
    clock.refresh_from_db()
    return queries.clock_view(clock, day)


@pytest.mark.parametrize(
    ("received", "period", "due"),
    [
        (morning(2025, 8, 1), "SLA-REP-U", date(2025, 8, 4)),
        (morning(2025, 9, 26), "SLA-REP-U", date(2025, 9, 28)),
        (morning(2025, 9, 30), "SLA-REP-C", date(2025, 10, 21)),
        (morning(2026, 2, 12), "SLA-CAT-REV", date(2026, 2, 14)),
        (morning(2026, 4, 30), "SLA-SUP", date(2026, 6, 1)),
    ],
)
def test_due_dates_follow_the_rulebook(city: City, received: datetime, period: str, due: date):
    clock = start(city, received, period)
    assert (clock.due_on, clock.is_provisional, clock.state) == (due, False, ClockState.RUNNING)
    assert clock.clause.startswith("政务数据共享条例第")


def test_the_day_is_counted_in_beijing(city: City):
    late_evening = datetime(2025, 8, 3, 17, 0, tzinfo=UTC)  # already Monday 4 August there
    assert start(city, late_evening, "SLA-REP-U").due_on == date(2025, 8, 5)


def test_a_clock_may_start_on_the_day_of_the_event(city: City):
    clock = start(city, period="SLA-CAT-UPD", started_on=date(2026, 10, 9))
    assert (clock.started_on, clock.due_on) == (date(2026, 10, 9), date(2026, 10, 22))


def test_without_a_calendar_nothing_starts(city: City):
    with pytest.raises(CalendarYearMissingError) as refused:
        start(city, morning(2026, 12, 24))
    assert "2027" in refused.value.explain()
    with pytest.raises(PeriodUnknownError):
        start(city, period="SLA-NONE")
    assert not StatutoryClock.objects.exists()


def test_a_subject_has_one_running_clock_of_a_period(city: City):
    start(city)
    with pytest.raises(ClockRunningError) as refused:
        start(city)
    assert "有条件共享答复" in refused.value.explain()
    start(city, period="SLA-SUP")
    actions.stop(now=at(1), **KEY)
    start(city, at(2))
    assert [clock.state for clock in queries.of_subject("application", "a-1")] == ["met", "running", "running"]


def test_a_pause_leaves_out_its_days(city: City):
    clock = start(city)
    assert clock.due_on == date(2026, 11, 23)
    paused = actions.pause(now=at(3), **KEY)
    assert paused.state == ClockState.PAUSED
    shown = view(paused, date(2026, 12, 1))
    assert (shown.state, shown.total, shown.used, shown.remaining) == ("paused", 10, 2, 8)
    resumed = actions.resume(now=at(7), **KEY)
    assert resumed.due_on == date(2026, 11, 26)
    assert resumed.pauses == [["2026-11-12", "2026-11-16"]]
    shown = view(resumed, date(2026, 11, 16))
    assert (shown.state, shown.used, shown.remaining) == ("ok", 2, 8)


def test_a_clock_may_be_paused_and_resumed_on_one_day_and_again(city: City):
    start(city)
    for _ in range(2):
        actions.pause(now=at(1), **KEY)
        actions.resume(now=at(1), **KEY)
    assert StatutoryClock.objects.get().due_on == date(2026, 11, 24)


def test_extensions_stop_at_what_the_law_allows(city: City):
    start(city)
    assert actions.extend(days=4, now=at(1), **KEY).due_on == date(2026, 11, 27)
    with pytest.raises(ExtensionTooLongError) as refused:
        actions.extend(days=7, now=at(1), **KEY)
    assert "最多还能延长6个工作日" in refused.value.explain()
    clock = actions.extend(days=6, now=at(1), **KEY)
    assert (clock.extension, clock.due_on) == (10, date(2026, 12, 7))
    assert view(clock, date(2026, 11, 9)).total == 20
    with pytest.raises(ExtensionTooLongError):
        actions.extend(days=0, now=at(1), **KEY)
    start(city, period="SLA-SUP")
    with pytest.raises(ExtensionTooLongError):
        actions.extend(**{**KEY, "period": "SLA-SUP"}, days=1, now=at(1))


def test_a_paused_clock_may_be_extended(city: City):
    start(city)
    actions.pause(now=at(1), **KEY)
    assert actions.extend(days=5, now=at(30), **KEY).due_on == date(2026, 11, 30)
    assert actions.resume(now=at(30), **KEY).due_on == date(2026, 12, 30)


def test_what_ran_out_is_neither_paused_nor_extended(city: City):
    start(city)
    for step in (lambda: actions.pause(now=at(15), **KEY), lambda: actions.extend(days=1, now=at(15), **KEY)):
        with pytest.raises(ClockRanOutError) as refused:
            step()
        assert "2026-11-23" in refused.value.explain()
    assert actions.pause(now=at(14), **KEY).state == ClockState.PAUSED


def test_steps_need_a_clock_in_the_right_state(city: City):
    for step in (actions.pause, actions.resume, actions.stop):
        with pytest.raises(ClockNotRunningError):
            step(now=NOW, **KEY)
    start(city)
    with pytest.raises(ClockNotRunningError):
        actions.resume(now=NOW, **KEY)
    actions.pause(now=NOW, **KEY)
    with pytest.raises(ClockNotRunningError):
        actions.pause(now=NOW, **KEY)
    actions.stop(now=NOW, **KEY)
    with pytest.raises(ClockNotRunningError):
        actions.extend(days=1, now=NOW, **KEY)


def test_a_duty_is_met_on_its_last_day_and_late_after_it(city: City):
    start(city)
    met = actions.stop(now=at(14), **KEY)
    assert (met.state, met.stopped_at) == (ClockState.MET, at(14))
    shown = view(met, date(2027, 5, 1))
    assert (shown.state, shown.used, shown.remaining) == ("done", 10, 0)
    start(city)
    late = actions.stop(now=at(16), **KEY)
    assert late.state == ClockState.LATE
    assert view(late, date(2026, 12, 1)).used == 12


def test_a_paused_duty_is_met_whatever_the_day(city: City):
    start(city)
    actions.pause(now=at(2), **KEY)
    met = actions.stop(now=at(40), **KEY)
    assert met.state == ClockState.MET
    assert view(met, date(2026, 12, 31)).used == 1


def test_called_off_clocks_leave_no_duty(city: City):
    start(city)
    start(city, period="SLA-SUP")
    actions.pause(now=at(1), **KEY)
    assert actions.cancel(**SUBJECT, by=PLATFORM, now=at(2)) == 2
    assert actions.cancel(**SUBJECT, by=PLATFORM, now=at(3)) == 0
    assert {clock.state for clock in StatutoryClock.objects.all()} == {ClockState.CANCELLED}
    assert actions.scan_breaches(by=PLATFORM, now=at(60)) == []


def test_the_view_tells_how_pressing_it_is(city: City):
    clock = start(city)
    states = {
        date(2026, 11, 9): ("ok", 0, 10),
        date(2026, 11, 18): ("ok", 7, 3),
        date(2026, 11, 19): ("soon", 8, 2),
        date(2026, 11, 23): ("soon", 10, 0),
        date(2026, 11, 24): ("over", 11, -1),
        date(2026, 11, 30): ("over", 15, -5),
    }
    for day, expected in states.items():
        shown = view(clock, day)
        assert (shown.state, shown.used, shown.remaining) == expected
        assert shown.total == 10
        assert shown.due_on == date(2026, 11, 23)
    assert (shown.name, shown.period, shown.organisation_name) == ("有条件共享答复", "SLA-REP-C", "市民政局")


def test_a_clock_is_called_by_its_name_in_both_languages(city: City):
    clock = start(city)
    with translation.override("en"):
        assert view(clock, date(2026, 11, 10)).name == "Reply, conditional sharing"


def test_a_scan_marks_each_breach_once(city: City):
    start(city)
    start(city, subject_id="a-2", period="SLA-SUP")
    assert actions.scan_breaches(by=PLATFORM, now=at(14)) == []
    found = actions.scan_breaches(by=PLATFORM, now=at(15))
    assert [(clock.subject_id, clock.breached_at) for clock in found] == [("a-1", at(15))]
    assert actions.scan_breaches(by=PLATFORM, now=at(16)) == []
    assert [row.event for row in events_of("application", "a-1")] == ["clocks:clock:start", "clocks:clock:breach"]


def test_a_duty_met_late_between_two_scans_is_a_breach_too(city: City):
    start(city)
    actions.stop(now=at(15), **KEY)
    assert [clock.state for clock in actions.scan_breaches(by=PLATFORM, now=at(15))] == [ClockState.LATE]
    assert actions.scan_breaches(by=PLATFORM, now=at(16)) == []


def test_a_paused_clock_does_not_breach(city: City):
    start(city)
    actions.pause(now=at(1), **KEY)
    assert actions.scan_breaches(by=PLATFORM, now=at(60)) == []


def test_a_scan_takes_a_batch_at_a_time(city: City, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "SCAN_BATCH", 2)
    for number in range(5):
        start(city, subject_id=f"a-{number}")
    sizes = [len(actions.scan_breaches(by=PLATFORM, now=at(30))) for _ in range(4)]
    assert sizes == [2, 2, 1, 0]


def test_who_sees_which_clocks(city: City):
    mine = start(city)
    other = start(city, subject_id="a-2", organisation=city.education)
    done = start(city, subject_id="a-3")
    actions.stop(**{**KEY, "subject_id": "a-3"}, now=NOW)
    assert list(queries.running_for(city["steward"])) == [mine]
    assert list(queries.running_for(city["requester"])) == [other]
    assert set(queries.running_for(city["authority"])) == {mine, other}
    assert set(queries.running_for(city["leader"])) == {mine, other}
    with pytest.raises(ForbiddenError):
        queries.running_for(city["auditor"])
    assert done not in queries.running_for(city["steward"])


def test_lists_read_the_calendar_once(city: City, django_assert_num_queries):
    for number in range(4):
        start(city, subject_id=f"a-{number}")
    with django_assert_num_queries(3):
        rows = queries.views(queries.running_for(city["steward"]), date(2026, 11, 10))
    assert [shown.remaining for _, shown in rows] == [9] * 4
    with django_assert_num_queries(0):
        assert queries.views([], date(2026, 11, 10)) == []
    by_subject = queries.for_subjects("application", ["a-0", "a-3", "nothing"])
    assert set(by_subject) == {("SLA-REP-C", "a-0"), ("SLA-REP-C", "a-3")}


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("clock_has_a_day", {"length": 0}),
        ("clock_stop_paired", {"state": "met"}),
        ("clock_stop_paired", {"stopped_at": NOW + timedelta(days=1)}),
    ],
)
def test_the_database_holds_a_clock_together(city: City, constraint: str, change: dict[str, object]):
    start(city)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        StatutoryClock.objects.update(**change)
