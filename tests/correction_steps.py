"""A correction walked to any point of its life, by the people and the node that may take each step."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from jutong.center.correction import actions
from jutong.center.correction.actions import About, Claim
from jutong.center.correction.enums import Origin
from jutong.center.correction.models import Correction, Trace
from jutong.center.fleet.models import Order
from jutong.center.fleet.receipts import Applied, apply_receipt
from jutong.center.sharing.models import Grant
from jutong.contracts.receipts import AccessSummary, ConfirmedReceipt, MarkReceipt, ServedReceipt, TraceReceipt
from jutong.kernel.sealing import open_with
from tests.sharing_steps import sharing
from tests.sharing_world import NOW, World, new_id

PERSON = "62990019900101001X"
WRONG, RIGHT = "未婚", "已婚"
CLAIM = Claim(
    key={"公民身份号码": PERSON}, claimed={"婚姻状况": RIGHT}, present={"婚姻状况": WRONG}, kind="inaccurate",
    statement="本人已于十月登记结婚", evidence="结婚证字号 J629900-2026-1", business="入学登记",
)  # fmt: skip


def claim(**changes: Any) -> Claim:
    return replace(CLAIM, **changes)


def grant_of(world: World) -> Grant:
    """The one grant of this world, made at the first use."""
    return Grant.objects.filter(entry=world.entry, requester=world.education).first() or sharing(world)


def about(world: World) -> About:
    return About(origin=Origin.GRANT, entry=world.entry, grant=grant_of(world))


def raised(world: World, now: datetime = NOW, **changes: Any) -> Correction:
    return actions.raise_correction(about=about(world), claim=claim(**changes), by=world.requester, now=now)


def verifying(world: World, now: datetime = NOW, **changes: Any) -> Correction:
    return actions.accept(correction=raised(world, now, **changes), by=world.steward, now=now)


def upheld(world: World, now: datetime = NOW, *, finding: str = "true", **changes: Any) -> Correction:
    return actions.uphold(
        correction=verifying(world, now, **changes), finding=finding, corrected={"婚姻状况": RIGHT},
        text="已核对登记档案", by=world.steward, now=now,
    )  # fmt: skip


def refused(world: World, now: datetime = NOW, *, finding: str = "false", **changes: Any) -> Correction:
    return actions.refuse(
        correction=verifying(world, now, **changes), finding=finding, text="档案与现值一致", by=world.steward, now=now
    )


def disputed(world: World, now: datetime = NOW, **changes: Any) -> Correction:
    return actions.dispute(
        correction=refused(world, now, **changes), claim="更正为已婚", facts="有登记证明", by=world.requester, now=now
    )


def withdrawn(world: World, now: datetime = NOW, **changes: Any) -> Correction:
    return actions.withdraw(correction=raised(world, now, **changes), by=world.requester, now=now)


def closed(world: World, now: datetime = NOW, **changes: Any) -> Correction:
    return actions.confirm(correction=refused(world, now, **changes), by=world.requester, now=now)


def mark(
    world: World, case: Correction, state: Any, now: datetime = NOW, *, grants: tuple[Grant, ...] = (), **more: Any
) -> Applied:
    body = MarkReceipt(
        correction_number=case.number, state=state, matched=more.pop("matched", 1),
        grants=tuple(str(grant.id) for grant in grants), **more,
    )  # fmt: skip
    return apply_receipt(node=world.node, envelope=world.receipt("mark", body, now), now=now)


def fetched(world: World, case: Correction, *grants: Grant, now: datetime = NOW) -> Applied:
    body = ConfirmedReceipt(
        correction_number=case.number, grant_ids=tuple(str(grant.id) for grant in grants),
        time_ms=int(now.timestamp() * 1000),
    )  # fmt: skip
    return apply_receipt(node=world.node, envelope=world.receipt("confirmed", body, now), now=now)


def traced(world: World, trace: Trace, *records: str, now: datetime = NOW, complete: bool = True) -> Applied:
    body = TraceReceipt(trace_id=str(trace.id), record_ids=records, complete=complete)
    return apply_receipt(node=world.node, envelope=world.receipt("trace", body, now), now=now)


def served(world: World, grant: Grant, now: datetime = NOW, **changes: Any) -> str:
    """Have the node report one call under a grant; its record id."""
    fields: dict[str, Any] = {
        "record_id": str(new_id()), "time_ms": int(now.timestamp() * 1000), "kind": "query", "outcome": "ok",
        "grant_id": str(grant.id), "system_id": str(grant.system_id), "official": "吴思源", "purpose": "新生入学核验",
        "case_number": "JY-1", "rows": 1, "fields": ("婚姻状况",), "leaf_index": 7,
    }  # fmt: skip
    call = AccessSummary(**{**fields, **changes})
    apply_receipt(node=world.node, envelope=world.receipt("served", ServedReceipt(calls=(call,)), now), now=now)
    return call.record_id


def orders(kind: str) -> list[dict[str, Any]]:
    rows = Order.objects.filter(kind=kind).order_by("issued_at", "sequence")
    return [row.envelope["body"] for row in rows]


def sealed(world: World, body: dict[str, Any]) -> Any:
    """What the node finds in the box of an order."""
    return json.loads(open_with(world.node_signer, body["sealed"]))


def fresh(case: Correction) -> Correction:
    return Correction.objects.get(pk=case.pk)
