"""Signing calls and checking answers with the public RFC 9421 library."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from jutong.client.errors import AnswerUntrustedError
from jutong.kernel.keys import Ed25519Verifier, Signer

TAG = "jutong-1"
LABEL = "jutong"
COVERED = ("@method", "@target-uri", "content-digest")
ANSWER_COVERED = ("@status", "content-digest")
NONCE_BYTES = 18
LARGEST_AGE = timedelta(seconds=300)


class CallSigner:
    """Signs requests with a caller's key; the private key never passes through the library.

    Args:
        key_id: the id the key is registered under.
        signer: holds the private key.
    """

    def __init__(self, key_id: str, signer: Signer) -> None:
        self._key_id = key_id
        self._signer = signer
        self._http = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)

    def sign(self, request: httpx.Request) -> str:
        """Add digest and signature to a request and return its nonce."""
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        prepared = self._http.prepare(
            request, key_id=self._key_id, nonce=nonce, label=LABEL, tag=TAG,
            covered_component_ids=COVERED, body=request.content,
        )  # fmt: skip
        self._http.apply(request, prepared, self._signer.sign(prepared.signature_base))
        return nonce


class _NodeKey(HTTPSignatureKeyResolver):
    def __init__(self, verifier: Ed25519Verifier) -> None:
        self._verifier = verifier

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        return self._verifier.public if key_id == self._verifier.key_id else None

    def resolve_private_key(self, key_id: str) -> Any:
        raise KeyError(key_id)


class _Verifier(HTTPMessageVerifier):
    # The node's clock may be ahead of ours by as much as it lets ours be.
    max_clock_skew = LARGEST_AGE


class AnswerChecker:
    """Checks that an answer is the node's own answer to one request.

    Args:
        node_key: the node's public key, as published by the center.
    """

    def __init__(self, node_key: Ed25519Verifier) -> None:
        self._http = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_NodeKey(node_key))

    def check(self, response: httpx.Response, nonce: str) -> None:
        """Check signature, digest and nonce.

        Raises:
            AnswerUntrustedError: naming what does not fit.
        """
        try:
            found = self._http.verify(
                response, max_age=LARGEST_AGE, expect_tag=TAG, expect_label=LABEL,
                require_components=ANSWER_COVERED, body=response.content,
            )  # fmt: skip
        except InvalidSignature as error:
            raise AnswerUntrustedError(problem=str(error)) from error
        if len(found) != 1 or found[0].nonce != nonce:
            raise AnswerUntrustedError(problem="nonce")
