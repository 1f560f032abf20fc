"""Asking nodes which of their access records concern what somebody looked up, and taking their answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.correction.models import Trace, TraceHit
from jutong.center.fleet.actions import issue_order
from jutong.center.fleet.models import Node
from jutong.center.org.actor import Actor
from jutong.contracts.orders import TraceOrder
from jutong.contracts.receipts import TraceReceipt
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.sealing import seal_for

KEY_UNREADABLE = gettext_noop("节点登记的公钥不能用来封存，没有下达")
MOST_HITS = 20_000
"""Records of one trace that are kept."""
Answered = Callable[[Trace, Actor, datetime], None]
_ANSWERED: dict[str, Answered] = {}


def when_answered(subject_kind: str, listener: Answered) -> None:
    """Have a process told when a node has answered a trace about one of its subjects."""
    _ANSWERED[subject_kind] = listener


def ask_sealed(
    *, node: Node, subject_kind: str, subject_id: UUID, sealed: str, by: Actor, now: datetime, entry_code: str
) -> Trace:
    """Order a node to find the records of what another node has closed for it; called inside the action that asks."""
    trace = Trace(subject_kind=subject_kind, subject_id=subject_id, node=node, entry_code=entry_code, ordered_at=now)
    trace.save(force_insert=True)
    body = TraceOrder(trace_id=str(trace.id), entry_code=entry_code, sealed=sealed, since_ms=0)
    issue_order(node=node, kind="trace", body=body, subject_id=trace.id, by=by, now=now)
    return trace


def ask(
    *, node: Node, subject_kind: str, subject_id: UUID, values: Iterable[str], since_ms: int, by: Actor, now: datetime,
    entry_code: str = "",
) -> Trace:  # fmt: skip
    """Order a node to find the records of what was looked up; called inside the action that needs to know."""
    trace = Trace(subject_kind=subject_kind, subject_id=subject_id, node=node, entry_code=entry_code, ordered_at=now)
    try:
        sealed = seal_for(node.public_key, json.dumps(sorted(set(values)), ensure_ascii=False).encode())
    except ValueError:
        trace.problem = KEY_UNREADABLE
        trace.save(force_insert=True)
        return trace
    trace.save(force_insert=True)
    body = TraceOrder(trace_id=str(trace.id), entry_code=entry_code, sealed=sealed, since_ms=since_ms)
    issue_order(node=node, kind="trace", body=body, subject_id=trace.id, by=by, now=now)
    return trace


@transaction.atomic
def traced(*, node: Node, receipt: TraceReceipt, by: Actor, now: datetime) -> str:
    """Keep what a node found. Returns why nothing was kept, or nothing."""
    try:
        wanted = UUID(receipt.trace_id)
    except ValueError:
        return "no trace of this id was ordered here"
    trace = Trace.objects.select_for_update(of=("self",)).filter(id=wanted, node=node).first()
    if trace is None:
        return f"trace {receipt.trace_id[:40]} was never ordered here"
    records = list(dict.fromkeys(record[:36] for record in receipt.record_ids))[:MOST_HITS]
    TraceHit.objects.bulk_create(
        [TraceHit(trace=trace, record_id=record) for record in records], ignore_conflicts=True, batch_size=1000
    )
    trace.answered_at, trace.is_complete, trace.problem = now, receipt.complete, receipt.problem[:500]
    trace.save(update_fields=["answered_at", "is_complete", "problem"])
    audit.record(
        event="correction:trace:answer", by=by, now=now, subject_kind=trace.subject_kind, subject_id=trace.subject_id,
        subject_label=node.name, complete=receipt.complete, records=len(records),
    )  # fmt: skip
    listener = _ANSWERED.get(trace.subject_kind)
    if listener is not None:
        listener(trace, by, now)
    return ""
