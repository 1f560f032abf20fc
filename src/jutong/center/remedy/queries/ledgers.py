from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, QuerySet

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN, ClockView
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.process.sides import Side
from jutong.center.remedy.actions.ledger import SUBJECT
from jutong.center.remedy.enums import LedgerAskState, LedgerPart
from jutong.center.remedy.models import LedgerAsk, LedgerEntry, LedgerInspection
from jutong.center.remedy.quarters import bounds
from jutong.center.remedy.rules import LEDGER_PERIOD
from jutong.center.sharing.models import Grant
from jutong.center.sharing.parties import sides_of, visible
from jutong.center.usage.models import Access
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class AskView:
    """A quarter that was asked about, and its clock."""

    ask: LedgerAsk
    clock: ClockView | None


@dataclass(frozen=True, slots=True)
class LedgerView:
    """A grant's ledger by part, what is still asked, who inspected, and what the asker may do."""

    grant: Grant
    parts: list[tuple[LedgerPart, list[LedgerEntry]]]
    asks: list[AskView]
    inspections: list[LedgerInspection]
    may_write: bool
    may_inspect: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Where the ledger of a quarter lags behind the calls on record (条例 40, R5)."""

    grant: Grant
    quarter: str
    calls: int
    counted: int
    is_unfilled: bool
    """Whether effects and storage were not written within the period."""


def ledgers(actor: Actor, *, is_asked: bool = False) -> QuerySet[Grant]:
    """Return the grants with a ledger the actor may read, the newest first; ``asked`` tells of quarters that wait."""
    org.require(actor, Permission.REMEDY_LEDGER_INSPECT)
    waiting = LedgerAsk.objects.filter(grant=OuterRef("pk"), state=LedgerAskState.ASKED)
    rows = (
        Grant.objects.filter(visible(actor, prefix="application__"), supplied_at__isnull=False)
        .select_related("entry", "requester", "provider", "system", "application__provider")
        .annotate(is_asked=Exists(waiting), entries=Count("ledger"))
        .order_by("-issued_at", "-id")
    )
    return rows.filter(is_asked=True) if is_asked else rows


def ledger(actor: Actor, number: str, *, now: datetime) -> LedgerView:
    """Return the ledger of one grant.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    grant = ledgers(actor).filter(number=number).first()
    if grant is None:
        raise NotFoundError(what=number)
    entries = list(LedgerEntry.objects.filter(grant=grant).select_related("by", "corrects", "corrected"))
    sides = sides_of(grant.application, actor)
    return LedgerView(
        grant=grant,
        parts=[(part, [row for row in entries if row.part == part]) for part in LedgerPart],
        asks=_asks(LedgerAsk.objects.filter(grant=grant).select_related("filled_by"), now),
        inspections=list(LedgerInspection.objects.filter(grant=grant).select_related("office", "by")),
        may_write=Side.REQUESTER in sides and org.has(actor, Permission.REMEDY_LEDGER_WRITE),
        may_inspect=bool(sides & {Side.PROVIDER, Side.AUTHORITY}),
    )


def ask(actor: Actor, number: str, quarter: str) -> LedgerAsk:
    """Return what was asked about one quarter of a grant.

    Raises:
        NotFoundError: if nothing was, or the actor may not see the grant.
    """
    grant = ledgers(actor).filter(number=number).first()
    found = LedgerAsk.objects.filter(grant=grant, quarter=quarter).first() if grant else None
    if found is None:
        raise NotFoundError(what=f"{number} {quarter}")
    return found


def entry(actor: Actor, number: str, entry_id: object) -> LedgerEntry:
    """Return one entry of a grant's ledger.

    Raises:
        NotFoundError: if there is none, or the actor may not see the grant.
    """
    grant = ledgers(actor).filter(number=number).first()
    found = LedgerEntry.objects.filter(grant=grant, id=org.as_uuid(str(entry_id))).first() if grant else None
    if found is None:
        raise NotFoundError(what=str(entry_id))
    return found


def entries(actor: Actor, number: str = "") -> QuerySet[LedgerEntry]:
    """Return the entries of every ledger the actor may read, or of one grant's, in the order they were written."""
    org.require(actor, Permission.REMEDY_LEDGER_INSPECT)
    rows = LedgerEntry.objects.filter(visible(actor, prefix="grant__application__"))
    rows = rows.filter(grant__number=number) if number else rows
    return rows.select_related("grant__entry", "grant__requester", "grant__provider", "by", "corrects").order_by(
        "grant__number", "at", "id"
    )


def gaps(today: date, *, quarter: str) -> list[Gap]:
    """Return the grants whose ledger of a quarter lags behind the calls on record, for the authority's rules."""
    asks = list(LedgerAsk.objects.filter(quarter=quarter).select_related("grant__requester", "grant__entry"))
    ids = [row.grant_id for row in asks]
    start, end = bounds(quarter)
    calls = dict(
        Access.objects.filter(grant_id__in=ids, at__gte=start, at__lt=end)
        .values_list("grant_id")
        .annotate(n=Count("pk"))
        .order_by("grant_id")
    )
    told = {
        row.grant_id: int(row.facts.get("calls", 0))
        for row in LedgerEntry.objects.filter(
            grant_id__in=ids, part=LedgerPart.PROCESS, period=quarter, corrected=None
        ).order_by("at")
    }
    late = _late(asks, today)
    return [
        Gap(row.grant, quarter, calls.get(row.grant_id, 0), told.get(row.grant_id, 0), str(row.id) in late)
        for row in asks
        if str(row.id) in late or calls.get(row.grant_id, 0) > told.get(row.grant_id, 0)
    ]


def _late(asks: Iterable[LedgerAsk], today: date) -> set[str]:
    ids = [str(row.id) for row in asks if row.state == LedgerAskState.ASKED]
    over = StatutoryClock.objects.filter(
        subject_kind=SUBJECT, subject_id__in=ids, period=LEDGER_PERIOD, state__in=OPEN, due_on__lt=today
    )
    return set(over.values_list("subject_id", flat=True))


def _asks(rows: Iterable[LedgerAsk], now: datetime) -> list[AskView]:
    found = list(rows)
    running = clocks.for_subjects(SUBJECT, [row.id for row in found])
    days, today = (clocks.calendar() if running else None), civil_date(now)
    views = []
    for row in found:
        clock = running.get((LEDGER_PERIOD, str(row.id)))
        views.append(AskView(row, clocks.clock_view(clock, today, days=days) if clock else None))
    return views
