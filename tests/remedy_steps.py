"""Rectifications and disposals walked to any point of their life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.center.remedy import actions
from jutong.center.remedy.actions import Copy, Handling
from jutong.center.remedy.models import Disposal, Rectification
from jutong.center.sharing import actions as sharing_actions
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.kernel.clock import civil_date
from tests import sharing_steps
from tests.sharing_world import NOW, World, at


def ordered(world: World, now: datetime = NOW, *, by: str = "steward", **changes: Any) -> Rectification:
    said: dict[str, Any] = {"finding": "同一办件号下查询了全区家庭", "demands": "停止批量查询并说明用途", "days": 5}
    grant = changes.pop("grant", None) or sharing_steps.sharing(world, now)
    return actions.order_rectification(grant=grant, **(said | changes), by=world.actors[by], now=now)


def reported(world: World, now: datetime = NOW, **changes: Any) -> Rectification:
    return actions.report_rectification(
        rectification=ordered(world, now, **changes), text="已停用批量任务", by=world.requester, now=now
    )


def insufficient(world: World, now: datetime = NOW, *, by: str = "steward") -> Rectification:
    return actions.reject_rectification(
        rectification=reported(world, now, by=by), note="没有说明用途", by=world.actors[by], now=now
    )


def accepted(world: World, now: datetime = NOW) -> Rectification:
    return actions.accept_rectification(rectification=reported(world, now), by=world.provider_head, now=now)


def terminated(world: World, now: datetime = NOW) -> Rectification:
    return actions.terminate(rectification=insufficient(world, now), note="拒不说明", by=world.provider_head, now=now)


def withdrawn(world: World, now: datetime = NOW) -> Rectification:
    return actions.withdraw_rectification(
        rectification=ordered(world, now), note="误报", by=world.provider_head, now=now
    )


def ended(world: World, now: datetime = NOW) -> Grant:
    """A grant its requester gave up, not yet confirmed by the node."""
    grant = sharing_steps.sharing(world, now)
    return sharing_actions.revoke_grant(grant=grant, reason="入学已办结", by=world.requester_head, now=now)


def opened(world: World, now: datetime = NOW) -> Disposal:
    return Disposal.objects.get(grant=ended(world, now))


def declared(world: World, now: datetime = NOW) -> Disposal:
    copies = [Copy("database", "入学服务系统 enrol.check"), Copy("backup", "每日备份")]
    return actions.declare_copies(disposal=opened(world, now), copies=copies, by=world.requester, now=now)


def handled(case: Disposal, now: datetime = NOW, **changes: Any) -> dict[int, Handling]:
    said: dict[str, Any] = {"method": "delete", "done_on": civil_date(now), "witness": "郑雅文", "basis": ""} | changes
    return {copy.pk: Handling(**said) for copy in case.copies.all()}


def disposal_reported(world: World, now: datetime = NOW) -> Disposal:
    case = declared(world, now)
    return actions.report_disposal(disposal=case, handled=handled(case, now), by=world.requester, now=now)


def verified(world: World, now: datetime = NOW) -> Disposal:
    return actions.verify_disposal(disposal=disposal_reported(world, now), by=world.steward, now=now)


def disposed(world: World, now: datetime = NOW) -> Disposal:
    case = verified(world, now)
    sharing_steps.answer(world, case.grant, "revoked", now)
    actions.prove_disposals(now=at((now - NOW).days + 2))
    case.refresh_from_db()
    return case


def call(grant: Grant, record: str, now: datetime, *, outcome: str = "ok", case: str = "JY-1") -> Access:
    """Put one call of a grant on record."""
    return Access.objects.create(
        record_id=record, node="node-1", at=now, kind="query", outcome=outcome, grant_id=grant.id,
        grant_number=grant.number, entry_code=grant.entry.code, entry_name=grant.entry.published_name,
        provider_code=grant.provider.code, requester_code=grant.requester.code, requester_name=grant.requester.name,
        system_name="入学服务系统", official="吴思源", purpose="入学核验", case_number=case, rows=1, fields=["姓名"],
        leaf_index=1,
    )  # fmt: skip
