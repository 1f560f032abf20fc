"""The gateway's own verifier against the public library, in both directions, and against every change."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.client.errors import AnswerUntrustedError
from jutong.client.signing import AnswerChecker, CallSigner
from jutong.kernel.errors import JutongError
from jutong.kernel.keys import Ed25519Verifier, generate_signer
from jutong.node.errors import (
    BodyChangedError,
    KeyUnknownError,
    SignatureMalformedError,
    SignatureMissingError,
    SignatureStaleError,
    SignatureWrongError,
)
from jutong.node.gateway.aside import Arithmetic
from jutong.node.gateway.signatures import AnswerSigner, RequestVerifier, SignedRequest
from jutong.node.grants import public_key

BASE = "http://127.0.0.1:8301"
KEY = generate_signer("edu")
OTHER = generate_signer("other")


@dataclass
class Public:
    raw: bytes


KEYS = {KEY.key_id: Public(public_key(KEY.public_b64))}
VERIFIER = RequestVerifier(BASE, Arithmetic(KEY))


@dataclass
class Message:
    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes

    @classmethod
    def of(cls, request: httpx.Request, path: str = "/gw/v1/query") -> Message:
        headers = {name.lower(): value for name, value in request.headers.raw}
        return cls(request.method, path, headers, request.content)

    def check(self, now: float | None = None, keys: Any = None) -> SignedRequest:
        return asyncio.run(self._check(KEYS if keys is None else keys, time.time() if now is None else now))

    async def _check(self, keys: Any, now: float) -> SignedRequest:
        return await VERIFIER.check(self.method, self.path, self.headers, self.body, keys=keys, now=now)


def signed(body: bytes = b'{"grant":"x"}', path: str = "/gw/v1/query", method: str = "POST") -> Message:
    request = httpx.Request(method, BASE + path, content=body)
    CallSigner(KEY.key_id, KEY).sign(request)
    return Message.of(request, path)


def test_what_the_library_signs_is_accepted() -> None:
    message = signed()
    found = message.check()
    assert found.key_id == KEY.key_id
    assert found.nonce in message.headers[b"signature-input"].decode()
    assert abs(found.created - time.time()) < 5
    assert signed(b"", "/gw/v1/receipts/1", "GET").check().signature


@given(body=st.binary(max_size=300), path=st.sampled_from(["/gw/v1/query", "/gw/v1/verify"]))
def test_any_body_the_library_signs_is_accepted(body: bytes, path: str) -> None:
    assert signed(body, path).check().key_id == KEY.key_id


@settings(max_examples=300)
@given(data=st.data())
def test_one_changed_byte_anywhere_is_refused(data: st.DataObject) -> None:
    message = signed()
    good = message.check()
    part = data.draw(st.sampled_from(["body", "signature", "signature-input", "content-digest", "path", "method"]))
    if part in {"path", "method"}:
        before = getattr(message, part)
        setattr(
            message, part, data.draw(st.text("abcdefgPOST/v1", min_size=1, max_size=12).filter(lambda t: t != before))
        )
    else:
        value = message.body if part == "body" else message.headers[part.encode()]
        at = data.draw(st.integers(0, len(value) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda b: b != value[at]))
        changed = value[:at] + bytes([byte]) + value[at + 1 :]
        if part == "body":
            message.body = changed
        else:
            message.headers[part.encode()] = changed
    with pytest.raises(JutongError) as caught:
        message.check()
    assert caught.value.code.startswith("node.signature.")
    assert good.nonce


@pytest.mark.parametrize("header", ["signature", "signature-input", "content-digest"])
def test_a_missing_header_is_named(header: str) -> None:
    message = signed()
    del message.headers[header.encode()]
    with pytest.raises(SignatureMissingError, match="(?i)" + header):
        message.check()


def test_the_clock_window_is_exact() -> None:
    message = signed()
    created = message.check().created
    for offset in (-300, 0, 300):
        assert message.check(now=created + offset).created == created
    for offset in (-301, 301):
        with pytest.raises(SignatureStaleError):
            message.check(now=created + offset)


def test_an_unknown_and_a_wrong_key() -> None:
    with pytest.raises(KeyUnknownError):
        signed().check(keys={})
    with pytest.raises(SignatureWrongError) as caught:
        signed().check(keys={KEY.key_id: Public(public_key(OTHER.public_b64))})
    assert BASE in caught.value.explain()


def test_a_changed_body_is_called_by_its_name() -> None:
    message = signed()
    message.body += b" "
    with pytest.raises(BodyChangedError):
        message.check()


def test_a_signature_for_another_gateway_does_not_fit() -> None:
    request = httpx.Request("POST", "http://10.0.0.1:8301/gw/v1/query", content=b"{}")
    CallSigner(KEY.key_id, KEY).sign(request)
    with pytest.raises(SignatureWrongError):
        Message.of(request).check()


class _Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Any:
        return KEY.private.public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        return b"secret" if self.shared else KEY.private

    shared = False


def _signed_otherwise(**changes: Any) -> Message:
    keys = _Keys()
    algorithm = changes.pop("algorithm", algorithms.ED25519)
    keys.shared = algorithm is algorithms.HMAC_SHA256
    how = {
        "key_id": KEY.key_id, "nonce": "n" * 24, "label": "jutong", "tag": "jutong-1",
        "covered_component_ids": ("@method", "@target-uri", "content-digest"), "body": b"{}",
    }  # fmt: skip
    request = httpx.Request("POST", BASE + "/gw/v1/query", content=b"{}")
    HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=keys).sign(request, **{**how, **changes})
    return Message.of(request)


def test_the_profile_itself_passes() -> None:
    assert _signed_otherwise().check().key_id == KEY.key_id


@pytest.mark.parametrize(
    "changes",
    [
        {"label": "other"},
        {"tag": "jutong-2"},
        {"tag": None},
        {"nonce": None},
        {"nonce": "short"},
        {"include_alg": False},
        {"algorithm": algorithms.HMAC_SHA256},
        {"covered_component_ids": ("@method", "content-digest")},
        {"covered_component_ids": ("@target-uri", "@method", "content-digest")},
        {"covered_component_ids": ("@method", "@target-uri", "content-digest", "@authority")},
        {"expires": datetime.now(UTC) + timedelta(minutes=1)},
    ],
)
def test_anything_but_the_profile_is_malformed(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureMalformedError):
        _signed_otherwise(**changes).check()


def test_other_algorithms_are_not_taken_by_name() -> None:
    message = signed()
    for name in (b"none", b"hmac-sha256", b"rsa-v1_5-sha256", b"Ed25519", b"ed25519x"):
        field = message.headers[b"signature-input"].replace(b'alg="ed25519"', b'alg="' + name + b'"')
        with pytest.raises(SignatureMalformedError):
            Message("POST", message.path, {**message.headers, b"signature-input": field}, message.body).check()


def test_parameters_may_stand_in_any_order() -> None:
    created = int(time.time())
    given = (
        f'("@method" "@target-uri" "content-digest");tag="jutong-1";alg="ed25519";keyid="{KEY.key_id}"'
        f';nonce="abcdefghijklmnop";created={created}'
    )
    message = signed(b"{}")
    digest = message.headers[b"content-digest"].decode()
    base = (
        f'"@method": POST\n"@target-uri": {BASE}/gw/v1/query\n"content-digest": {digest}\n"@signature-params": {given}'
    )
    import base64

    message.headers[b"signature-input"] = f"jutong={given}".encode()
    message.headers[b"signature"] = b"jutong=:" + base64.b64encode(KEY.sign(base.encode())) + b":"
    assert message.check().nonce == "abcdefghijklmnop"
    for wrong in (given + ";", given + f";created={created}", given.replace(";nonce", " ;nonce"), given + ", x=()"):
        message.headers[b"signature-input"] = f"jutong={wrong}".encode()
        with pytest.raises(SignatureMalformedError):
            message.check()


@pytest.mark.parametrize("value", [b"jutong=::", b"jutong=:!!!!:", b"other=:AAAA:", b"jutong=:" + b"A" * 88, b""])
def test_a_signature_that_is_none(value: bytes) -> None:
    message = signed()
    message.headers[b"signature"] = value
    with pytest.raises(SignatureMalformedError):
        message.check()


# -- answers ------------------------------------------------------------------------------------------------------


def _answer(nonce: str, *, status: int = 200, body: bytes = b"{}", key: Any = KEY) -> httpx.Response:
    headers = asyncio.run(AnswerSigner(Arithmetic(key)).headers(status, body, nonce=nonce, now=time.time()))
    return httpx.Response(status, headers=headers, content=body, request=httpx.Request("POST", BASE))


def test_the_library_accepts_what_the_node_signs() -> None:
    checker = AnswerChecker(Ed25519Verifier.from_b64(KEY.key_id, KEY.public_b64))
    checker.check(_answer("abc"), "abc")


@pytest.mark.parametrize("change", ["nonce", "body", "status", "key", "unsigned"])
def test_the_client_refuses_a_changed_answer(change: str) -> None:
    checker = AnswerChecker(Ed25519Verifier.from_b64(KEY.key_id, KEY.public_b64))
    answer = _answer("abc", key=OTHER if change == "key" else KEY)
    if change == "body":
        answer = httpx.Response(200, headers=answer.headers, content=b"[]", request=answer.request)
    if change == "status":
        answer.status_code = 201
    if change == "unsigned":
        del answer.headers["signature"]
    with pytest.raises(AnswerUntrustedError):
        checker.check(answer, "abd" if change == "nonce" else "abc")


def test_answers_are_signed_with_ed25519_only() -> None:
    class Sm2(Arithmetic):
        alg = "sm2"

    with pytest.raises(ValueError, match="ed25519"):
        AnswerSigner(Sm2(KEY))


def test_a_public_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        public_key("AAAA")
