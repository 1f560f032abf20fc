"""Reading designations, plans and overlaps; the rest of this package's reading is named here as well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from jutong.center.catalog.tokens import phrases
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, require
from jutong.center.ownership.enums import DesignationState, FieldChoice, PlanState
from jutong.center.ownership.models import (
    CollectionPlan,
    FieldHit,
    Holding,
    ItemSubject,
    PlanField,
    Position,
    SourceDesignation,
)
from jutong.center.ownership.sources import Assignments, SourceLink, assigned_elsewhere, source_of, sources_of
from jutong.kernel.errors import NotFoundError

__all__ = [
    "Assignments",
    "Overlap",
    "SourceLink",
    "assigned_elsewhere",
    "designation",
    "designations",
    "overlaps",
    "plan",
    "plans",
    "positions_to_state",
    "repeated_fields",
    "source_of",
    "sources_of",
    "subject",
]
_LIVE = (DesignationState.PROPOSED, DesignationState.DESIGNATED)


@dataclass(frozen=True, slots=True)
class Overlap:
    """A subject with who holds it and its designation in force or under way."""

    subject: ItemSubject
    holdings: tuple[Holding, ...]
    designation: SourceDesignation | None
    proposal: SourceDesignation | None


def overlaps(actor: Actor, *, q: str = "", state: str = "") -> QuerySet[ItemSubject]:
    """Return the subjects of the actor's division that two or more departments publish, the most held first.

    Args:
        actor: who asks.
        q: a word of the item's name.
        state: ``open`` for those without a source or proposal, ``proposed``, ``designated``; else all.

    Raises:
        ForbiddenError: if the post does not see sources.
    """
    require(actor, Permission.OWNERSHIP_SOURCE_VIEW)
    found = ItemSubject.objects.filter(division_code=actor.division_code, organisation_count__gt=1)
    for phrase in phrases(q):
        found = found.filter(tokens__contains=list(phrase.tokens))
    live = SourceDesignation.objects.filter(subject=OuterRef("pk"))
    if state == "open":
        found = found.filter(~Exists(live.filter(state__in=_LIVE)))
    elif state in DesignationState.values:
        found = found.filter(Exists(live.filter(state=state)))
    designated = SourceDesignation.objects.filter(state__in=_LIVE).select_related("organisation", "entry")
    return found.order_by("-organisation_count", "-entry_count", "key").prefetch_related(
        Prefetch("designations", designated, to_attr="live")
    )


def subject(actor: Actor, subject_id: UUID | str) -> Overlap:
    """Return one subject of the actor's division with its holders, the designated source first.

    Raises:
        NotFoundError: if there is none in the division.
        ForbiddenError: if the post does not see sources.
    """
    require(actor, Permission.OWNERSHIP_SOURCE_VIEW)
    found = ItemSubject.objects.filter(id=as_uuid(subject_id), division_code=actor.division_code).first()
    if found is None:
        raise NotFoundError(what=str(subject_id))
    live = {row.state: row for row in _described(SourceDesignation.objects.filter(subject=found, state__in=_LIVE))}
    held = found.holdings.select_related("entry", "organisation").order_by(
        "organisation__code", "-entry__use_count", "entry__code"
    )
    designated = live.get(DesignationState.DESIGNATED)
    source = designated.organisation_id if designated else None
    rows = sorted(held[:200], key=lambda row: row.organisation_id != source)
    return Overlap(found, tuple(rows), designated, live.get(DesignationState.PROPOSED))


def designations(actor: Actor) -> QuerySet[SourceDesignation]:
    """Return the designations of the actor's division: the registry of sources, the newest first.

    Raises:
        ForbiddenError: if the post does not see sources.
    """
    require(actor, Permission.OWNERSHIP_SOURCE_VIEW)
    return _described(SourceDesignation.objects.filter(subject__division_code=actor.division_code))


def designation(actor: Actor, designation_id: UUID | str) -> SourceDesignation:
    """Return one designation with its positions.

    Raises:
        NotFoundError: if there is none in the division.
        ForbiddenError: if the post does not see sources.
    """
    found = designations(actor).filter(id=as_uuid(designation_id)).first()
    if found is None:
        raise NotFoundError(what=str(designation_id))
    return found


def positions_to_state(actor: Actor) -> list[Position]:
    """Return the proposals to which the actor's department has not said anything yet, the most pressing first."""
    waiting = Position.objects.filter(
        organisation_id=actor.organisation_id or NOBODY, stance="", designation__state=DesignationState.PROPOSED
    )
    return list(
        waiting.select_related("designation__subject", "designation__organisation").order_by("designation__answer_by")
    )


def plans(actor: Actor) -> QuerySet[CollectionPlan]:
    """Return the department's own plans; for the authority and leaders those of the division that were submitted.

    Raises:
        ForbiddenError: if the post does not see sources.
    """
    require(actor, Permission.OWNERSHIP_SOURCE_VIEW)
    seen = Q(organisation_id=actor.organisation_id or NOBODY)
    if actor.role in {Role.AUTHORITY, Role.LEADER}:
        shown = (PlanState.SUBMITTED, PlanState.APPROVED, PlanState.RETURNED)
        seen |= Q(organisation__division_code=actor.division_code, state__in=shown)
    rows = CollectionPlan.objects.filter(seen).select_related("organisation", "created_by", "decided_by")
    return rows.order_by("-changed_at", "-id")


def plan(actor: Actor, plan_id: UUID | str) -> CollectionPlan:
    """Return one plan with its fields and what they hit.

    Raises:
        NotFoundError: if there is none the actor may see.
        ForbiddenError: if the post does not see sources.
    """
    hits = FieldHit.objects.select_related("entry__organisation")
    fields = PlanField.objects.select_related("entry__organisation").prefetch_related(Prefetch("hits", hits))
    found = plans(actor).filter(id=as_uuid(plan_id)).prefetch_related(Prefetch("fields", fields)).first()
    if found is None:
        raise NotFoundError(what=str(plan_id))
    return found


def repeated_fields(actor: Actor, on: date | None = None) -> QuerySet[PlanField]:
    """Return the fields that are asked for again although they are shared: the evidence of R1 (条例 19(1), 40).

    These are the ones a department justified, whatever the authority said, and those of plans sent back.

    Raises:
        ForbiddenError: if the post does not see sources.
    """
    visible = plans(actor).order_by()
    if on is not None:
        visible = visible.filter(created_at__date__lte=on)
    return (
        PlanField.objects.filter(plan__in=visible)
        .filter(Exists(FieldHit.objects.filter(field=OuterRef("pk"))))
        .exclude(choice=FieldChoice.REUSE)
        .select_related("plan__organisation")
        .prefetch_related(Prefetch("hits", FieldHit.objects.select_related("entry__organisation")))
        .order_by("-plan__changed_at", "plan", "position")
    )


def _described(rows: QuerySet[SourceDesignation]) -> QuerySet[SourceDesignation]:
    return rows.select_related("subject", "organisation", "entry", "proposed_by", "decided_by").prefetch_related(
        Prefetch("positions", Position.objects.select_related("organisation", "stated_by"))
    )
