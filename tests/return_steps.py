"""A return walked to any point of its life: a city's department and a department of its province."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from jutong.center.catalog.models import Entry, Item
from jutong.center.org.enums import DivisionLevel, Role
from jutong.center.org.models import Division, Organisation
from jutong.center.returns import actions
from jutong.center.returns.enums import ReturnState
from jutong.center.returns.models import ReturnFlow
from jutong.center.sharing.models import Grant
from tests.sharing_steps import answer
from tests.sharing_world import NOW, World, organisation, person, publish

PROVINCE = "620000"


@dataclass
class Upper:
    """What the province has."""

    office: Organisation
    entry: Entry
    items: dict[str, Item]


def province(world: World) -> Upper:
    """Add a province above the city, with a department, its entry and its people."""
    Division.objects.create(code=PROVINCE, name="上省", level=DivisionLevel.PROVINCE, valid_from=date(2020, 1, 1))
    Division.objects.filter(code=world.civil.division_code).update(parent_code=PROVINCE)
    authority = organisation("11620000MB0000001A", "省大数据局", "省大数据局", authority=True, division=PROVINCE)
    office = organisation("11620000MB0000002B", "省民政厅", "省民政厅", division=PROVINCE)
    world.actors["upper_steward"] = person(office, Role.STEWARD, "upper-steward", "秦川")
    world.actors["upper_authority"] = person(authority, Role.AUTHORITY, "upper-authority", "何为")
    entry, items = publish(office, name="全省婚姻登记", code="306001/77")
    replace(world, entry=entry, items=items).bind()
    return Upper(office, entry, items)


def asked(world: World, upper: Upper, now: datetime = NOW, **changes: Any) -> ReturnFlow:
    more: dict[str, Any] = {
        "entry": upper.entry, "items": (), "system_id": world.system.id, "basis": "婚姻登记条例第二条",
        "scenario": "本市婚姻家庭服务", "share_way": "batch", "frequency": "daily",
    }  # fmt: skip
    return actions.ask_return(**{**more, **changes}, by=world.requester, now=now)


def docking(world: World, upper: Upper, now: datetime = NOW) -> ReturnFlow:
    return actions.confirm_return(flow=asked(world, upper, now), by=world.upper_steward, now=now)


def returning(world: World, upper: Upper, now: datetime = NOW) -> ReturnFlow:
    flow = docking(world, upper, now)
    answer(world, Grant.objects.get(application=flow.application), "ready", now)
    return ReturnFlow.objects.get(id=flow.id)


def short(world: World, upper: Upper, now: datetime = NOW) -> ReturnFlow:
    flow = returning(world, upper, now)
    actions.count_return(flow=flow, counted=100, by=world.upper_steward, now=now)
    actions.compare_return(flow=flow, held=90, by=world.requester, now=now)
    actions.count_return(flow=flow, counted=100, by=world.upper_steward, now=now)
    return ReturnFlow.objects.get(id=flow.id)


def withdrawn(world: World, upper: Upper, now: datetime = NOW) -> ReturnFlow:
    return actions.withdraw_return(flow=asked(world, upper, now), by=world.requester, now=now)


def ended(world: World, upper: Upper, now: datetime = NOW) -> ReturnFlow:
    return actions.end_return(flow=returning(world, upper, now), by=world.requester_head, now=now)


WALKS = {
    ReturnState.ASKED: asked,
    ReturnState.DOCKING: docking,
    ReturnState.RETURNING: returning,
    ReturnState.SHORT: short,
    ReturnState.WITHDRAWN: withdrawn,
    ReturnState.ENDED: ended,
}
