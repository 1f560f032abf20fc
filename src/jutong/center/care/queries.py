"""What may be read of changes of structure and of erasures. Neither names a person."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from jutong.center.care import evolving
from jutong.center.care.models import Erasure, ErasureState, Evolution, EvolutionState
from jutong.center.library.models import LibraryTable
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import NotFoundError

MOST = 50


def evolutions(actor: Actor) -> list[Evolution]:
    """Return the newest changes of structure; what libraries are is known to all departments."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    return list(Evolution.objects.select_related("library", "organisation", "proposed_by")[:MOST])


def evolution(actor: Actor, evolution_id: UUID) -> Evolution:
    """Return one change of structure.

    Raises:
        NotFoundError: when there is none.
    """
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    found = Evolution.objects.select_related("library", "organisation", "proposed_by").filter(id=evolution_id).first()
    if found is None:
        raise NotFoundError(kind="evolution", key=str(evolution_id))
    return found


def may_agree(actor: Actor, found: Evolution) -> bool:
    """Tell whether somebody is asked for the own side and has not said so yet."""
    if found.state != EvolutionState.PROPOSED or not org.has(actor, Permission.LIBRARY_EVOLUTION_AGREE):
        return False
    if actor.user_id == found.proposed_by_id or actor.user_id in {one.user_id for one in found.consents.all()}:
        return False
    asked = {one.id for one in evolving.owners(found)}
    return actor.role == Role.AUTHORITY or actor.organisation_id in asked


def erasures(actor: Actor) -> list[Erasure]:
    """Return the erasures the own department asked for; all for the authority, which agrees."""
    return list(_seen(actor)[:MOST])


def _seen(actor: Actor) -> QuerySet[Erasure]:
    org.require(actor, Permission.LIBRARY_ERASURE_VIEW)
    every = Erasure.objects.select_related("organisation", "node", "work")
    if org.has(actor, Permission.LIBRARY_ERASURE_AGREE):
        return every
    return every.filter(organisation_id=actor.organisation_id or org.NOBODY)


def erasure(actor: Actor, erasure_id: UUID) -> Erasure:
    """Return one erasure the actor may see.

    Raises:
        NotFoundError: when there is none, or it is another department's.
    """
    found = _seen(actor).filter(id=erasure_id).first()
    if found is None:
        raise NotFoundError(kind="erasure", key=str(erasure_id))
    return found


def may_agree_to_erasure(actor: Actor, found: Erasure) -> bool:
    """Tell whether somebody may be the second person now."""
    waits = found.state in {ErasureState.COUNTED, ErasureState.FAILED}
    return waits and org.has(actor, Permission.LIBRARY_ERASURE_AGREE) and actor.user_id != found.asked_by_id


def tables(actor: Actor) -> list[LibraryTable]:
    """Return the tables a field may be proposed for: all for the authority, else those the own data fills."""
    every = LibraryTable.objects.select_related("library").order_by("library__code", "position")
    if actor.role == Role.AUTHORITY:
        return list(every)
    return list(every.filter(feeds__organisation_id=actor.organisation_id or org.NOBODY).distinct())
