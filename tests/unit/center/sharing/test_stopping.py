from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.clocks.models import StatutoryClock
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.sharing import actions
from jutong.center.sharing.errors import SamePersonError
from jutong.center.sharing.models import Grant, Notice, Suspension
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.sharing_steps import agreed, answer, fresh, orders, sharing, suspended
from tests.sharing_world import NOW, World, at

END = datetime(2027, 8, 31, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("who", ["steward", "provider_head", "authority"])
def test_provider_or_authority_suspends_in_one_step(world: World, who: str) -> None:
    grant = actions.suspend_grant(grant=sharing(world), reason="疑似泄露", by=getattr(world, who), now=at(1))
    assert (grant.state, fresh(grant.application).state) == ("suspended", "suspended")
    assert orders("grant-state") == [{"grant_id": str(grant.id), "state": "suspended", "reason": "疑似泄露"}]
    assert Suspension.objects.get().confirmed_at is None
    assert AuditEvent.objects.filter(event="sharing:grant:suspend").count() == 1
    assert Notice.objects.filter(organisation=world.education, text__contains="暂停").count() == 1
    answer(world, grant, "suspended", at(1.1))
    assert Suspension.objects.get().confirmed_at == at(1.1)
    answer(world, grant, "suspended", at(1.2))
    assert Suspension.objects.get().confirmed_at == at(1.1)


def test_a_suspension_gives_its_reason(world: World) -> None:
    grant = sharing(world)
    with pytest.raises(InvalidInputError):
        actions.suspend_grant(grant=grant, reason="  ", by=world.steward, now=at(1))
    assert fresh(grant).state == "active"
    assert not orders("grant-state")


def test_the_requester_does_not_suspend_and_strangers_see_nothing(world: World) -> None:
    grant = sharing(world)
    with pytest.raises(WrongSideError):
        actions.suspend_grant(grant=grant, reason="x", by=world.requester, now=at(1))
    with pytest.raises(NotFoundError):
        actions.suspend_grant(grant=grant, reason="x", by=world.stranger, now=at(1))
    with pytest.raises(ForbiddenError):
        actions.suspend_grant(grant=grant, reason="x", by=world.department_head, now=at(1))


def test_once_suspended_is_enough(world: World) -> None:
    with pytest.raises(StepNotAllowedError):
        actions.suspend_grant(grant=suspended(world), reason="再来", by=world.authority, now=at(1))
    assert Suspension.objects.count() == 1


def test_a_grant_no_node_holds_is_stopped_already(world: World) -> None:
    grant = actions.suspend_grant(grant=agreed(world), reason="先停", by=world.steward, now=at(1))
    assert not orders()
    assert Suspension.objects.get().confirmed_at == at(1)
    lifted = actions.lift_suspension(grant=grant, by=world.provider_head, now=at(2))
    assert lifted.state == "awaiting-binding"
    assert fresh(lifted.application).state == "supplying"


def test_another_person_lifts_and_the_node_decides_when_it_is_usable(world: World) -> None:
    grant = actions.suspend_grant(grant=sharing(world), reason="x", by=world.provider_head, now=at(1))
    with pytest.raises(SamePersonError):
        actions.lift_suspension(grant=grant, by=world.provider_head, now=at(2))
    with pytest.raises(ForbiddenError):
        actions.lift_suspension(grant=grant, by=world.steward, now=at(2))
    lifted = actions.lift_suspension(grant=grant, by=world.authority, now=at(2))
    assert (lifted.state, fresh(lifted.application).state) == ("ordered", "supplying")
    assert [order.get("state", "grant") for order in orders()] == ["grant", "suspended", "grant", "active"]
    row = Suspension.objects.get()
    assert (row.lifted_by_id, row.lifted_at) == (world.authority.user_id, at(2))
    answer(world, lifted, "ready", at(2.1))
    assert (fresh(lifted).state, fresh(lifted.application).state) == ("active", "sharing")
    again = actions.suspend_grant(grant=lifted, reason="又来", by=world.steward, now=at(3))
    assert again.suspensions.count() == 2


def test_what_is_not_suspended_is_not_lifted(world: World) -> None:
    with pytest.raises(StepNotAllowedError):
        actions.lift_suspension(grant=sharing(world), by=world.provider_head, now=at(1))


def test_a_running_service_is_not_ended_by_the_provider_out_of_hand(world: World) -> None:
    grant = sharing(world)
    with pytest.raises(StepNotAllowedError) as error:
        actions.revoke_grant(grant=grant, reason="不想给了", by=world.provider_head, now=at(1))
    assert "暂停" in error.value.explain()
    assert fresh(grant).state == "active"


@pytest.mark.parametrize("who", ["provider_head", "authority"])
def test_a_suspended_grant_may_be_ended(world: World, who: str) -> None:
    grant = actions.revoke_grant(grant=suspended(world), reason="拒不整改", by=getattr(world, who), now=at(2))
    assert (grant.state, grant.ended_at, grant.end_confirmed_at) == ("revoked", at(2), None)
    assert (fresh(grant.application).state, fresh(grant.application).closed_at) == ("terminated", at(2))
    assert orders("grant-state")[-1]["state"] == "revoked"
    answer(world, grant, "revoked", at(2.1))
    answer(world, grant, "revoked", at(2.2))
    assert fresh(grant).end_confirmed_at == at(2.1)


def test_the_requester_gives_up_what_it_no_longer_needs(world: World) -> None:
    grant = actions.revoke_grant(grant=sharing(world), reason="报名结束", by=world.requester_head, now=at(2))
    assert grant.state == "revoked"
    assert Notice.objects.filter(organisation=world.civil, text__contains="终止").count() == 1
    with pytest.raises(InvalidInputError):
        actions.revoke_grant(grant=grant, reason="", by=world.requester_head, now=at(3))
    with pytest.raises(StepNotAllowedError):
        actions.revoke_grant(grant=grant, reason="x", by=world.requester_head, now=at(3))


def test_giving_up_before_supply_calls_the_clock_off(world: World) -> None:
    grant = actions.revoke_grant(grant=agreed(world), reason="不需要了", by=world.requester_head, now=at(2))
    assert grant.end_confirmed_at == at(2)
    assert StatutoryClock.objects.get(period="SLA-SUP").state == "cancelled"


def test_a_grant_ends_with_its_time(world: World) -> None:
    grant = sharing(world)
    assert actions.expire_grants(now=END - timedelta(seconds=1)) == 0
    assert actions.expire_grants(now=END) == 1
    assert actions.expire_grants(now=END) == 0
    grant = fresh(grant)
    assert (grant.state, grant.ended_at, grant.application.state) == ("expired", END, "expired")
    assert orders("grant-state")[-1] == {"grant_id": str(grant.id), "state": "revoked", "reason": "expired"}
    answer(world, grant, "revoked", END)
    assert fresh(grant).end_confirmed_at == END


def test_a_suspended_grant_ends_with_its_time_too(world: World) -> None:
    grant = suspended(world)
    assert actions.expire_grants(now=END) == 1
    assert fresh(grant).state == "expired"


def test_after_the_end_the_system_may_get_another(world: World) -> None:
    grant = actions.revoke_grant(grant=sharing(world), reason="换一批", by=world.requester_head, now=at(1))
    second = sharing(world, at(2))
    assert second.number != grant.number
    assert Grant.objects.filter(ended_at=None).get() == second


def test_a_grant_that_moved_on_meanwhile_does_not_expire_twice(world: World) -> None:
    from jutong.center.sharing.actions.stopping import _expire

    grant = actions.revoke_grant(grant=sharing(world), reason="x", by=world.requester_head, now=at(1))
    assert _expire(grant.id, END) is False
    assert NOW < END
