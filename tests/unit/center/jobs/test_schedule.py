"""When plans run, in Beijing, on a calendar that knows holidays and weekend days of work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jutong.center.jobs.schedule import Schedule, fresh_until, next_turn, turns
from jutong.kernel.calendar import WorkCalendar
from jutong.kernel.clock import BEIJING

CALENDAR = WorkCalendar()
EVE = datetime(2026, 9, 30, 1, 0, tzinfo=UTC)
"""Wednesday 30 September 2026, 09:00 in Beijing, the day before a week of holidays."""


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Schedule(kind="minutes", every=7), ["09-30 09:06", "09-30 09:13"]),
        (Schedule(kind="minutes", every=50), ["09-30 09:10", "09-30 10:00"]),
        (Schedule(kind="hours", every=5, at="01:30"), ["09-30 11:30", "09-30 16:30", "09-30 21:30", "10-01 01:30"]),
        (Schedule(kind="daily", at="09:00"), ["10-01 09:00", "10-02 09:00"]),
        (Schedule(kind="workdays", at="08:00"), ["10-08 08:00", "10-09 08:00", "10-10 08:00", "10-12 08:00"]),
        (Schedule(kind="weekly", days=(1, 7), at="02:00"), ["10-04 02:00", "10-05 02:00", "10-11 02:00"]),
        (Schedule(kind="monthly", days=(15, 31)), ["10-15 02:00", "10-31 02:00", "11-15 02:00", "11-30 02:00"]),
        (Schedule(), []),
        (Schedule(kind="after", transfer="0" * 36), []),
    ],
)
def test_a_plan_runs_when_it_says(plan: Schedule, expected: list[str]) -> None:
    found = islice(turns(plan, after=EVE, calendar=CALENDAR), len(expected) or 1)
    assert [f"{turn.astimezone(BEIJING):%m-%d %H:%M}" for turn in found] == expected
    assert plan.words


def test_in_a_year_without_calendar_monday_to_friday_run() -> None:
    friday = datetime(2040, 1, 6, 12, tzinfo=UTC)
    found = next_turn(Schedule(kind="workdays", at="08:00"), after=friday, calendar=CALENDAR)
    assert found == datetime(2040, 1, 9, 0, 0, tzinfo=UTC)


@given(
    kind=st.sampled_from(["minutes", "hours", "daily", "workdays", "weekly", "monthly"]),
    every=st.integers(1, 23),
    minute=st.integers(0, 1439),
    day=st.integers(1, 7),
    hours=st.integers(0, 16_000),
)
def test_the_next_turn_is_later_and_nothing_lies_between(
    kind: str, every: int, minute: int, day: int, hours: int
) -> None:
    plan = Schedule(kind=kind, every=every, at=f"{minute // 60:02d}:{minute % 60:02d}", days=(day,))
    start = datetime(2025, 1, 1, tzinfo=BEIJING) + timedelta(hours=hours, minutes=minute)
    first, second = islice(turns(plan, after=start, calendar=CALENDAR), 2)
    assert start < first < second
    assert next_turn(plan, after=first - timedelta(seconds=1), calendar=CALENDAR) == first
    assert next_turn(plan, after=first, calendar=CALENDAR) == second


def test_rest_days_make_nothing_late_that_runs_on_working_days() -> None:
    daily, workdays = Schedule(kind="daily"), Schedule(kind="workdays")
    assert fresh_until(daily, since=EVE, hours=26, calendar=CALENDAR) == EVE + timedelta(hours=26)
    assert fresh_until(workdays, since=EVE, hours=26, calendar=CALENDAR) == EVE + timedelta(days=7, hours=26)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "hours", "every": 24}, {"kind": "weekly"}, {"kind": "weekly", "days": (8,)}, {"kind": "monthly"},
        {"kind": "after"}, {"kind": "daily", "transfer": "0" * 36}, {"kind": "daily", "at": "24:00"},
    ],
)  # fmt: skip
def test_a_plan_that_contradicts_itself_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(wrong)
