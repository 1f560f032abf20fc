"""What goes with applications in the fuzz city: duties, delegations, patterns, batches, renewals, idle grants."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from jutong.center.org.enums import Role
from jutong.center.sharing import actions
from jutong.center.sharing.models import Application, Delegation, Grant, IdleInquiry
from jutong.kernel.clock import civil_date
from tests import sharing_world
from tests.api_client import Caller

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity


def extend(city: FuzzCity) -> None:
    """Add what these operations need to a city that has applications and grants."""
    world, now = city.world, timezone.now()
    for name, where, role in (("drafter", world.education, Role.REQUESTER), ("second", world.civil, Role.STEWARD)):
        world.actors[name] = sharing_world.person(where, role, name, "何敏")
        city.callers[name] = Caller(world.actors[name], now)
    _duties(city)
    _delegations(city)
    _repeats(city)


def _duties(city: FuzzCity) -> None:
    now, by = timezone.now(), city.world.actors["steward"]
    duty = actions.register_duty(code="MZ-9", name="婚姻登记", basis="婚姻登记条例", by=by, now=now)
    city.addresses["closeDuty"] = {"duty_id": str(duty.id)}
    city.bodies["registerDuty"] = {"code": "MZ-10", "name": "收养登记", "basis": "收养法"}


def _delegate(city: FuzzCity, username: str, head: str, first: int = 0) -> Delegation:
    now = timezone.now()
    start = civil_date(now) + timedelta(days=first)
    return actions.delegate(
        username=username, valid_from=start, valid_until=start, reason="出差", by=city.world.actors[head], now=now
    )


def _delegations(city: FuzzCity) -> None:
    world = city.world
    _delegate(city, "requester", "requester_head")
    _delegate(city, "steward", "provider_head")
    spare = _delegate(city, "drafter", "requester_head", first=30)
    city.addresses["revokeDelegation"] = {"delegation_id": str(spare.id)}
    day = str(civil_date(timezone.now()) + timedelta(days=60))
    city.bodies["makeDelegation"] = {
        "username": "drafter", "valid_from": day, "valid_until": day, "reason": "出差",
    }  # fmt: skip
    waiting = city.awaiting("代为同意")
    ready = city.submitted("代为答复")
    drafter = world.actors["drafter"].user_id
    Application.objects.filter(number=waiting).update(created_by=drafter)
    city.caller("second").ask("POST", f"/applications/{ready}/reply", {"agreed": True})
    city.addresses |= {"consentInPlace": {"number": waiting}, "consentReplyInPlace": {"number": ready}}
    decision: dict[str, Any] = {"agreed": True, "note": ""}
    city.bodies |= {"consentInPlace": decision, "consentReplyInPlace": decision}


def _repeats(city: FuzzCity) -> None:
    now = timezone.now()
    used, quiet = city.granted("续期"), city.granted("闲置")
    IdleInquiry.objects.create(grant=Grant.objects.get(number=quiet), idle_since=now, asked_at=now)
    city.addresses |= {
        "copyApplication": {"number": city.submitted("样本")},
        "renewGrant": {"number": used},
        "getGrantUse": {"number": used},
        "answerIdleGrant": {"number": quiet},
    }
    city.bodies |= {
        "copyApplication": {"entry_code": ""},
        "answerIdleGrant": {"answer": "keep", "text": "九月用"},
        "decideApplications": {"step": "consent", "numbers": [city.awaiting("批量")]},
    }
