"""Every state, every event, every person: allowed exactly where the table says, and forced jumps are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.process.admission import admit
from jutong.center.process.errors import WrongSideError
from jutong.center.process.table import Machine
from jutong.center.remedy import actions, rules
from jutong.center.remedy.enums import DisposalEvent, DisposalState, RectificationEvent, RectificationState
from jutong.center.remedy.models import Disposal, Rectification
from jutong.center.sharing.parties import sides_of
from jutong.kernel.errors import JutongError, NotFoundError
from tests import remedy_steps as steps
from tests.sharing_steps import fresh
from tests.sharing_world import World, at

pytestmark = pytest.mark.django_db
PEOPLE = (
    "requester", "requester_head", "steward", "provider_head", "department_head", "authority", "leader", "auditor",
    "stranger", "stranger_head",
)  # fmt: skip
RECTIFY: dict[str, Callable[[World], Rectification]] = {
    "ordered": steps.ordered, "reported": steps.reported, "insufficient": steps.insufficient,
    "accepted": steps.accepted, "terminated": steps.terminated, "withdrawn": steps.withdrawn,
}  # fmt: skip
DISPOSE: dict[str, Callable[[World], Disposal]] = {
    "open": steps.declared, "reported": steps.disposal_reported, "verified": steps.verified,
    "disposed": steps.disposed,
}  # fmt: skip
GUARDS = {"remedy.rectification.other-side", "sharing.person.same"}
"""What refuses somebody whom the table lets take a step."""


def test_the_walks_reach_every_state() -> None:
    assert set(RECTIFY) == set(RectificationState.values)
    assert set(DISPOSE) == set(DisposalState.values)


def expected(machine: Machine, case: Any, event: Any, by: Actor) -> bool:
    row = machine.find(case.state, event)
    sides = sides_of(case.grant.application, by)
    return row is not None and any(
        who.side in sides and who.permission is not None and org.has(by, who.permission) for who in row.who
    )


def rectify(event: RectificationEvent, case: Rectification, by: Actor) -> None:
    more: dict[str, Any] = {"rectification": case, "by": by, "now": at(30)}
    {
        RectificationEvent.REPORT: lambda: actions.report_rectification(text="已整改", **more),
        RectificationEvent.ACCEPT: lambda: actions.accept_rectification(**more),
        RectificationEvent.REJECT: lambda: actions.reject_rectification(note="不到位", **more),
        RectificationEvent.REFUSED: lambda: actions.call_refused(note="没有回应", **more),
        RectificationEvent.ORDER_AGAIN: lambda: actions.order_again(demands="补充说明", days=3, **more),
        RectificationEvent.TERMINATE: lambda: actions.terminate(note="终止", **more),
        RectificationEvent.WITHDRAW: lambda: actions.withdraw_rectification(note="误报", **more),
    }[event]()


def dispose(event: DisposalEvent, case: Disposal, by: Actor) -> None:
    more: dict[str, Any] = {"disposal": case, "by": by, "now": at(3)}
    {
        DisposalEvent.DECLARE: lambda: actions.declare_copies(copies=[actions.Copy("file", "共享盘")], **more),
        DisposalEvent.REPORT: lambda: actions.report_disposal(handled=steps.handled(case), **more),
        DisposalEvent.RETURN: lambda: actions.return_disposal(note="缺备份", **more),
        DisposalEvent.VERIFY: lambda: actions.verify_disposal(**more),
    }[event]()


def attempt(machine: Machine, case: Any, event: Any, by: Actor, take: Callable[..., None]) -> None:
    allowed, before = expected(machine, case, event, by), case.state
    row = machine.find(before, event)
    outcome, after = taken(case, event, by, take)
    if outcome in GUARDS:
        assert allowed, f"{before} {event} {by.username}: {outcome}"
    else:
        assert (outcome == "") is allowed, f"{before} {event} {by.username}: {outcome}"
    assert after == (row.next if row is not None and outcome == "" else before)


def taken(case: Any, event: Any, by: Actor, take: Callable[..., None]) -> tuple[str, str]:
    """What refused a step, empty if nothing did, and the state it led to; the step itself is undone."""
    after = case.state
    try:
        with transaction.atomic():
            take(event, case, by)
            after = fresh(case).state
            transaction.set_rollback(True)
    except JutongError as error:
        return error.code, after
    return "", after


@pytest.mark.parametrize("state", RECTIFY)
def test_a_rectification_moves_exactly_as_its_table_says(world: World, state: str) -> None:
    case = fresh(RECTIFY[state](world))
    assert case.state == state
    for event in RectificationEvent:
        for name in PEOPLE:
            attempt(rules.RECTIFICATIONS, case, event, world.actors[name], rectify)


@pytest.mark.parametrize("state", DISPOSE)
def test_a_disposal_moves_exactly_as_its_table_says(world: World, state: str) -> None:
    case = fresh(DISPOSE[state](world))
    assert case.state == state
    for event in set(DisposalEvent) - {DisposalEvent.PROVE, DisposalEvent.OBJECT}:
        for name in PEOPLE:
            attempt(rules.DISPOSALS, case, event, world.actors[name], dispose)


@pytest.mark.parametrize("event", [DisposalEvent.PROVE, DisposalEvent.OBJECT])
def test_nobody_but_the_platform_says_that_it_is_disposed(world: World, event: DisposalEvent) -> None:
    case = fresh(steps.verified(world))
    for name in PEOPLE:
        by = world.actors[name]
        with pytest.raises((WrongSideError, NotFoundError)):
            admit(rules.DISPOSALS, case.state, event, sides=sides_of(case.grant.application, by), label="CZ", by=by)
    platform = platform_actor("x")
    sides = sides_of(case.grant.application, platform)
    row = admit(rules.DISPOSALS, case.state, event, sides=sides, label="CZ", by=platform)
    assert row.event == event


@pytest.mark.parametrize("state", RECTIFY)
def test_the_registry_refuses_every_forced_jump_of_a_rectification(world: World, state: str) -> None:
    forced(rules.RECTIFICATIONS, RECTIFY[state](world))


@pytest.mark.parametrize("state", DISPOSE)
def test_the_registry_refuses_every_forced_jump_of_a_disposal(world: World, state: str) -> None:
    forced(rules.DISPOSALS, DISPOSE[state](world))


def forced(machine: Machine, case: Any) -> None:
    for target in machine.states.values:
        if target == case.state or (case.state, target) in machine.edges():
            continue
        with pytest.raises(IntegrityError, match="has no step"), transaction.atomic():
            type(case).objects.filter(pk=case.pk).update(state=target)


@pytest.mark.parametrize(("make", "states"), [(steps.ordered, RectificationState), (steps.opened, DisposalState)])
def test_no_case_begins_in_the_middle(world: World, make: Callable[[World], Any], states: Any) -> None:
    case = fresh(make(world))
    case.pk, case.number, case._state.adding = None, "forged", True
    case.state = states.values[1]
    with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
        case.save(force_insert=True)
