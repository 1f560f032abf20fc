"""One need from the day it is stated to the day its data is destroyed, by the people who may take each step."""

from __future__ import annotations

from tests.simulation.calendar_run import Life


def test_a_node_and_a_person_meet_on_the_simulated_calendar(world: Life) -> None:
    assert world.next_workday().isoformat() == "2026-03-03"
    steward = world.person("steward")
    steward.open("/manage/sources")
    steward.sees("civil", "low_income", "连得上")
