"""The node's first report, made before the node runs: what it will say itself, under its own signature.

The demonstration wants its entries bound when the first page opens. So this door does what the node does at start:
look at the sources, seal a health and an inventory receipt with the node's key, and hand them to the center.
"""

from __future__ import annotations

from datetime import datetime

from jutong import __version__
from jutong.center.fleet.models import Node, Source
from jutong.center.fleet.receipts import apply_receipt, authenticate
from jutong.center.fleet.service import LOCAL_NODE
from jutong.contracts.envelope import Document, seal
from jutong.contracts.receipts import HealthReceipt, InventoryReceipt, SourceHealth
from jutong.kernel.keys import load_or_create_signer
from jutong.kernel.settings import Settings
from jutong.node import sources
from jutong.node.connectors.introspect import inventory


def report(settings: Settings, node: Node, now: datetime) -> None:
    """Report the sources and their tables, unless every source was inventoried before."""
    known = sources.load(settings.path("node", "sources.json"))
    done = set(Source.objects.filter(node=node, inventoried_at__isnull=False).values_list("name", flat=True))
    if done >= set(known):
        return
    health = HealthReceipt(
        version=__version__,
        gateway_url=settings.gateway_base,
        log_origin=node.log_origin,
        log_key=node.log_key,
        log_size=node.log_size,
        sources=tuple(
            SourceHealth(name=row.name, dialect=row.dialect, organisation_code=row.organisation_code, ok=True)
            for row in known.values()
        ),
    )
    _send(settings, "health", health, now)
    for row in known.values():
        _send(settings, "inventory", InventoryReceipt(source=row.name, ok=True, tables=inventory(row)), now)


def _send(settings: Settings, kind: str, body: Document, now: datetime) -> None:
    signer = load_or_create_signer(settings.path("keys", "node.key"), LOCAL_NODE)
    envelope = seal(kind, body, signer=signer, issuer=LOCAL_NODE, audience="center", now=now)
    apply_receipt(node=authenticate(envelope), envelope=envelope, now=now)
