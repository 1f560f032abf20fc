"""Where somebody stands towards an application: the only way to a right on it goes through here."""

from __future__ import annotations

from django.db.models import Q

from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.queries import NOBODY
from jutong.center.sharing.enums import Side
from jutong.center.sharing.models import Application

_WATCHES = {Role.AUTHORITY, Role.LEADER}


def authority_id(application: Application) -> object:
    """Return the id of the authority at the provider's own level (rulebook 1.7 #4), or None."""
    return (
        Organisation.objects.filter(division_code=application.provider.division_code, is_authority=True, closed_at=None)
        .values_list("id", flat=True)
        .first()
    )


def sides_of(application: Application, actor: Actor) -> frozenset[Side]:
    """Return the sides an actor stands on; empty for somebody who may not know of the application.

    Before it is submitted an application exists for the requester alone.
    """
    if actor.is_platform:
        return frozenset({Side.PLATFORM, Side.NODE})
    if actor.organisation_id is None:
        return frozenset()
    sides = {Side.REQUESTER} if actor.organisation_id == application.requester_id else set()
    if application.submitted_at is not None:
        if actor.organisation_id == application.provider_id:
            sides.add(Side.PROVIDER)
        if actor.role in _WATCHES and actor.organisation_id == authority_id(application):
            sides.add(Side.AUTHORITY)
    return frozenset(sides)


def visible(actor: Actor, *, prefix: str = "") -> Q:
    """Return the condition for applications an actor may read; ``prefix`` leads to the application's fields.

    Either side; the authority and leaders of the provider's division and the auditor, once submitted.
    """
    own = actor.organisation_id or NOBODY
    sent = Q(**{f"{prefix}submitted_at__isnull": False})
    if actor.role == Role.AUDITOR:
        return sent
    rule = Q(**{f"{prefix}requester_id": own}) | (Q(**{f"{prefix}provider_id": own}) & sent)
    if actor.role in _WATCHES and Organisation.objects.filter(id=own, is_authority=True, closed_at=None).exists():
        rule |= Q(**{f"{prefix}provider__division_code": actor.division_code}) & sent
    return rule
