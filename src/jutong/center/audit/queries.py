"""Reading the audit trail: the auditor all of it, a domain the events of a subject it has let the actor see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from jutong.center.audit.models import AuditEvent
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import InvalidInputError, NotFoundError

PAGE_SIZE = 50
_SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which events to show; empty fields do not narrow. ``event`` is a whole name or a beginning such as ``org:``."""

    event: str = ""
    username: str = ""
    organisation_code: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Some events, the newest first, and where the next page begins; empty at the end. The cursor is opaque."""

    events: tuple[AuditEvent, ...]
    next_cursor: str


def newest() -> UUID | None:
    """Return the last event's id, so that what was worked out before it can be told from what was after."""
    return AuditEvent.objects.order_by("-id").values_list("id", flat=True).first()


def has_acted(actor: Actor, since: UUID | None) -> bool:
    """Return whether the actor has done anything after an event."""
    events = AuditEvent.objects.filter(actor_username=actor.username)
    return (events if since is None else events.filter(id__gt=since)).exists()


def trail(actor: Actor, chosen: TrailFilter | None = None, cursor: str = "") -> TrailPage:
    """Return a page of the audit trail.

    Raises:
        InvalidInputError: for a cursor that did not come from here.
        ForbiddenError: if the actor is no auditor.
    """
    require(actor, Permission.AUDIT_TRAIL_VIEW)
    events = _narrow(AuditEvent.objects.all(), chosen or TrailFilter())
    if cursor:
        moment, event_id = _read(cursor)
        events = events.filter(Q(at__lt=moment) | Q(at=moment, id__lt=event_id))
    found = list(events.order_by("-at", "-id")[: PAGE_SIZE + 1])
    shown = tuple(found[:PAGE_SIZE])
    more = len(found) > PAGE_SIZE
    return TrailPage(shown, f"{shown[-1].at.isoformat()}{_SEPARATOR}{shown[-1].id}" if more else "")


def event(actor: Actor, event_id: UUID | str) -> AuditEvent:
    """Return one event.

    Raises:
        NotFoundError: if there is none.
        ForbiddenError: if the actor is no auditor.
    """
    require(actor, Permission.AUDIT_TRAIL_VIEW)
    try:
        return AuditEvent.objects.get(id=UUID(str(event_id)))
    except (ValueError, AuditEvent.DoesNotExist) as error:
        raise NotFoundError(what=str(event_id)) from error


def of_subject(subject_kind: str, subject_id: object, *, events: Collection[str] = ()) -> list[AuditEvent]:
    """Return what happened to one subject, the first first.

    For domains that build a timeline of an object; they have checked that the actor may see it.
    """
    found = AuditEvent.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id))
    if events:
        found = found.filter(event__in=events)
    return list(found.order_by("at", "id"))


def _narrow(events: QuerySet[AuditEvent], chosen: TrailFilter) -> QuerySet[AuditEvent]:
    exact = {
        "actor_username": chosen.username,
        "organisation_code": chosen.organisation_code,
        "subject_kind": chosen.subject_kind,
        "subject_id": chosen.subject_id,
    }
    events = events.filter(**{column: value for column, value in exact.items() if value})
    if chosen.event:
        events = events.filter(event__startswith=chosen.event)
    if chosen.since is not None:
        events = events.filter(at__gte=chosen.since)
    if chosen.until is not None:
        events = events.filter(at__lt=chosen.until)
    return events


def _read(cursor: str) -> tuple[datetime, UUID]:
    moment, _, event_id = cursor.partition(_SEPARATOR)
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(event_id)
    except ValueError as error:
        allowed = gettext("请从第一页重新开始翻页")
        row = {"field": "cursor", "found": cursor[:40], "allowed": allowed, "clause": "", "message": allowed}
        raise InvalidInputError(problems=[row]) from error
