"""What the records of calls show: other purposes, sudden volume, calls after the end (条例 25, 27, 40)."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.center.supervision.actions.finding import Evidence, Finding
from jutong.center.usage.models import Access, DailyUse
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop

PURPOSE, VOLUME, AFTER_END = "other-purpose", "volume-anomaly", "call-after-end"
PURPOSE_DIFFERS = "node.call.purpose-differs"
"""How a node records a call that named another purpose."""
LOOK_BACK = timedelta(days=2)
"""How far back a scan looks: a call is recorded within minutes, a node that was away is made up for."""
USUAL_DAYS = 28
FEWEST_DAYS = 5
"""Days of use before what is usual is known."""
FACTOR, LEAST_CALLS = 5, 200
"""A day is out of the ordinary with so many times the usual calls, and at least so many."""
SHOWN = 5
CAP = 200


def other_purposes(now: datetime) -> Iterator[Finding]:
    """Find grants whose calls named another purpose than was granted (R2, 条例 25); the node refuses such calls."""
    rows = Access.objects.filter(at__gte=now - LOOK_BACK, outcome=PURPOSE_DIFFERS)
    yield from _purposes(rows)


def _purposes(rows: QuerySet[Access]) -> Iterator[Finding]:
    counted = rows.values("grant_id").annotate(n=Count("pk")).order_by("-n")[:CAP]
    calls = {row["grant_id"]: row["n"] for row in counted}
    for grant in Grant.objects.filter(id__in=calls).select_related("requester", "entry").order_by("number"):
        shown = rows.filter(grant_id=grant.id).order_by("at")[:SHOWN]
        first = shown[0]
        day = civil_date(first.at).isoformat()
        yield Finding(
            "R2", grant.requester, "grant-purpose", f"{grant.id}:{day}", f"{grant.number} {day}", PURPOSE,
            gettext_noop("授权{number}自{day}有{n}次调用写的用途不是约定用途，均已拒绝。"),
            {"number": grant.number, "day": day, "n": str(calls[grant.id])}, _records(grant, list(shown)),
        )  # fmt: skip


def volume_anomalies(now: datetime) -> Iterator[Finding]:
    """Find grants called far more often yesterday than usual (R2)."""
    yesterday = civil_date(now) - timedelta(days=1)
    high = DailyUse.objects.filter(day=yesterday, calls__gte=LEAST_CALLS).order_by("-calls")[:CAP]
    for row in high:
        before = DailyUse.objects.filter(
            day__gte=yesterday - timedelta(days=USUAL_DAYS), day__lt=yesterday, entry_code=row.entry_code,
            provider_code=row.provider_code, requester_code=row.requester_code,
        )  # fmt: skip
        usual = list(before.values_list("calls", flat=True))
        if len(usual) < FEWEST_DAYS or row.calls < FACTOR * statistics.median(usual):
            continue
        yield from _anomaly(row, int(statistics.median(usual)))


def _anomaly(row: DailyUse, usual: int) -> Iterator[Finding]:
    grant = (
        Grant.objects.filter(entry__code=row.entry_code, requester__code=row.requester_code, state=GrantState.ACTIVE)
        .select_related("requester")
        .first()
    )
    if grant is None:
        return
    day = row.day.isoformat()
    yield Finding(
        "R2", grant.requester, "grant-volume", f"{grant.id}:{day}", f"{grant.number} {day}", VOLUME,
        gettext_noop("授权{number}在{day}调用{n}次，平时每天约{usual}次。"),
        {"number": grant.number, "day": day, "n": str(row.calls), "usual": str(usual)},
        (
            Evidence("grant", str(grant.id), grant.number, f"/grants/{grant.number}"),
            Evidence("usage", "", f"{day}: {row.calls} / {usual}", f"/audit?grant={grant.number}"),
        ),
    )  # fmt: skip


def calls_after_end(now: datetime) -> Iterator[Finding]:
    """Find grants that were called after their end was confirmed (R4, 条例 27(1)); such calls are refused."""
    called = Access.objects.filter(at__gte=now - LOOK_BACK).values_list("grant_id", flat=True).distinct()
    ended = Grant.objects.filter(
        id__in=called, state__in=(GrantState.REVOKED, GrantState.EXPIRED), end_confirmed_at__isnull=False
    ).select_related("requester")
    for grant in ended.order_by("number")[:CAP]:
        assert grant.end_confirmed_at is not None  # noqa: S101 - filtered
        late = Access.objects.filter(grant_id=grant.id, at__gt=grant.end_confirmed_at)
        shown = list(late.order_by("at")[:SHOWN])
        if not shown:
            continue
        day = civil_date(grant.end_confirmed_at).isoformat()
        yield Finding(
            "R4", grant.requester, "call-after-end", str(grant.id), grant.number, AFTER_END,
            gettext_noop("授权{number}已于{day}停止，此后系统仍在调用，均已拒绝。"),
            {"number": grant.number, "day": day}, _records(grant, shown),
        )  # fmt: skip


def _records(grant: Grant, rows: list[Access]) -> tuple[Evidence, ...]:
    """Return calls as evidence: number and time, never whom they were about."""
    shown = (Evidence("access", row.record_id, f"{row.at:%Y-%m-%d %H:%M}Z", f"/audit/{row.record_id}") for row in rows)
    return (Evidence("grant", str(grant.id), grant.number, f"/grants/{grant.number}"), *shown)
