"""Addresses lent for a minute: what a grant on files, a service, a stream or a camera is used with.

The token in an address is signed with the node's key, so that a media server may check it by itself; asking the
gateway besides also catches a grant that was stopped within the minute.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import orjson

from jutong.contracts.orders import Place, Way
from jutong.contracts.places import Target, target
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import Ed25519Signer, Ed25519Verifier
from jutong.node.errors import AddressRefusedError
from jutong.node.grants import Grant, GrantBook

LIFE_MS = 60_000
FILES = "/gw/v1/files/"
"""Where the gateway itself hands out the files of a folder."""
LONGEST_TOKEN = 1024
_CONTEXT = b"jutong-address-1\n"
"""In front of what is signed, so that no other document of the node reads as a token."""
_TAKES_QUERY = frozenset({"http", "https", "rtsp", "rtmp"})


@dataclass(frozen=True, slots=True)
class Loan:
    """What a good token says: which grant, under which access record, until when."""

    grant: str
    record: str
    expires_ms: int


class Lender:
    """Makes and reads tokens.

    Args:
        signer: the node's key.
        base: the gateway's public address, without a trailing slash.
    """

    def __init__(self, signer: Ed25519Signer, base: str) -> None:
        self._signer = signer
        self._verifier = Ed25519Verifier.from_b64(signer.key_id, signer.public_b64)
        self._base = base

    def lend(self, grant: Grant, record_id: str, now_ms: int) -> dict[str, Any]:
        """Return an address that is good for a minute, or until the grant ends.

        Raises:
            PlaceError: if the order's place cannot be meant.
        """
        order = grant.order
        meant = place_of(grant)
        expires = min(now_ms + LIFE_MS, order.valid_until_ms)
        token, signature = self._token(Loan(order.grant_number, record_id, expires))
        return {
            "record": record_id,
            "grant": order.grant_number,
            "kind": order.kind,
            "protocol": meant.protocol,
            "address": self._address(meant, token),
            "channel": order.place.channel if order.place else "",
            "expires_ms": expires,
            "token": token,
            "signature": signature,
        }

    def _address(self, meant: Target, token: str) -> str:
        if meant.protocol == "file":
            return f"{self._base}{FILES}?token={token}"
        if meant.scheme in _TAKES_QUERY:
            return f"{meant.url}?token={token}"
        return meant.url

    def token(self, grant_number: str, record_id: str, expires_ms: int) -> str:
        """Return a token for what was made under a record."""
        return self._token(Loan(grant_number, record_id, expires_ms))[0]

    def _token(self, loan: Loan) -> tuple[str, str]:
        said = _encoded(orjson.dumps([loan.grant, loan.record, loan.expires_ms]))
        signature = _encoded(self._signer.sign(_CONTEXT + said.encode()))
        return f"{said}.{signature}", signature

    def read(self, token: str, now_ms: int) -> Loan:
        """Return what a token says.

        Raises:
            AddressRefusedError: if it is none, was not signed here, or is over.
        """
        said, _, signature = token.partition(".")
        if not self._is_own(said, signature):
            raise AddressRefusedError(problem=gettext_noop("token不是本节点签发的"))
        loan = Loan(*orjson.loads(_decoded(said)))
        if now_ms >= loan.expires_ms:
            raise AddressRefusedError(problem=gettext_noop("已过有效时间"))
        return loan

    def _is_own(self, said: str, signature: str) -> bool:
        if len(said) + len(signature) > LONGEST_TOKEN:
            return False
        try:
            return self._verifier.verify(_decoded(signature), _CONTEXT + said.encode("ascii"))
        except ValueError:
            return False


def place_of(grant: Grant) -> Target:
    """Return the place behind a grant.

    Raises:
        PlaceError: if there is none that can be meant.
    """
    return target(grant.order.kind, grant.order.place or Place(protocol="", address=""))


def lent_grant(loan: Loan, book: GrantBook, way: Way = "address") -> Grant:
    """Return the grant of a loan, if it still has the way the loan was made by.

    Raises:
        AddressRefusedError: if this node no longer holds it.
    """
    grant = book.by_number.get(loan.grant)
    if grant is None or way not in grant.order.ways:
        raise AddressRefusedError(problem=gettext_noop("授权不在本节点"))
    return grant


def check_path(meant: Target, asked: str) -> None:
    """Check that a path asked for at the provider's server is what was lent: the place itself or something below it.

    A playlist's pieces lie beside it.

    Raises:
        AddressRefusedError: if it is something else.
    """
    path = unquote(asked.partition("?")[0])
    own = meant.path.rstrip("/")
    below = own.rpartition("/")[0] if meant.protocol == "hls" else own
    climbs = any(part in {".", ".."} for part in path.split("/")) or "\\" in path or "%" in path
    if climbs or not (path.rstrip("/") == own or path.startswith(f"{below}/")):
        raise AddressRefusedError(problem=gettext_noop("路径{path}不在授权的范围里"), path=quote(path[:64], safe="/"))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
