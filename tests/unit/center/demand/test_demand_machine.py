"""Every state, event and person of a need, made from its table; and what the registry refuses by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.demand import actions, rules
from jutong.center.demand.enums import DemandEvent as Ev
from jutong.center.demand.enums import DemandState
from jutong.center.demand.models import Assignment, Demand
from jutong.center.demand.parties import sides_of
from jutong.center.org.actor import Actor, platform_actor
from tests.demand_steps import FIELDS, WALKS, answered, assigned, matched, stated
from tests.machine_cases import hold_to_table, missing_steps, refuse_jumps
from tests.sharing_world import NOW, World, at

ENDED = {
    DemandState.WITHDRAWN: lambda world: actions.withdraw_demand(demand=stated(world), by=world.requester, now=NOW),
    DemandState.CLOSED: lambda world: actions.close_demand(
        demand=stated(world), reason="无法满足", by=world.authority, now=NOW
    ),
    DemandState.MERGED: lambda world: actions.merge_demand(
        demand=stated(world), into=stated(world, title="另一条"), by=world.authority, now=NOW
    ),
}


def calls(world: World) -> dict[Any, Any]:
    other = stated(world, title="别的需求")

    def act(function: Any, **more: Any) -> Any:
        return lambda demand, by: function(demand=demand, by=by, now=at(1), **more)

    return {
        Ev.EDIT: act(actions.edit_demand, fields=replace(FIELDS, title="改名")),
        Ev.JOIN: act(actions.join_demand, scenario="办证"),
        Ev.LEAVE: act(actions.leave_demand),
        Ev.MATCH: act(actions.match_demand, entry=world.entry),
        Ev.UNMATCH: act(actions.unmatch_demand, reason="口径不符"),
        Ev.MERGE: act(actions.merge_demand, into=other),
        Ev.REFER: act(actions.refer_demand, reason="省级数据"),
        Ev.ASSIGN: act(actions.assign_demand, holder=world.civil.code),
        Ev.ANSWER_HELD: act(actions.answer_demand, answer="held", basis="三定"),
        Ev.ANSWER_NOT_HELD: act(actions.answer_demand, answer="not-held", basis="三定"),
        Ev.ANSWER_NOT_COLLECTED: act(actions.answer_demand, answer="not-collected", basis="三定"),
        Ev.BEGIN_CATALOG: act(actions.begin_catalog, classification="307010"),
        Ev.CATALOG: act(actions.name_entry, entry=world.entry),
        Ev.APPLY: act(actions.apply_for_demand),
        Ev.WITHDRAW: act(actions.withdraw_demand),
        Ev.CLOSE: act(actions.close_demand, reason="无法满足"),
    }


@pytest.mark.parametrize("state", [*WALKS, *ENDED], ids=str)
def test_each_person_may_do_exactly_what_the_table_says(world: World, state: DemandState) -> None:
    demand = {**WALKS, **ENDED}[state](world)
    assert demand.state == state

    def now_state() -> str:
        return Demand.objects.values_list("state", flat=True).get(id=demand.id)

    people: list[Actor] = [*world.actors.values(), platform_actor("scan")]
    passed = hold_to_table(rules.DEMANDS, demand, calls(world), people, sides_of, state=now_state)
    assert (passed > 0) == (state in WALKS)
    refuse_jumps(rules.DEMANDS, Demand, demand, "demand_step")


def test_every_event_is_reached_by_an_action_or_is_the_platform_s(world: World) -> None:
    assert set(Ev) - set(calls(world)) == {Ev.MEET}


def test_a_pair_without_a_row_is_refused_and_told_what_is_allowed() -> None:
    assert missing_steps(rules.DEMANDS) == []


def test_the_table_says_each_pair_once_and_every_state_is_reached() -> None:
    pairs = [(row.state, row.event) for row in rules.DEMAND]
    assert len(pairs) == len(set(pairs))
    assert {row.next for row in rules.DEMAND} | {"stated"} == set(DemandState.values)


def test_the_registry_refuses_a_need_that_begins_in_the_middle(world: World) -> None:
    demand = matched(world)
    demand.pk, demand.number, demand._state.adding = None, "XQ-forged", True
    with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
        demand.save(force_insert=True)


@pytest.mark.parametrize(
    ("walk", "change", "constraint"),
    [
        (stated, {"state": "closed", "ended_at": NOW}, "demand_close_reasoned"),
        (stated, {"state": "withdrawn"}, "demand_end_dated"),
        (stated, {"state": "merged", "ended_at": NOW}, "demand_merged_into_one"),
        (stated, {"state": "matched"}, "demand_found_names_entry"),
        (stated, {"state": "assigned"}, "demand_assigned_to_somebody"),
        (stated, {"is_lawful": False}, "demand_declared"),
        (assigned, {"holder": None}, "demand_assigned_to_somebody"),
    ],
)
def test_the_registry_refuses_what_cannot_be(world: World, walk: Any, change: dict[str, Any], constraint: str) -> None:
    demand = walk(world)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Demand.objects.filter(id=demand.id).update(**change)


def test_the_registry_lets_no_holder_answer_its_own_need(world: World) -> None:
    demand = assigned(world)
    with pytest.raises(IntegrityError, match="demand_holder_is_another"), transaction.atomic():
        Demand.objects.filter(id=demand.id).update(holder=world.education)


def test_what_was_answered_is_never_changed(world: World) -> None:
    demand = answered(world, "not-held")
    row = Assignment.objects.get(demand=demand)
    for change in ({"answer": "held"}, {"basis": "改了"}):
        with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
            Assignment.objects.filter(id=row.id).update(**change)
    with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
        row.delete()
