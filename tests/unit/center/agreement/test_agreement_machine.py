"""Every state, every event, every person: allowed exactly where the table says, and forced jumps are refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.agreement import actions, rules
from jutong.center.agreement.enums import AgreementEvent, AgreementState, BreachEvent, BreachState
from jutong.center.agreement.models import Agreement, Breach, Signature
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.process.table import Machine
from jutong.center.sharing.parties import sides_of
from jutong.kernel.errors import JutongError
from tests import agreement_steps as steps
from tests.sharing_steps import fresh
from tests.sharing_world import World, at, build

pytestmark = pytest.mark.django_db
PEOPLE = (
    "requester", "requester_head", "steward", "provider_head", "department_head", "authority", "leader", "auditor",
    "stranger", "stranger_head",
)  # fmt: skip
WALKS: dict[str, Callable[[World], Agreement]] = {
    "drafted": steps.drafted, "sent": steps.sent, "signed": steps.signed, "in-force": steps.in_force,
    "suspended": steps.suspended, "superseded": steps.superseded, "ended": steps.ended, "void": steps.void,
}  # fmt: skip
GUARDS = {
    "agreement.version.first", "agreement.version.same", "agreement.version.open", "agreement.text.changed",
    "agreement.breach.other-party",
}  # fmt: skip
BY_PEOPLE = [event for event in AgreementEvent if any(
    row.event == event and any(who.permission for who in row.who) for row in rules.AGREEMENT
)]  # fmt: skip


def case_in(state: str) -> tuple[World, Agreement]:
    if state == "accepted":
        return steps.accepted()
    world = build()
    return world, WALKS[state](world)


def test_the_walks_reach_every_state() -> None:
    assert {*WALKS, "accepted"} == set(AgreementState.values)
    for state in AgreementState.values:
        point = transaction.savepoint()
        assert case_in(state)[1].state == state
        transaction.savepoint_rollback(point)


def take(event: AgreementEvent, case: Agreement, by: Actor) -> Any:
    more: dict[str, Any] = {"agreement": case, "by": by, "now": at(1)}
    return {
        AgreementEvent.EDIT: lambda: actions.edit_terms(changes={"retention_days": 30}, **more),
        AgreementEvent.SEND: lambda: actions.send(**more),
        AgreementEvent.SIGN_PROVIDER: lambda: actions.sign(text_digest=case.digest, **more),
        AgreementEvent.SIGN_REQUESTER: lambda: actions.sign(text_digest=case.digest, **more),
        AgreementEvent.HAND_BACK: lambda: actions.hand_back(note="再改", **more),
        AgreementEvent.PROPOSE: lambda: actions.propose_change(changes={"daily_quota": 9}, note="减少", **more),
        AgreementEvent.DISCARD: lambda: actions.discard_change(**more),
    }[event]()


def allowed(machine: Machine, state: str, event: Any, sides: Any, by: Actor) -> bool:
    row = machine.find(state, event)
    return row is not None and any(
        who.side in sides and who.permission is not None and org.has(by, who.permission) for who in row.who
    )


def attempt(act: Callable[[], Any], case: Agreement | Breach) -> tuple[str, str]:
    """Return the code of the refusal, if there was one, and the state after it; everything is taken back."""
    point = transaction.savepoint()
    try:
        act()
    except JutongError as problem:
        refused = problem.code
    else:
        refused = ""
    after = fresh(case).state
    transaction.savepoint_rollback(point)
    return refused, after


def agrees(refused: str, after: str, state: str, following: str | None) -> bool:
    """Whether an attempt went as the table says: ``following`` is the state it leads to, none if it may not be."""
    if refused:
        return (following is None or refused in GUARDS) and after == state
    return after == following


@pytest.mark.parametrize("state", AgreementState.values)
def test_a_step_is_allowed_exactly_where_the_table_says(state: str) -> None:
    world, case = case_in(state)
    wrong = []
    for who, event in itertools.product(PEOPLE, BY_PEOPLE):
        by = getattr(world, who)
        # one door signs for both sides: which event it is follows from the state
        meant = AgreementEvent.SIGN_REQUESTER if state == "signed" else AgreementEvent.SIGN_PROVIDER
        asked = meant if event in {AgreementEvent.SIGN_PROVIDER, AgreementEvent.SIGN_REQUESTER} else event
        row = rules.AGREEMENTS.find(state, asked)
        may = allowed(rules.AGREEMENTS, state, asked, sides_of(case.application, by), by)
        refused, after = attempt(lambda event=event, by=by: take(event, fresh(case), by), case)  # type: ignore[misc]
        if not agrees(refused, after, state, row.next if row is not None and may else None):
            wrong.append((state, event.value, who, refused or after))
    assert wrong == []


@pytest.mark.parametrize("state", AgreementState.values)
def test_the_registry_refuses_every_change_the_table_does_not_know(state: str) -> None:
    _world, case = case_in(state)
    for following in AgreementState.values:
        if following == state or (state, following) in rules.AGREEMENTS.edges():
            continue
        with pytest.raises(IntegrityError, match="has no step"), transaction.atomic():
            Agreement.objects.filter(id=case.id).update(state=following)


def test_the_registry_keeps_texts_signatures_and_evidence_as_they_are() -> None:
    world = build()
    case = steps.signed(world)
    changed: tuple[dict[str, Any], ...] = (
        {"digest": "sha256:0"}, {"document": {}}, {"terms": {}}, {"number": "XY1"}, {"version": 9},
    )  # fmt: skip
    for changes in changed:
        with pytest.raises(IntegrityError, match="stands"), transaction.atomic():
            Agreement.objects.filter(id=case.id).update(**changes)
    for refused in (
        lambda: Signature.objects.update(signature="x"),
        lambda: Signature.objects.all()._raw_delete("default"),
        lambda: Agreement.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(Exception, match=r"stands|only added"), transaction.atomic():
            refused()


def test_the_registry_refuses_what_no_case_can_be() -> None:
    world = build()
    case = steps.drafted(world)
    with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
        Agreement.objects.create(
            number="XY1", kind="agreement", application=case.application, requester=case.requester,
            provider=case.provider, state="signed", terms={}, document={}, digest="sha256:", drafted_at=at(0),
        )  # fmt: skip
    for wrong in ({"requester_id": case.provider_id}, {"in_force_at": at(0)}, {"digest": "md5:1"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agreement.objects.filter(id=case.id).update(**wrong)


def in_breach(state: str) -> tuple[World, Breach]:
    world = build()
    found = steps.broken(world)
    if state in {"answered", "settled"}:
        actions.answer_breach(breach=found, text="机房断电", by=world.steward, now=at(2))
    if state == "contested":
        actions.answer_breach(breach=found, text="不是我方", contest=True, by=world.steward, now=at(2))
    if state == "settled":
        actions.judge_breach(breach=found, accept=True, by=world.requester, now=at(2))
    return world, fresh(found)


def settle(event: BreachEvent, case: Breach, by: Actor) -> Any:
    more: dict[str, Any] = {"breach": case, "text": "说明", "by": by, "now": at(3)}
    if event in {BreachEvent.ANSWER, BreachEvent.CONTEST}:
        return actions.answer_breach(contest=event == BreachEvent.CONTEST, **more)
    return actions.judge_breach(accept=event == BreachEvent.ACCEPT, **more)


@pytest.mark.parametrize("state", BreachState.values)
def test_a_breach_is_answered_by_one_side_and_judged_by_the_other(state: str) -> None:
    world, case = in_breach(state)
    wrong = []
    for who, event in itertools.product(PEOPLE, BreachEvent):
        by = getattr(world, who)
        may = allowed(rules.BREACHES, state, event, sides_of(case.agreement.application, by), by)
        following = rules.BREACHES.step(state, event, label="x").next if may else None
        refused, after = attempt(lambda event=event, by=by: settle(event, fresh(case), by), case)  # type: ignore[misc]
        mine = event in {BreachEvent.ANSWER, BreachEvent.CONTEST}
        own_side = refused or mine == (by.organisation_id == case.responsible_id)
        if not (agrees(refused, after, state, following) and own_side):
            wrong.append((state, event.value, who, refused or after))
    assert wrong == []


@pytest.mark.parametrize("state", BreachState.values)
def test_the_registry_refuses_forced_jumps_of_a_breach(state: str) -> None:
    _world, case = in_breach(state)
    for following in set(BreachState.values) - {state}:
        if (state, following) not in rules.BREACHES.edges():
            with pytest.raises(IntegrityError, match="has no step"), transaction.atomic():
                Breach.objects.filter(id=case.id).update(state=following)
    with pytest.raises(IntegrityError, match="stands"), transaction.atomic():
        Breach.objects.filter(id=case.id).update(evidence={})
