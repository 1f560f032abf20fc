"""Needs and disputes in the fuzz city: one at every step an operation is about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from jutong.center.demand import actions as demands
from jutong.center.dispute import actions as disputes
from jutong.center.dispute.models import Dispute
from jutong.center.org.enums import DivisionLevel
from jutong.center.org.models import Division
from jutong.center.sharing.models import Application
from tests import demand_steps, sharing_world

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity

UPPER = "620000"


def extend(city: FuzzCity) -> None:
    """Add what these areas need to a city that has applications and entries."""
    Division.objects.create(code=UPPER, name="上省", level=DivisionLevel.PROVINCE, valid_from=date(2020, 1, 1))
    Division.objects.filter(code=city.world.civil.division_code).update(parent_code=UPPER)
    sharing_world.organisation("11620000MB0000001A", "省大数据局", "省大数据局", authority=True, division=UPPER)
    _disputes(city)
    _demands(city)


def _body() -> dict[str, Any]:
    return {
        "title": "残疾人证信息", "basis": "残疾人保障法第五十条", "scenario": "免费乘车资格核验", "matter": "",
        "frequency": "daily", "share_way": "service", "urgency": "normal",
        "wanted_on": str(timezone.localdate() + timedelta(days=30)), "division_filter": "", "expected_holder": "",
        "is_true": True, "is_lawful": True, "is_secured": True, "items": [{"name": "残疾人证号", "meaning": ""}],
    }  # fmt: skip


def _demands(city: FuzzCity) -> None:
    world, now = city.world, timezone.now()
    own, same = (demand_steps.stated(world, now, wanted_on=None) for _ in range(2))
    theirs, joined = (
        demands.state_demand(fields=demand_steps.FIELDS, by=world.actors["stranger"], now=now) for _ in range(2)
    )
    demands.join_demand(demand=joined, scenario="办证", by=world.actors["requester"], now=now)
    asked, held = demand_steps.assigned(world, now), demand_steps.held(world, now)
    matched, applied = (demand_steps.matched(world, now) for _ in range(2))
    made = {
        "leaveDemand": joined, "joinDemand": theirs, "answerDemand": asked, "beginDemandCatalog": held,
        "nameDemandEntry": held, "unmatchDemand": matched, "applyForDemand": applied,
    }  # fmt: skip
    for name in ("get", "edit", "compare", "match", "merge", "refer", "assign", "close", "withdraw"):
        made[f"{name}Demand"] = own
    city.addresses |= {name: {"number": demand.number} for name, demand in made.items()}
    reason, entry = {"reason": "省级数据"}, {"entry": world.entry.code}
    city.bodies |= {
        "stateDemand": _body(), "editDemand": _body(), "joinDemand": {"scenario": "办证"}, "matchDemand": entry,
        "unmatchDemand": reason, "mergeDemand": {"into": same.number}, "referDemand": reason, "closeDemand": reason,
        "assignDemand": {"holder": world.civil.code, "note": ""},
        "answerDemand": {"answer": "held", "basis": "三定第四条"}, "beginDemandCatalog": {"classification": "307010"},
        "nameDemandEntry": entry,
    }  # fmt: skip


def _refused(city: FuzzCity, title: str) -> Application:
    number = city.submitted(title)
    body = {"agreed": False, "refusal": "purpose", "text": "用途不符"}
    city.caller("steward").ask("POST", f"/applications/{number}/reply", body)
    city.caller("provider_head").ask("POST", f"/applications/{number}/reply/consent", {"agreed": True})
    return Application.objects.get(number=number)


def _disputes(city: FuzzCity) -> None:
    actors, now = city.world.actors, timezone.now()
    long_ago = now - timedelta(days=60)
    open_, proposed, late, coming, agreed = (_dispute(city, f"争议{at}", long_ago) for at in range(5))
    for dispute in (proposed, agreed):
        disputes.propose(dispute=dispute, text="核验", by=actors["steward"], now=now)
    disputes.answer_proposal(dispute=agreed, accepted=True, by=actors["requester"], now=now)
    for dispute in (late, coming):
        disputes.escalate(dispute=dispute, reason="协商不成", by=actors["requester"], now=long_ago + timedelta(days=25))
    disputes.refer(dispute=coming, reason="协调不成", by=actors["authority"], now=now)
    made = {
        "answerSettlement": proposed, "referDispute": late, "decideDispute": coming, "executeDispute": agreed,
    }  # fmt: skip
    for name in ("getDispute", "stateDisputeView", "addDisputeEvidence", "proposeSettlement", "escalateDispute",
                 "withdrawDispute"):  # fmt: skip
        made[name] = open_
    city.addresses |= {name: {"number": dispute.number} for name, dispute in made.items()}
    reason = {"reason": "协商不成"}
    city.bodies |= {
        "raiseDispute": {
            "kind": "application", "subject": _refused(city, "可争议").number, "claim": "请求提供",
            "facts": "理由不成立",
        },
        "stateDisputeView": {"text": "意见"},
        "addDisputeEvidence": {"title": "答复", "reference": "", "shows": "不成立"},
        "proposeSettlement": {"text": "核验", "execute_by": None}, "answerSettlement": {"accepted": True, "reason": ""},
        "escalateDispute": reason, "referDispute": reason, "executeDispute": {"note": "已办"},
        "decideDispute": {
            "outcome": "upheld", "text": "提供", "reasons": "相符", "document_number": "9号", "execute_by": None,
        },
    }  # fmt: skip


def _dispute(city: FuzzCity, title: str, when: Any) -> Dispute:
    return disputes.raise_dispute(
        kind="application", number=_refused(city, title).number, claim="请求提供", facts="理由不成立",
        by=city.world.actors["requester"], now=when,
    )  # fmt: skip
