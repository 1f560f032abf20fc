"""The caller's SDK: ``query``, ``verify``, ``address`` and ``receipt`` against one node's gateway."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from jutong.client.errors import AnswerUntrustedError, GatewayUnreachableError, RefusedError
from jutong.client.signing import AnswerChecker, CallSigner
from jutong.kernel.keys import Ed25519Verifier, Signer

TIMEOUT_SECONDS = 15.0
_REFUSED = 400


@dataclass(frozen=True)
class Queried:
    """Rows by item, the id of the access record, and the SHA-256 the record holds of this answer."""

    record: str
    rows: list[dict[str, Any]]
    raw: bytes


@dataclass(frozen=True)
class Verified:
    """Whether everything claimed is so; ``unknown`` when the department cannot say."""

    record: str
    answer: Literal["yes", "no", "unknown"]
    raw: bytes


@dataclass(frozen=True)
class Lent:
    """An address that is good for a minute: files, a service, a stream or a camera behind a grant.

    Where the protocol takes no query, such as MQTT, ``token`` is shown to the server as its own sign-in asks.
    """

    record: str
    kind: str
    protocol: str
    address: str
    channel: str
    token: str
    expires_ms: int
    raw: bytes


class JutongClient:
    """Calls one gateway as one information system. Close it, or use it as a context manager.

    Args:
        base_url: the gateway's address as its node publishes it; the signature covers it.
        key_id: the id of the key registered for the system.
        signer: the system's private key.
        node_key: the node's public key; with it every answer is checked, without it none is.
        language: of error messages, ``zh-hans`` or ``en``.
        transport: an httpx transport instead of the network, for tests.
    """

    def __init__(
        self,
        base_url: str,
        key_id: str,
        signer: Signer,
        *,
        node_key: Ed25519Verifier | None = None,
        language: str = "zh-hans",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._signer = CallSigner(key_id, signer)
        self._checker = AnswerChecker(node_key) if node_key else None
        headers = {"Accept-Language": language, "User-Agent": "jutong-client/1"}
        self._http = httpx.Client(timeout=TIMEOUT_SECONDS, headers=headers, transport=transport, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def query(
        self,
        *,
        grant: str,
        purpose: str,
        official: str,
        key: Mapping[str, str],
        case: str = "",
        fields: Sequence[str] | None = None,
    ) -> Queried:
        """Return the rows a key finds, as far as the grant shows them.

        Args:
            grant: number of the grant.
            purpose: exactly the grant's purpose.
            official: who handles the case.
            key: a value for each look-up item of the grant.
            case: number of the case in hand; some grants ask for it.
            fields: items wanted; None for all that are granted.

        Raises:
            RefusedError: the gateway says why.
            GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
        """
        body: dict[str, Any] = {
            "grant": grant,
            "purpose": purpose,
            "case": case,
            "official": official,
            "key": dict(key),
        }
        if fields is not None:
            body["fields"] = list(fields)
        raw = self._send("POST", "/gw/v1/query", body)
        content = json.loads(raw)
        return Queried(content["record"], content["rows"], raw)

    def verify(
        self,
        *,
        grant: str,
        purpose: str,
        official: str,
        key: Mapping[str, str],
        claims: Mapping[str, str],
        case: str = "",
    ) -> Verified:
        """Ask whether all claims about the one found by a key are so.

        Args:
            grant: number of the grant.
            purpose: exactly the grant's purpose.
            official: who handles the case.
            key: a value for each look-up item of the grant.
            claims: what is claimed, by item.
            case: number of the case in hand; some grants ask for it.

        Raises:
            RefusedError: the gateway says why.
            GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
        """
        body = {
            "grant": grant, "purpose": purpose, "case": case, "official": official,
            "key": dict(key), "claims": dict(claims),
        }  # fmt: skip
        raw = self._send("POST", "/gw/v1/verify", body)
        content = json.loads(raw)
        return Verified(content["record"], content["answer"], raw)

    def address(self, *, grant: str, purpose: str, official: str, case: str = "") -> Lent:
        """Return an address under which what stands behind the grant can be had for a minute.

        Args:
            grant: number of the grant.
            purpose: exactly the grant's purpose.
            official: who handles the case.
            case: number of the case in hand; some grants ask for it.

        Raises:
            RefusedError: the gateway says why.
            GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
        """
        raw = self._send(
            "POST", "/gw/v1/address", {"grant": grant, "purpose": purpose, "case": case, "official": official}
        )
        content = json.loads(raw)
        names = ("record", "kind", "protocol", "address", "channel", "token", "expires_ms")
        return Lent(**{name: content[name] for name in names}, raw=raw)

    def receipt(self, record_id: str) -> tuple[str, dict[str, Any]]:
        """Return the receipt (text) and the record (content of ``record.json``) of a call made before.

        Raises:
            RefusedError: no such call of this system.
            GatewayUnreachableError, AnswerUntrustedError: there is no answer to rely on.
        """
        content = json.loads(self._send("GET", f"/gw/v1/receipts/{record_id}", None))
        return content["receipt"], content["record"]

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> bytes:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if content else {}
        request = self._http.build_request(method, self._base + path, content=content, headers=headers)
        nonce = self._signer.sign(request)
        try:
            response = self._http.send(request)
        except httpx.HTTPError as error:
            raise GatewayUnreachableError(address=self._base, reason=type(error).__name__) from error
        if response.status_code >= _REFUSED:
            raise self._refusal(response, nonce)
        if self._checker is not None:
            self._checker.check(response, nonce)
        return response.content

    def _refusal(self, response: httpx.Response, nonce: str) -> Exception:
        # A refusal before the signature could be read carries no nonce; it gives nothing away and needs no trust.
        if self._checker is not None and "nonce=" in response.headers.get("signature-input", ""):
            self._checker.check(response, nonce)
        try:
            error = dict(response.json()["error"])
        except (ValueError, KeyError, TypeError):
            return AnswerUntrustedError(problem=f"HTTP {response.status_code}")
        waiting = response.headers.get("retry-after", "")
        return RefusedError(error, response.status_code, int(waiting) if waiting.isdigit() else None)
