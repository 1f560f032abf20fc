"""From a call to signed bytes and from an answer's bytes to a result, for one gateway and one system."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from jutong.client.asking import FILE_SECONDS, Asked
from jutong.client.errors import AnswerUntrustedError, GatewayUnreachableError, ReceiptUntrustedError, RefusedError
from jutong.client.results import FilePart, Proven
from jutong.client.signing import AnswerChecker, CallSigner
from jutong.evidence.verify import verify
from jutong.kernel.keys import Ed25519Verifier, Signer

Result = TypeVar("Result")
_REFUSED = 400


@dataclass(frozen=True)
class Signed:
    """A signed request and its nonce."""

    request: httpx.Request
    nonce: str


class Wire:
    """One gateway as one system sees it.

    Args:
        base_url: the gateway's address as its node publishes it.
        key_id: the id of the system's key.
        signer: its private key.
        node_key: the node's public key, or None to believe every answer.
        language: of error messages.
    """

    def __init__(
        self, base_url: str, key_id: str, signer: Signer, *, node_key: Ed25519Verifier | None, language: str
    ) -> None:
        self.base = base_url.rstrip("/")
        self.options: dict[str, Any] = {
            "timeout": FILE_SECONDS,
            "headers": {"Accept-Language": language, "User-Agent": "jutong-client/2"},
            "trust_env": False,
        }
        self._signer = CallSigner(key_id, signer)
        self._checker = AnswerChecker(node_key) if node_key else None

    def sign(self, asked: Asked[Any], http: httpx.Client | httpx.AsyncClient) -> Signed:
        """Return a request of its own nonce."""
        content = asked.content
        headers = {"Content-Type": "application/json"} if content else {}
        request = http.build_request(
            asked.method, self.base + asked.path, content=content, headers=headers, timeout=asked.seconds
        )
        return Signed(request, self._signer.sign(request))

    def unreachable(self, error: httpx.HTTPError) -> GatewayUnreachableError:
        """Return what a caller is told of a network's trouble."""
        return GatewayUnreachableError(address=self.base, reason=type(error).__name__)

    def read(self, asked: Asked[Result], signed: Signed, response: httpx.Response) -> Result:
        """Return the result in an answer.

        Raises:
            RefusedError: it is a refusal.
            AnswerUntrustedError: it is not the node's answer to this request, or in no shape to be read.
        """
        if response.status_code >= _REFUSED:
            raise self._refusal(signed, response)
        if self._checker is not None:
            self._checker.check(response, signed.nonce)
        try:
            return asked.read(response.content, json.loads(response.content))
        except (ValueError, KeyError, TypeError) as error:
            raise AnswerUntrustedError(problem=f"{type(error).__name__}: {error}") from error

    def _refusal(self, signed: Signed, response: httpx.Response) -> RefusedError:
        # A refusal before the signature could be read carries no nonce; it gives nothing away and needs no trust.
        if self._checker is not None and "nonce=" in response.headers.get("signature-input", ""):
            self._checker.check(response, signed.nonce)
        return self.refused(response)

    def refused(self, response: httpx.Response) -> RefusedError:
        """Return the refusal in an answer."""
        try:
            error = dict(response.json()["error"])
        except (ValueError, KeyError, TypeError) as problem:
            raise AnswerUntrustedError(problem=f"HTTP {response.status_code}") from problem
        waiting = response.headers.get("retry-after", "")
        return RefusedError(error, response.status_code, int(waiting) if waiting.isdigit() else None)


class Landing:
    """A file on its way to its place: under another name until it is whole and what its manifest says.

    Args:
        part: the file.
        path: where it goes.
    """

    def __init__(self, part: FilePart, path: Path) -> None:
        self._part, self._path = part, path
        self._fresh = path.with_name(path.name + ".part")
        self._digest = hashlib.sha256()
        self._size = 0
        self._stream = self._fresh.open("wb")

    def write(self, chunk: bytes) -> None:
        """Add a piece.

        Raises:
            AnswerUntrustedError: if there is more than there should be.
        """
        self._size += len(chunk)
        if self._size > self._part.size:
            raise AnswerUntrustedError(problem="bytes")
        self._digest.update(chunk)
        self._stream.write(chunk)

    def land(self) -> Path:
        """Put the whole file in its place.

        Raises:
            AnswerUntrustedError: if it is not the file the manifest tells of.
        """
        if (self._size, self._digest.hexdigest()) != (self._part.size, self._part.sha256):
            raise AnswerUntrustedError(problem="sha256")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        return self._fresh.rename(self._path)

    def clear(self) -> None:
        """Leave nothing half."""
        self._stream.close()
        self._fresh.unlink(missing_ok=True)


def proven(receipt: tuple[str, dict[str, Any]], raw: bytes, log_keys: str | Iterable[str]) -> Proven:
    """Check that a receipt proves the record of an answer, and that the record holds that answer's digest.

    Raises:
        ReceiptUntrustedError: naming the step that failed.
    """
    text, content = receipt
    verdict = verify(text, json.dumps(content, ensure_ascii=False), log_keys)
    if not verdict.ok:
        raise ReceiptUntrustedError(step=verdict.code)
    record: dict[str, Any] = content["record"]
    if record.get("answer_digest") != "sha256:" + hashlib.sha256(raw).hexdigest():
        raise ReceiptUntrustedError(step="answer-digest")
    return Proven(text, record, verdict.signers)
