"""The national form's keys: signing, the secret a requester exchanges its authorisation code for, and its cover.

A secret is derived from the node's own one, the pair of requester and service, their authorisation code and the
period of time, so nothing has to be kept: the secrets handed out hold across a restart, and end when the code changes.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import md5, sha1, sha256

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from jutong.node.gateway.callers.config import National, NationalCaller

_AES_BITS = 128
_AES_BYTES = 16
_MINUTE_MS = 60_000
_SECRET_DIGITS = 32


def sign(key: str, *, sid: str, rid: str, rtime: str) -> str:
    """Return Base64(HMAC-SHA256(key, sid + rid + rtime))."""
    return base64.b64encode(hmac.digest(key.encode(), f"{sid}{rid}{rtime}".encode(), "sha256")).decode()


def aes_key(appkey: str, form: str) -> bytes:
    """Return the AES key an authorisation code stands for; the forms are those of ``National.key``."""
    raw = appkey.encode()
    if form == "raw":
        return raw
    if form == "md5":
        return md5(raw, usedforsecurity=False).digest()
    # Java's SHA1PRNG hashes the seed into its state and answers with the state's hash.
    return sha1(sha1(raw, usedforsecurity=False).digest(), usedforsecurity=False).digest()[:_AES_BYTES]


class Secrets:
    """Hands out and recognises the secrets of a node.

    Args:
        config: the form's settings.
        own: the node's own secret.
    """

    def __init__(self, config: National, own: bytes) -> None:
        self._config = config
        self._period_ms = config.secret_minutes * _MINUTE_MS
        self._own = hmac.digest(own, b"jutong national secrets", "sha256")

    def _secret(self, caller: NationalCaller, period: int) -> str:
        text = "\0".join((caller.rid, caller.sid, caller.appkey, str(period)))
        return hmac.digest(self._own, text.encode(), sha256).hex()[:_SECRET_DIGITS]

    def issue(self, caller: NationalCaller, now_ms: int) -> tuple[str, int]:
        """Return a secret under the caller's authorisation code, and until when it signs, in ms since 1970 UTC."""
        period = now_ms // self._period_ms
        return self._covered(caller, self._secret(caller, period)), (period + 2) * self._period_ms

    def _covered(self, caller: NationalCaller, secret: str) -> str:
        padder = PKCS7(_AES_BITS).padder()
        padded = padder.update(secret.encode()) + padder.finalize()
        # The mode is the form's, not ours: one block cipher call over a random text nobody can choose.
        cipher = Cipher(algorithms.AES(aes_key(caller.appkey, self._config.key)), modes.ECB())  # noqa: S305
        encryptor = cipher.encryptor()
        covered = encryptor.update(padded) + encryptor.finalize()
        return covered.hex() if self._config.encoding == "hex" else base64.b64encode(covered).decode()

    def fits(self, caller: NationalCaller, *, rtime: str, given: str, now_ms: int) -> bool:
        """Tell whether a call's signature was made with a secret that is valid now."""
        period = now_ms // self._period_ms
        fitting = False
        for one in (period, period - 1):
            expected = sign(self._secret(caller, one), sid=caller.sid, rid=caller.rid, rtime=rtime)
            fitting |= hmac.compare_digest(expected.encode(), given.encode())
        return fitting
