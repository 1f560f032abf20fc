"""Signing keys behind one small interface, so that SM2 or a hardware module can stand where Ed25519 stands.

Private keys are files of mode 0600 in the instance's ``keys`` folder; public keys travel as base64 of the raw
32 bytes together with a key id.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = "ed25519"


class Signer(Protocol):
    """Something that signs bytes."""

    @property
    def key_id(self) -> str:
        """The id receivers look the public key up by."""

    @property
    def alg(self) -> str:
        """The RFC 9421 algorithm name."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``."""


@dataclass(frozen=True)
class Ed25519Signer:
    """An Ed25519 private key in memory."""

    key_id: str
    private: Ed25519PrivateKey
    alg: str = ED25519

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over ``message``."""
        return self.private.sign(message)

    @property
    def public_b64(self) -> str:
        """The public key as base64 of its 32 raw bytes."""
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode()


@dataclass(frozen=True)
class Ed25519Verifier:
    """An Ed25519 public key."""

    key_id: str
    public: Ed25519PublicKey

    @classmethod
    def from_b64(cls, key_id: str, public_b64: str) -> Ed25519Verifier:
        """Build from base64 of 32 raw bytes.

        Raises:
            ValueError: if the text is not a public key.
        """
        return cls(key_id, Ed25519PublicKey.from_public_bytes(base64.b64decode(public_b64, validate=True)))

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Tell whether the signature over ``message`` is good."""
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def fingerprint(public_raw: bytes) -> str:
    """Return the short id of a public key: 16 hex digits of its SHA-256."""
    return hashlib.sha256(public_raw).hexdigest()[:16]


def generate_signer(name: str) -> Ed25519Signer:
    """Make a fresh key; its id is ``name.<fingerprint>``."""
    private = Ed25519PrivateKey.generate()
    return Ed25519Signer(f"{name}.{fingerprint(private.public_key().public_bytes_raw())}", private)


def load_or_create_signer(path: Path, name: str) -> Ed25519Signer:
    """Read the key at ``path``, or make one there (mode 0600, durable before return)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = Ed25519PrivateKey.generate().private_bytes_raw()
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(base64.b64encode(raw))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(path)
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_bytes()))
    return Ed25519Signer(f"{name}.{fingerprint(private.public_key().public_bytes_raw())}", private)
