"""An application walked to any point of its life, by the people who may take each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from jutong.center.agreement import actions as agreements
from jutong.center.agreement.models import Agreement
from jutong.center.catalog.enums import ShareWay
from jutong.center.fleet.models import Order
from jutong.center.fleet.receipts import Applied, apply_receipt
from jutong.center.sharing import actions
from jutong.center.sharing.actions import Ask, Need
from jutong.center.sharing.models import Application, Grant
from jutong.contracts.receipts import GrantReceipt
from tests.sharing_world import NOW, World

UNTIL = date(2027, 8, 31)


def need(world: World, **changes: Any) -> Need:
    items = (
        Ask(world.items["公民身份号码"].id, "verify"),
        Ask(world.items["姓名"].id, "plain"),
        Ask(world.items["婚姻状况"].id, "plain"),
    )
    full = Need(
        title="入学资格核验", basis="义务教育法第十二条", scenario="小学入学报名核验监护关系", scope="2027年报名家庭",
        share_way=ShareWay.SERVICE, valid_until=UNTIL, daily_quota=500, system_id=world.system.id, is_true=True,
        is_lawful=True, is_necessary=True, items=items,
    )  # fmt: skip
    return replace(full, **changes)


def drafted(world: World, now: datetime = NOW, **changes: Any) -> Application:
    return actions.draft(entry=world.entry, need=need(world, **changes), by=world.requester, now=now)


def awaiting(world: World, now: datetime = NOW, **changes: Any) -> Application:
    return actions.request_consent(application=drafted(world, now, **changes), by=world.requester, now=now)


def submitted(world: World, now: datetime = NOW, **changes: Any) -> Application:
    sent = awaiting(world, now, **changes)
    return actions.consent_request(application=sent, agreed=True, by=world.requester_head, now=now)


def asking_for_time(world: World, now: datetime = NOW) -> Application:
    """A submitted application whose provider asked for three more days."""
    application = submitted(world, now)
    return actions.ask_extension(application=application, days=3, reason="需核对档案", by=world.steward, now=now)


def prepared(world: World, now: datetime = NOW, *, agreed: bool = True, **changes: Any) -> Application:
    extra: dict[str, Any] = {} if agreed else {"refusal": "purpose", "text": "用途不符"}
    return actions.prepare_reply(
        application=submitted(world, now, **changes), agreed=agreed, by=world.steward, now=now, **extra
    )


def replied(world: World, now: datetime = NOW, **changes: Any) -> Grant:
    """An agreed application; the grant of a conditional share waits for the signatures."""
    application = actions.consent_reply(
        application=prepared(world, now, **changes), agreed=True, by=world.provider_head, now=now
    )
    return Grant.objects.get(application=application)


def to_sign(grant: Grant) -> Agreement | None:
    """The version of a grant's agreement that waits for signatures."""
    return Agreement.objects.filter(grant=grant, state__in=("drafted", "sent", "signed")).first()


def sign(world: World, grant: Grant, now: datetime = NOW) -> None:
    """Both heads sign what there is to sign."""
    for by in (world.provider_head, world.requester_head):
        waiting = to_sign(grant)
        if waiting is not None:
            agreements.sign(agreement=waiting, text_digest=waiting.digest, by=by, now=now)


def agreed(world: World, now: datetime = NOW, **changes: Any) -> Grant:
    """An agreed application whose agreement both sides have signed; the grant is ordered when the entry is bound."""
    grant = replied(world, now, **changes)
    sign(world, grant, now)
    return Grant.objects.get(id=grant.id)


def answer(world: World, grant: Grant, state: Any, now: datetime = NOW, problem: str = "") -> Applied:
    body = GrantReceipt(grant_id=str(grant.id), state=state, problem=problem)
    return apply_receipt(node=world.node, envelope=world.receipt("grant", body, now), now=now)


def sharing(world: World, now: datetime = NOW, **changes: Any) -> Grant:
    """A grant in use: bound, agreed, ready at the node."""
    if not world.entry.bindings.filter(ended_at=None).exists():
        world.bind()
    grant = agreed(world, now, **changes)
    answer(world, grant, "ready", now)
    grant.refresh_from_db()
    return grant


def suspended(world: World, now: datetime = NOW) -> Grant:
    return actions.suspend_grant(grant=sharing(world, now), reason="疑似超范围使用", by=world.steward, now=now)


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def orders(kind: str = "") -> list[dict[str, Any]]:
    rows = Order.objects.order_by("sequence")
    return [row.envelope["body"] for row in (rows.filter(kind=kind) if kind else rows)]
