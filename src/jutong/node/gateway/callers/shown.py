"""What a request shows of who it comes from, where that is a system known by a token or a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from jutong.node.gateway.http import Scope
from jutong.node.gateway.leaves import random_bytes

NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """An authenticated system and what its record keeps of the request.

    ``signature`` names the proof: the token's or the certificate's digest. ``nonce`` is the node's own, for a request
    that has none; with it in the digest nobody can guess the body behind it.
    """

    system: str
    via: str
    created: int
    nonce: str
    digest: str
    signature: str


class Door(Protocol):
    """A way for systems to show who they are."""

    def shown(self, scope: Scope, headers: dict[bytes, bytes], body: bytes, now: float) -> Shown | None:
        """Return who the request shows itself to be from, None where it does not in this way.

        Raises:
            JutongError: if it tries to, and fails.
        """


def show(system: str, via: str, *, proof: bytes, scope: Scope, body: bytes, now: float) -> Shown:
    """Return a request of a system that was authenticated by ``proof``."""
    nonce = random_bytes(NONCE_BYTES).hex()
    said = f"{via}\n{nonce}\n{scope['method']} {scope['path']}\n".encode()
    digest = sha256(said + sha256(proof).digest() + sha256(body).digest()).hexdigest()
    return Shown(system, via, int(now), nonce, f"sha256:{digest}", "sha256:" + sha256(proof).hexdigest())
