from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.fleet import queries
from jutong.center.fleet.errors import NodeKeyError, NodeTakenError
from jutong.center.fleet.keys import CENTER, center_signer
from jutong.center.fleet.models import Node, Order, ReceivedReceipt, Source
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.contracts.envelope import Document, Envelope, seal
from jutong.contracts.orders import IntrospectOrder, ProfileOrder, TicketOrder
from jutong.kernel.keys import Ed25519Verifier

TICKET_LIFE = timedelta(minutes=5)
"""How long a person may wait between asking for a try-it ticket and using it."""
PASSING = ("health", "binding")
"""Receipts that are said again before long."""
SAMPLE_ROWS = 1_000
"""Rows of a table a node looks at to say what its columns hold."""


def _check_key(name: str, key_id: str, public_key: str) -> None:
    try:
        Ed25519Verifier.from_b64(key_id, public_key)
    except ValueError as error:
        raise NodeKeyError(node=name) from error


@transaction.atomic
def register_node(*, name: str, public_key: str, key_id: str, by: Actor, now: datetime) -> Node:
    """Register a node and the key it signs with; the same once more changes nothing.

    Raises:
        NodeKeyError: if the key is no Ed25519 public key.
        NodeTakenError: if the name stands with another key.
    """
    org.require(by, Permission.FLEET_NODE_REGISTER)
    _check_key(name, key_id, public_key)
    node, created = Node.objects.get_or_create(
        name=name, defaults={"key_id": key_id, "public_key": public_key, "registered_at": now}
    )
    if not created:
        if node.key_id != key_id or node.public_key != public_key:
            raise NodeTakenError(node=name)
        return node
    audit.record(
        event="fleet:node:register", by=by, now=now, subject_kind="node", subject_id=name, subject_label=name,
        key_id=key_id,
    )  # fmt: skip
    return node


@transaction.atomic
def issue_order(*, node: Node, kind: str, body: Document, subject_id: object, by: Actor, now: datetime) -> Order:
    """Put a signed order into a node's feed, in the transaction of the decision that causes it.

    The node's row is locked while the sequence is taken and until the decision commits, so that a reader of the
    feed never passes over an order that becomes visible later.
    """
    locked = Node.objects.select_for_update(no_key=True).get(name=node.name)
    envelope = seal(kind, body, signer=center_signer(), issuer=CENTER, audience=locked.name, now=now)
    order = Order.objects.create(
        node=locked,
        sequence=queries.last_sequence(locked) + 1,
        kind=kind,
        subject_id=str(subject_id),
        envelope=envelope.model_dump(mode="json"),
        issued_at=now,
    )
    audit.record(
        event="fleet:order:issue", by=by, now=now, subject_kind=kind, subject_id=subject_id, subject_label=node.name,
        node=node.name, sequence=order.sequence, order=envelope.id,
    )  # fmt: skip
    return order


def order_inventory(*, source: Source, by: Actor, now: datetime) -> Order:
    """Order the node of a source to list its tables and columns; no row leaves the department."""
    org.require(by, Permission.FLEET_SOURCE_INTROSPECT)
    body = IntrospectOrder(source=source.name)
    return issue_order(node=source.node, kind="introspect", body=body, subject_id=source.name, by=by, now=now)


def order_profile(
    *, source: Source, schema_name: str, table: str, by: Actor, now: datetime, sample_rows: int = SAMPLE_ROWS
) -> Order:
    """Order the node of a source to count what a sample of one table looks like; no value leaves the department."""
    org.require(by, Permission.FLEET_SOURCE_INTROSPECT)
    body = ProfileOrder(source=source.name, schema_name=schema_name, table=table, sample_rows=sample_rows)
    return issue_order(node=source.node, kind="profile", body=body, subject_id=source.name, by=by, now=now)


@transaction.atomic
def issue_ticket(*, node: Node, grant_id: object, system_id: object, by: Actor, now: datetime) -> Envelope:
    """Return a sealed ticket that lets one signed-in person try one granted call, once, within minutes.

    Who may try which grant is the caller's question; the ticket travels through the person's browser, so it is
    audited here and not put into the feed.
    """
    body = TicketOrder(
        grant_id=str(grant_id),
        official=by.username,
        post=by.role,
        system_id=str(system_id),
        valid_until_ms=int((now + TICKET_LIFE).timestamp() * 1000),
        nonce=secrets.token_urlsafe(18),
    )
    audit.record(
        event="fleet:ticket:issue", by=by, now=now, subject_kind="grant", subject_id=grant_id, node=node.name,
        nonce=body.nonce,
    )  # fmt: skip
    return seal("ticket", body, signer=center_signer(), issuer=CENTER, audience=node.name, now=now)


@transaction.atomic
def seal_ticket(*, node: Node, kind: str, body: Document, subject_id: object, by: Actor, now: datetime) -> Envelope:
    """Return a sealed ticket that a signed-in person's browser takes to the node; it is audited, not put into the feed.

    Who may have which ticket is the caller's question.
    """
    audit.record(
        event="fleet:ticket:issue", by=by, now=now, subject_kind=kind, subject_id=subject_id, node=node.name,
        nonce=getattr(body, "nonce", ""),
    )  # fmt: skip
    return seal(kind, body, signer=center_signer(), issuer=CENTER, audience=node.name, now=now)


@transaction.atomic
def prune_health(*, before: datetime, by: Actor, now: datetime) -> int:
    """Drop receipts of health and of checks received before a time; they prove nothing that is not said again."""
    count, _rows = ReceivedReceipt.objects.filter(kind__in=PASSING, received_at__lt=before).delete()
    if count:
        audit.record(
            event="fleet:receipt:prune", by=by, now=now, subject_kind="receipt", subject_id="health", count=count
        )
    return count
