"""Where somebody stands towards a return."""

from __future__ import annotations

from django.db.models import Q

from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.queries import NOBODY
from jutong.center.process.sides import Side
from jutong.center.returns.models import ReturnFlow

_WATCHES = {Role.AUTHORITY, Role.LEADER}


def sides_of(flow: ReturnFlow, actor: Actor) -> frozenset[Side]:
    """Return the sides an actor stands on; empty for somebody who may not know of it."""
    if actor.is_platform:
        return frozenset({Side.PLATFORM})
    sides = set()
    if actor.organisation_id == flow.requester_id:
        sides.add(Side.REQUESTER)
    if actor.organisation_id == flow.provider_id:
        sides.add(Side.PROVIDER)
    divisions = {flow.requester.division_code, flow.provider.division_code}
    if actor.role in _WATCHES and actor.division_code in divisions:
        sides.add(Side.AUTHORITY)
    return frozenset(sides)


def visible(actor: Actor) -> Q:
    """Return the condition for returns an actor may read: either side, authority and leaders of either, the auditor."""
    if actor.role == Role.AUDITOR:
        return Q()
    own = actor.organisation_id or NOBODY
    rule = Q(requester_id=own) | Q(provider_id=own)
    if actor.role in _WATCHES:
        rule |= Q(requester__division_code=actor.division_code) | Q(provider__division_code=actor.division_code)
    return rule
