"""What a party wants to know of one grant at work: how it is used, what it was told, what follows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Sum

from jutong.center.org.actor import Actor
from jutong.center.paging import Page, newest_first
from jutong.center.sharing.compile import BATCH_KEYS, PAGE_ROWS, WAYS, WHOLE
from jutong.center.sharing.consumption import GrantAlert, GrantUse, IdleInquiry
from jutong.center.sharing.enums import GrantState, UseWay
from jutong.center.sharing.lasting import IDLE, RENEWABLE
from jutong.center.sharing.models import Application, Grant
from jutong.center.sharing.need import lent_whole, way_allowed
from jutong.center.sharing.queries.reading import GrantView, visible_grants
from jutong.kernel.clock import civil_date

DAYS = 30
"""Days a console looks back."""


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """Calls of one day, quiet ones too."""

    day: date
    calls: int
    refused: int
    rows: int


@dataclass(frozen=True, slots=True)
class GrantConsole:
    """Use of a grant in the last days and what stands around it. ``ways`` are the calls the gateway answers."""

    days: list[DayOfUse]
    today: DayOfUse
    calls: int
    refused: int
    rows: int
    last_at: datetime | None
    quota_percent: int
    ways: tuple[str, ...]
    batch_keys: int
    page_rows: int
    alerts: list[GrantAlert]
    inquiry: IdleInquiry | None
    renewal: Application | None
    may_renew: bool


def console(view: GrantView, now: datetime) -> GrantConsole:
    """Return how a grant the asker may see is used; six questions whatever its use."""
    grant = view.grant
    found = {row.day: row for row in GrantUse.objects.filter(grant=grant, day__gt=civil_date(now) - _span())}
    days = [_day(day, found.get(day)) for day in _days(now)]
    last = GrantUse.objects.filter(grant=grant).order_by("-last_at").values_list("last_at", flat=True).first()
    renewal = Application.objects.filter(renews=grant).order_by("-created_at").first()
    ways = ways_of(grant)
    running = grant.state in RENEWABLE and grant.valid_until > now
    return GrantConsole(
        days=days,
        today=days[-1],
        calls=sum(row.calls for row in days),
        refused=sum(row.refused for row in days),
        rows=sum(row.rows for row in days),
        last_at=last,
        quota_percent=min(100, 100 * (days[-1].calls - days[-1].refused) // grant.daily_quota),
        ways=ways,
        batch_keys=BATCH_KEYS if "batch" in ways else 0,
        page_rows=PAGE_ROWS if {"page", "changes"} & set(ways) else 0,
        alerts=list(GrantAlert.objects.filter(grant=grant)[:10]),
        inquiry=IdleInquiry.objects.filter(grant=grant).select_related("answered_by").first(),
        renewal=renewal,
        may_renew=running and (renewal is None or renewal.closed_at is not None),
    )


def ways_of(grant: Grant) -> tuple[str, ...]:
    """Return what the gateway answers under a grant."""
    if lent_whole(grant.entry_id):
        return WHOLE
    application = grant.application
    if not way_allowed(application.version, application.share_way):
        return ()
    ways = WAYS[application.share_way]
    return ways if way_allowed(application.version, UseWay.BATCH) else tuple(way for way in ways if way != "batch")


def _span() -> timedelta:
    return timedelta(days=DAYS)


def _days(now: datetime) -> list[date]:
    return [civil_date(now) - timedelta(days=DAYS - 1 - step) for step in range(DAYS)]


def _day(day: date, row: GrantUse | None) -> DayOfUse:
    return DayOfUse(day, 0, 0, 0) if row is None else DayOfUse(day, row.calls, row.refused, row.rows)


@dataclass(frozen=True, slots=True)
class IdleGrant:
    """A grant nobody called lately, and what its holder says to it."""

    grant: Grant
    calls: int
    inquiry: IdleInquiry | None


def idle_grants(actor: Actor, now: datetime, *, after: str = "", limit: int = 20) -> Page[IdleGrant]:
    """Return the grants the actor may see that are in use and were not called for thirty days, the newest first."""
    since = now - IDLE
    used = GrantUse.objects.filter(grant=OuterRef("pk"), last_at__gt=since)
    quiet = visible_grants(actor).filter(
        ~Exists(used), state=GrantState.ACTIVE, supplied_at__lte=since, valid_from__lte=since
    )
    page = newest_first(quiet, "issued_at", after=after, limit=limit)
    ids = [grant.id for grant in page.rows]
    totals = dict(GrantUse.objects.filter(grant_id__in=ids).values_list("grant").annotate(n=Sum("calls")).order_by())
    asked: dict[object, IdleInquiry] = {}
    for row in IdleInquiry.objects.filter(grant_id__in=ids).order_by("asked_at"):
        asked[row.grant_id] = row
    return Page([IdleGrant(grant, totals.get(grant.id, 0), asked.get(grant.id)) for grant in page.rows], page.next)
