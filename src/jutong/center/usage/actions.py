from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import connection, transaction

from jutong.center.audit import actions as audit
from jutong.center.org.actor import Actor
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.contracts.receipts import AccessSummary
from jutong.kernel.clock import civil_date

MOST_MARKS = 100
"""Marks kept of one answer; a page of many rows may carry more."""


def _access(call: AccessSummary, grant: Grant, node: str) -> Access:
    return Access(
        record_id=call.record_id[:36],
        node=node,
        at=datetime.fromtimestamp(call.time_ms / 1000, UTC),
        kind=call.kind,
        outcome=call.outcome[:64],
        grant_id=grant.id,
        grant_number=grant.number,
        entry_code=grant.entry.code,
        entry_name=grant.application.version.name,
        provider_code=grant.provider.code,
        requester_code=grant.requester.code,
        requester_name=grant.requester.name,
        system_name=grant.system.name,
        official=call.official[:64],
        purpose=call.purpose[:500],
        case_number=call.case_number[:64],
        rows=call.rows,
        fields=list(call.fields),
        leaf_index=call.leaf_index,
        took_ms=call.took_ms,
        newest_at=datetime.fromtimestamp(call.newest_ms / 1000, UTC) if call.newest_ms else None,
        marks=[number[:32] for number in call.marks[:MOST_MARKS]],
    )


_ADD_UP = """
    INSERT INTO usage_dailyuse
        (day, entry_code, provider_code, requester_code, requester_name, calls, rows, last_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (day, entry_code, provider_code, requester_code) DO UPDATE SET
        calls = usage_dailyuse.calls + excluded.calls,
        rows = usage_dailyuse.rows + excluded.rows,
        requester_name = excluded.requester_name,
        last_at = greatest(usage_dailyuse.last_at, excluded.last_at)
"""
"""One statement adds to a day's count or begins it, whoever else adds to it at the same time."""


def _add_up(rows: Sequence[Access]) -> None:
    """Add new calls to the counts of their days, always in one order, so that two receipts never wait in a circle."""
    days: dict[tuple[date, str, str, str], list[Access]] = {}
    for row in rows:
        key = (civil_date(row.at), row.entry_code, row.provider_code, row.requester_code)
        days.setdefault(key, []).append(row)
    values = [
        (*key, same[-1].requester_name, len(same), sum(row.rows for row in same), max(row.at for row in same))
        for key, same in sorted(days.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD_UP, values)


@transaction.atomic
def record_accesses(*, node: str, calls: Sequence[AccessSummary], by: Actor, now: datetime) -> int:
    """Keep what a node's receipt says about served and refused calls; a record seen before stays as it is.

    Every call must name a grant the node was ordered to serve; the caller checks that. Returns how many were new.
    """
    if not calls:
        return 0
    seen = set(Access.objects.filter(record_id__in=[call.record_id for call in calls]).values_list("pk", flat=True))
    fresh = list({call.record_id: call for call in calls if call.record_id not in seen}.values())
    grants = {
        str(grant.id): grant
        for grant in Grant.objects.filter(id__in={call.grant_id for call in fresh}).select_related(
            "entry", "application__version", "provider", "requester", "system"
        )
    }
    rows = [_access(call, grants[call.grant_id], node) for call in fresh]
    Access.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    _add_up(rows)
    audit.record(
        event="usage:access:record", by=by, now=now, subject_kind="node", subject_id=node, calls=len(calls)
    )  # fmt: skip
    tell(Moment.CALLS_RECORDED, tuple(fresh), by=by, now=now, node=node)
    return len(rows)
