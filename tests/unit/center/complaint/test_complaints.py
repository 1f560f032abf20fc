"""What comes from outside the login wall: complaints and who used my data, held to the table and to silence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks.models import StatutoryClock
from jutong.center.complaint import actions, codes, queries, uses
from jutong.center.complaint.enums import ComplaintEvent as Ev
from jutong.center.complaint.enums import ComplaintState, InquiryState
from jutong.center.complaint.enums import InquiryEvent as Ask
from jutong.center.complaint.errors import (
    AnswererReviewsError,
    CodeLockedError,
    CodeWrongError,
    NodesAnsweredError,
    NotHolderOfGrantError,
    SameDepartmentError,
    SecrecyOpenError,
)
from jutong.center.complaint.models import Complaint, ComplaintStep, Inquiry
from jutong.center.complaint.parties import citizen, sides_of
from jutong.center.complaint.rules import COMPLAINTS, INQUIRIES, MACHINES
from jutong.center.correction.models import Trace, TraceHit
from jutong.center.fleet.models import Node, Order, ReceivedReceipt
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.sharing.models import Notice
from jutong.center.sharing.queries import inbox
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests import complaint_steps as outside
from tests import correction_steps as steps
from tests.complaint_steps import WORDS, fresh
from tests.correction_steps import PERSON
from tests.machine_cases import hold_to_table, refuse_jumps
from tests.sharing_world import NOW, World, at
from tests.unguarded import unguarded

pytestmark = pytest.mark.django_db


def clock(case: Any, state: str = "running") -> StatutoryClock:
    return StatutoryClock.objects.get(subject_id=str(case.id), state=state)


STATES: dict[str, Callable[[World], Complaint]] = {
    "received": outside.received,
    "handling": outside.handling,
    "answered": outside.answered,
    "reviewing": outside.reviewing,
    "closed": outside.settled,
    "withdrawn": outside.withdrawn,
}


def _calls(world: World, case: Complaint) -> dict[Any, Callable[[Any, Actor], Any]]:
    def by_citizen(act: Callable[..., Any]) -> Callable[[Any, Actor], Any]:
        from jutong.center.complaint.actions._common import begin

        # the public pages name no actor: the code is the right; whoever else tries meets the table
        def call(found: Any, by: Actor) -> Any:
            if by.name != found.number:
                return begin(found, _EVENT_OF[act], by)
            return act(complaint=found, now=NOW)

        return call

    return {
        Ev.ACCEPT: lambda found, by: actions.accept(complaint=found, by=by, now=NOW),
        Ev.TRANSFER: lambda found, by: actions.transfer(complaint=found, to=world.other, by=by, now=NOW),
        Ev.ANSWER: lambda found, by: actions.answer(complaint=found, text="x", by=by, now=NOW),
        Ev.REVIEW: by_citizen(actions.ask_review),
        Ev.SETTLE: by_citizen(actions.settle),
        Ev.WITHDRAW: by_citizen(actions.withdraw),
    }


_EVENT_OF = {actions.ask_review: Ev.REVIEW, actions.settle: Ev.SETTLE, actions.withdraw: Ev.WITHDRAW}


@pytest.mark.parametrize("state", ComplaintState.values)
def test_complaints_are_held_to_their_table(world: World, state: str) -> None:
    case = STATES[state](world)
    people = [*world.actors.values(), citizen(case.number), citizen("TS20260101-0001")]
    calls = _calls(world, case)
    if state == "reviewing":  # a second answer is a decision there, see the test of reviews
        del calls[Ev.ANSWER]
    passed = hold_to_table(
        COMPLAINTS, case, calls, people, sides_of, state=lambda: Complaint.objects.get(pk=case.pk).state
    )
    assert bool(passed) is (state in {"received", "handling", "answered"})
    refuse_jumps(COMPLAINTS, Complaint, case, "complaint_step")


@pytest.mark.parametrize("state", InquiryState.values)
def test_inquiries_are_held_to_their_table(world: World, state: str) -> None:
    case = {"tracing": outside.tracing, "ready": outside.ready, "closed": outside.closed}[state](world)
    Node.objects.create(name="node-2", key_id="n2", public_key=world.node.public_key, registered_at=NOW)
    calls: dict[Any, Callable[[Any, Actor], Any]] = {
        Ask.DELIVER: lambda found, by: actions.deliver(inquiry=found, by=by, now=NOW),
        Ask.RETRY: lambda found, by: actions.retry(inquiry=found, by=by, now=NOW),
        Ask.RENEW: lambda found, by: actions.renew_code(inquiry=found, by=by, now=NOW),
    }
    people = list(world.actors.values())
    passed = hold_to_table(
        INQUIRIES, case, calls, people, sides_of, state=lambda: Inquiry.objects.get(pk=case.pk).state
    )
    assert bool(passed) is (state != "closed")
    refuse_jumps(INQUIRIES, Inquiry, case, "inquiry_step")


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.key)
def test_the_tables_are_whole(machine: Any) -> None:
    pairs = [(row.state, row.event) for row in machine.rows]
    assert len(pairs) == len(set(pairs))
    assert all(re.match(r"(条例|个人信息保护法) \d+", row.clause) and row.who for row in machine.rows)
    reached = set(machine.initial)
    for _ in machine.states:
        reached |= {row.next for row in machine.rows if row.state in reached}
    assert reached == set(machine.states.values)


def test_a_complaint_is_received_handed_on_and_answered_in_time(world: World) -> None:
    case, code = actions.receive_complaint(words=outside.words(world), now=NOW)
    assert codes.check(Complaint, case.number, code.lower(), now=NOW) == case
    assert (clock(case).period, clock(case).organisation) == ("SLA-CMP", world.civil)
    assert [task.kind for task in inbox(world.steward, NOW)] == ["complaint-handle"]
    with pytest.raises(SameDepartmentError):
        actions.transfer(complaint=case, to=world.civil, by=world.steward, now=at(1))
    case = actions.transfer(complaint=case, to=world.other, by=world.steward, now=at(2))
    assert (clock(case).organisation, str(clock(case).started_on)) == (world.other, "2026-11-09")
    with pytest.raises(NotFoundError):
        queries.complaint(world.steward, case.number, now=at(2))
    case = actions.accept(complaint=case, by=world.stranger, now=at(2))
    with pytest.raises(InvalidInputError):
        actions.answer(complaint=case, text=" ", by=world.stranger, now=at(3))
    case = actions.answer(complaint=case, text="已办", by=world.stranger, now=at(3))
    assert clock(case, "met").stopped_at == at(3)
    told = queries.of_citizen(fresh(case), citizen(case.number), at(3))
    assert (told.answer, told.text) == ("已办", WORDS)
    assert [row.event for row in fresh(case).steps.all()] == ["", "transfer", "accept", "answer"]


def test_a_review_is_answered_by_somebody_else(world: World) -> None:
    case = outside.reviewing(world, at(1))
    assert clock(case).started_on == date(2026, 11, 10)
    with pytest.raises(AnswererReviewsError):
        actions.answer(complaint=case, text="同前", by=world.steward, now=at(2))
    with unguarded("complaint.Complaint"), transaction.atomic(), pytest.raises(IntegrityError, match="two_people"):
        Complaint.objects.filter(pk=case.pk).update(
            review=b"x", reviewed_by=world.steward.user_id, reviewed_at=NOW, state="closed", closed_at=NOW
        )


def test_a_review_ends_the_case(world: World) -> None:
    case = outside.reviewing(world, at(1))
    done = actions.answer(complaint=case, text="复核意见", by=world.provider_head, now=at(2))
    assert (fresh(done).state, queries.of_citizen(fresh(done), citizen(case.number), at(2)).review) == (
        "closed", "复核意见",
    )  # fmt: skip


def test_a_correction_is_raised_for_the_person(world: World) -> None:
    world.bind()
    case = outside.handling(world)
    made = actions.correct(complaint=case, entry=world.entry, claim=steps.claim(), by=world.steward, now=NOW)
    assert (made.origin, made.complaint_id, made.raiser) == ("citizen", case.id, world.civil)
    view = queries.complaint(world.steward, case.number, now=NOW)
    assert [row.number for row in view.corrections] == [made.number]
    with pytest.raises(ForbiddenError):
        actions.correct(complaint=case, entry=world.entry, claim=steps.claim(), by=world.provider_head, now=NOW)


def test_words_are_shown_to_the_receiver_alone_and_recorded(world: World) -> None:
    case = outside.answered(world)
    assert queries.complaint(world.steward, case.number, now=NOW).text == ""
    shown = actions.reveal(number=case.number, by=world.steward, now=NOW)
    assert (shown.text, shown.contact, shown.answer) == (WORDS, "13900000000", "已核实，幸福路8号已改正")
    assert AuditEvent.objects.filter(event="complaint:case:reveal").count() == 1
    for watcher in (world.authority, world.auditor):
        assert not queries.complaint(watcher, case.number, now=NOW).may_reveal
        with pytest.raises(NotFoundError):
            actions.reveal(number=case.number, by=watcher, now=NOW)
    with pytest.raises(NotFoundError):
        queries.complaint(world.stranger, case.number, now=NOW)
    with pytest.raises(ForbiddenError):
        queries.complaint(world.requester, case.number, now=NOW)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"kind": "x"}, "kind"),
        ({"receiver_code": "x"}, "receiver"),
        ({"text": " "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"name": "x" * 65}, "name"),
        ({"contact": "x" * 129}, "contact"),
        ({"contact": "\x00"}, "text"),
        ({"entry_code": "9/9"}, "entry"),
    ],
)
def test_a_wrong_complaint_names_its_places(world: World, changes: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        outside.received(world, **changes)
    assert place in {row["place"] for row in error.value.fields["problems"]}
    assert not Complaint.objects.exists()


def test_codes_are_tried_a_few_times_only(world: World) -> None:
    inquiry, code = outside.opened(world)
    with pytest.raises(CodeWrongError):
        codes.check(Inquiry, "CX20200101-0001", code, now=NOW)
    for _ in range(codes.MOST_WRONG):
        with pytest.raises(CodeWrongError):
            codes.check(Inquiry, inquiry.number, "AAAAAAAAAA", now=NOW)
    with pytest.raises(CodeLockedError):
        codes.check(Inquiry, inquiry.number, code, now=NOW)
    assert codes.check(Inquiry, inquiry.number, code, now=at(1)) == inquiry
    with pytest.raises(CodeWrongError):
        codes.check(Inquiry, inquiry.number, "AAAAAAAAAA", now=at(1))
    assert fresh(codes.check(Inquiry, inquiry.number, code, now=at(1))).wrong_codes == 0
    _, newer = actions.renew_code(inquiry=inquiry, by=world.steward, now=at(1))
    with pytest.raises(CodeWrongError):
        codes.check(Inquiry, inquiry.number, code, now=at(1))
    assert codes.check(Inquiry, inquiry.number, newer, now=at(1)) == inquiry


def test_a_person_reads_who_used_the_data(world: World) -> None:
    grant = steps.grant_of(world)
    read = steps.served(world, grant, at(-3))
    verified = steps.served(world, grant, at(-2), kind="verify", rows=0)
    refused = steps.served(world, grant, at(-1), outcome="gateway.grant.quota")
    inquiry = outside.tracing(world)
    (order,) = steps.orders("trace")
    assert (steps.sealed(world, order), order["entry_code"]) == ([PERSON], "")
    assert (clock(inquiry).period, inquiry.state) == ("SLA-WHO", "tracing")
    assert [task.kind for task in inbox(world.steward, NOW)] == ["inquiry-answer"]
    assert outside.report(world, inquiry, read, verified, refused).problem == ""
    inquiry = fresh(inquiry)
    assert (inquiry.state, inquiry.ready_at, clock(inquiry, "met").period) == ("ready", NOW, "SLA-WHO")
    found = uses.uses_of(inquiry, now=NOW)
    assert [(row.record_id, row.is_verification) for row in found.rows] == [(verified, True), (read, False)]
    row = found.rows[1]
    assert (row.organisation, row.purpose, row.basis, row.case_number) == (
        "金河市教育局", "新生入学核验", grant.application.basis, "JY-1",
    )  # fmt: skip
    assert (found.departments, found.hidden, found.shown, found.silent) == (1, 0, 2, ())
    assert uses.use_of(inquiry, read, now=NOW).provider == "金河市民政局"
    with pytest.raises(NotFoundError):
        uses.use_of(inquiry, refused, now=NOW)


def test_a_legal_basis_hides_a_use_until_its_day_and_no_longer(world: World) -> None:
    grant = steps.grant_of(world)
    read = steps.served(world, grant)
    inquiry = outside.tracing(world)
    outside.report(world, inquiry, read)
    state: dict[str, Any] = {
        "basis_title": "反有组织犯罪法",
        "basis_article": "第二十七条",
        "until": date(2026, 11, 20),
    }
    with pytest.raises(NotHolderOfGrantError):
        actions.state_secrecy(grant=grant, **state, by=world.steward, now=NOW)
    for wrong in ({"basis_title": " "}, {"basis_article": ""}, {"until": None}, {"until": date(2026, 11, 9)}):
        with pytest.raises(InvalidInputError):
            actions.state_secrecy(grant=grant, **{**state, **wrong}, by=world.requester_head, now=NOW)
    made = actions.state_secrecy(grant=grant, **state, by=world.requester_head, now=NOW)
    with pytest.raises(SecrecyOpenError):
        actions.state_secrecy(grant=grant, **state, by=world.requester_head, now=NOW)
    (row,) = uses.uses_of(inquiry, now=NOW).rows
    assert (row.hidden, row.organisation, row.record_id, row.told_after) == (True, "", "", date(2026, 11, 20))
    assert uses.uses_of(inquiry, now=NOW).hidden == 1
    with pytest.raises(NotFoundError):
        uses.use_of(inquiry, read, now=NOW)
    assert actions.disclose_over(now=at(11)) == 0, "its last day is still kept"
    assert uses.uses_of(inquiry, now=at(11)).hidden == 1
    assert actions.disclose_over(now=at(12)) == 1
    assert uses.uses_of(inquiry, now=at(12)).rows[0].organisation == "金河市教育局"
    assert fresh(made).disclosed_at == at(12)
    assert actions.disclose_over(now=at(12)) == 0
    assert list(queries.secrecies(world.authority)) == [made]
    assert list(queries.secrecies(world.auditor)) == [made]
    assert list(queries.secrecies(world.steward)) == []


def test_silent_nodes_are_named_asked_again_and_delivered_without(world: World) -> None:
    Node.objects.create(name="node-2", key_id="n2", public_key="x", registered_at=NOW)
    inquiry = outside.tracing(world)
    outside.report(world, inquiry, complete=False)
    view = queries.inquiry(world.steward, inquiry.number, now=NOW)
    assert (view.silent, view.inquiry.state) == (["node-1", "node-2"], "tracing")
    actions.retry(inquiry=inquiry, by=world.steward, now=at(1))
    assert Trace.objects.filter(subject_id=inquiry.id).count() == 4
    outside.report(world, inquiry, now=at(1))
    done = actions.deliver(inquiry=inquiry, by=world.steward, now=at(2))
    assert (fresh(done).state, uses.uses_of(done, now=at(2)).silent) == ("ready", ("node-2",))
    Node.objects.filter(name="node-2").update(public_key=world.node.public_key)
    Trace.objects.filter(node_id="node-2").update(is_complete=True, answered_at=NOW)
    with pytest.raises(NodesAnsweredError):
        actions.retry(inquiry=done, by=world.steward, now=at(3))


def test_an_inquiry_ends_and_who_asked_is_erased(world: World) -> None:
    grant = steps.grant_of(world)
    inquiry = outside.tracing(world)
    trace = Trace.objects.get(subject_id=inquiry.id)
    outside.report(world, inquiry, steps.served(world, grant))
    assert actions.close_over(now=at(29)) == 0
    assert actions.close_over(now=at(30)) == 1
    found = fresh(inquiry)
    assert (found.state, found.person, TraceHit.objects.count()) == ("closed", None, 0)
    assert "never ordered" in steps.traced(world, trace, now=at(31)).problem
    with pytest.raises(IntegrityError, match="inquiry_erased_when_closed"), transaction.atomic():
        Inquiry.objects.filter(pk=found.pk).update(person=b"x")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"document": "x"}, "document"),
        ({"number": "1"}, "number"),
        ({"number": "6299; drop"}, "number"),
        ({"name": " "}, "name"),
        ({"checked": False}, "checked"),
    ],
)
def test_the_counter_checks_before_it_asks(world: World, changes: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        outside.opened(world, **changes)
    assert place in {row["place"] for row in error.value.fields["problems"]}
    assert not Order.objects.filter(kind="trace").exists()
    with pytest.raises(ForbiddenError):
        actions.open_inquiry(identity=outside.IDENTITY, by=world.authority, now=NOW)


def test_nothing_said_of_a_person_lies_open_anywhere(world: World) -> None:
    outside.reviewing(world)
    inquiry = outside.ready(world)
    text = json.dumps(
        [
            *AuditEvent.objects.values_list("details", "subject_label", "actor_name"),
            *Notice.objects.values_list("text", "fields", "link"),
            *Order.objects.values_list("envelope", flat=True),
            *ReceivedReceipt.objects.values_list("envelope", flat=True),
            *ComplaintStep.objects.values_list("name", "note"),
        ],
        ensure_ascii=False,
    )
    for secret in (PERSON, "陈秀英", "陈女士", "幸福路", "13900000000"):
        assert secret not in text
        assert secret.encode() not in bytes(inquiry.person or b"")


def test_the_registry_refuses_what_would_not_be_true(world: World) -> None:
    case = outside.answered(world)
    rows = Complaint.objects.filter(pk=case.pk)
    for constraint, changes in (
        ("complaint_answer_whole", {"answer": None}),
        ("complaint_review_whole", {"reviewed_at": NOW}),
        ("complaint_answer_after", {"answered_at": at(-1)}),
        ("complaint_closed_paired", {"closed_at": NOW}),
        ("complaint_answered_with_text", {"answer": None, "answered_by": None, "answered_at": None}),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            rows.update(**changes)
    with pytest.raises((InternalError, ProgrammingError), match="only added"), transaction.atomic():
        case.steps.update(note="x")
    inquiry = outside.tracing(world)
    with pytest.raises(IntegrityError, match="inquiry_ends_after_start"), transaction.atomic():
        Inquiry.objects.filter(pk=inquiry.pk).update(valid_until=NOW)
    with (
        unguarded("complaint.Inquiry"),
        pytest.raises(IntegrityError, match="inquiry_ready_paired"),
        transaction.atomic(),
    ):
        Inquiry.objects.filter(pk=inquiry.pk).update(state="ready")


def test_late_is_late_at_the_first_day_after_the_last(world: World) -> None:
    from jutong.center.clocks import actions as clocks

    case = outside.received(world)
    by = platform_actor("breach scan")
    assert str(clock(case).due_on) == "2026-11-30"
    assert clocks.scan_breaches(by=by, now=at(21)) == []
    (late,) = clocks.scan_breaches(by=by, now=at(22))
    assert (late.subject_label, fresh(case).state) == (case.number, "received")
