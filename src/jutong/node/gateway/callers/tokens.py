"""Short-lived bearer tokens, made and read by this node only: a few claims under the node's own HMAC."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

import orjson

from jutong.node.gateway.callers.config import Oauth
from jutong.node.gateway.callers.errors import TokenWrongError
from jutong.node.gateway.callers.shown import Shown, show
from jutong.node.gateway.http import Scope
from jutong.node.gateway.leaves import random_bytes

BEARER = b"bearer "
_ID_BYTES = 12
_LONGEST = 1024


def encoded(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return what base64url without padding stands for.

    Raises:
        ValueError: if it is none.
    """
    if not text.isascii() or "=" in text:
        raise ValueError("no base64url")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error
    if encoded(raw) != text:
        raise ValueError("no canonical base64url")
    return raw


@dataclass
class Tokens:
    """Issues tokens to clients and tells whose a token is.

    Attributes:
        config: the clients.
        own: the node's own secret.
    """

    config: Oauth
    own: bytes

    def __post_init__(self) -> None:
        self._key = hmac.digest(self.own, b"jutong oauth tokens", "sha256")
        self._systems = {one.client_id: one.system for one in self.config.clients}

    def issue(self, client_id: str, now: float) -> str:
        """Return a fresh token of a client."""
        claims = {"c": client_id, "e": int(now) + self.config.token_seconds, "j": random_bytes(_ID_BYTES).hex()}
        payload = orjson.dumps(claims)
        return f"{encoded(payload)}.{encoded(hmac.digest(self._key, payload, 'sha256'))}"

    def shown(self, scope: Scope, headers: dict[bytes, bytes], body: bytes, now: float) -> Shown | None:
        """Return the system behind a bearer token; see ``Door``.

        Raises:
            TokenWrongError: if the token is not good.
        """
        given = headers.get(b"authorization", b"")
        if given[: len(BEARER)].lower() != BEARER:
            return None
        token = given[len(BEARER) :]
        return show(self._system(token, now), "oauth", proof=token, scope=scope, body=body, now=now)

    def _system(self, token: bytes, now: float) -> str:
        try:
            if len(token) > _LONGEST:
                raise TokenWrongError
            head, _, tail = token.decode("ascii").partition(".")
            payload = decoded(head)
            if not hmac.compare_digest(hmac.digest(self._key, payload, "sha256"), decoded(tail)):
                raise TokenWrongError
        except ValueError as error:
            raise TokenWrongError from error
        claims = orjson.loads(payload)
        system = self._systems.get(claims["c"])
        if system is None or now >= claims["e"]:
            raise TokenWrongError
        return system
