"""Signed messages after RFC 9421, in exactly one profile, verified in microseconds.

A request carries one signature labelled ``jutong`` over ``@method``, ``@target-uri`` and ``content-digest`` with the
parameters ``created``, ``nonce``, ``keyid``, ``alg`` and ``tag``; anything else is refused, so nothing has to be
negotiated and nothing can be confused. Why this is our own: docs/adr/0006-own-signature-verifier.md.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from jutong.kernel.i18n import gettext_noop
from jutong.kernel.keys import ED25519
from jutong.node.errors import (
    BodyChangedError,
    KeyUnknownError,
    SignatureMalformedError,
    SignatureMissingError,
    SignatureStaleError,
    SignatureWrongError,
)

LABEL = "jutong"
TAG = "jutong-1"
WINDOW_SECONDS = 300
"""How far ``created`` may lie from the node's clock, either way."""

SHORTEST_NONCE = 16
_REQUEST_ITEMS = '("@method" "@target-uri" "content-digest")'
_ANSWER_ITEMS = '("@status" "content-digest")'
_SIGNATURE_BYTES = 64
_DIGEST_TEXT = 44
_PREFIX = f"{LABEL}={_REQUEST_ITEMS};".encode()
_LONGEST_INPUT = 512
# The five parameters in any order; a value holds no quote, backslash or control character, so that what was sent
# and what RFC 8941 would serialise again are the same bytes.
_PARAMETER = re.compile(rb'([a-z]+)=(?:"([!#-\[\]-~ ]{1,128})"|([0-9]{1,11}))(?:;|\Z)')
# The order the common libraries write, in one match; any other order takes the loop below.
_USUAL = re.compile(
    rb'created=([0-9]{1,11});keyid="([!#-\[\]-~ ]{1,128})";alg="([!#-\[\]-~ ]{1,128})"'
    rb';nonce="([!#-\[\]-~ ]{1,128})";tag="([!#-\[\]-~ ]{1,128})"'
)
_USUAL_ORDER = (b"created", b"keyid", b"alg", b"nonce", b"tag")
_NAMES = {b"created", b"nonce", b"keyid", b"alg", b"tag"}


class PublicKey(Protocol):
    """A caller's public key."""

    @property
    def raw(self) -> bytes:
        """Its 32 bytes."""


class Signs(Protocol):
    """Computes signatures, here or elsewhere."""

    @property
    def key_id(self) -> str:
        """The id of the key it signs with."""

    @property
    def alg(self) -> str:
        """The RFC 9421 algorithm name."""

    async def verify(self, key: bytes, signature: bytes, message: bytes) -> bool:
        """Tell whether the signature over ``message`` is the key's."""

    async def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a good signature says."""

    key_id: str
    nonce: str
    created: int
    base: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the signed text. The nonce in it keeps anybody from guessing the body behind it."""
        return "sha256:" + sha256(self.base).hexdigest()


def content_digest(body: bytes) -> bytes:
    """Return the ``Content-Digest`` field value of a body (RFC 9530, sha-256)."""
    return b"sha-256=:" + binascii.b2a_base64(sha256(body).digest(), newline=False) + b":"


def _parameters(field: bytes) -> dict[bytes, bytes]:
    if len(field) > _LONGEST_INPUT or not field.startswith(_PREFIX):
        raise SignatureMalformedError(problem=gettext_noop("Signature-Input的标签或覆盖项不对"))
    usual = _USUAL.fullmatch(field, len(_PREFIX))
    if usual is not None:
        return dict(zip(_USUAL_ORDER, usual.groups(), strict=True))
    found: dict[bytes, bytes] = {}
    at = len(_PREFIX)
    while at < len(field):
        match = _PARAMETER.match(field, at)
        if match is None or match[1] in found or match[1] not in _NAMES or (match[1] == b"created") != bool(match[3]):
            raise SignatureMalformedError(problem=gettext_noop("Signature-Input的参数不对"))
        found[match[1]] = match[2] or match[3]
        at = match.end()
    if len(found) != len(_NAMES) or field.endswith(b";"):
        raise SignatureMalformedError(problem=gettext_noop("Signature-Input须恰好有created、nonce、keyid、alg、tag"))
    return found


def _signature(field: bytes) -> bytes:
    if not field.startswith(b"jutong=:") or not field.endswith(b":"):
        raise SignatureMalformedError(problem=gettext_noop("Signature的标签不对"))
    text = field[8:-1]
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SignatureMalformedError(problem=gettext_noop("Signature不是base64")) from error
    if len(raw) != _SIGNATURE_BYTES or binascii.b2a_base64(raw, newline=False) != text:
        raise SignatureMalformedError(problem=gettext_noop("Signature的长度不对"))
    return raw


class RequestVerifier:
    """Checks requests sent to one address.

    Args:
        address: the base address callers use, without a trailing slash. A signature made for another gateway does
            not fit, so it cannot be replayed here.
        arithmetic: computes signatures.
    """

    def __init__(self, address: str, arithmetic: Signs) -> None:
        self.address = address
        self._arithmetic = arithmetic
        self._heads: dict[tuple[str, str], bytes] = {}

    def _head(self, method: str, path: str) -> bytes:
        head = self._heads.get((method, path))
        if head is None:
            head = f'"@method": {method}\n"@target-uri": {self.address}{path}\n"content-digest": '.encode()
            if method == "POST":  # the few fixed paths; a GET path carries an id and is not kept
                self._heads[method, path] = head
        return head

    async def check(
        self,
        method: str,
        path: str,
        headers: Mapping[bytes, bytes],
        body: bytes,
        *,
        keys: Mapping[str, PublicKey],
        now: float,
    ) -> SignedRequest:
        """Check everything about a request but whether it came before.

        Args:
            method: upper case.
            path: the raw path; the profile allows no query.
            headers: field values by lower-case name; a repeated field must have been refused before.
            body: the whole body.
            keys: public keys by key id.
            now: seconds since 1970 UTC.

        Raises:
            SignatureMissingError, SignatureMalformedError: it is not signed in this profile.
            SignatureStaleError: ``created`` is more than 300 s from ``now``.
            KeyUnknownError: no such key.
            BodyChangedError: the digest is not the body's.
            SignatureWrongError: the signature does not fit.
        """
        given = headers.get(b"signature-input")
        value = headers.get(b"signature")
        digest = headers.get(b"content-digest")
        if given is None or value is None or digest is None:
            missing = "Signature-Input" if given is None else "Signature" if value is None else "Content-Digest"
            raise SignatureMissingError(header=missing)
        parameters = _parameters(given)
        if parameters[b"alg"] != b"ed25519" or parameters[b"tag"] != b"jutong-1":
            raise SignatureMalformedError(problem=gettext_noop("alg须为ed25519，tag须为jutong-1"))
        if len(parameters[b"nonce"]) < SHORTEST_NONCE:
            raise SignatureMalformedError(problem=gettext_noop("nonce至少16个字符"))
        created = int(parameters[b"created"])
        if abs(now - created) > WINDOW_SECONDS:
            raise SignatureStaleError(seconds=int(abs(now - created)), limit=WINDOW_SECONDS)
        key_id = parameters[b"keyid"].decode()
        key = keys.get(key_id)
        if key is None:
            raise KeyUnknownError(key_id=key_id)
        if digest != content_digest(body):
            raise BodyChangedError
        raw = _signature(value)
        base = self._head(method, path) + digest + b'\n"@signature-params": ' + given[len(LABEL) + 1 :]
        if not await self._arithmetic.verify(key.raw, raw, base):
            raise SignatureWrongError(address=self.address)
        return SignedRequest(key_id, parameters[b"nonce"].decode(), created, base, raw)


class AnswerSigner:
    """Signs answers with the node's key, bound to the request by its nonce."""

    def __init__(self, signer: Signs) -> None:
        if signer.alg != ED25519:
            raise ValueError(f"answers are signed with {ED25519}")
        self._signer = signer
        self._tail = f';keyid="{signer.key_id}";alg="{ED25519}";tag="{TAG}"'

    async def headers(self, status: int, body: bytes, *, nonce: str, now: float) -> list[tuple[bytes, bytes]]:
        """Return ``Content-Digest``, ``Signature-Input`` and ``Signature`` of an answer.

        Args:
            status: the HTTP status.
            body: the whole body.
            nonce: the request's nonce; empty when the request had none that could be read.
            now: seconds since 1970 UTC.
        """
        digest = content_digest(body)
        bound = f';nonce="{nonce}"' if nonce else ""
        given = f"{_ANSWER_ITEMS};created={int(now)}{bound}{self._tail}".encode()
        base = b'"@status": %d\n"content-digest": %b\n"@signature-params": %b' % (status, digest, given)
        signature = binascii.b2a_base64(await self._signer.sign(base), newline=False)
        return [
            (b"content-digest", digest),
            (b"signature-input", b"jutong=" + given),
            (b"signature", b"jutong=:" + signature + b":"),
        ]
