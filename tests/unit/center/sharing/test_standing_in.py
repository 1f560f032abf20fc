"""Duties and delegations: purposes on a duty, and consent in a head's place between two days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from jutong.center.org.enums import Role
from jutong.center.org.models import Post, User
from jutong.center.sharing import actions, queries
from jutong.center.sharing.enums import Event
from jutong.center.sharing.errors import (
    DelegationOverError,
    DelegationOverlapError,
    DutyClosedError,
    DutyTakenError,
    SamePersonError,
)
from jutong.center.sharing.models import Delegation
from jutong.center.sharing.queries import waiting
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests import sharing_steps as steps
from tests.sharing_world import NOW, World, at, person

TODAY = date(2026, 11, 9)


@pytest.fixture
def second(world: World) -> World:
    """The world with another worker on each side, who neither drafts nor prepares."""
    world.actors["clerk"] = person(world.education, Role.REQUESTER, "clerk", "何敏")
    world.actors["second_steward"] = person(world.civil, Role.STEWARD, "second-steward", "孙浩")
    return world


def lent(world: World, who: str = "clerk", head: str = "requester_head", first: int = 0, last: int = 4) -> Delegation:
    days = {"valid_from": TODAY + timedelta(days=first), "valid_until": TODAY + timedelta(days=last)}
    by = world.actors[head]
    return actions.delegate(username=world.actors[who].username, reason="出差", by=by, now=NOW, **days)


def test_a_delegate_consents_on_both_sides_and_it_is_written_down(second: World) -> None:
    lent(second)
    lent(second, "second_steward", "provider_head")
    sent = actions.consent_request(application=steps.awaiting(second), agreed=True, by=second.clerk, now=NOW)
    ready = actions.prepare_reply(application=sent, agreed=True, by=second.steward, now=NOW)
    done = actions.consent_reply(application=ready, agreed=True, by=second.second_steward, now=NOW)
    given = list(done.consents.values_list("by__name", "on_behalf_of__name"))
    assert given == [("何敏", "郑雅文"), ("孙浩", "刘文清")]


def test_without_a_delegation_a_clerk_consents_to_nothing(second: World) -> None:
    with pytest.raises(ForbiddenError):
        actions.consent_request(application=steps.awaiting(second), agreed=True, by=second.clerk, now=NOW)


@pytest.mark.parametrize(("day", "may"), [(0, False), (1, True), (3, True), (4, False)])
def test_both_days_are_included_and_no_others(second: World, day: int, may: bool) -> None:
    lent(second, first=1, last=3)
    midnight = NOW.replace(hour=16, minute=0) - timedelta(days=1)  # 00:00 in Beijing
    for moment in (midnight + timedelta(days=day), midnight + timedelta(days=day, hours=23, minutes=59)):
        head = queries.events_for(steps.awaiting(second), second.clerk, moment)
        assert (Event.CONSENT in head) is may


def test_a_delegate_never_consents_to_the_own_draft(second: World) -> None:
    lent(second, "requester")
    with pytest.raises(SamePersonError):
        actions.consent_request(application=steps.awaiting(second), agreed=True, by=second.requester, now=NOW)
    lent(second, "steward", "provider_head")
    ready = steps.prepared(second)
    with pytest.raises(SamePersonError):
        actions.consent_reply(application=ready, agreed=True, by=second.steward, now=NOW)


def test_nobody_consents_in_the_place_of_whoever_drafted(second: World) -> None:
    """A head with a second post drafts and lends the consent: it would be the drafter's own."""
    lent(second)
    application = steps.awaiting(second)
    application.created_by_id = second.requester_head.user_id
    application.save(update_fields=["created_by"])
    with pytest.raises(SamePersonError):
        actions.consent_request(application=application, agreed=True, by=second.clerk, now=NOW)


def test_a_delegation_opens_consents_and_nothing_else(second: World) -> None:
    lent(second, "second_steward", "provider_head")
    grant = steps.sharing(second)
    actions.suspend_grant(grant=grant, reason="核实", by=second.steward, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.lift_suspension(grant=grant, by=second.second_steward, now=NOW)


def test_taken_back_or_outlived_it_gives_nothing(second: World) -> None:
    made, application = lent(second), steps.awaiting(second)
    actions.revoke_delegation(delegation_id=made.id, by=second.requester_head, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.consent_request(application=application, agreed=True, by=second.clerk, now=NOW)
    with pytest.raises(DelegationOverError):
        actions.revoke_delegation(delegation_id=made.id, by=second.requester_head, now=NOW)
    with pytest.raises(NotFoundError):
        actions.revoke_delegation(delegation_id=made.id, by=second.provider_head, now=NOW)
    lent(second)
    Post.objects.filter(user__username=second.requester_head.username).update(ended_at=at(1))
    with pytest.raises(ForbiddenError):
        actions.consent_request(application=application, agreed=True, by=second.clerk, now=at(1))


def test_who_and_when_are_checked_together(second: World) -> None:
    days = {"valid_from": TODAY - timedelta(days=1), "valid_until": TODAY - timedelta(days=2)}
    with pytest.raises(InvalidInputError) as caught:
        actions.delegate(username="steward", reason="出差", by=second.requester_head, now=NOW, **days)
    assert [row["field"] for row in caught.value.fields["problems"]] == ["valid_from", "valid_until", "delegate"]
    with pytest.raises(InvalidInputError):
        lent(second, "requester_head")
    with pytest.raises(InvalidInputError):
        lent(second, last=400)
    with pytest.raises(ForbiddenError):
        lent(second, head="requester")


def test_one_delegate_at_a_time_says_the_database_too(second: World) -> None:
    made = lent(second)
    with pytest.raises(DelegationOverlapError):
        lent(second, "requester", first=4, last=9)
    with pytest.raises(DatabaseError), transaction.atomic():
        Delegation.objects.create(
            organisation_id=made.organisation_id, head_id=made.head_id, delegate=User.objects.get(username="requester"),
            valid_from=made.valid_until, valid_until=made.valid_until, reason="", made_at=NOW,
        )  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        Delegation.objects.filter(id=made.id).update(delegate_id=made.head_id)
    lent(second, "requester", first=5, last=9)


def test_what_waits_for_a_head_waits_for_the_delegate(second: World) -> None:
    application = steps.awaiting(second)
    assert waiting.delegated(second.clerk, NOW) == []
    lent(second)
    assert [task.number for task in waiting.delegated(second.clerk, NOW)] == [application.number]
    assert waiting.delegated(second.requester_head, NOW) == []
    assert application.number in [task.number for task in queries.inbox(second.clerk, NOW)]


def test_a_department_with_duties_asks_on_one_of_them(world: World) -> None:
    world.actors["office"] = person(world.education, Role.STEWARD, "office", "何敏")
    duty = actions.register_duty(
        code="JY-01", name="义务教育招生", basis="义务教育法第十二条", by=world.office, now=NOW
    )
    with pytest.raises(InvalidInputError) as caught:
        steps.awaiting(world)
    assert [row["field"] for row in caught.value.fields["problems"]] == ["duty"]
    sent = steps.awaiting(world, duty_id=duty.id)
    assert str(sent.duty) == "JY-01 义务教育招生"
    actions.close_duty(duty_id=duty.id, by=world.office, now=NOW)
    with pytest.raises(InvalidInputError):
        actions.consent_request(application=sent, agreed=True, by=world.requester_head, now=NOW)


def test_a_duty_of_another_department_is_none_of_ours(world: World) -> None:
    duty = actions.register_duty(code="MZ-01", name="婚姻登记", basis="婚姻登记条例", by=world.steward, now=NOW)
    with pytest.raises(InvalidInputError):
        steps.drafted(world, duty_id=duty.id)
    with pytest.raises(NotFoundError):
        actions.close_duty(duty_id=duty.id, by=world.stranger, now=NOW)
    assert [row.code for row in queries.duties(world.provider_head)] == ["MZ-01"]
    assert queries.duties(world.requester) == []


def test_duties_have_codes_of_their_own(world: World) -> None:
    made = actions.register_duty(code="MZ-01", name="婚姻登记", basis="婚姻登记条例", by=world.steward, now=NOW)
    with pytest.raises(DutyTakenError):
        actions.register_duty(code="MZ-01", name="收养登记", basis="收养法", by=world.steward, now=NOW)
    for code in ("", "mz", "民政", "A" * 33):
        with pytest.raises(InvalidInputError):
            actions.register_duty(code=code, name="收养登记", basis="收养法", by=world.steward, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.register_duty(code="MZ-02", name="收养登记", basis="收养法", by=world.requester, now=NOW)
    actions.close_duty(duty_id=made.id, by=world.steward, now=NOW)
    with pytest.raises(DutyClosedError):
        actions.close_duty(duty_id=made.id, by=world.steward, now=NOW)
    actions.register_duty(code="MZ-01", name="婚姻登记和撤销", basis="婚姻登记条例", by=world.steward, now=NOW)
