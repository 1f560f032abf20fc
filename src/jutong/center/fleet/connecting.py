"""Connecting a database of one's own department: the center gives the right to, the node asks for the account."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.fleet.actions import TICKET_LIFE, seal_ticket
from jutong.center.fleet.errors import NodeWithoutGatewayError, SourceNameError, SourceNameTakenError
from jutong.center.fleet.models import Node, Source
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.contracts.envelope import Envelope
from jutong.contracts.orders import ConnectTicketOrder, PasswordTicketOrder
from jutong.kernel.errors import NotFoundError

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class ConnectTicket:
    """A sealed ticket and the gateway it is for."""

    ticket: Envelope
    gateway_url: str


def nodes_to_connect(actor: Actor) -> list[Node]:
    """Return the nodes a browser can reach."""
    org.require(actor, Permission.FLEET_SOURCE_CONNECT)
    return list(Node.objects.exclude(gateway_url="").order_by("name"))


@transaction.atomic
def connect_source(*, node_name: str, name: str, by: Actor, now: datetime) -> ConnectTicket:
    """Let a steward give a node the account of one database of the own department, under a name of their choice.

    Raises:
        NotFoundError: if there is no such node.
        NodeWithoutGatewayError: if the node has not said where browsers find it.
        SourceNameError, SourceNameTakenError: if the name is none, or a source has it; one's own that cannot be
            reached may be connected again.
    """
    org.require(by, Permission.FLEET_SOURCE_CONNECT)
    node = Node.objects.filter(name=node_name).first()
    owner = Organisation.objects.filter(id=by.organisation_id or org.NOBODY).first()
    if node is None or owner is None:
        raise NotFoundError(what=node_name)
    if not node.gateway_url:
        raise NodeWithoutGatewayError(node=node.name)
    if not _NAME.fullmatch(name):
        raise SourceNameError(name=name[:64])
    if Source.objects.filter(name=name).exclude(node=node, organisation=owner, is_ok=False).exists():
        raise SourceNameTakenError(name=name)
    body = ConnectTicketOrder(
        source=name,
        organisation_code=owner.code,
        organisation_name=owner.name,
        official=by.username,
        post=by.role,
        valid_until_ms=int((now + TICKET_LIFE).timestamp() * 1000),
        nonce=secrets.token_urlsafe(18),
    )
    audit.record(
        event="fleet:source:connect", by=by, now=now, subject_kind="source", subject_id=name, subject_label=name,
        node=node.name, organisation=owner.code,
    )  # fmt: skip
    ticket = seal_ticket(node=node, kind="connect-ticket", body=body, subject_id=name, by=by, now=now)
    return ConnectTicket(ticket, node.gateway_url)


WITH_PASSWORD = frozenset(("postgresql", "mysql", "oracle", "mssql", "dameng", "kingbase"))
"""Dialects whose sources are signed in at with an account."""


@transaction.atomic
def change_password(*, source_name: str, by: Actor, now: datetime) -> ConnectTicket:
    """Let a steward give the node the new password of a connected database of the own department.

    Raises:
        NotFoundError: if the department has no such source, or it has no password.
        NodeWithoutGatewayError: if the node has not said where browsers find it.
    """
    org.require(by, Permission.FLEET_SOURCE_CONNECT)
    source = (
        Source.objects.select_related("node", "organisation")
        .filter(name=source_name, organisation_id=by.organisation_id or org.NOBODY, dialect__in=WITH_PASSWORD)
        .first()
    )
    if source is None:
        raise NotFoundError(what=source_name[:64])
    node = source.node
    if not node.gateway_url:
        raise NodeWithoutGatewayError(node=node.name)
    body = PasswordTicketOrder(
        source=source.name, organisation_code=source.organisation.code, official=by.username, post=by.role,
        valid_until_ms=int((now + TICKET_LIFE).timestamp() * 1000), nonce=secrets.token_urlsafe(18),
    )  # fmt: skip
    audit.record(
        event="fleet:source:password", by=by, now=now, subject_kind="source", subject_id=source.id,
        subject_label=source.name, node=node.name,
    )  # fmt: skip
    ticket = seal_ticket(node=node, kind="password-ticket", body=body, subject_id=source.name, by=by, now=now)
    return ConnectTicket(ticket, node.gateway_url)
