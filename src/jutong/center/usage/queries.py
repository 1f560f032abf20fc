"""Who used which data: read by the two sides, those who supervise them, and the auditor (条例 29(2))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet, Sum

from jutong.center.fleet.models import Node
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.center.usage.models import Access, DailyUse
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

MOST_CONSUMERS = 100
"""Organisations listed for one entry."""


@dataclass(frozen=True, slots=True)
class AccessFilters:
    """What to look for; an empty field does not narrow. ``side`` is ``provider`` or ``requester``."""

    entry_code: str = ""
    grant_number: str = ""
    requester_code: str = ""
    official: str = ""
    case_number: str = ""
    kind: str = ""
    outcome: str = ""
    side: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One call and where its proof lies: the log's origin and key, and the leaf."""

    access: Access
    log_origin: str
    log_key: str
    gateway_url: str


@dataclass(frozen=True, slots=True)
class Consumer:
    """One organisation's use of an entry."""

    code: str
    name: str
    calls: int
    rows: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class WhoUsed:
    """Use of an entry in the days asked about. ``daily`` has one number for each day, quiet ones too.

    ``capped`` says that more organisations used it than are listed; ``total`` counts them all.
    """

    total: int
    capped: bool
    consumers: list[Consumer]
    daily: list[tuple[date, int]]


def visible(actor: Actor) -> Q:
    """Return the condition for calls an actor may read."""
    if actor.role == Role.AUDITOR:
        return Q()
    rule = Q(requester_code=actor.organisation_code) | Q(provider_code=actor.organisation_code)
    own = actor.organisation_id or org.NOBODY
    watches = actor.role in {Role.AUTHORITY, Role.LEADER}
    if watches and Organisation.objects.filter(id=own, is_authority=True, closed_at=None).exists():
        division = Organisation.objects.filter(division_code=actor.division_code)
        rule |= Q(provider_code__in=division.values("code"))
    return rule if actor.organisation_code else Q(pk__in=())


def _readable(actor: Actor) -> QuerySet[Access]:
    org.require(actor, Permission.USAGE_ACCESS_VIEW)
    return Access.objects.filter(visible(actor))


def _narrow(rows: QuerySet[Access], actor: Actor, filters: AccessFilters) -> QuerySet[Access]:
    exact = ("entry_code", "grant_number", "requester_code", "official", "case_number", "kind", "outcome")
    wanted: dict[str, Any] = {name: getattr(filters, name) for name in exact if getattr(filters, name)}
    if filters.side in {"provider", "requester"}:
        wanted[f"{filters.side}_code"] = actor.organisation_code
    if filters.since is not None:
        wanted["at__gte"] = filters.since
    if filters.until is not None:
        wanted["at__lt"] = filters.until
    return rows.filter(**wanted)


def accesses(actor: Actor, filters: AccessFilters | None = None, *, after: str = "", limit: int = 50) -> Page[Access]:
    """Return calls the actor may read, the newest first."""
    rows = _narrow(_readable(actor), actor, filters or AccessFilters())
    return newest_first(rows, "at", key="record_id", after=after, limit=limit)


def marked_of_grant(actor: Actor, grant_number: str, *, limit: int = 5) -> list[Access]:
    """Return the newest answers under a grant that carried marks, as far as the actor may see them."""
    if not org.has(actor, Permission.USAGE_ACCESS_VIEW):
        return []
    rows = Access.objects.filter(visible(actor), grant_number=grant_number).exclude(marks=[])
    return list(rows.order_by("-at", "-record_id")[:limit])


def access(actor: Actor, record_id: str) -> Access:
    """Return one call.

    Raises:
        NotFoundError: if there is none of this record the actor may see.
    """
    found = _readable(actor).filter(record_id=record_id).first()
    if found is None:
        raise NotFoundError(what=record_id)
    return found


def evidence(actor: Actor, record_id: str) -> Evidence:
    """Return one call with where its proof is.

    Raises:
        NotFoundError: if there is none of this record the actor may see.
    """
    org.require(actor, Permission.USAGE_EVIDENCE_VIEW)
    found = access(actor, record_id)
    node = Node.objects.filter(name=found.node).first()
    return Evidence(
        access=found,
        log_origin=node.log_origin if node else "",
        log_key=node.log_key if node else "",
        gateway_url=node.gateway_url if node else "",
    )


def _days(now: datetime, days: int) -> list[date]:
    last = civil_date(now)
    return [last - timedelta(days=days - 1 - step) for step in range(days)]


def _counted(actor: Actor, now: datetime, days: int) -> QuerySet[DailyUse]:
    org.require(actor, Permission.USAGE_ACCESS_VIEW)
    every = _days(now, days)
    return DailyUse.objects.filter(visible(actor), day__gte=every[0], day__lte=every[-1])


def _by_day(rows: QuerySet[DailyUse], now: datetime, days: int) -> list[tuple[date, int]]:
    found = dict(rows.values_list("day").annotate(n=Sum("calls")).order_by("day"))
    return [(day, found.get(day, 0)) for day in _days(now, days)]


def who_used(actor: Actor, entry_code: str, *, now: datetime, days: int = 30) -> WhoUsed:
    """Return which organisations used an entry in the last days, as far as the actor may see.

    A requester sees its own use, the provider all of it.
    """
    rows = _counted(actor, now, days).filter(entry_code=entry_code)
    grouped = (
        rows.values("requester_code")
        .annotate(n=Sum("calls"), served=Sum("rows"), last=Max("last_at"), name=Max("requester_name"))
        .order_by("-n", "requester_code")[:MOST_CONSUMERS]
    )
    consumers = [Consumer(row["requester_code"], row["name"], row["n"], row["served"], row["last"]) for row in grouped]
    daily_ = _by_day(rows, now, days)
    return WhoUsed(sum(count for _, count in daily_), len(consumers) == MOST_CONSUMERS, consumers, daily_)


def daily(actor: Actor, *, now: datetime, days: int = 30) -> list[tuple[date, int]]:
    """Return how often the actor's organisation's data was used on each of the last days."""
    return _by_day(_counted(actor, now, days).filter(provider_code=actor.organisation_code), now, days)


def consumer_count(actor: Actor, *, now: datetime, days: int = 30) -> int:
    """Return how many organisations used the actor's organisation's data in the last days."""
    rows = _counted(actor, now, days).filter(provider_code=actor.organisation_code)
    return rows.values("requester_code").distinct().count()
