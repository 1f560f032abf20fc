from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from jutong.center.fleet.errors import SourceUnknownError
from jutong.center.fleet.keys import CENTER, center_signer
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.contracts.envelope import Envelope, seal
from jutong.contracts.orders import Heartbeat
from jutong.kernel.errors import NotFoundError

FEED_LIMIT = 200
"""How many orders one poll hands out at most."""


def last_sequence(node: Node) -> int:
    """Return the sequence of the last order in a node's feed, 0 for an empty one."""
    found = Order.objects.filter(node=node).aggregate(last=Max("sequence"))["last"]
    return int(found or 0)


def order_feed(node: Node, after: int, limit: int = FEED_LIMIT) -> list[Envelope]:
    """Return the orders that follow sequence ``after``, at most ``limit``, without a gap."""
    rows = Order.objects.filter(node=node, sequence__gt=after).order_by("sequence")[: min(limit, FEED_LIMIT)]
    return [Envelope.model_validate(row.envelope) for row in rows]


def heartbeat(node: Node, now: datetime) -> Envelope:
    """Return the sealed word that the feed is complete up to its last order as of ``now``.

    ``now`` must have been read before the call: an order that commits later than ``now`` may be missing.
    """
    body = Heartbeat(last_sequence=last_sequence(node))
    return seal("heartbeat", body, signer=center_signer(), issuer=CENTER, audience=node.name, now=now)


def source(name: str) -> Source:
    """Return a source some node has reported.

    Raises:
        SourceUnknownError: if none has.
    """
    found = Source.objects.select_related("node", "organisation").filter(name=name).first()
    if found is None:
        raise SourceUnknownError(source=name)
    return found


def sources(actor: Actor) -> list[Source]:
    """Return the sources an actor may see: a department its own, the administrators all."""
    org.require(actor, Permission.FLEET_SOURCE_VIEW)
    rows = Source.objects.select_related("node", "organisation")
    if actor.role != Role.SYSTEM_ADMIN:
        rows = rows.filter(organisation_id=actor.organisation_id or org.NOBODY)
    return list(rows)


def nodes(actor: Actor) -> list[Node]:
    """Return every node for those who run or guard the platform."""
    org.require(actor, Permission.FLEET_NODE_VIEW)
    return list(Node.objects.order_by("name"))


def node_named(actor: Actor, name: str) -> Node:
    """Return one node.

    Raises:
        NotFoundError: if there is none of that name.
    """
    org.require(actor, Permission.FLEET_NODE_VIEW)
    found = Node.objects.filter(name=name).first()
    if found is None:
        raise NotFoundError(what=name)
    return found


def ordered_grants(node: Node, grant_ids: Iterable[str]) -> set[str]:
    """Return which of the grants this node was ever ordered to serve; it may speak of no other."""
    rows = Order.objects.filter(node=node, kind="grant", subject_id__in=list(grant_ids))
    return set(rows.values_list("subject_id", flat=True))


def was_ordered(node: Node, kind: str, subject_id: str) -> bool:
    """Tell whether the node holds an order of this kind about the subject."""
    return Order.objects.filter(node=node, kind=kind, subject_id=subject_id).exists()


def node_of_grant(grant_id: object) -> Node | None:
    """Return the node that was last ordered to serve a grant."""
    return node_of(kind="grant", subject_id=grant_id)


def node_of(*, kind: str, subject_id: object) -> Node | None:
    """Return the node that was last given an order of this kind about the subject."""
    found = Order.objects.filter(kind=kind, subject_id=str(subject_id)).select_related("node")
    latest = found.order_by("-issued_at", "-sequence").first()
    return latest.node if latest else None
