"""Returns in the fuzz city: one at every step an operation is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from jutong.center.catalog.models import Entry
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.returns import actions
from jutong.center.returns.models import ReturnFlow
from jutong.center.sharing.models import Grant
from tests import sharing_steps, sharing_world

if TYPE_CHECKING:
    from tests.fuzz.city import FuzzCity

UPPER = "620000"


def extend(city: FuzzCity) -> None:
    """Add returns to a city whose division lies below a province."""
    world = city.world
    office = sharing_world.organisation("11620000MB0000002B", "省民政厅", "省民政厅", division=UPPER)
    world.actors["upper_steward"] = sharing_world.person(office, Role.STEWARD, "upper-steward", "秦川")
    city.caller("upper_steward")
    counting, comparing, ending = (_running(city, office, at) for at in range(3))
    actions.count_return(flow=comparing, counted=100, by=world.actors["upper_steward"], now=timezone.now())
    asked, back = _asked(city, office, 3), _asked(city, office, 4)
    made = {
        "getReturn": asked, "confirmReturn": asked, "withdrawReturn": back, "countReturn": counting,
        "compareReturn": comparing, "endReturn": ending,
    }  # fmt: skip
    city.addresses |= {name: {"number": flow.number} for name, flow in made.items()}
    city.bodies |= {
        "askReturn": {**_need(city), "entry": _entry(city, office, 5).code},
        "confirmReturn": {"frequency": "", "note": "", "left_out": []},
        "countReturn": {"counted": 10}, "compareReturn": {"held": 100},
    }  # fmt: skip


def _need(city: FuzzCity) -> dict[str, Any]:
    return {
        "items": [], "system_id": str(city.world.system.id), "basis": "婚姻登记条例第二条", "scenario": "婚姻家庭服务",
        "share_way": "batch", "frequency": "daily",
    }  # fmt: skip


def _entry(city: FuzzCity, office: Organisation, at: int) -> Entry:
    entry, items = sharing_world.publish(office, name=f"全省登记{at}", code=f"306001/7{at}")
    replace(city.world, entry=entry, items=items).bind()
    return entry


def _asked(city: FuzzCity, office: Organisation, at: int) -> ReturnFlow:
    need = {**_need(city), "system_id": city.world.system.id}
    by = city.world.actors["requester"]
    return actions.ask_return(entry=_entry(city, office, at), **need, by=by, now=timezone.now())


def _running(city: FuzzCity, office: Organisation, at: int) -> ReturnFlow:
    now = timezone.now()
    flow = actions.confirm_return(flow=_asked(city, office, at), by=city.world.actors["upper_steward"], now=now)
    sharing_steps.answer(city.world, Grant.objects.get(application=flow.application), "ready", now)
    return ReturnFlow.objects.get(id=flow.id)
