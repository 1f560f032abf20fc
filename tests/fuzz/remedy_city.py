"""What follows a share in the fuzz city: rectifications, disposals, ledgers and service changes at every stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from jutong.center.remedy import actions as remedy
from jutong.center.remedy.models import LedgerAsk
from jutong.center.remedy.quarters import before, quarter_of
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.models import Grant
from tests import sharing_steps, sharing_world

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity

ORDER: dict[str, Any] = {"finding": "批量查询", "demands": "停止并说明用途", "days": 5, "records": []}


def extend(city: FuzzCity) -> None:
    """Add what these areas need to a city that has grants."""
    _rectifications(city)
    _disposals(city)
    _ledgers(city)
    _changes(city)


def _ordered(city: FuzzCity, title: str) -> str:
    body = {"grant": city.granted(title), **ORDER}
    return str(city.caller("steward").ask("POST", "/rectifications", body, status=201)["number"])


def _reported(city: FuzzCity, title: str) -> str:
    number = _ordered(city, title)
    city.caller("requester").ask("POST", f"/rectifications/{number}/report", {"text": "已整改"})
    return number


def _rectifications(city: FuzzCity) -> None:
    reported, failed, late = _reported(city, "待验收"), _reported(city, "不到位"), timezone.now() - timedelta(days=40)
    city.caller("provider_head").ask("POST", f"/rectifications/{failed}/rejection", {"note": "没有说明"})
    ordered = _ordered(city, "待整改")
    overdue = remedy.order_rectification(
        grant=Grant.objects.get(number=city.granted("逾期")), finding="x", demands="x", days=1,
        by=city.world.actors["steward"], now=late,
    )  # fmt: skip
    made = {
        "getRectification": ordered, "reportRectification": ordered, "withdrawRectification": ordered,
        "acceptRectification": reported, "rejectRectification": reported, "callRectificationRefused": overdue.number,
        "orderRectificationAgain": failed, "terminateRectified": failed,
    }  # fmt: skip
    city.addresses |= {name: {"number": number} for name, number in made.items()}
    city.bodies["orderRectification"] = {"grant": city.granted("整改"), "records": []}


def _ended(city: FuzzCity, title: str) -> str:
    grant = Grant.objects.get(number=city.granted(title))
    now = timezone.now()
    sharing.revoke_grant(grant=grant, reason="办结", by=city.world.actors["requester_head"], now=now)
    return str(grant.disposal.number)


def _disposals(city: FuzzCity) -> None:
    opened, reported = _ended(city, "待处置"), _ended(city, "待核验")
    done = {"handled": [], "nothing_kept": True}
    city.caller("requester").ask("POST", f"/disposals/{reported}/report", done)
    for name in ("getDisposal", "declareCopies", "reportDisposal"):
        city.addresses[name] = {"number": opened}
    for name in ("returnDisposal", "verifyDisposal", "getCertificate"):
        city.addresses[name] = {"number": reported}
    city.bodies |= {
        "reportDisposal": done,
        "declareCopies": {"copies": [{"kind": "file", "place": "共享盘"}]},
    }


def _ledgers(city: FuzzCity) -> None:
    now = timezone.now()
    grant = Grant.objects.get(number=city.granted("台账"))
    quarter = before(quarter_of(timezone.localdate()))
    LedgerAsk.objects.create(grant=grant, quarter=quarter, state="asked", asked_at=now)
    for name in ("getLedger", "writeLedgerEntry", "inspectLedger"):
        city.addresses[name] = {"number": grant.number}
    city.addresses["fillLedgerQuarter"] = {"number": grant.number, "quarter": quarter}
    city.bodies |= {
        "writeLedgerEntry": {"part": "effect", "text": "免交证明", "copies": [], "corrects": None},
        "fillLedgerQuarter": {"effect": "免交证明", "storage": "没有留存", "copies": []},
        "inspectLedger": {"note": "符合"},
    }


def _changes(city: FuzzCity) -> None:
    world, now = city.world, timezone.now()
    made: dict[str, str] = {}
    for at, (name, stage) in enumerate((("殡葬信息", "asked"), ("救助信息", "answered"), ("社团信息", "filed"))):
        entry, items = sharing_world.publish(world.civil, name=name, code=f"306001/{at + 20}")
        sharing_steps.sharing(replace(world, entry=entry, items=items), now)
        change = remedy.propose_change(
            entry=entry, kind="reshape", reason="职责划出", plan="改用省级接口", items=["婚姻状况"],
            effective_on=timezone.localdate() + timedelta(days=30), by=world.actors["steward"], now=now,
        )  # fmt: skip
        made[stage] = change.number
        if stage != "asked":
            remedy.answer_consultation(change=change, stance="agree", text="", by=world.actors["requester"], now=now)
        if stage == "filed":
            remedy.file_change(change=change, by=world.actors["steward"], now=now)
    for name in ("getServiceChange", "answerConsultation", "withdrawServiceChange"):
        city.addresses[name] = {"number": made["asked"]}
    city.addresses["fileServiceChange"] = {"number": made["answered"]}
    city.addresses["decideServiceChange"] = {"number": made["filed"]}
    city.bodies |= {
        "answerConsultation": {"stance": "agree", "text": ""},
        "decideServiceChange": {"accepted": True, "note": ""},
        "proposeServiceChange": {
            "entry": world.entry.code, "kind": "reshape", "reason": "职责划出", "plan": "改用省级接口",
            "items": ["婚姻状况"], "effective_on": str(timezone.localdate() + timedelta(days=30)),
        },
    }  # fmt: skip
