from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override

from jutong.center.catalog.enums import BindingHealth, UpdateCycle
from jutong.center.catalog.health import TEXTS, Look, explain, judge, usual_after
from jutong.standards.binding import watch_rules

NOW = datetime(2026, 11, 20, 2, 24, tzinfo=UTC)
RULES = watch_rules()
GOOD = Look(
    alive=True, reason="", missing=(), rows=100, newest=NOW - timedelta(hours=3), dated=True, cycle="daily",
    usual_rows=101,
)  # fmt: skip


def codes(look: Look) -> list[str]:
    return [problem["code"] for problem in judge(look, RULES, NOW)[1]]


def test_all_is_well() -> None:
    assert judge(GOOD, RULES, NOW) == (BindingHealth.OK, [])


def test_nothing_answers() -> None:
    health, problems = judge(replace(GOOD, alive=False, reason="refused", missing=("a",)), RULES, NOW)
    assert health == BindingHealth.DOWN
    assert explain(problems) == ["连不上：refused"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"missing": ("a", "b")}, ["columns-missing"]),
        ({"rows": 0}, ["empty"]),
        ({"rows": 50}, ["collapsed"]),
        ({"rows": 51}, []),
        ({"rows": 1, "usual_rows": 19}, []),
        ({"rows": 1, "usual_rows": None}, []),
        ({"rows": -1}, []),
        ({"newest": None}, ["undated"]),
        ({"newest": None, "dated": False}, []),
        ({"newest": NOW + timedelta(hours=23)}, []),
        ({"newest": NOW + timedelta(hours=25)}, ["ahead"]),
        ({"missing": ("a",), "rows": 1, "newest": None}, ["columns-missing", "collapsed", "undated"]),
    ],
)
def test_each_problem_is_named(changes: dict[str, object], expected: list[str]) -> None:
    look = replace(GOOD, **changes)  # type: ignore[arg-type]
    assert codes(look) == expected
    assert judge(look, RULES, NOW)[0] == (BindingHealth.DEGRADED if expected else BindingHealth.OK)


LATE = {
    "realtime": timedelta(minutes=15), "daily": timedelta(days=2), "weekly": timedelta(days=9),
    "monthly": timedelta(days=36), "quarterly": timedelta(days=102), "yearly": timedelta(days=396),
}  # fmt: skip


@pytest.mark.parametrize("cycle", UpdateCycle.values)
def test_data_is_late_past_its_cycle_and_tolerance(cycle: str) -> None:
    allowed = LATE.get(cycle, timedelta(days=4000))
    assert codes(replace(GOOD, cycle=cycle, newest=NOW - allowed)) == []
    late = codes(replace(GOOD, cycle=cycle, newest=NOW - allowed - timedelta(seconds=1)))
    assert late == (["stale"] if cycle in LATE else []), "what is updated irregularly is never late"


def test_a_sudden_loss_stays_told_until_a_person_says_it_is_right() -> None:
    shrunk = replace(GOOD, rows=10)
    assert usual_after(shrunk, RULES) == 101
    assert usual_after(replace(GOOD, alive=False), RULES) == 101
    assert usual_after(replace(GOOD, rows=-1), RULES) == 101
    assert usual_after(replace(GOOD, rows=90), RULES) == 90
    assert usual_after(replace(GOOD, usual_rows=None, rows=7), RULES) == 7


def test_problems_speak_to_whoever_reads_them() -> None:
    _, problems = judge(replace(GOOD, rows=10, missing=("xm",)), RULES, NOW)
    assert explain(problems) == ["与目录描述不符：找不到列xm", "行数从101降到10，请核对是否误删"]
    with override("en"):
        assert len(explain(problems)) == 2
    _, late = judge(replace(GOOD, newest=NOW - timedelta(days=5)), RULES, NOW)
    assert "2026-11-15 10:24" in explain(late)[0]
    assert set(TEXTS) == {"down", "columns-missing", "stale", "ahead", "undated", "empty", "collapsed"}


def test_the_figures_are_data() -> None:
    assert (RULES.every_minutes, RULES.unbound_days) == (15, 30)
    assert set(RULES.late_after) == set(UpdateCycle.values) - {UpdateCycle.IRREGULAR}
