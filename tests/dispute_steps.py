"""A dispute walked to any point of its life, over an application that was refused."""

from __future__ import annotations

from datetime import datetime

from jutong.center.dispute import actions
from jutong.center.dispute.enums import DisputeState
from jutong.center.dispute.models import Dispute
from jutong.center.org.enums import Role
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.models import Application
from tests import sharing_steps
from tests.sharing_world import NOW, World, person


def people(world: World) -> World:
    """Add a second leader and a steward on the asking side."""
    world.actors["other_leader"] = person(world.bigdata, Role.LEADER, "other-leader", "袁野")
    world.actors["own_steward"] = person(world.education, Role.STEWARD, "asking-steward", "何静")
    return world


def refused(world: World, now: datetime = NOW) -> Application:
    application = sharing_steps.prepared(world, now, agreed=False)
    return sharing.consent_reply(application=application, agreed=True, by=world.provider_head, now=now)


def raised(world: World, now: datetime = NOW) -> Dispute:
    return actions.raise_dispute(
        kind="application", number=refused(world, now).number, claim="请求提供婚姻状况",
        facts="条例第十五条，不得自设条件", by=world.requester, now=now,
    )  # fmt: skip


def spoken(world: World, now: datetime = NOW) -> Dispute:
    dispute = raised(world, now)
    actions.state_view(dispute=dispute, text="用途与目录列明的不符", by=world.steward, now=now)
    return dispute


def coordinating(world: World, now: datetime = NOW) -> Dispute:
    return actions.escalate(dispute=spoken(world, now), reason="对方坚持不提供", by=world.requester, now=now)


def referred(world: World, now: datetime = NOW) -> Dispute:
    return actions.refer(dispute=coordinating(world, now), reason="协调不成", by=world.authority, now=now)


def settled(world: World, now: datetime = NOW) -> Dispute:
    dispute = raised(world, now)
    actions.propose(dispute=dispute, text="改为仅核验", by=world.steward, now=now)
    return actions.answer_proposal(dispute=dispute, accepted=True, by=world.requester, now=now)


def decided(world: World, now: datetime = NOW) -> Dispute:
    return actions.decide_dispute(
        dispute=referred(world, now), outcome="upheld", text="十日内提供", reasons="属有条件共享，用途相符",
        document_number="金政办函〔2026〕9号", by=world.leader, now=now,
    )  # fmt: skip


def executed(world: World, now: datetime = NOW) -> Dispute:
    return actions.execute_dispute(dispute=settled(world, now), note="已开通核验接口", by=world.requester, now=now)


def withdrawn(world: World, now: datetime = NOW) -> Dispute:
    return actions.withdraw_dispute(dispute=raised(world, now), by=world.requester, now=now)


WALKS = {
    DisputeState.NEGOTIATING: raised,
    DisputeState.COORDINATING: coordinating,
    DisputeState.REFERRED: referred,
    DisputeState.SETTLED: settled,
    DisputeState.DECIDED: decided,
    DisputeState.EXECUTED: executed,
    DisputeState.WITHDRAWN: withdrawn,
}
