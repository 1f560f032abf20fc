"""Where somebody stands towards a need, and which authority docks it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jutong.center.demand.models import Demand, Joiner
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.lineage import above, authority_of
from jutong.center.org.models import Organisation
from jutong.center.process.sides import Side


def sides_of(demand: Demand, actor: Actor) -> frozenset[Side]:
    """Return the sides an actor stands on. Every department may know of every need, so nobody has none."""
    if actor.is_platform:
        return frozenset({Side.PLATFORM})
    sides = {Side.ANYONE}
    if actor.organisation_id == demand.requester_id:
        sides.add(Side.REQUESTER)
    if demand.holder_id is not None and actor.organisation_id == demand.holder_id:
        sides.add(Side.HOLDER)
    if actor.role == Role.AUTHORITY and actor.organisation_id == authority_id(demand.division_code):
        sides.add(Side.AUTHORITY)
    return frozenset(sides)


def authority_id(division_code: str) -> UUID | None:
    """Return the id of a division's authority, if it has one."""
    found = Organisation.objects.filter(division_code=division_code, is_authority=True, closed_at=None)
    return found.values_list("id", flat=True).first()


def superior_of(division_code: str) -> Organisation | None:
    """Return the authority of the nearest division above that has one."""
    return next((found for code in above(division_code) if (found := authority_of(code)) is not None), None)


def participants_of(demands: Sequence[Demand]) -> dict[UUID, set[UUID]]:
    """Return the ids of the departments that stated or joined each of several needs, by the need's id."""
    found = {row.id: {row.requester_id} for row in demands}
    joined = Joiner.objects.filter(demand__in=list(found)).values_list("demand_id", "organisation_id")
    for demand_id, organisation_id in joined:
        found[demand_id].add(organisation_id)
    return found


def participants(demand: Demand) -> set[UUID]:
    """Return the ids of the departments that stated or joined a need."""
    return {demand.requester_id, *demand.joiners.values_list("organisation_id", flat=True)}
