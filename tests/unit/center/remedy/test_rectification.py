from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks.enums import ClockState
from jutong.center.clocks.models import StatutoryClock
from jutong.center.remedy import actions, queries
from jutong.center.remedy.errors import (
    GrantOverError,
    LimitNotOverError,
    OtherSideOrderedError,
    RectificationOpenError,
)
from jutong.center.remedy.models import Rectification, RectificationReport
from jutong.center.sharing import actions as sharing_actions
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.errors import SamePersonError
from jutong.center.sharing.models import Notice
from jutong.center.sharing.queries import inbox
from jutong.center.sharing.queries.tasks import TaskKind
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests import remedy_steps as steps
from tests import sharing_steps
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at

pytestmark = pytest.mark.django_db


def test_an_order_suspends_at_once_and_starts_the_limit_of_the_case(world: World) -> None:
    case = steps.ordered(world, days=5)
    assert fresh(case.grant).state == GrantState.SUSPENDED
    assert sharing_steps.orders("grant-state")[-1]["state"] == "suspended"
    clock = StatutoryClock.objects.get(subject_kind="rectification")
    assert (clock.length, clock.organisation_id) == (5, world.education.id)
    assert clock.due_on.isoformat() == "2026-11-16"
    assert Notice.objects.filter(organisation=world.education, link=f"/rectifications/{case.number}").exists()
    assert AuditEvent.objects.get(event="remedy:rectification:order").details["days"] == 5


def test_a_grant_already_suspended_is_put_right_too(world: World) -> None:
    grant = sharing_steps.suspended(world)
    case = steps.ordered(world, grant=grant, by="authority")
    assert case.side == "authority"
    assert fresh(grant).suspensions.count() == 1


def test_there_is_one_open_rectification_of_a_grant(world: World) -> None:
    case = steps.ordered(world)
    with pytest.raises(RectificationOpenError) as told:
        steps.ordered(world, grant=case.grant, by="authority")
    assert told.value.fields["number"] == case.number


def test_a_grant_that_ended_is_not_put_right(world: World) -> None:
    with pytest.raises(GrantOverError):
        steps.ordered(world, grant=steps.ended(world))


@pytest.mark.parametrize("who", ["requester_head", "stranger"])
def test_only_provider_and_authority_order(world: World, who: str) -> None:
    grant = sharing_steps.sharing(world)
    with pytest.raises((NotFoundError, Exception)) as refused:
        steps.ordered(world, grant=grant, by=who)
    assert refused.value.__class__.__name__ in {"NotFoundError", "ForbiddenError"}
    assert fresh(grant).state == GrantState.ACTIVE


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("finding", {"finding": " "}),
        ("demands", {"demands": ""}),
        ("days", {"days": 0}),
        ("days", {"days": 61}),
        ("days", {"days": 60}),  # ends in 2027, for which no calendar is known
        ("records", {"records": ["no-such-record"]}),
        ("records", {"records": [str(n) for n in range(51)]}),
    ],
)
def test_bad_input_is_named_and_stops_nothing(world: World, field: str, changes: dict[str, Any]) -> None:
    grant = sharing_steps.sharing(world)
    with pytest.raises(InvalidInputError) as told:
        steps.ordered(world, grant=grant, **changes)
    assert [row["field"] for row in told.value.fields["problems"]] == [field]
    assert fresh(grant).state == GrantState.ACTIVE
    assert not Rectification.objects.exists()


def test_records_of_the_grant_are_kept_as_evidence(world: World) -> None:
    grant = sharing_steps.sharing(world)
    record = steps.call(grant, "r-1", at(0.1)).record_id
    assert steps.ordered(world, grant=grant, records=[record, record, ""]).records == ["r-1"]


def test_an_accepted_result_lets_the_grant_go_on(world: World) -> None:
    case = fresh(steps.accepted(world))
    assert fresh(case.grant).state == GrantState.ORDERED
    clock = StatutoryClock.objects.get(subject_kind="rectification")
    assert clock.state == ClockState.MET
    report = RectificationReport.objects.get(rectification=case)
    assert (report.accepted, report.decided_by_id) == (True, world.provider_head.user_id)


def test_whoever_suspended_does_not_lift(world: World) -> None:
    case = steps.reported(world, by="provider_head")
    with pytest.raises(SamePersonError):
        actions.accept_rectification(rectification=case, by=world.provider_head, now=at(1))
    assert fresh(case).state == "reported"


def test_the_side_that_ordered_judges(world: World) -> None:
    case = steps.reported(world, by="authority")
    with pytest.raises(OtherSideOrderedError):
        actions.reject_rectification(rectification=case, note="x", by=world.steward, now=at(1))
    assert actions.reject_rectification(rectification=case, note="x", by=world.authority, now=at(1)).state == (
        "insufficient"
    )


def test_nobody_goes_round_an_open_rectification(world: World) -> None:
    case = steps.ordered(world)
    grant = fresh(case.grant)
    with pytest.raises(RectificationOpenError):
        sharing_actions.lift_suspension(grant=grant, by=world.provider_head, now=at(1))
    with pytest.raises(RectificationOpenError):
        sharing_actions.revoke_grant(grant=grant, reason="x", by=world.provider_head, now=at(1))
    assert fresh(grant).state == GrantState.SUSPENDED


def test_the_requester_may_still_give_the_grant_up(world: World) -> None:
    case = steps.reported(world)
    grant = sharing_actions.revoke_grant(grant=case.grant, reason="不用了", by=world.requester_head, now=at(1))
    assert grant.state == GrantState.REVOKED
    done = actions.accept_rectification(rectification=case, by=world.provider_head, now=at(2))
    assert (done.state, fresh(grant).state) == ("accepted", GrantState.REVOKED)


def test_refusal_is_said_only_after_the_limit(world: World) -> None:
    case = steps.ordered(world, days=5)
    with pytest.raises(LimitNotOverError) as told:
        actions.call_refused(rectification=case, note="没有回应", by=world.steward, now=at(7))
    assert told.value.fields["due"].isoformat() == "2026-11-16"
    done = actions.call_refused(rectification=case, note="没有回应", by=world.steward, now=at(8))
    assert done.state == "insufficient"
    assert StatutoryClock.objects.get(subject_kind="rectification").state == ClockState.LATE


def test_a_second_limit_is_given_and_reported_on(world: World) -> None:
    case = steps.insufficient(world)
    again = actions.order_again(rectification=case, demands="写明用途", days=3, by=world.steward, now=at(1))
    assert (again.state, again.round, again.days) == ("ordered", 2, 3)
    actions.report_rectification(rectification=again, text="已写明", by=world.requester, now=at(2))
    assert [row.round for row in RectificationReport.objects.filter(rectification=case)] == [1, 2]
    assert StatutoryClock.objects.filter(subject_kind="rectification").count() == 2


def test_a_failed_rectification_ends_the_share_and_opens_its_disposal(world: World) -> None:
    case = steps.terminated(world)
    assert fresh(case.grant).state == GrantState.REVOKED
    assert fresh(case).closing_note == "拒不说明"
    assert case.grant.disposal.state == "open"


def test_an_order_given_by_mistake_is_taken_back(world: World) -> None:
    case = steps.withdrawn(world)
    assert fresh(case.grant).state == GrantState.ORDERED
    assert StatutoryClock.objects.get(subject_kind="rectification").state == ClockState.CANCELLED


def test_the_pages_show_each_side_what_it_may_do(world: World) -> None:
    case = steps.reported(world)
    seen = queries.rectification(world.provider_head, case.number, now=at(1))
    assert {event.value for event in seen.events} == {"accept", "reject"}
    assert len(seen.reports) == 1
    assert seen.clock is not None
    assert queries.rectification(world.authority, case.number, now=at(1)).events == frozenset()
    assert queries.rectification(world.auditor, case.number, now=at(1)).events == frozenset()
    with pytest.raises(NotFoundError):
        queries.rectification(world.stranger, case.number, now=at(1))
    assert queries.rectifications(world.requester, is_open=True).count() == 1
    assert queries.rectifications(world.requester, is_open=False).count() == 0
    assert queries.open_rectification(case.grant) == case


def test_the_inbox_says_whose_turn_it_is(world: World) -> None:
    case = steps.ordered(world, days=5)
    waits = [task for task in inbox(world.requester, NOW) if task.kind == TaskKind.RECTIFICATION_ANSWER]
    assert [task.link for task in waits] == [f"/rectifications/{case.number}"]
    assert waits[0].clock is not None
    assert not [task for task in inbox(world.steward, NOW) if task.kind == TaskKind.RECTIFICATION_CHECK]
    actions.report_rectification(rectification=case, text="已整改", by=world.requester, now=at(1))
    assert [task.number for task in inbox(world.steward, at(1)) if task.kind == TaskKind.RECTIFICATION_CHECK] == [
        case.number
    ]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"closed_by": None}, "rectification_close_paired"),
        ({"days": 61}, "rectification_limit"),
        ({"finding": ""}, "rectification_says_what"),
    ],
)
def test_the_registry_refuses_half_written_cases(world: World, change: dict[str, Any], constraint: str) -> None:
    case = steps.accepted(world)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Rectification.objects.filter(id=case.id).update(**change)
