"""Held to the table: every state, event and person; the registry refuses what the code would never try."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction

from jutong.center.correction import actions
from jutong.center.correction.enums import CorrectionEvent as Ev
from jutong.center.correction.enums import CorrectionState, MarkState
from jutong.center.correction.errors import (
    BoxClosedError,
    ConfirmedAlreadyError,
    DoubtOpenError,
    MarkNotFailedError,
    NotRecipientError,
    OwnDoubtError,
    WhollyUpheldError,
)
from jutong.center.correction.models import Correction, CorrectionStep, Recipient, Trace
from jutong.center.correction.parties import sides_of
from jutong.center.correction.rules import CORRECTIONS
from jutong.center.org.actor import Actor, platform_actor
from jutong.contracts.receipts import MarkReceipt
from jutong.kernel.errors import InvalidInputError
from tests import correction_steps as steps
from tests.correction_steps import RIGHT, fresh
from tests.machine_cases import hold_to_table, refuse_jumps
from tests.sharing_world import NOW, World, at
from tests.unguarded import unguarded

pytestmark = pytest.mark.django_db
STATES: dict[str, Callable[[World], Correction]] = {
    "raised": steps.raised,
    "verifying": steps.verifying,
    "answered": steps.refused,
    "travelling": lambda world: steps.upheld(world, finding="partly"),
    "disputed": steps.disputed,
    "closed": steps.closed,
    "withdrawn": steps.withdrawn,
}
CALLS: dict[Any, Callable[[Correction, Actor], Any]] = {
    Ev.ACCEPT: lambda case, by: actions.accept(correction=case, by=by, now=NOW),
    Ev.WITHDRAW: lambda case, by: actions.withdraw(correction=case, by=by, now=NOW),
    Ev.UPHOLD: lambda case, by: actions.uphold(
        correction=case, finding="true", corrected={"婚姻状况": RIGHT}, text="已改", by=by, now=NOW
    ),
    Ev.REFUSE: lambda case, by: actions.refuse(correction=case, finding="false", text="不改", by=by, now=NOW),
    Ev.CONFIRM: lambda case, by: actions.confirm(correction=case, by=by, now=NOW),
    Ev.RECEIVE: lambda case, by: actions.receive(correction=case, by=by, now=NOW),
    Ev.DISPUTE: lambda case, by: actions.dispute(correction=case, claim="x", facts="y", by=by, now=NOW),
    Ev.REOPEN: lambda case, by: actions.dispute_over(correction=case, for_raiser=True, by=by, now=NOW),
    Ev.SETTLE: lambda case, by: actions.dispute_over(correction=case, for_raiser=False, by=by, now=NOW),
    Ev.RETRY: lambda case, by: actions.retry_mark(correction=case, by=by, now=NOW),
}


@pytest.mark.parametrize("state", CorrectionState.values)
def test_every_event_by_every_person_happens_only_where_the_table_says(world: World, state: str) -> None:
    case = STATES[state](world)
    Recipient.objects.create(
        correction=case, grant=steps.grant_of(world), organisation=world.other, found_at=NOW, told_at=NOW
    )
    people = [*world.actors.values(), platform_actor("test")]
    passed = hold_to_table(
        CORRECTIONS, case, CALLS, people, sides_of, state=lambda: Correction.objects.get(pk=case.pk).state
    )
    assert bool(passed) is bool([row for row in CORRECTIONS.rows if row.state == state and row.event in _FREE])
    refuse_jumps(CORRECTIONS, Correction, case, "correction_step")


_FREE = {Ev.ACCEPT, Ev.WITHDRAW, Ev.UPHOLD, Ev.REFUSE, Ev.CONFIRM, Ev.RECEIVE, Ev.DISPUTE, Ev.REOPEN, Ev.SETTLE}


def test_every_row_names_its_clause_and_no_pair_stands_twice() -> None:
    pairs = [(row.state, row.event) for row in CORRECTIONS.rows]
    assert len(pairs) == len(set(pairs))
    assert all(re.match(r"条例 \d+", row.clause) and row.who for row in CORRECTIONS.rows)
    reached = {"raised"}
    for _ in CorrectionState:
        reached |= {row.next for row in CORRECTIONS.rows if row.state in reached}
    assert reached == set(CorrectionState.values)


def test_guards_have_names(world: World) -> None:
    case = steps.raised(world)
    with pytest.raises(DoubtOpenError) as taken:
        steps.raised(world)
    assert taken.value.fields["number"] == case.number
    with pytest.raises(MarkNotFailedError):
        actions.retry_mark(correction=case, by=world.steward, now=NOW)
    assert steps.mark(world, case, "failed", problem="no such table").problem == ""
    assert fresh(case).mark_problem == "no such table"
    assert actions.retry_mark(correction=case, by=world.steward, now=NOW).mark == MarkState.ORDERED
    actions.withdraw(correction=case, by=world.requester, now=NOW)
    whole = steps.upheld(world)
    with pytest.raises(WhollyUpheldError):
        actions.dispute(correction=whole, claim="x", facts="y", by=world.requester, now=NOW)
    steps.mark(world, whole, "open")
    assert fresh(whole).mark == MarkState.ORDERED, "an answer to an earlier order changes nothing"
    steps.mark(world, whole, "corrected", grants=(steps.grant_of(world),))
    actions.confirm(correction=whole, by=world.requester, now=NOW)
    with pytest.raises(ConfirmedAlreadyError):
        actions.confirm(correction=whole, by=world.requester, now=NOW)
    other = steps.upheld(world, key={"公民身份号码": "2"})
    Recipient.objects.create(
        correction=other, grant=steps.grant_of(world), organisation=world.education, found_at=NOW, way="feed",
        confirmed_at=NOW,
    )  # fmt: skip
    with pytest.raises(NotRecipientError):
        actions.receive(correction=other, by=world.requester, now=NOW)


def test_whoever_raised_it_does_not_verify_it(world: World) -> None:
    from jutong.center.correction.actions import About

    case = actions.raise_correction(
        about=About("comparison", world.entry), claim=steps.claim(), by=world.steward, now=NOW
    )
    for act in (
        lambda: actions.accept(correction=case, by=world.steward, now=NOW),
        lambda: actions.refuse(correction=steps.verifying(world), finding="false", text="x", by=world.steward, now=NOW),
    ):
        try:
            act()
        except OwnDoubtError:
            break
    else:
        pytest.fail("the raiser verified the own doubt")
    with (
        unguarded("correction.Correction"),
        pytest.raises(IntegrityError, match="correction_two_people"),
        transaction.atomic(),
    ):
        Correction.objects.filter(pk=case.pk).update(
            state="answered", finding="false", answer=b"x", answered_by=world.steward.user_id, answered_at=NOW
        )


@pytest.mark.parametrize(
    ("finding", "corrected", "text"),
    [
        ("false", {"婚姻状况": RIGHT}, "x"),
        ("true", {}, "x"),
        ("partly", {}, "x"),
        ("true", {"姓名": "x"}, "x"),
        ("true", {"婚姻状况": "x" * 501}, "x"),
        ("true", {"婚姻状况": RIGHT}, " "),
        ("true", {"婚姻状况": RIGHT}, "x" * 2001),
        ("other", {"婚姻状况": RIGHT}, "x"),
    ],
)
def test_a_wrong_answer_names_its_places(world: World, finding: str, corrected: dict[str, str], text: str) -> None:
    case = steps.verifying(world)
    with pytest.raises(InvalidInputError) as error:
        actions.uphold(correction=case, finding=finding, corrected=corrected, text=text, by=world.steward, now=NOW)
    assert {row["place"] for row in error.value.fields["problems"]} <= {"finding", "corrected", "text"}
    for wrong in ("true", "", "nonsense"):
        with pytest.raises(InvalidInputError):
            actions.refuse(correction=case, finding=wrong, text="x", by=world.steward, now=NOW)


def test_the_registry_refuses_what_would_not_be_true(world: World) -> None:
    case = steps.upheld(world)
    rows = Correction.objects.filter(pk=case.pk)
    for constraint, changes in (
        ("correction_answer_whole", {"finding": ""}),
        ("correction_travels_if_upheld", {"finding": "false"}),
        ("correction_answer_after", {"answered_at": at(-1)}),
        ("correction_closed_paired", {"closed_at": NOW}),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            rows.update(**changes)
    with (
        unguarded("correction.Correction"),
        pytest.raises(IntegrityError, match="correction_answered_with_finding"),
        transaction.atomic(),
    ):
        rows.update(state="answered", finding="", answer=None, answered_by=None, answered_at=None)
    with pytest.raises((InternalError, ProgrammingError), match="only added"), transaction.atomic():
        CorrectionStep.objects.filter(correction=case).update(note="x")
    with pytest.raises((InternalError, ProgrammingError), match="only added"), transaction.atomic():
        CorrectionStep.objects.filter(correction=case).delete()
    row = Recipient.objects.create(
        correction=case, grant=steps.grant_of(world), organisation=world.education, found_at=NOW
    )
    with pytest.raises(IntegrityError, match="recipient_confirmed_whole"), transaction.atomic():
        Recipient.objects.filter(pk=row.pk).update(way="hand", confirmed_at=NOW)
    Recipient.objects.filter(pk=row.pk).update(way="feed", confirmed_at=NOW)
    with pytest.raises((InternalError, ProgrammingError), match="only added"), transaction.atomic():
        Recipient.objects.filter(pk=row.pk).update(way="", confirmed_at=None)
    with pytest.raises(IntegrityError, match="trace_complete_when_answered"), transaction.atomic():
        Trace.objects.filter(subject_id=case.id).update(is_complete=True)


def test_receipts_of_strangers_and_nonsense_change_nothing(world: World) -> None:
    case = steps.raised(world)
    other = Correction(number="JH20260101-0001", id=case.id)
    assert "never ordered" in steps.mark(world, other, "open").problem
    assert "never ordered" in steps.fetched(world, other).problem
    assert "not waiting" in steps.fetched(world, case, steps.grant_of(world)).problem
    trace = Trace.objects.get(subject_id=case.id)
    nonsense = Trace(id=case.id)
    assert "never ordered" in steps.traced(world, nonsense).problem
    body = MarkReceipt(correction_number=case.number, state="open", grants=("not-an-id", str(case.id)))
    from jutong.center.fleet.receipts import apply_receipt

    assert apply_receipt(node=world.node, envelope=world.receipt("mark", body, NOW), now=NOW).problem == ""
    assert not case.recipients.exists()
    trace.id = "x"  # type: ignore[assignment]
    assert "no trace of this id" in steps.traced(world, trace).problem


def test_a_node_without_a_usable_key_and_an_entry_without_a_table(world: World) -> None:
    grant = steps.grant_of(world)
    world.node.public_key = "x"
    world.node.save()
    case = steps.raised(world)
    assert (case.mark, bool(case.mark_problem)) == (MarkState.FAILED, True)
    assert Trace.objects.get(subject_id=case.id).problem
    world.entry.bindings.update(ended_at=NOW)
    other = steps.raised(world, key={"公民身份号码": "2"})
    assert (other.node, other.mark) == (None, MarkState.NONE)
    actions.accept(correction=other, by=world.steward, now=NOW)
    done = actions.uphold(
        correction=other, finding="true", corrected={"婚姻状况": RIGHT}, text="已改", by=world.steward, now=NOW
    )
    assert actions.confirm(correction=done, by=world.requester, now=NOW).state == "closed"
    assert grant.requester == world.education


def test_a_box_of_another_case_does_not_open(world: World) -> None:
    first, second = steps.raised(world), steps.raised(world, key={"公民身份号码": "2"})
    Correction.objects.filter(pk=second.pk).update(claim=first.claim)
    with pytest.raises(BoxClosedError):
        actions.reveal(number=second.number, by=world.requester, now=NOW)
    assert connection.in_atomic_block
