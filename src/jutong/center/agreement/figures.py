"""What the records of calls and the probes of bindings say of one day, for many grants at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import connection

from jutong.center.agreement.limits import OrderedRows
from jutong.center.catalog.models import Binding
from jutong.center.quality.queries import overdue_of_entry
from jutong.center.usage.models import Access
from jutong.kernel.clock import BEIJING

OK = "ok"
SOURCE_FAULTS = frozenset(
    {
        "node.source.unavailable",
        "node.source.slow",
        "node.source.changed",
        "node.source.order-ambiguous",
        "node.file.missing",
        "node.address.missing",
    }
)
"""Answers that failed for what the provider keeps behind its entry."""
PLATFORM_FAULTS = frozenset({"node.gateway.fault", "node.center.stale"})
"""Answers that failed for the platform itself."""
OVER_QUOTA = frozenset({"node.quota.exhausted"})
STRAY = frozenset(
    {
        "node.call.purpose-differs",
        "node.call.basis-differs",
        "node.call.field-not-granted",
        "node.call.filter-not-granted",
        "node.grant.way-not-granted",
        "node.grant.outside-hours",
    }
)
"""Refused calls that asked for more than was agreed on."""
SHOWN_RECORDS = 20
_P95 = """
    SELECT grant_id, percentile_disc(0.95) WITHIN GROUP (ORDER BY took_ms), count(*)
    FROM usage_access WHERE grant_id = ANY(%s) AND at >= %s AND at < %s AND outcome = %s AND took_ms >= 0
    GROUP BY grant_id
"""
_COUNTS = """
    SELECT grant_id, outcome, count(*), max(newest_at) FROM usage_access
    WHERE grant_id = ANY(%s) AND at >= %s AND at < %s GROUP BY grant_id, outcome
"""


@dataclass
class Figures:
    """One grant's day."""

    outcomes: dict[str, int] = field(default_factory=dict)
    newest_at: datetime | None = None
    p95_ms: int | None = None
    timed: int = 0
    binding: Binding | None = None
    limits: OrderedRows | None = None
    """Only where rows were agreed on and the grant was ordered."""
    defects: tuple[str, ...] = ()
    """Numbers of the quality findings of the entry's register that are past their day."""

    def count(self, codes: Collection[str]) -> int:
        """Return how many calls came out as one of these."""
        return sum(number for code, number in self.outcomes.items() if code in codes)


def span(day: date) -> tuple[datetime, datetime]:
    """Return the first instant of a Beijing day and of the next."""
    first = datetime.combine(day, time(), BEIJING)
    return first, first + timedelta(days=1)


def of_day(grants: dict[UUID, UUID], day: date) -> dict[UUID, Figures]:
    """Return a day's figures by grant; ``grants`` maps each to its entry. A query for each kind of figure."""
    found = {grant_id: Figures() for grant_id in grants}
    first, last = span(day)
    ids = list(found)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, (ids, first, last))
        for grant_id, outcome, number, newest in cursor.fetchall():
            figures = found[grant_id]
            figures.outcomes[outcome] = number
            figures.newest_at = max(filter(None, (figures.newest_at, newest)), default=None)
        cursor.execute(_P95, (ids, first, last, OK))
        for grant_id, p95, number in cursor.fetchall():
            found[grant_id].p95_ms, found[grant_id].timed = p95, number
    bindings = {row.entry_id: row for row in Binding.objects.filter(entry__in=set(grants.values()), ended_at=None)}
    late = overdue_of_entry(set(grants.values()), day)
    for grant_id, entry_id in grants.items():
        found[grant_id].binding = bindings.get(entry_id)
        found[grant_id].defects = tuple(late.get(entry_id, ()))
    return found


def records(grant_id: UUID, day: date, codes: Collection[str]) -> list[str]:
    """Return the ids of a day's first records with one of these outcomes, as evidence."""
    first, last = span(day)
    rows = Access.objects.filter(grant_id=grant_id, at__gte=first, at__lt=last, outcome__in=codes).order_by("at")
    return list(rows.values_list("record_id", flat=True)[:SHOWN_RECORDS])


def slow_records(grant_id: UUID, day: date, bound: int) -> list[str]:
    """Return the ids of a day's slowest answers beyond a bound, in milliseconds."""
    first, last = span(day)
    rows = Access.objects.filter(grant_id=grant_id, at__gte=first, at__lt=last, outcome=OK, took_ms__gt=bound)
    return list(rows.order_by("-took_ms").values_list("record_id", flat=True)[:SHOWN_RECORDS])
