"""Every state, event and person of a dispute, made from its table; and what the registry refuses by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.dispute import actions, rules
from jutong.center.dispute.enums import DisputeEvent as Ev
from jutong.center.dispute.enums import DisputeState
from jutong.center.dispute.models import Decision, Dispute, Evidence, Proposal, Response, Statement
from jutong.center.dispute.parties import sides_of
from jutong.center.org.actor import platform_actor
from tests.dispute_steps import WALKS, coordinating, decided, raised, settled
from tests.machine_cases import hold_to_table, missing_steps, refuse_jumps
from tests.sharing_world import NOW, World, at


def act(function: Any, **more: Any) -> Any:
    return lambda dispute, by: function(dispute=dispute, by=by, now=at(1), **more)


CALLS = {
    Ev.STATE_VIEW: act(actions.state_view, text="我方意见"),
    Ev.ADD_EVIDENCE: act(actions.add_evidence, title="答复", shows="拒绝理由不成立"),
    Ev.PROPOSE: act(actions.propose, text="改为仅核验"),
    Ev.ACCEPT: act(actions.answer_proposal, accepted=True),
    Ev.REJECT: act(actions.answer_proposal, accepted=False, reason="不够用"),
    Ev.ESCALATE: act(actions.escalate, reason="协商不成"),
    Ev.REFER: act(actions.refer, reason="协调不成"),
    Ev.DECIDE: act(
        actions.decide_dispute, outcome="upheld", text="提供", reasons="相符", document_number="1号"
    ),
    Ev.EXECUTE: act(actions.execute_dispute, note="已办"),
    Ev.WITHDRAW: act(actions.withdraw_dispute),
}  # fmt: skip


@pytest.mark.parametrize("state", list(WALKS), ids=str)
def test_each_person_may_do_exactly_what_the_table_says(world: World, state: DisputeState) -> None:
    dispute = WALKS[state](world)
    assert dispute.state == state

    def now_state() -> str:
        return Dispute.objects.values_list("state", flat=True).get(id=dispute.id)

    people = [*world.actors.values(), platform_actor("scan")]
    passed = hold_to_table(rules.DISPUTES, dispute, CALLS, people, sides_of, state=now_state)
    assert (passed > 0) == (state not in {DisputeState.EXECUTED, DisputeState.WITHDRAWN})
    refuse_jumps(rules.DISPUTES, Dispute, dispute, "dispute_step")


def test_every_event_is_reached_by_an_action_or_is_the_platform_s() -> None:
    assert set(Ev) - set(CALLS) == {Ev.SETTLE}


def test_a_pair_without_a_row_is_refused() -> None:
    assert missing_steps(rules.DISPUTES) == []


def test_the_table_says_each_pair_once_and_every_state_is_reached() -> None:
    pairs = [(row.state, row.event) for row in rules.DISPUTE]
    assert len(pairs) == len(set(pairs))
    assert {row.next for row in rules.DISPUTE} | {"negotiating"} == set(DisputeState.values)


def test_a_dispute_does_not_begin_in_the_middle(world: World) -> None:
    dispute = coordinating(world)
    dispute.pk, dispute.number, dispute._state.adding = None, "ZY-forged", True
    with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
        dispute.save(force_insert=True)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "settled", "closed_at": NOW}, "dispute_settled_on_terms"),
        ({"state": "withdrawn"}, "dispute_close_dated"),
        ({"state": "coordinating"}, "dispute_coordinated_by_somebody"),
        ({"state": "referred"}, "dispute_referred_somewhere"),
        ({"executed_at": NOW}, "dispute_execut"),
    ],
)
def test_the_registry_refuses_what_cannot_be(world: World, change: dict[str, Any], constraint: str) -> None:
    dispute = raised(world)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Dispute.objects.filter(id=dispute.id).update(**change)


def test_nobody_is_both_sides_or_coordinates_its_own(world: World) -> None:
    dispute = raised(world)
    for change in ({"respondent": world.education}, {"coordinator": world.civil}):
        with pytest.raises(IntegrityError, match="dispute_"), transaction.atomic():
            Dispute.objects.filter(id=dispute.id).update(**change)


def test_a_dispute_executed_before_it_ended_cannot_be(world: World) -> None:
    dispute = settled(world)
    with pytest.raises(IntegrityError, match="dispute_executed_later"), transaction.atomic():
        Dispute.objects.filter(id=dispute.id).update(state="executed", executed_at=at(-1))


def test_what_was_said_stays(world: World) -> None:
    dispute = decided(world)
    other = raised(world, at(2))
    actions.add_evidence(dispute=other, title="答复", shows="理由不成立", by=world.requester, now=at(2))
    actions.propose(dispute=other, text="核验", by=world.steward, now=at(2))
    actions.answer_proposal(dispute=other, accepted=False, reason="不够", by=world.requester, now=at(2))
    models: tuple[Any, ...] = (Statement, Evidence, Proposal, Response, Decision)
    for model in models:
        rows = model.objects.all()
        assert rows.exists(), model
        with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
            rows.update(at=at(9))
        with pytest.raises(IntegrityError, match="not changed"), transaction.atomic():
            rows.filter(pk=rows.first().pk)._raw_delete("default")
    assert dispute.state == "decided"
