"""回流: no conditions possible, the own area only, complete or short, and the table held by code and registry."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.catalog.models import Entry
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.actor import platform_actor
from jutong.center.org.enums import Role
from jutong.center.returns import actions, queries, rules
from jutong.center.returns.enums import ReturnEvent as Ev
from jutong.center.returns.enums import ReturnState
from jutong.center.returns.errors import NoDivisionItemError, NotCountedError, NotUpperError, ReturnOpenError
from jutong.center.returns.models import Cycle, ReturnFlow
from jutong.center.returns.parties import sides_of
from jutong.center.returns.waiting import to_answer, to_check
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.errors import NotShareableError
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests.machine_cases import hold_to_table, missing_steps, refuse_jumps
from tests.return_steps import WALKS, Upper, asked, docking, ended, returning, short
from tests.sharing_steps import orders
from tests.sharing_world import NOW, World, at, person, publish


def act(function: Any, **more: Any) -> Any:
    return lambda flow, by: function(flow=flow, by=by, now=at(1), **more)


CALLS = {
    Ev.CONFIRM: act(actions.confirm_return),
    Ev.COUNT: act(actions.count_return, counted=5),
    Ev.FIND_COMPLETE: act(actions.compare_return, held=1000),
    Ev.FIND_SHORT: act(actions.compare_return, held=0),
    Ev.WITHDRAW: act(actions.withdraw_return),
    Ev.END: act(actions.end_return),
}


@pytest.mark.parametrize("state", list(WALKS), ids=str)
def test_each_person_may_do_exactly_what_the_table_says(world: World, upper: Upper, state: ReturnState) -> None:
    flow = WALKS[state](world, upper)
    assert flow.state == state

    def now_state() -> str:
        return ReturnFlow.objects.values_list("state", flat=True).get(id=flow.id)

    people = [*world.actors.values()]
    passed = hold_to_table(rules.RETURNS, flow, CALLS, people, sides_of, state=now_state)
    assert (passed > 0) == (state not in {ReturnState.WITHDRAWN, ReturnState.ENDED})
    refuse_jumps(rules.RETURNS, ReturnFlow, flow, "return-flow_step")


def test_a_pair_without_a_row_is_refused_and_no_step_refuses_a_return() -> None:
    assert missing_steps(rules.RETURNS) == []
    assert not any("refus" in row.event.value for row in rules.RETURN)


def test_the_order_to_the_node_is_cut_to_the_own_area_and_to_nothing_else(world: World, upper: Upper) -> None:
    flow = docking(world, upper)
    (order,) = orders("grant")
    assert order["conditions"] == [{"column": "division", "operator": "prefix", "values": ["6299"]}]
    assert order["requester_code"] == world.education.code
    modes = {row["item"]: row["mode"] for row in order["fields"]}
    assert modes["公民身份号码"] == "plain"
    assert modes["住址"] == "verify"
    assert "page" in order["ways"]
    assert flow.application is not None
    assert (flow.application.division_filter, flow.application.share_attribute) == ("629900", "unconditional")


def test_the_clock_runs_from_the_confirmation_to_the_node_s_receipt(world: World, upper: Upper) -> None:
    flow = docking(world, upper)
    clock = StatutoryClock.objects.get(subject_id=str(flow.id))
    assert (clock.period, clock.length, clock.organisation, clock.state) == ("SLA-RET", 20, upper.office, "running")
    assert not StatutoryClock.objects.filter(period="SLA-SUP").exists()
    late = clocks.scan_breaches(by=platform_actor("scan"), now=at(40))
    assert [row.id for row in late] == [clock.id]
    assert list(queries.owed(at(40))) == [flow]
    assert list(queries.owed(at(5))) == []


def test_data_flows_when_the_node_says_so(world: World, upper: Upper) -> None:
    flow = returning(world, upper)
    assert (flow.state, flow.supplied_at) == ("returning", NOW)
    assert StatutoryClock.objects.get(subject_id=str(flow.id)).state == "met"


def test_two_numbers_decide_what_is_complete(world: World, upper: Upper) -> None:
    flow = returning(world, upper)
    with pytest.raises(NotCountedError):
        actions.compare_return(flow=flow, held=1, by=world.requester, now=NOW)
    grant = Grant.objects.get(application=flow.application)
    Access.objects.create(
        record_id="r1", node="node-1", at=at(0.5), kind="page", outcome="ok", grant_id=grant.id,
        grant_number=grant.number, entry_code=upper.entry.code, entry_name="x", provider_code=upper.office.code,
        requester_code=world.education.code, requester_name="x", system_name="x", official="x", purpose="x",
        case_number="x", rows=90, leaf_index=1,
    )  # fmt: skip
    actions.count_return(flow=flow, counted=99, by=world.upper_steward, now=NOW)
    actions.count_return(flow=flow, counted=100, by=world.upper_steward, now=NOW)
    assert [task.number for task in to_check(world.requester, NOW)] == [flow.number]
    first = actions.compare_return(flow=flow, held=90, by=world.requester, now=at(1))
    assert (first.gap, first.fetched) == (10, 90)
    assert ReturnFlow.objects.get().state == "short"
    assert [task.number for task in to_answer(world.upper_steward, at(1))] == [flow.number]
    assert list(queries.owed(at(1))) == [flow]
    actions.count_return(flow=flow, counted=100, by=world.upper_steward, now=at(2))
    second = actions.compare_return(flow=flow, held=100, by=world.requester, now=at(3))
    assert (second.gap, second.fetched) == (0, 0)
    assert ReturnFlow.objects.get().state == "returning"


def test_an_upper_department_may_say_what_it_does_not_have_and_no_more(world: World, upper: Upper) -> None:
    flow = asked(world, upper)
    name, address = upper.items["姓名"].id, upper.items["住址"].id
    for bad in ({name: ""}, {world.items["姓名"].id: "没有"}, {row.id: "没有" for row in upper.items.values()}):
        with pytest.raises(InvalidInputError):
            actions.confirm_return(flow=flow, left_out=bad, by=world.upper_steward, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.confirm_return(flow=flow, frequency="hourly", by=world.upper_steward, now=NOW)
    done = actions.confirm_return(
        flow=flow, left_out={address: "不采集住址"}, note="一行为一次登记", frequency="weekly", by=world.upper_steward,
        now=NOW,
    )  # fmt: skip
    assert (done.frequency, done.note) == ("weekly", "一行为一次登记")
    assert "住址" not in {row["item"] for row in orders("grant")[0]["fields"]}


def test_only_an_upper_department_returns(world: World, upper: Upper) -> None:
    with pytest.raises(NotUpperError):
        asked(world, upper, entry=world.entry)
    lower = person(world.other, Role.STEWARD, "lower", "下级")
    assert lower.division_code == "629900"
    none, _ = publish(upper.office, name="不予共享的", code="306001/78", attribute="none")
    with pytest.raises(NotShareableError):
        asked(world, upper, entry=none)
    assert upper.entry in queries.returnable(world.requester, q="婚姻")
    assert world.entry not in queries.returnable(world.requester)


def test_an_entry_without_a_division_cannot_be_cut(world: World, upper: Upper) -> None:
    version = Entry.objects.get(id=upper.entry.id).published
    assert version is not None
    version.items.filter(name="行政区划").delete()
    with pytest.raises(NoDivisionItemError):
        asked(world, upper)


def test_bad_input_names_its_place_and_one_return_goes_on_at_a_time(world: World, upper: Upper) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        asked(world, upper, items=[world.items["姓名"].id], system_id=upper.entry.id, share_way="fax", frequency="x")
    places = [row["place"] for row in refusal.value.fields["problems"]]
    assert places == ["items", "system", "share_way", "frequency"]
    changes: tuple[dict[str, Any], ...] = ({"basis": ""}, {"scenario": " "})
    for change in changes:
        with pytest.raises(InvalidInputError):
            asked(world, upper, **change)
    asked(world, upper)
    with pytest.raises(ReturnOpenError):
        asked(world, upper)


def test_numbers_below_none_are_refused(world: World, upper: Upper) -> None:
    flow = returning(world, upper)
    with pytest.raises(InvalidInputError):
        actions.count_return(flow=flow, counted=-1, by=world.upper_steward, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.compare_return(flow=flow, held=-1, by=world.requester, now=NOW)


def test_a_return_ends_with_its_grant_and_a_grant_with_its_return(world: World, upper: Upper) -> None:
    flow = ended(world, upper)
    assert Grant.objects.get(application=flow.application).state == "revoked"
    again = returning(world, upper, at(1))
    grant = Grant.objects.get(application=again.application)
    sharing.revoke_grant(grant=grant, reason="不再需要", by=world.requester_head, now=at(2))
    assert ReturnFlow.objects.get(id=again.id).state == "ended"
    third = docking(world, upper, at(3))
    actions.withdraw_return(flow=third, by=world.requester_head, now=at(3))
    assert Grant.objects.get(application=third.application).state == "revoked"
    assert StatutoryClock.objects.get(subject_id=str(third.id)).state == "cancelled"


def test_who_sees_it(world: World, upper: Upper) -> None:
    flow = asked(world, upper)
    for who in (world.requester, world.upper_steward, world.authority, world.upper_authority, world.auditor):
        assert queries.view(who, flow.number, NOW).flow == flow
    with pytest.raises(NotFoundError):
        queries.return_flow(world.stranger, flow.number)
    assert list(queries.returns(world.requester, states=["asked"], side="requester")) == [flow]
    assert queries.view(world.upper_steward, flow.number, NOW).events == {Ev.CONFIRM}


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "docking"}, "return_confirmed_by_somebody"),
        ({"state": "withdrawn"}, "return_end_dated"),
        ({"ended_at": NOW}, "return_end_dated"),
    ],
)
def test_the_registry_refuses_what_cannot_be(
    world: World, upper: Upper, change: dict[str, Any], constraint: str
) -> None:
    flow = asked(world, upper)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ReturnFlow.objects.filter(id=flow.id).update(**change)


def test_a_comparison_before_its_count_cannot_be(world: World, upper: Upper) -> None:
    flow = short(world, upper)
    cycle = Cycle.objects.get(flow=flow, compared_at=None)
    for change in ({"held": 5}, {"held": 5, "compared_at": at(-1)}):
        with pytest.raises(IntegrityError, match="cycle_compared"), transaction.atomic():
            Cycle.objects.filter(id=cycle.id).update(**change)
