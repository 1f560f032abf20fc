"""Ed25519 by libsodium for the hot path: half the time of OpenSSL's, same signatures (docs/adr/0006).

libsodium also refuses keys of small order and signatures in a second spelling, which a strict profile wants.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from jutong.kernel.keys import ED25519, Ed25519Signer

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class FastVerifier:
    """A caller's public key."""

    raw: bytes

    @classmethod
    def from_b64(cls, public_b64: str) -> FastVerifier:
        """Build from base64 of 32 raw bytes.

        Raises:
            ValueError: if the text is no public key.
        """
        raw = base64.b64decode(public_b64, validate=True)
        if len(raw) != _KEY_BYTES:
            raise ValueError("an Ed25519 public key has 32 bytes")
        return cls(raw)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Tell whether the 64-byte signature over ``message`` is this key's."""
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError:
            return False
        return True


class FastSigner:
    """The node's private key for answers."""

    def __init__(self, signer: Ed25519Signer) -> None:
        self.key_id = signer.key_id
        self.alg = ED25519
        _, self._secret = crypto_sign_seed_keypair(signer.private.private_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over ``message``."""
        return crypto_sign(message, self._secret)[:crypto_sign_BYTES]
