from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.org.actor import Actor
from jutong.center.sharing.models import Grant
from jutong.center.usage.models import Access
from jutong.contracts.receipts import AccessSummary


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
    )


@transaction.atomic
def record_accesses(*, node: str, calls: Sequence[AccessSummary], by: Actor, now: datetime) -> int:
    """Keep what a node's receipt says about served and refused calls; a record seen before stays as it is.

    Every call must name a grant the node was ordered to serve; the caller checks that. Returns how many were handed in.
    """
    if not calls:
        return 0
    grants = {
        str(grant.id): grant
        for grant in Grant.objects.filter(id__in={call.grant_id for call in calls}).select_related(
            "entry", "application__version", "provider", "requester", "system"
        )
    }
    Access.objects.bulk_create(
        (_access(call, grants[call.grant_id], node) for call in calls), ignore_conflicts=True, batch_size=1000
    )
    audit.record(
        event="usage:access:record", by=by, now=now, subject_kind="node", subject_id=node, calls=len(calls)
    )  # fmt: skip
    return len(calls)
