"""Where somebody stands towards a complaint or an inquiry."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from jutong.center.complaint.models import Complaint, Inquiry
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.queries import NOBODY
from jutong.center.process.sides import Side

CITIZEN = "citizen"
"""The role of a person outside, who is known by the number and code of the own case alone."""


def citizen(number: str) -> Actor:
    """Return who acts with the code of a case; the doors check the code before."""
    return Actor(username=CITIZEN, name=number, role=CITIZEN, organisation_code="", organisation_name="")


def sides_of(case: Complaint | Inquiry, actor: Actor) -> frozenset[Side]:
    """Return the sides an actor stands on; empty for somebody who may not know of the case."""
    if actor.is_platform:
        return frozenset({Side.PLATFORM, Side.NODE})
    if actor.role == CITIZEN:
        return frozenset({Side.CITIZEN}) if actor.name == case.number else frozenset()
    sides = {Side.RECEIVER} if actor.organisation_id == case.receiver_id else set()
    if actor.role == Role.AUTHORITY and isinstance(case, Complaint) and _watches(actor, case.receiver.division_code):
        sides.add(Side.AUTHORITY)
    return frozenset(sides)


def _watches(actor: Actor, division: str) -> bool:
    own = Organisation.objects.filter(id=actor.organisation_id or NOBODY, is_authority=True, closed_at=None)
    return own.filter(division_code=division).exists()


def visible(actor: Actor) -> Q:
    """Return the condition for complaints an actor may read: the receiver, its authority, the auditor."""
    if actor.role == Role.AUDITOR:
        return Q()
    rule = Q(receiver_id=actor.organisation_id or NOBODY)
    own: dict[str, Any] = {"id": actor.organisation_id or NOBODY, "is_authority": True, "closed_at": None}
    if actor.role == Role.AUTHORITY and Organisation.objects.filter(**own).exists():
        rule |= Q(receiver__division_code=actor.division_code)
    return rule
