from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Avg, Count, Max, Q, QuerySet

from jutong.center.catalog.models import Entry
from jutong.center.norms.enums import RunKind
from jutong.center.norms.models import ConformanceRun
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, require
from jutong.kernel.errors import NotFoundError

LOW = 80
"""Entries scored below are counted as low."""


@dataclass(frozen=True, slots=True)
class RatedOrganisation:
    """How a department's published entries stand."""

    code: str
    name: str
    entries: int
    rated: int
    low: int
    score: int | None
    """Mean of the entries' scores."""
    run_at: datetime | None
    """When the norms were last run over the whole department."""


def standing(actor: Actor) -> list[RatedOrganisation]:
    """Return how departments stand, the lowest first: the own, for authority and leaders their division's.

    Raises:
        ForbiddenError: if the post does not read norms.
    """
    require(actor, Permission.NORMS_NORM_VIEW)
    rows = (
        Entry.objects.filter(_seen(actor, "organisation__"), published__isnull=False)
        .values("organisation__code", "organisation__short_name", "organisation_id")
        .annotate(
            count=Count("id"), rated=Count("quality"), low=Count("id", filter=Q(quality__lt=LOW)), mean=Avg("quality")
        )
    )
    ran = dict(
        ConformanceRun.objects.filter(kind=RunKind.ORGANISATION).values_list("subject").annotate(newest=Max("at"))
    )
    found = [
        RatedOrganisation(
            row["organisation__code"],
            row["organisation__short_name"],
            row["count"],
            row["rated"],
            row["low"],
            int(row["mean"]) if row["mean"] is not None else None,
            ran.get(row["organisation__code"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: (row.score is None, row.score or 0, row.code))


def runs(actor: Actor, *, kind: str = "", subject: str = "") -> QuerySet[ConformanceRun]:
    """Return the runs the actor may see, the newest first, without their findings."""
    require(actor, Permission.NORMS_NORM_VIEW)
    found = ConformanceRun.objects.filter(_seen(actor, "organisation__")).select_related("organisation")
    if kind:
        found = found.filter(kind=kind)
    if subject:
        found = found.filter(subject=subject)
    return found.defer("findings").order_by("-at", "-id")


def run(actor: Actor, run_id: UUID | str) -> ConformanceRun:
    """Return one run with its findings.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    require(actor, Permission.NORMS_NORM_VIEW)
    found = (
        ConformanceRun.objects.filter(_seen(actor, "organisation__"), id=as_uuid(run_id))
        .select_related("organisation")
        .first()
    )
    if found is None:
        raise NotFoundError(what=str(run_id))
    return found


def newest_run(actor: Actor, kind: RunKind, subject: str) -> ConformanceRun | None:
    """Return the newest run over a subject the actor may see, or None."""
    return runs(actor, kind=kind, subject=subject).first()


def seen_organisation(actor: Actor, code: str) -> Organisation:
    """Return a department whose standing the actor may see.

    Raises:
        NotFoundError: if it is another's.
    """
    require(actor, Permission.NORMS_NORM_VIEW)
    found = Organisation.objects.filter(_seen(actor, ""), code=code).first()
    if found is None:
        raise NotFoundError(what=code)
    return found


def _seen(actor: Actor, path: str) -> Q:
    """Return whose standing is seen: the own department's, the division's by authority and leaders (条例 38)."""
    if actor.role == Role.AUDITOR:
        return Q()
    if actor.role in {Role.AUTHORITY, Role.LEADER}:
        return Q(**{f"{path}division_code": actor.division_code})
    return Q(**{f"{path}id": actor.organisation_id or NOBODY})
