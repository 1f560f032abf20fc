"""An agreement walked to any state of its life."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from jutong.center.agreement import actions
from jutong.center.agreement.models import Agreement, Breach
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.kernel.ids import uuid7
from tests import sharing_steps as steps
from tests.sharing_world import NOW, World, at, build


def drafted(world: World, now: datetime = NOW) -> Agreement:
    return Agreement.objects.get(grant=steps.replied(world, now))


def sent(world: World, now: datetime = NOW) -> Agreement:
    return actions.send(agreement=drafted(world, now), by=world.steward, now=now)


def signed(world: World, now: datetime = NOW) -> Agreement:
    return sign(sent(world, now), world.provider_head, now)


def sign(agreement: Agreement, by: Any, now: datetime = NOW) -> Agreement:
    return actions.sign(agreement=agreement, text_digest=agreement.digest, by=by, now=now)


def in_force(world: World, now: datetime = NOW) -> Agreement:
    if not world.entry.bindings.filter(ended_at=None).exists():
        world.bind()
    return sign(signed(world, now), world.requester_head, now)


def suspended(world: World, now: datetime = NOW) -> Agreement:
    made = in_force(world, now)
    grant = _grant(made)
    steps.answer(world, grant, "ready", now)
    sharing.suspend_grant(grant=grant, reason="疑似超范围使用", by=world.steward, now=now)
    return Agreement.objects.get(id=made.id)


def ended(world: World, now: datetime = NOW) -> Agreement:
    made = in_force(world, now)
    sharing.revoke_grant(grant=_grant(made), reason="不再需要", by=world.requester_head, now=now)
    return Agreement.objects.get(id=made.id)


def void(world: World, now: datetime = NOW) -> Agreement:
    made = signed(world, now)
    actions.hand_back(agreement=made, note="留存太短", by=world.requester_head, now=now)
    return Agreement.objects.get(id=made.id)


def changed(world: World, now: datetime = NOW, **changes: object) -> Agreement:
    """A change of an agreement in force, drafted as the next version."""
    made = in_force(world, now)
    return actions.propose_change(
        agreement=made, changes=changes or {"daily_quota": 300}, note="用量减少", by=world.requester, now=now
    )


def superseded(world: World, now: datetime = NOW) -> Agreement:
    later = sign(changed(world, now), world.provider_head, now)
    sign(later, world.requester_head, now)
    assert later.previous is not None
    return Agreement.objects.get(id=later.previous.id)


def accepted(now: datetime = NOW) -> tuple[World, Agreement]:
    """An undertaking confirmed with a request for data shared without conditions; a world of its own."""
    world = build("unconditional")
    steps.submitted(world, now)
    return world, Agreement.objects.get()


def _grant(agreement: Agreement) -> Grant:
    assert agreement.grant_id is not None
    return Grant.objects.get(id=agreement.grant_id)


def calls(
    grant: Grant, when: datetime, count: int, *, outcome: str = "ok", took_ms: int = 20, newest: datetime | None = None
) -> list[str]:
    """Records of calls under a grant, a second apart."""
    first = (Access.objects.aggregate(last=Max("leaf_index"))["last"] or 0) + 1
    rows = [
        Access(
            record_id=str(uuid7()), node="node-1", at=when + timedelta(seconds=n), kind="query", outcome=outcome,
            grant_id=grant.id, grant_number=grant.number, entry_code=grant.entry.code, entry_name="婚姻登记信息",
            provider_code=grant.provider.code, requester_code=grant.requester.code,
            requester_name=grant.requester.name, system_name=grant.system.name, official="吴思源", purpose="核验",
            case_number="JY-1", rows=1, fields=["婚姻状况"], leaf_index=first + n, took_ms=took_ms, newest_at=newest,
        )
        for n in range(count)
    ]  # fmt: skip
    Access.objects.bulk_create(rows)
    return [row.record_id for row in rows]


def broken(world: World, outcome: str = "node.source.unavailable") -> Breach:
    """A breach of availability, or of the terms of calling, found the day after."""
    made = in_force(world)
    calls(_grant(made), at(0.1), 70)
    calls(_grant(made), at(0.2), 30, outcome=outcome)
    actions.measure(now=at(1.2))
    return Breach.objects.get()
