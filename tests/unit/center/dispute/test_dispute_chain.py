"""Who coordinates, in what time, what the stages ask for, and who sees what."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jutong.center.clocks.models import StatutoryClock
from jutong.center.demand import actions as demands
from jutong.center.dispute import actions, queries
from jutong.center.dispute.enums import DisputeEvent, SubjectKind
from jutong.center.dispute.errors import (
    CoordinationRunningError,
    CoordinatorExistsError,
    DisputeOpenError,
    DisputeSubjectError,
    MediatorDecidesError,
    NegotiateFirstError,
    NoCoordinatorError,
    NoGovernmentError,
    ProposalMissingError,
)
from jutong.center.dispute.models import Dispute
from jutong.center.dispute.parties import coordinator_for, government_for
from jutong.center.dispute.subjects import Subject, known_kinds, subject_of
from jutong.center.dispute.waiting import to_answer, to_decide, to_mediate
from jutong.center.org.enums import DivisionLevel
from jutong.center.org.models import Division, Organisation
from jutong.center.sharing import actions as sharing
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests import demand_steps, sharing_steps
from tests.dispute_steps import coordinating, decided, raised, referred, refused, spoken
from tests.sharing_world import NOW, World, at, organisation, publish


def clock(dispute: Dispute, period: str) -> StatutoryClock:
    return StatutoryClock.objects.filter(subject_id=str(dispute.id), period=period).latest("id")


@pytest.fixture
def tree(world: World) -> dict[str, Organisation]:
    """A state with two provinces; the first with two cities, of which one has a county without an authority."""
    rows = (
        ("000000", "全国", DivisionLevel.PROVINCE, ""), ("620000", "上省", DivisionLevel.PROVINCE, "000000"),
        ("630000", "外省", DivisionLevel.PROVINCE, "000000"), ("629800", "邻市", DivisionLevel.CITY, "620000"),
        ("629921", "下县", DivisionLevel.COUNTY, "629900"),
    )  # fmt: skip
    for code, name, level, parent in rows:
        Division.objects.create(code=code, name=name, level=level, parent_code=parent, valid_from=date(2020, 1, 1))
    Division.objects.filter(code="629900").update(parent_code="620000")
    made: dict[str, Organisation] = {"city": world.civil, "city_authority": world.bigdata}
    for at_, (name, division, authority) in enumerate(
        (
            ("state_authority", "000000", True), ("province_authority", "620000", True), ("province", "620000", False),
            ("abroad", "630000", False), ("neighbour", "629800", False), ("neighbour_authority", "629800", True),
            ("county", "629921", False), ("county_other", "629921", False),
        ),
        start=10,
    ):  # fmt: skip
        made[name] = organisation(f"116299{at_:02d}MB0000001A", name, name, authority=authority, division=division)
    return made


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("city", "education", "city_authority"),
        ("city", "province", "province_authority"),
        ("province", "city", "province_authority"),
        ("city", "neighbour", "province_authority"),
        ("city", "county", "city_authority"),
        ("county", "neighbour", "province_authority"),
        ("county", "county_other", "city_authority"),
        ("city", "abroad", "state_authority"),
        ("city", "city_authority", "province_authority"),
        ("neighbour_authority", "city_authority", "province_authority"),
        ("province_authority", "city", "state_authority"),
        ("state_authority", "city", None),
    ],
)
def test_the_coordinator_is_the_lowest_common_authority(
    world: World, tree: dict[str, Organisation], first: str, second: str, expected: str | None
) -> None:
    known = {**tree, "education": world.education}
    found = coordinator_for(known[first], known[second])
    assert found == (known[expected] if expected else None)
    assert coordinator_for(known[second], known[first]) == found
    division = government_for(known[first], known[second], found)
    assert division == (known[expected].division_code if expected else "000000")


def test_strangers_to_every_register_have_no_government(world: World) -> None:
    lonely = organisation("11990000MB0000001A", "外地", "外地", division="990000")
    assert coordinator_for(world.civil, lonely) is None
    assert government_for(world.civil, lonely, None) == ""
    subject = Subject(SubjectKind.RETURN, "HL1", "回流", "/returns/HL1", lonely)
    dispute = actions.open_case(subject, claim="请求", facts="事实", by=world.requester, now=NOW)
    with pytest.raises(NoCoordinatorError):
        actions.escalate(dispute=dispute, reason="不理", by=world.requester, now=at(30))
    with pytest.raises(NoGovernmentError):
        actions.refer(dispute=dispute, reason="不理", by=world.requester, now=at(30))


def test_the_stages_run_under_their_clocks(world: World) -> None:
    dispute = spoken(world)
    first = clock(dispute, "SLA-DISP-NEG")
    assert (first.length, first.organisation_id, first.due_on) == (5, world.civil.id, date(2026, 11, 16))
    actions.escalate(dispute=dispute, reason="不成", by=world.steward, now=at(2))
    assert clock(dispute, "SLA-DISP-NEG").state == "met"
    second = clock(dispute, "SLA-DISP-COO")
    assert (second.length, second.organisation_id) == (10, world.bigdata.id)
    actions.refer(dispute=dispute, reason="不成", by=world.authority, now=at(3))
    third = clock(dispute, "SLA-DISP-GOV")
    assert (third.length, third.organisation_id, clock(dispute, "SLA-DISP-COO").state) == (20, world.bigdata.id, "met")


@pytest.mark.parametrize(("day", "allowed"), [(0, False), (7, False), (8, True)])
def test_nobody_coordinates_before_the_other_had_its_say_or_its_time(world: World, day: int, allowed: bool) -> None:
    dispute = raised(world)
    if allowed:
        assert actions.escalate(dispute=dispute, reason="不理", by=world.requester, now=at(day)).state == "coordinating"
        return
    with pytest.raises(NegotiateFirstError):
        actions.escalate(dispute=dispute, reason="不理", by=world.requester, now=at(day))


def test_a_refused_proposal_ends_negotiation_too(world: World) -> None:
    dispute = raised(world)
    actions.propose(dispute=dispute, text="改为仅核验", by=world.requester, now=NOW)
    actions.answer_proposal(dispute=dispute, accepted=False, reason="都不给", by=world.steward, now=NOW)
    assert actions.escalate(dispute=dispute, reason="不成", by=world.requester, now=NOW).state == "coordinating"


@pytest.mark.parametrize(("day", "allowed"), [(13, False), (15, True)])
def test_a_party_goes_past_the_coordinator_only_when_its_time_is_over(world: World, day: int, allowed: bool) -> None:
    dispute = coordinating(world)
    if allowed:
        assert actions.refer(dispute=dispute, reason="未协调", by=world.requester, now=at(day)).state == "referred"
        assert clock(dispute, "SLA-DISP-COO").state == "late"
        return
    with pytest.raises(CoordinationRunningError):
        actions.refer(dispute=dispute, reason="未协调", by=world.requester, now=at(day))


def test_the_government_is_not_asked_while_somebody_can_coordinate(world: World) -> None:
    with pytest.raises(CoordinatorExistsError):
        actions.refer(dispute=spoken(world), reason="直接报", by=world.requester, now=NOW)


def test_both_parties_accept_what_the_coordinator_proposes(world: World) -> None:
    dispute = coordinating(world)
    actions.propose(dispute=dispute, text="给核验，不给明文", by=world.authority, now=NOW, execute_by=date(2026, 12, 1))
    half = actions.answer_proposal(dispute=dispute, accepted=True, by=world.requester, now=at(1))
    assert half.state == "coordinating"
    with pytest.raises(ProposalMissingError):
        actions.answer_proposal(dispute=dispute, accepted=True, by=world.own_steward, now=at(1))
    done = actions.answer_proposal(dispute=dispute, accepted=True, by=world.steward, now=at(1))
    assert (done.state, done.settlement, done.execute_by) == ("settled", "给核验，不给明文", date(2026, 12, 1))
    assert clock(dispute, "SLA-DISP-COO").state == "met"


def test_a_new_proposal_replaces_the_one_before(world: World) -> None:
    dispute = raised(world)
    with pytest.raises(ProposalMissingError):
        actions.answer_proposal(dispute=dispute, accepted=True, by=world.requester, now=NOW)
    actions.propose(dispute=dispute, text="一", by=world.steward, now=NOW)
    actions.propose(dispute=dispute, text="二", by=world.requester, now=at(0.1))
    with pytest.raises(ProposalMissingError):
        actions.answer_proposal(dispute=dispute, accepted=True, by=world.requester, now=at(0.2))
    done = actions.answer_proposal(dispute=dispute, accepted=True, by=world.steward, now=at(0.2))
    assert (done.settlement, done.execute_by) == ("二", date(2026, 11, 23))


def test_whoever_took_part_does_not_decide(world: World) -> None:
    dispute = referred(world)
    from dataclasses import replace

    two_posts = replace(world.leader, user_id=world.steward.user_id)
    with pytest.raises(MediatorDecidesError):
        actions.decide_dispute(
            dispute=dispute, outcome="rejected", text="不提供", reasons="依据不足", document_number="1号", by=two_posts,
            now=NOW,
        )  # fmt: skip


def test_a_decision_is_final_and_executed(world: World) -> None:
    dispute = decided(world)
    assert (dispute.decision.outcome, dispute.execute_by) == ("upheld", date(2026, 11, 23))
    assert clock(dispute, "SLA-DISP-GOV").state == "met"
    done = actions.execute_dispute(dispute=dispute, note="已开通", by=world.requester, now=at(3))
    assert (done.state, done.execution_note) == ("executed", "已开通")


def test_one_open_dispute_about_a_case_and_another_after_it_ended(world: World) -> None:
    dispute = raised(world)
    again: dict[str, Any] = {
        "kind": "application", "number": dispute.subject_number, "claim": "再请求", "facts": "再说",
        "by": world.requester,
    }  # fmt: skip
    with pytest.raises(DisputeOpenError):
        actions.raise_dispute(**again, now=NOW)
    assert queries.open_about("application", dispute.subject_number) == dispute
    actions.withdraw_dispute(dispute=dispute, by=world.requester, now=NOW)
    assert queries.open_about("application", dispute.subject_number) is None
    assert actions.raise_dispute(**again, now=NOW).state == "negotiating"


def test_a_case_without_ground_is_not_disputed(world: World) -> None:
    waiting = sharing_steps.submitted(world)
    more: dict[str, Any] = {"kind": "application", "number": waiting.number, "claim": "请求", "facts": "事实"}
    with pytest.raises(DisputeSubjectError):
        actions.raise_dispute(**more, by=world.requester, now=at(1))
    late = actions.raise_dispute(**more, by=world.requester, now=at(20))
    assert (late.respondent, late.subject_link) == (world.civil, f"/applications/{waiting.number}")
    with pytest.raises(NotFoundError):
        actions.raise_dispute(**more, by=world.stranger, now=at(20))
    with pytest.raises(InvalidInputError) as refusal:
        actions.raise_dispute(**{**more, "kind": "weather"}, by=world.requester, now=at(20))
    assert refusal.value.fields["problems"][0]["place"] == "kind"
    with pytest.raises(ForbiddenError):
        actions.raise_dispute(**more, by=world.department_head, now=at(20))


def test_a_narrowed_reply_can_be_disputed_by_the_requester(world: World) -> None:
    application = sharing_steps.submitted(world)
    answers = {world.items["婚姻状况"].id: sharing.Answer("verify")}
    sharing.prepare_reply(application=application, agreed=True, answers=answers, text="够用", by=world.steward, now=NOW)
    assert subject_of(world.requester, "application", application.number, NOW).why_not == ""


def test_a_need_is_disputed_with_whoever_denied_it(world: World) -> None:
    demand_steps.people(world)
    entry, _ = publish(world.civil, name="不予共享的", code="306001/4", attribute="none")
    withheld = demands.match_demand(demand=demand_steps.stated(world), entry=entry, by=world.requester, now=NOW)
    assert subject_of(world.requester, "demand", withheld.number, NOW).respondent == world.civil
    denied = demand_steps.answered(world, "not-held")
    assert subject_of(world.requester, "demand", denied.number, NOW).respondent == world.civil
    fresh = demand_steps.stated(world)
    assert subject_of(world.requester, "demand", fresh.number, NOW).why_not
    with pytest.raises(NotFoundError):
        subject_of(world.stranger, "demand", fresh.number, NOW)


def test_a_designation_is_disputed_with_the_authority_and_decided_by_the_government(world: World) -> None:
    from jutong.center.ownership import actions as ownership
    from jutong.center.ownership.enums import Stance
    from jutong.center.ownership.holdings import follow
    from jutong.center.ownership.models import Holding

    publish(world.other, name="婚姻登记副本", code="306001/2")
    follow(NOW)
    held = Holding.objects.filter(item_name="婚姻状况", entry=world.entry).select_related("subject").get()
    made = ownership.propose_source(subject=held.subject, entry=world.entry, basis="职责", by=world.authority, now=NOW)
    assert subject_of(world.stranger, "designation", str(made.id), NOW).why_not
    for who in (world.steward, world.stranger):
        ownership.state_position(designation=made, stance=Stance.AGREE, text="", by=who, now=NOW)
    ownership.designate(
        designation=made, entry=world.entry, effective_on=date(2026, 11, 20), by=world.authority, now=NOW
    )
    dispute = actions.raise_dispute(
        kind="designation",
        number=str(made.id),
        claim="请求改为本部门",
        facts="登记由我局办理",
        by=world.stranger,
        now=NOW,
    )
    assert (dispute.respondent, dispute.coordinator) == (world.bigdata, None)
    assert queries.view(world.stranger, dispute.number, NOW).events >= {DisputeEvent.REFER}
    assert [task.number for task in to_mediate(world.authority, NOW)] == [dispute.number]
    actions.state_view(dispute=dispute, text="依三定规定", by=world.authority, now=NOW)
    actions.refer(dispute=dispute, reason="没有共同主管部门", by=world.stranger, now=NOW)
    assert [task.number for task in to_decide(world.leader, NOW)] == [dispute.number]
    with pytest.raises(NotFoundError):
        subject_of(world.requester, "designation", str(made.id), NOW)


def test_everybody_sees_exactly_what_concerns_them(world: World) -> None:
    dispute = raised(world)
    for who in (world.requester, world.requester_head, world.steward, world.auditor):
        assert queries.dispute(who, dispute.number) == dispute
    for who in (world.stranger, world.authority, world.leader):
        with pytest.raises(NotFoundError):
            queries.dispute(who, dispute.number)
    actions.escalate(dispute=dispute, reason="不理", by=world.requester, now=at(9))
    for who in (world.authority, world.leader):
        assert queries.dispute(who, dispute.number) == dispute
    with pytest.raises(NotFoundError):
        actions.state_view(dispute=dispute, text="插嘴", by=world.stranger, now=at(9))
    rows = queries.disputes(world.authority, role="coordinated", states=["coordinating"])
    assert list(rows) == [dispute]
    assert not queries.disputes(world.requester, role="answered").exists()


def test_the_inbox_asks_whoever_has_to_act(world: World) -> None:
    dispute = raised(world)
    assert [task.number for task in to_answer(world.steward, NOW)] == [dispute.number]
    assert to_answer(world.requester, NOW) == []
    actions.state_view(dispute=dispute, text="不同意", by=world.steward, now=NOW)
    assert to_answer(world.steward, NOW) == []
    actions.propose(dispute=dispute, text="核验", by=world.steward, now=NOW)
    assert [task.number for task in to_answer(world.requester, NOW)] == [dispute.number]
    actions.escalate(dispute=dispute, reason="不成", by=world.requester, now=NOW)
    (task,) = to_mediate(world.authority, NOW)
    assert (task.number, task.clock.total if task.clock else 0) == (dispute.number, 10)


def test_an_idle_coordinator_is_found(world: World) -> None:
    dispute = coordinating(world)
    assert list(queries.idle_coordination(at(6))) == []
    assert list(queries.idle_coordination(at(8))) == [dispute]
    actions.propose(dispute=dispute, text="核验", by=world.authority, now=at(8))
    assert list(queries.idle_coordination(at(9))) == []
    assert list(queries.idle_coordination(at(14.9))) == [dispute]


@pytest.mark.parametrize(
    ("step", "places"),
    [
        (lambda d, w: actions.state_view(dispute=d, text=" ", by=w.steward, now=NOW), ["text"]),
        (lambda d, w: actions.add_evidence(dispute=d, title="", shows="", by=w.steward, now=NOW), ["title", "shows"]),
        (lambda d, w: actions.propose(dispute=d, text="x" * 2001, by=w.steward, now=NOW), ["text"]),
        (
            lambda d, w: actions.propose(dispute=d, text="x", execute_by=NOW.date(), by=w.steward, now=NOW),
            ["execute_by"],
        ),
        (lambda d, w: actions.escalate(dispute=d, reason="", by=w.requester, now=at(9)), ["reason"]),
    ],
)
def test_bad_input_names_its_place(world: World, step: Any, places: list[str]) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        step(raised(world), world)
    assert [row["place"] for row in refusal.value.fields["problems"]] == places


def test_a_bad_decision_names_everything_at_once(world: World) -> None:
    dispute = referred(world)
    with pytest.raises(InvalidInputError) as refusal:
        actions.decide_dispute(
            dispute=dispute, outcome="maybe", text="x", reasons="x", document_number="x", execute_by=date(2026, 1, 1),
            by=world.leader, now=NOW,
        )  # fmt: skip
    assert [row["place"] for row in refusal.value.fields["problems"]] == ["outcome", "execute_by"]
    with pytest.raises(InvalidInputError):
        actions.raise_dispute(
            kind="application", number=refused(world, at(1)).number, claim="", facts="", by=world.requester, now=at(1)
        )


def test_the_kinds_that_can_be_disputed_are_known() -> None:
    assert set(known_kinds()) == set(SubjectKind)
