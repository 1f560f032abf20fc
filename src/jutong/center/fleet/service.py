"""What role ``all`` needs before its own node can talk to its own center."""

from __future__ import annotations

from datetime import datetime

from jutong.center.fleet.actions import register_node
from jutong.center.fleet.keys import CENTER
from jutong.center.fleet.models import Node
from jutong.center.org.actor import platform_actor
from jutong.kernel.keys import Ed25519Signer, load_or_create_signer
from jutong.kernel.settings import Settings

LOCAL_NODE = "node-1"
"""The name of the node that runs in the same instance as the center."""


def write_center_public(settings: Settings, signer: Ed25519Signer) -> None:
    """Leave the center's public key for nodes at ``keys/center.pub``: one line, key id and base64."""
    path = settings.path("keys", "center.pub")
    line = f"{signer.key_id} {signer.public_b64}\n"
    if path.exists() and path.read_text() == line:
        return
    fresh = path.with_suffix(".pub.new")
    fresh.write_text(line)
    fresh.rename(path)


def ensure_local_node(settings: Settings, now: datetime) -> Node:
    """Make the keys of center and node where they are missing and register the local node.

    Safe at every start. A node key that was exchanged behind the center's back is refused, not taken over.

    Raises:
        NodeTakenError: if the local node stands registered with another key.
    """
    center = load_or_create_signer(settings.path("keys", "center.key"), CENTER)
    write_center_public(settings, center)
    node = load_or_create_signer(settings.path("keys", "node.key"), LOCAL_NODE)
    return register_node(
        name=LOCAL_NODE,
        public_key=node.public_b64,
        key_id=node.key_id,
        by=platform_actor("start"),
        now=now,
    )
