"""From a doubt to the last confirmation, with the node's receipts under seal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks.models import StatutoryClock
from jutong.center.correction import actions, queries
from jutong.center.correction.actions import About
from jutong.center.correction.enums import MarkState, Origin
from jutong.center.correction.errors import NotReceivedError
from jutong.center.correction.listening import subject
from jutong.center.correction.models import Correction, Trace
from jutong.center.dispute import actions as disputes
from jutong.center.dispute.models import Dispute
from jutong.center.fleet.models import Order, ReceivedReceipt
from jutong.center.sharing.models import Notice
from jutong.center.sharing.queries import inbox
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests import correction_steps as steps
from tests.correction_steps import PERSON, RIGHT, WRONG, claim, fresh
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db
SECRETS = (PERSON, RIGHT, "J629900-2026-1", "本人已于十月登记结婚")


def clock(case: Correction, period: str = "SLA-COR") -> StatutoryClock:
    return StatutoryClock.objects.get(subject_kind="correction", subject_id=str(case.id), period=period)


def test_a_doubt_marks_the_row_starts_the_clock_and_tells_the_provider(world: World) -> None:
    case = steps.raised(world)
    (order,) = steps.orders("mark")
    assert (order["state"], order["table"], order["source"]) == ("open", "marriage", "civil")
    assert steps.sealed(world, order) == {
        "key": {"id_number": PERSON}, "items": {"婚姻状况": "marital"}, "corrected": {},
    }  # fmt: skip
    (asked,) = steps.orders("trace")
    assert (steps.sealed(world, asked), asked["entry_code"]) == ([PERSON], world.entry.code)
    assert (clock(case).organisation, str(clock(case).due_on)) == (world.civil, "2026-11-23")
    assert fresh(case).mark == MarkState.ORDERED
    assert [task.number for task in inbox(world.steward, NOW)] == [case.number]
    assert Notice.objects.filter(organisation=world.civil, link=f"/corrections/{case.number}").count() == 1
    assert steps.mark(world, case, "open", grants=(steps.grant_of(world),)).problem == ""
    case = fresh(case)
    assert (case.mark, case.matched, case.marked_at) == (MarkState.OPEN, 1, NOW)
    assert [row.organisation for row in case.recipients.all()] == [world.education]
    (told,) = queries.marks_of_entry(world.entry.id)
    assert (told.number, told.items) == (case.number, ("婚姻状况",))
    assert queries.marks_count([world.entry.id]) == {world.entry.id: 1}
    assert [row.number for row in queries.marks_of_grant(steps.grant_of(world).id)] == [case.number]


def test_the_corrected_value_travels_and_everybody_confirms(world: World) -> None:
    case, grant = steps.upheld(world), steps.grant_of(world)
    order = steps.orders("mark")[-1]
    assert (order["state"], steps.sealed(world, order)["corrected"]) == ("corrected", {"婚姻状况": RIGHT})
    assert clock(case).state == "met"
    assert not case.recipients.exists()
    steps.mark(world, case, "corrected", grants=(grant,))
    row = case.recipients.get()
    assert row.told_at == NOW
    waiting = StatutoryClock.objects.get(subject_kind="correction-recipient", subject_id=str(row.id))
    assert (waiting.period, waiting.organisation) == ("SLA-COR-CFM", world.education)
    assert [task.kind for task in inbox(world.requester, NOW)] == ["correction-confirm"]
    assert steps.fetched(world, case, grant, now=at(1)).problem == ""
    case, row = fresh(case), case.recipients.get()
    assert (row.way, row.confirmed_at, row.confirmed_by) == ("feed", at(1), None)
    assert (case.state, case.closed_at, case.archive_number) == ("closed", at(1), f"DA-{case.number}")
    assert not StatutoryClock.objects.filter(state="running").exists()
    assert inbox(world.requester, NOW) == []
    assert queries.marks_of_entry(world.entry.id) == []
    assert "is not waiting" in steps.fetched(world, case, grant, now=at(2)).problem


def test_somebody_without_the_feed_confirms_by_hand_and_the_raiser_takes_the_answer(world: World) -> None:
    case, grant = steps.upheld(world), steps.grant_of(world)
    steps.mark(world, case, "corrected", grants=(grant,))
    case = actions.receive(correction=case, by=world.requester, now=at(1))
    assert (case.recipients.get().way, case.recipients.get().confirmed_by_id) == ("hand", world.requester.user_id)
    assert fresh(case).state == "travelling"
    case = actions.confirm(correction=case, by=world.requester, now=at(1))
    assert fresh(case).state == "closed"


def test_a_refused_doubt_takes_the_mark_away_and_ends_when_the_raiser_agrees(world: World) -> None:
    case = steps.refused(world)
    assert steps.orders("mark")[-1]["state"] == "lifted"
    steps.mark(world, case, "lifted")
    assert (fresh(case).mark, clock(case).state) == (MarkState.LIFTED, "met")
    assert queries.marks_of_entry(world.entry.id) == []
    assert [task.kind for task in inbox(world.requester, NOW)] == ["correction-confirm"]
    done = actions.confirm(correction=case, by=world.requester, now=at(2))
    assert (fresh(done).state, clock(done, "SLA-COR-CFM").state) == ("closed", "met")


def test_a_dispute_marks_the_row_again_and_its_outcome_is_followed(world: World) -> None:
    case = steps.disputed(world)
    first = Dispute.objects.get()
    assert (first.subject_number, first.respondent, fresh(case).dispute_number) == (
        case.number, world.civil, first.number,
    )  # fmt: skip
    assert (fresh(case).state, steps.orders("mark")[-1]["state"]) == ("disputed", "open")
    assert queries.marks_count([world.entry.id]) == {world.entry.id: 1}
    disputes.propose(dispute=first, text="重新核对档案", by=world.steward, now=at(1))
    disputes.answer_proposal(dispute=first, accepted=True, by=world.requester, now=at(2))
    again = fresh(case)
    assert (again.state, again.finding, again.answer) == ("verifying", "", None)
    running = StatutoryClock.objects.get(subject_id=str(case.id), period="SLA-COR", state="running")
    assert running.started_on.isoformat() == "2026-11-11"
    actions.refuse(correction=again, finding="unknown", text="仍无法核实", by=world.steward, now=at(3))
    actions.dispute(correction=again, claim="x", facts="y", by=world.requester, now=at(3))
    second = Dispute.objects.exclude(pk=first.pk).get()
    disputes.withdraw_dispute(dispute=second, by=world.requester, now=at(4))
    assert (fresh(case).state, steps.orders("mark")[-1]["state"]) == ("closed", "lifted")


def test_only_an_answer_that_was_not_upheld_whole_is_disputable(world: World) -> None:
    case = steps.verifying(world)
    assert subject(world.requester, case.number, NOW).why_not
    for other in (world.steward, world.stranger):
        with pytest.raises(NotFoundError):
            subject(other, case.number, NOW)
    actions.refuse(correction=case, finding="false", text="x", by=world.steward, now=NOW)
    assert subject(world.requester, case.number, NOW).why_not == ""


def test_a_trace_finds_who_had_received_the_row(world: World) -> None:
    case, grant = steps.raised(world), steps.grant_of(world)
    read = steps.served(world, grant)
    refused = steps.served(world, grant, outcome="gateway.grant.quota", rows=0)
    trace = Trace.objects.get(subject_id=case.id)
    assert steps.traced(world, trace, read, refused, "unknown").problem == ""
    trace.refresh_from_db()
    assert (trace.is_complete, trace.answered_at, trace.hits.count()) == (True, NOW, 3)
    assert [row.grant for row in case.recipients.all()] == [grant]
    assert vars(queries.traces_of("correction", case.id)[0])["found"] == 3


def test_nothing_said_of_the_person_lies_open_anywhere(world: World) -> None:
    case, grant = steps.upheld(world), steps.grant_of(world)
    steps.mark(world, case, "corrected", grants=(grant,))
    actions.reveal(number=case.number, by=world.steward, now=NOW)
    actions.confirm(correction=case, by=world.requester, now=NOW)
    text = json.dumps(
        [
            *AuditEvent.objects.values_list("details", "subject_label"),
            *Notice.objects.values_list("text", "fields", "link"),
            *Order.objects.values_list("envelope", flat=True),
            *ReceivedReceipt.objects.values_list("envelope", flat=True),
            *Correction.objects.values_list("items", "key_items", "business", "key_tag"),
            *case.steps.values_list("note", flat=True),
        ],
        ensure_ascii=False,
    )
    assert not [secret for secret in SECRETS if secret in text]
    assert not [secret for secret in SECRETS if secret.encode() in bytes(fresh(case).claim)]


def test_values_are_masked_until_one_of_the_two_sides_asks_and_that_is_recorded(world: World) -> None:
    case = steps.upheld(world)
    view = queries.correction(world.steward, case.number, now=NOW)
    assert (view.key, view.statement, view.answer) == ({"公民身份号码": "6***************1X"}, "", "")
    assert [(row.item, row.present, row.corrected) for row in view.values] == [("婚姻状况", "**", "**")]
    shown = actions.reveal(number=case.number, by=world.requester, now=NOW)
    assert (shown.key["公民身份号码"], shown.values[0].present, shown.values[0].claimed) == (PERSON, WRONG, RIGHT)
    assert (shown.statement, shown.answer, shown.revealed) == (claim().statement, "已核对登记档案", True)
    event = AuditEvent.objects.get(event="correction:case:reveal")
    assert (event.actor_username, event.details) == ("requester", {"what": "values"})
    for other in (world.authority, world.leader, world.auditor):
        seen = queries.correction(other, case.number, now=NOW)
        assert (seen.key, seen.values, seen.may_reveal) == ({}, [], False)
        with pytest.raises(NotFoundError):
            actions.reveal(number=case.number, by=other, now=NOW)
    with pytest.raises(NotFoundError):
        queries.correction(world.stranger, case.number, now=NOW)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"key": {}}, "key"),
        ({"key": {"公民身份号码": " "}}, "key"),
        ({"key": {"姓名": "x"}}, "key"),
        ({"claimed": {}}, "items"),
        ({"claimed": {"住址": "x"}}, "items"),
        ({"claimed": {"婚姻状况": "x" * 501}}, "items"),
        ({"statement": " "}, "statement"),
        ({"evidence": "x" * 2001}, "evidence"),
        ({"business": "\x00"}, "business"),
        ({"kind": "wrong"}, "kind"),
        ({"urgency": "now"}, "urgency"),
    ],
)
def test_a_wrong_claim_names_its_places_and_repeats_nothing(world: World, changes: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        steps.raised(world, **changes)
    rows = error.value.fields["problems"]
    assert place in {row["place"] for row in rows}
    assert not any(row["found"] for row in rows)
    assert not Correction.objects.exists()


def test_only_who_received_it_may_doubt_it(world: World) -> None:
    grant = steps.grant_of(world)
    for about in (
        About(Origin.GRANT, world.entry, grant),
        About(Origin.FILE, world.entry),
        About(Origin.RECORD, world.entry, record_id="none"),
        About(Origin.CITIZEN, world.entry),
    ):
        with pytest.raises(NotReceivedError):
            actions.raise_correction(about=about, claim=claim(), by=world.stranger, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.raise_correction(about=steps.about(world), claim=claim(), by=world.requester_head, now=NOW)
    record = steps.served(world, grant)
    made = actions.raise_correction(
        about=About(Origin.RECORD, world.entry, record_id=record), claim=claim(), by=world.requester, now=NOW
    )
    compared = actions.raise_correction(
        about=About(Origin.COMPARISON, world.entry), claim=claim(), by=world.stranger, now=NOW
    )
    assert {made.origin, compared.origin} == {"record", "comparison"}
