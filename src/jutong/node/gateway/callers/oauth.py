"""OAuth 2 client credentials (RFC 6749 4.4): a client shows its secret, or a signed assertion (RFC 7523), for a token.

The answers are those of the standard, not the gateway's error shape: libraries read them.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson

from jutong.kernel.errors import JutongError
from jutong.kernel.keys import Ed25519Verifier
from jutong.node.gateway.callers.config import OauthClient
from jutong.node.gateway.callers.tokens import Tokens, decoded
from jutong.node.gateway.http import Answer, HungUpError, Receive, Scope, Send, headers_of, read_body, send_answer

PATH = "/gw/oauth/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE = 300
"""Seconds an assertion may be good for."""

FORM = b"application/x-www-form-urlencoded"
MOST_FIELDS = 16
MOST_ASSERTIONS = 100_000
UNAUTHORISED = 401


class _Refusal(Exception):  # noqa: N818 - control flow inside this module only
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        self.error, self.description, self.status = error, description, status
        super().__init__(error)


def _unknown() -> _Refusal:
    return _Refusal("invalid_client", "the client is unknown or did not show what it is known by", UNAUTHORISED)


@dataclass
class TokenEndpoint:
    """The one address of the grant.

    Attributes:
        tokens: issues the tokens.
        address: this endpoint's published address, the audience of assertions.
        enter: counts a request in, see ``Gateway.enter``.
        clock: seconds since 1970 UTC.
    """

    tokens: Tokens
    address: str
    enter: Callable[[], Callable[[], None]]
    clock: Callable[[], float]
    _used: dict[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clients = {one.client_id: one for one in self.tokens.config.clients}

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer ``POST /gw/oauth/token``."""
        leave: Callable[[], None] | None = None
        try:
            leave = self.enter()
            headers = headers_of(scope)
            form = _form(headers, await read_body(receive))
            _check_asked(form)
            now = self.clock()
            client = self._client(headers, form, now)
            token = self.tokens.issue(client.client_id, now)
            content: dict[str, Any] = {
                "access_token": token, "token_type": "Bearer", "expires_in": self.tokens.config.token_seconds,
            }  # fmt: skip
            answer = Answer(200, orjson.dumps(content))
        except HungUpError:
            return
        except _Refusal as refused:
            answer = _refused(refused)
        except JutongError as error:
            status = error.http_status if error.http_status != UNAUTHORISED else 400
            answer = _refused(_Refusal("invalid_request", error.code, status), error.retry_after)
        finally:
            if leave is not None:
                leave()
        await send_answer(send, answer)

    def _client(self, headers: Mapping[bytes, bytes], form: Mapping[str, str], now: float) -> OauthClient:
        basic = headers.get(b"authorization")
        ways = [basic is not None, "client_secret" in form, "client_assertion" in form]
        if sum(ways) != 1:
            raise _Refusal("invalid_request", "a client authenticates in exactly one way")
        if "client_assertion" in form:
            return self._asserted(form, now)
        client_id, secret = (form.get("client_id", ""), form["client_secret"]) if basic is None else _basic(basic)
        client = self._clients.get(client_id)
        shown = sha256(secret.encode()).hexdigest()
        expected = client.secret_sha256 if client is not None else None
        if not hmac.compare_digest(shown, expected or "") or client is None:
            raise _unknown()
        return client

    def _asserted(self, form: Mapping[str, str], now: float) -> OauthClient:
        if form.get("client_assertion_type") != ASSERTION:
            raise _Refusal("invalid_request", "the assertion is of another type")
        try:
            head, payload, signature = form["client_assertion"].split(".")
            header, claims, raw = orjson.loads(decoded(head)), orjson.loads(decoded(payload)), decoded(signature)
            if header["alg"] not in {"EdDSA", "Ed25519"} or header.get("crit"):
                raise _unknown()
            client = self._clients.get(claims["sub"])
            if client is None or not client.public_key or claims["iss"] != client.client_id:
                raise _unknown()
            key = Ed25519Verifier.from_b64(client.client_id, client.public_key)
            audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            good = self.address in audience and now < float(claims["exp"]) <= now + LONGEST_LIFE
            if not good or not key.verify(raw, f"{head}.{payload}".encode()):
                raise _unknown()
            self._once(client.client_id, str(claims["jti"]), float(claims["exp"]), now)
        except (ValueError, KeyError, TypeError) as error:
            raise _unknown() from error
        return client

    def _once(self, client_id: str, jti: str, until: float, now: float) -> None:
        for used in [used for used, end in self._used.items() if end <= now]:
            del self._used[used]
        if (client_id, jti) in self._used or len(self._used) >= MOST_ASSERTIONS:
            raise _unknown()
        self._used[client_id, jti] = until


def _check_asked(form: Mapping[str, str]) -> None:
    if form.get("grant_type") != "client_credentials":
        raise _Refusal("unsupported_grant_type", "only client_credentials is")
    if form.get("scope"):
        raise _Refusal("invalid_scope", "what a system may do stands in its grants; ask for no scope")


def _refused(refused: _Refusal, retry_after: int | None = None) -> Answer:
    content = {"error": refused.error, "error_description": refused.description}
    headers = [(b"www-authenticate", b'Basic realm="jutong"')] if refused.status == UNAUTHORISED else []
    if retry_after:
        headers.append((b"retry-after", b"%d" % retry_after))
    return Answer(refused.status, orjson.dumps(content), headers=tuple(headers))


def _basic(given: bytes) -> tuple[str, str]:
    kind, _, value = given.partition(b" ")
    if kind.lower() != b"basic":
        raise _unknown()
    try:
        client_id, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError as error:
        raise _unknown() from error
    return unquote_plus(client_id), unquote_plus(secret)


def _form(headers: Mapping[bytes, bytes], body: bytes) -> dict[str, str]:
    if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != FORM:
        raise _Refusal("invalid_request", "the body is a form")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise _Refusal("invalid_request", "the form cannot be read") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _Refusal("invalid_request", "a field comes twice")
    return form
