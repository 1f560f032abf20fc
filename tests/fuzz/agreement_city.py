"""Agreements at every stage in the fuzz city."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from jutong.center.agreement import actions
from jutong.center.agreement.models import Agreement, Breach
from jutong.center.sharing.models import Application, Grant
from tests import agreement_steps

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity


def extend(city: FuzzCity) -> None:
    """Add what this area needs to a city that has applications."""
    made = {
        "editAgreementTerms": _drafted(city, "协议起草"),
        "sendAgreement": _drafted(city, "协议送签"),
        "signAgreement": _drafted(city, "协议签署"),
        "signAgreementInPlace": _lent(city, "代为签署"),
        "handBackAgreement": _sent(city, "协议退回"),
        "proposeAgreementChange": _in_force(city, "协议变更"),
        "discardAgreementChange": _changing(city, "放弃变更"),
    }
    for name in ("getAgreement", "getSignedAgreement", "listObligations"):
        made[name] = made["proposeAgreementChange"]
    city.addresses |= {name: {"number": number} for name, number in made.items()}
    read = Agreement.objects.get(number=made["signAgreement"])
    city.bodies |= {
        "editAgreementTerms": {"retention_days": 30},
        "signAgreement": {"digest": read.digest},
        "signAgreementInPlace": {"digest": Agreement.objects.get(number=made["signAgreementInPlace"]).digest},
        "proposeAgreementChange": {"terms": {"daily_quota": 7}, "note": "减少"},
    }
    first, second = _breach(city, "违约说明"), _breach(city, "违约认可")
    actions.answer_breach(breach=second, text="断电", by=city.world.actors["steward"], now=timezone.now())
    city.addresses |= {
        "getBreach": {"number": first.number},
        "answerBreach": {"number": first.number},
        "judgeBreach": {"number": second.number},
    }


def _drafted(city: FuzzCity, title: str) -> str:
    number = city.prepared(title)
    city.caller("provider_head").ask("POST", f"/applications/{number}/reply/consent", {"agreed": True})
    return Agreement.objects.get(application__number=number).number


def _lent(city: FuzzCity, title: str) -> str:
    """An agreement the provider signed, of an application that who stands in for the other head did not draw up."""
    number = _drafted(city, title)
    read = Agreement.objects.get(number=number)
    city.caller("provider_head").ask("POST", f"/agreements/{number}/signature", {"digest": read.digest})
    Application.objects.filter(id=read.application_id).update(created_by=city.world.actors["requester_head"].user_id)
    return number


def _sent(city: FuzzCity, title: str) -> str:
    number = _drafted(city, title)
    city.caller("steward").ask("POST", f"/agreements/{number}/sending")
    return number


def _in_force(city: FuzzCity, title: str) -> str:
    return Agreement.objects.get(grant__number=city.granted(title)).number


def _changing(city: FuzzCity, title: str) -> str:
    number = _in_force(city, title)
    body = {"terms": {"daily_quota": 7}, "note": "减少"}
    city.caller("requester").ask("POST", f"/agreements/{number}/changes", body, status=201)
    return number


def _breach(city: FuzzCity, title: str) -> Breach:
    number, now = _in_force(city, title), timezone.now()
    grant = Grant.objects.get(agreements__number=number)
    agreement_steps.calls(grant, now, 30, outcome="node.source.slow")
    actions.measure(now=now + timedelta(days=2))
    return Breach.objects.get(agreement__number=number)
