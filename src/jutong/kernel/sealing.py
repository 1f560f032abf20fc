"""Boxes only one side can open: what a case says of a person on its way to a node, and at rest in the registry.

A box for a node is closed with the public key the node signs with (its Curve25519 form), so no second key has to be
exchanged. What the center itself must read again is closed with a key of the instance.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey, VerifyKey

from jutong.kernel.keys import Ed25519Signer

_NONCE_BYTES = 12
_KEY_BYTES = 32


class UnreadableBoxError(ValueError):
    """A box that was closed for somebody else, or was changed."""


def seal_for(public_b64: str, content: bytes) -> str:
    """Return ``content`` as a box, base64, that only the holder of the Ed25519 key can open.

    Raises:
        ValueError: if the text is no public key.
    """
    key = VerifyKey(base64.b64decode(public_b64, validate=True)).to_curve25519_public_key()
    return base64.b64encode(SealedBox(key).encrypt(content)).decode()


def open_with(signer: Ed25519Signer, box: str) -> bytes:
    """Return what is in a box closed for this key.

    Raises:
        UnreadableBoxError: if it is somebody else's, or was changed.
    """
    key = SigningKey(signer.private.private_bytes_raw()).to_curve25519_private_key()
    try:
        return SealedBox(key).decrypt(base64.b64decode(box, validate=True))
    except (CryptoError, ValueError) as error:
        raise UnreadableBoxError from error


class Chest:
    """Closes and opens what the instance itself keeps, with AES-256-GCM.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, content: bytes, *, about: str) -> bytes:
        """Return ``content`` closed; it opens only together with ``about``, so that boxes cannot be exchanged."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, about.encode())

    def open(self, box: bytes, *, about: str) -> bytes:
        """Return what was closed.

        Raises:
            UnreadableBoxError: for another key, another subject or a changed box.
        """
        try:
            return self._cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise UnreadableBoxError from error


def load_or_create_chest(path: Path) -> Chest:
    """Read the key at ``path``, or make one there (mode 0600, durable before return)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(base64.b64encode(os.urandom(_KEY_BYTES)))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(path)
    return Chest(base64.b64decode(path.read_bytes()))
