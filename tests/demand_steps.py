"""A need walked to any point of its life, by the people who may take each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.enums import AssessmentKind, DataType, Grade
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.publication import show
from jutong.center.catalog.steps import written
from jutong.center.demand import actions
from jutong.center.demand.enums import DemandState
from jutong.center.demand.models import Demand
from jutong.center.demand.need import DemandFields, WantedItem
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from tests.sharing_world import NOW, World, person

FIELDS = DemandFields(
    title="残疾人证信息", basis="残疾人保障法第五十条", scenario="公交免费乘车资格核验", matter="残疾人免费乘车",
    frequency="daily", share_way="service", wanted_on=date(2027, 1, 15), is_true=True, is_lawful=True,
    is_secured=True,
    items=(WantedItem("残疾人证号", "二十位"), WantedItem("残疾类别"), WantedItem("残疾等级")),
)  # fmt: skip
CREDIT = "11629900MB4482457G"


def people(world: World) -> World:
    """Add who the chain needs besides: another department with the need, and a credit code that stands checking."""
    world.actors["joiner"] = person(world.other, Role.REQUESTER, "joiner", "周明")
    world.actors["own_steward"] = person(world.education, Role.STEWARD, "own-steward", "何静")
    Organisation.objects.filter(id=world.civil.id).update(code=CREDIT, data_office="信息科")
    for name, actor in world.actors.items():
        if actor.organisation_id == world.civil.id:
            world.actors[name] = replace(actor, organisation_code=CREDIT)
    world.civil.refresh_from_db()
    return world


def searchable(entry: Entry) -> Entry:
    """Let the catalog's search find an entry that was put there without its actions."""
    entry.refresh_from_db()
    assert entry.published is not None
    show(entry, entry.published, [item.name for item in entry.published.items.all()], NOW)
    entry.save()
    return entry


def stated(world: World, now: datetime = NOW, **changes: Any) -> Demand:
    return actions.state_demand(fields=replace(FIELDS, **changes), by=world.requester, now=now)


def matched(world: World, now: datetime = NOW) -> Demand:
    return actions.match_demand(demand=stated(world, now), entry=world.entry, by=world.requester, now=now)


def assigned(world: World, now: datetime = NOW) -> Demand:
    return actions.assign_demand(demand=stated(world, now), holder=world.civil.code, by=world.authority, now=now)


def answered(world: World, answer: str, now: datetime = NOW) -> Demand:
    return actions.answer_demand(
        demand=assigned(world, now), answer=answer, basis="残联移交职责，三定第四条", by=world.steward, now=now
    )


def held(world: World, now: datetime = NOW) -> Demand:
    return answered(world, "held", now)


def cataloguing(world: World, now: datetime = NOW) -> Demand:
    demand = held(world, now)
    actions.begin_catalog(demand=demand, classification="307010", by=world.steward, now=now)
    return Demand.objects.get(id=demand.id)


def cataloged(world: World, now: datetime = NOW) -> Demand:
    demand = cataloguing(world, now)
    assert demand.draft is not None
    publish_draft(world, demand.draft, now)
    return Demand.objects.get(id=demand.id)


def publish_draft(world: World, draft: EntryVersion, now: datetime = NOW) -> Entry:
    """Bring a holder's draft all the way through the catalog's own path."""
    fields, items = written(draft)
    full = replace(
        fields, domain="民生服务", data_format="database", share_attribute="conditional", share_way="service",
        share_scope="本市各部门", share_purpose="核验资格", grade="general-2", not_secret=True,
    )  # fmt: skip
    rows = [
        replace(item, data_type=DataType.CHAR.value, length=32, is_key=at == 0, grade=Grade.G2.value)
        for at, item in enumerate(items)
    ]
    version = catalog.edit_version(version=draft, fields=full, items=rows, by=world.steward, now=now)
    for kind in AssessmentKind:
        catalog.record_assessment(
            version=version, kind=kind, passed=True, conclusion="可控", assessed_by="王建国", assessed_on=now.date(),
            by=world.steward, now=now,
        )  # fmt: skip
    catalog.consent(version=version, by=world.department_head, now=now)
    catalog.submit(version=version, by=world.steward, now=now)
    return catalog.publish(version=version, by=world.authority, now=now).entry


def applied(world: World, now: datetime = NOW) -> Demand:
    demand = matched(world, now)
    actions.apply_for_demand(demand=demand, by=world.requester, now=now)
    return Demand.objects.get(id=demand.id)


WALKS = {
    DemandState.STATED: stated,
    DemandState.MATCHED: matched,
    DemandState.ASSIGNED: assigned,
    DemandState.HELD: held,
    DemandState.NOT_HELD: lambda world: answered(world, "not-held"),
    DemandState.NOT_COLLECTED: lambda world: answered(world, "not-collected"),
    DemandState.CATALOGUING: cataloguing,
    DemandState.CATALOGED: cataloged,
    DemandState.APPLIED: applied,
}
"""How a need comes into each open state."""
