"""What nodes report, checked and applied: the only way the center learns that something was served or moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.catalog.actions import probing
from jutong.center.fleet import queries
from jutong.center.fleet.actions import order_inventory
from jutong.center.fleet.errors import NodeDocumentError, NodeRefusedError, NodeUnknownError
from jutong.center.fleet.keys import CENTER
from jutong.center.fleet.models import Node, ReceivedReceipt, Source
from jutong.center.jobs import actions as jobs
from jutong.center.jobs import arrivals, reconciling, repairing
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.models import Organisation
from jutong.center.sharing.actions import supply
from jutong.center.usage import actions as usage
from jutong.contracts.envelope import ContractError, Envelope, check, unseal
from jutong.contracts.poll import Poll
from jutong.contracts.receipts import (
    ArrivedReceipt,
    BindingReceipt,
    ConfirmedReceipt,
    GrantReceipt,
    HealthReceipt,
    InventoryReceipt,
    MarkReceipt,
    MovedReceipt,
    ProfileReceipt,
    ReconciledReceipt,
    ReplayedReceipt,
    ServedReceipt,
    TraceReceipt,
)
from jutong.contracts.works import WorkReceipt
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Verifier

DOCUMENT_LIMIT = 2 * 1024 * 1024
"""Bytes of the largest document the door reads."""
POLL_WINDOW_MS = 300_000
"""How far a poll's time may lie from the center's, so that a copied poll is of no use later."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a receipt. ``problem`` says why a genuine receipt changed nothing."""

    id: str
    duplicate: bool = False
    problem: str = ""


def authenticate(envelope: Envelope) -> Node:
    """Return the registered node whose signature stands on the cover.

    Raises:
        NodeUnknownError: for a name or key that is not registered.
        NodeRefusedError: for a wrong signature or audience.
    """
    node = Node.objects.filter(name=envelope.issuer).first()
    if node is None or node.key_id != envelope.key_id:
        raise NodeUnknownError(node=envelope.issuer[:64], key_id=envelope.key_id[:96])
    verifier = Ed25519Verifier.from_b64(node.key_id, node.public_key)
    try:
        check(envelope, verifiers={node.key_id: verifier}, audience=CENTER)
    except ContractError as error:
        raise NodeRefusedError(node=node.name, kind=envelope.kind[:32], reason=error.fields["reason"]) from error
    return node


def read_poll(node: Node, envelope: Envelope, now: datetime) -> int:
    """Return the sequence after which a node asks for orders.

    Raises:
        NodeRefusedError: if the cover is no poll, or not of this moment.
        ContractError: if the body is not a poll's.
    """
    if envelope.kind != "poll":
        raise NodeRefusedError(node=node.name, kind=envelope.kind[:32], reason="kind")
    if abs(envelope.issued_ms - int(now.timestamp() * 1000)) > POLL_WINDOW_MS:
        raise NodeRefusedError(node=node.name, kind=envelope.kind, reason="clock")
    return max(0, unseal(envelope, Poll).after)


def _grant(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    body = unseal(envelope, GrantReceipt)
    if queries.node_of_grant(body.grant_id) != node:
        return f"grant {body.grant_id} was never ordered here, or has moved"
    return supply.node_answered(grant_id=UUID(body.grant_id), answer=body.state, problem=body.problem, by=by, now=now)


def _served(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    body = unseal(envelope, ServedReceipt)
    known = queries.ordered_grants(node, {call.grant_id for call in body.calls})
    calls = [call for call in body.calls if call.grant_id in known]
    usage.record_accesses(node=node.name, calls=calls, by=by, now=now)
    strange = len(body.calls) - len(calls)
    return f"{strange} calls name grants that were never ordered here" if strange else ""


def _moved(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    body = unseal(envelope, MovedReceipt)
    if not queries.was_ordered(node, "job", body.job_id):
        return f"job {body.job_id} was never ordered here"
    return jobs.job_moved(receipt=body, by=by, now=now)


def _replayed(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    body = unseal(envelope, ReplayedReceipt)
    if not queries.was_ordered(node, "job", body.job_id):
        return f"job {body.job_id} was never ordered here"
    return repairing.job_replayed(receipt=body, by=by, now=now)


def _reconciled(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    return reconciling.reconciled(node=node, receipt=unseal(envelope, ReconciledReceipt), by=by, now=now)


def _inventory(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    body = unseal(envelope, InventoryReceipt)
    source = Source.objects.select_for_update().filter(node=node, name=body.source).first()
    if source is None:
        return f"source {body.source} is not this node's"
    source.is_ok, source.problem, source.seen_at = body.ok, body.problem[:500], now
    if body.ok:
        source.tables = [table.model_dump(mode="json") for table in body.tables]
        source.inventoried_at = now
    source.save()
    audit.record(
        event="fleet:source:inventory", by=by, now=now, subject_kind="source", subject_id=source.id,
        subject_label=source.name, ok=body.ok, tables=len(body.tables),
    )  # fmt: skip
    return ""


def _profile(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    from jutong.center.intake.actions import profiled  # noqa: PLC0415 - intake stands above the fleet

    body = unseal(envelope, ProfileReceipt)
    source = Source.objects.filter(node=node, name=body.source).first()
    if source is None:
        return f"source {body.source} is not this node's"
    profiled(receipt=body, by=by, now=now)
    audit.record(
        event="fleet:source:profile", by=by, now=now, subject_kind="source", subject_id=source.id,
        subject_label=source.name, ok=body.ok, table=body.table, sampled=body.sampled,
    )  # fmt: skip
    return ""


def _binding(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    return probing.apply_checks(node=node, checks=unseal(envelope, BindingReceipt).checks, by=by, now=now)


def _arrived(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    return arrivals.arrived(node=node, receipt=unseal(envelope, ArrivedReceipt), by=by, now=now)


def _mark(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    from jutong.center.correction import actions as correction  # noqa: PLC0415 - corrections stand above the fleet

    return correction.marked(node=node, receipt=unseal(envelope, MarkReceipt), by=by, now=now)


def _confirmed(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    from jutong.center.correction import actions as correction  # noqa: PLC0415 - corrections stand above the fleet

    return correction.fetched(node=node, receipt=unseal(envelope, ConfirmedReceipt), by=by, now=now)


def _trace(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    from jutong.center.correction import actions as correction  # noqa: PLC0415 - corrections stand above the fleet

    return correction.traced(node=node, receipt=unseal(envelope, TraceReceipt), by=by, now=now)


def _worked(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    from jutong.center.library import works  # noqa: PLC0415 - the library stands above the fleet

    return works.worked(node=node, receipt=unseal(envelope, WorkReceipt), by=by, now=now)


def _health(node: Node, envelope: Envelope, by: Actor, now: datetime) -> str:
    body = unseal(envelope, HealthReceipt)
    node = Node.objects.select_for_update(no_key=True).get(name=node.name)
    if envelope.issued_ms <= node.reported_ms:
        return "an earlier report than the last one"
    before = (node.gateway_url, node.log_key, node.version, node.problems)
    node.gateway_url, node.version = body.gateway_url[:200], body.version[:32]
    node.log_origin, node.log_key, node.log_size = body.log_origin[:128], body.log_key[:200], body.log_size
    node.seen_at, node.reported_ms = now, envelope.issued_ms
    node.problems = _upsert_sources(node, body, by, now)
    node.save()
    if before != (node.gateway_url, node.log_key, node.version, node.problems):
        audit.record(
            event="fleet:node:change", by=by, now=now, subject_kind="node", subject_id=node.name,
            subject_label=node.name, gateway=node.gateway_url, version=node.version, problems=node.problems,
        )  # fmt: skip
    return "; ".join(node.problems)


GONE = gettext_noop("节点的配置里已经没有这个数据源。")


def _upsert_sources(node: Node, body: HealthReceipt, by: Actor, now: datetime) -> list[str]:
    codes = {report.organisation_code for report in body.sources}
    owners = {row.code: row for row in Organisation.objects.filter(code__in=codes, closed_at=None)}
    names = [report.name for report in body.sources]
    known = {row.name: row for row in Source.objects.select_for_update().filter(name__in=names)}
    problems = []
    for report in body.sources:
        owner, source = owners.get(report.organisation_code), known.get(report.name)
        if owner is None:
            problems.append(f"{report.name}: unknown organisation {report.organisation_code}")
        elif source is not None and (source.node_id != node.name or source.organisation_id != owner.id):
            problems.append(f"{report.name}: the name belongs to another node or organisation")
        else:
            source = source or Source(node=node, name=report.name, organisation=owner, seen_at=now)
            source.writes = list(report.writes)
            _refresh(source, ok=report.ok, dialect=report.dialect, problem=report.problem, by=by, now=now)
    for source in Source.objects.select_for_update().filter(node=node, is_ok=True).exclude(name__in=names):
        _refresh(source, ok=False, dialect=source.dialect, problem=GONE, by=by, now=now)
    return problems


def _refresh(source: Source, *, ok: bool, dialect: str, problem: str, by: Actor, now: datetime) -> None:
    """Take over a source's state; a change is audited and a source new or back again is asked for its tables."""
    fresh = source._state.adding  # noqa: SLF001 - Django's own mark of a row not yet written
    changed = fresh or source.is_ok != ok
    source.is_ok, source.dialect, source.problem, source.seen_at = ok, dialect[:16], problem[:500], now
    source.save()
    if not changed:
        return
    audit.record(
        event="fleet:source:change", by=by, now=now, subject_kind="source", subject_id=source.id,
        subject_label=source.name, ok=ok, organisation=source.organisation.code,
    )  # fmt: skip
    if ok:
        order_inventory(source=source, by=by, now=now)


Handler = Callable[[Node, Envelope, Actor, datetime], str]
HANDLERS: dict[str, Handler] = {
    "arrived": _arrived,
    "binding": _binding,
    "confirmed": _confirmed,
    "grant": _grant,
    "health": _health,
    "inventory": _inventory,
    "mark": _mark,
    "moved": _moved,
    "profile": _profile,
    "reconciled": _reconciled,
    "replayed": _replayed,
    "served": _served,
    "trace": _trace,
    "worked": _worked,
}
"""What is done with each kind of receipt."""


@transaction.atomic
def apply_receipt(*, node: Node, envelope: Envelope, now: datetime) -> Applied:
    """Apply a receipt whose cover :func:`authenticate` has checked. The same receipt again has no effect.

    Raises:
        NodeRefusedError: for a kind the center does not know.
        NodeDocumentError: for an id that is no UUID.
        ContractError: if the body does not fit its kind.
    """
    handler = HANDLERS.get(envelope.kind)
    if handler is None:
        raise NodeRefusedError(node=node.name, kind=envelope.kind[:32], reason="kind")
    try:
        receipt_id = UUID(envelope.id)
    except ValueError as error:
        raise NodeDocumentError(reason="id", limit=DOCUMENT_LIMIT) from error
    _, fresh = ReceivedReceipt.objects.get_or_create(
        id=receipt_id,
        defaults={
            "node": node,
            "kind": envelope.kind,
            "envelope": envelope.model_dump(mode="json"),
            "received_at": now,
        },
    )
    if not fresh:
        return Applied(envelope.id, duplicate=True)
    by = platform_actor(f"receipt {envelope.kind} of {node.name}")
    problem = handler(node, envelope, by, now)
    if problem:
        audit.record(
            event="fleet:receipt:problem", by=by, now=now, subject_kind="receipt", subject_id=envelope.id,
            subject_label=f"{envelope.kind} {node.name}", problem=problem[:500],
        )  # fmt: skip
    return Applied(envelope.id, problem=problem)
