"""Signed addresses of files, and the places a client goes on from."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jutong.kernel.i18n import gettext_noop
from jutong.node.gateway.callers.tokens import decoded, encoded
from jutong.node.shares.errors import ShareCallError, ShareFileError

BASE = "/delta-sharing"
FILES = BASE + "/files/"
LIFE_MS = 900_000
"""How long a file may be fetched."""
_FILE = re.compile(r"([0-9a-f-]{36})/([0-9a-f]{32})/((?:part-[0-9]{5,9}|changes)\.parquet)")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class FileAddress:
    """A file of a view, and the access record it was handed out under."""

    grant_id: str
    view: str
    name: str
    record: str
    expires_ms: int


class Addresses:
    """Makes and reads addresses.

    Args:
        secret: the node's own secret.
        base: the gateway's public address, without a trailing slash.
    """

    def __init__(self, secret: bytes, base: str) -> None:
        self._key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"jutong-share-1").derive(secret)
        self.endpoint = base + BASE
        self._base = base

    def _mac(self, *parts: object) -> str:
        return encoded(hmac.digest(self._key, orjson.dumps(parts), "sha256"))

    def file(self, address: FileAddress) -> str:
        """Return the address of a file."""
        said = (address.grant_id, address.view, address.name, address.record, address.expires_ms)
        mac = self._mac("file", *said)
        path = f"{FILES}{address.grant_id}/{address.view}/{address.name}"
        return f"{self._base}{path}?r={address.record}&e={address.expires_ms}&s={mac}"

    def read_file(self, path: str, query: dict[str, str], now_ms: int) -> FileAddress:
        """Return what an address leads to.

        Raises:
            ShareFileError: if it was not made here, or is over.
        """
        found = _FILE.fullmatch(path[len(FILES) :])
        if found is None or not query.get("e", "").isdecimal():
            raise ShareFileError
        address = FileAddress(found[1], found[2], found[3], query.get("r", ""), int(query["e"]))
        said = (address.grant_id, address.view, address.name, address.record, address.expires_ms)
        if not hmac.compare_digest(self._mac("file", *said), query.get("s", "")) or now_ms >= address.expires_ms:
            raise ShareFileError
        return address

    def page(self, about: str, place: list[int]) -> str:
        """Return a token for what comes behind a place of a listing."""
        said = orjson.dumps(place)
        return f"{encoded(said)}.{self._mac('page', about, place)}"

    def read_page(self, about: str, token: str) -> list[int]:
        """Return the place a token stands for.

        Raises:
            ShareCallError: if it is none of this listing's.
        """
        said, _, mac = token[:_LONGEST].partition(".")
        try:
            place: list[int] = orjson.loads(decoded(said))
        except ValueError as error:
            raise ShareCallError(problem=gettext_noop("pageToken不是这里给出的")) from error
        if not hmac.compare_digest(self._mac("page", about, place), mac):
            raise ShareCallError(problem=gettext_noop("pageToken不是这里给出的"))
        return place


def digest_of(body: bytes) -> str:
    """Return the digest of an answer as records keep it."""
    return "sha256:" + sha256(body).hexdigest()
