"""What an office keeps: its duties and its delegations."""

from __future__ import annotations

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.office import Duty


def duties(actor: Actor) -> list[Duty]:
    """Return the open duties of the actor's own organisation, by code."""
    org.require(actor, Permission.SHARING_APPLICATION_VIEW)
    return list(Duty.objects.filter(organisation_id=actor.organisation_id or org.NOBODY, closed_at=None))
