from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from jutong.client import NEVER, AnswerUntrustedError, GatewayUnreachableError, JutongClient, RefusedError
from jutong.kernel.keys import Ed25519Verifier, generate_signer
from jutong.node.gateway.aside import Arithmetic
from jutong.node.gateway.signatures import AnswerSigner

CALLER, NODE = generate_signer("edu"), generate_signer("node-1")
BASE = "http://127.0.0.1:8301"
Respond = Callable[[httpx.Request], tuple[int, bytes]]


def client(respond: Respond, *, signed: bool = True, trusted: bool = True) -> JutongClient:
    def handle(request: httpx.Request) -> httpx.Response:
        status, body = respond(request)
        nonce = request.headers["signature-input"].split('nonce="')[1].split('"')[0]
        made = asyncio.run(AnswerSigner(Arithmetic(NODE)).headers(status, body, nonce=nonce, now=time.time()))
        headers = made if signed else []
        return httpx.Response(status, headers=[*headers, (b"retry-after", b"7")], content=body)

    key = Ed25519Verifier.from_b64(NODE.key_id, NODE.public_b64) if trusted else None
    return JutongClient(
        BASE + "/", CALLER.key_id, CALLER, node_key=key, language="en", retry=NEVER,
        transport=httpx.MockTransport(handle),
    )  # fmt: skip


def test_a_query_sends_what_was_said_and_returns_rows() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> tuple[int, bytes]:
        seen.append(request)
        return 200, b'{"record": "r", "rows": [{"a": 1}], "blind": "x"}'

    with client(respond) as http:
        found = http.query(grant="g", purpose="p", official="o", key={"k": "v"}, fields=["a"])
    assert (found.record, found.rows) == ("r", [{"a": 1}])
    assert str(seen[0].url) == BASE + "/gw/v1/query"
    assert json.loads(seen[0].content) == {
        "grant": "g", "purpose": "p", "case": "", "official": "o", "key": {"k": "v"}, "fields": ["a"],
    }  # fmt: skip
    assert seen[0].headers["accept-language"] == "en"


def test_verify_and_receipt() -> None:
    def respond(request: httpx.Request) -> tuple[int, bytes]:
        if request.method == "GET":
            return 200, b'{"receipt": "text", "record": {"leaf": {}}}'
        return 200, b'{"record": "r", "answer": "yes", "blind": "x"}'

    with client(respond) as http:
        assert http.verify(grant="g", purpose="p", official="o", key={"k": "v"}, claims={"c": "d"}).answer == "yes"
        assert http.receipt("r") == ("text", {"leaf": {}})


def test_an_address_is_lent() -> None:
    said: list[dict[str, Any]] = []

    def respond(request: httpx.Request) -> tuple[int, bytes]:
        said.append(json.loads(request.content))
        assert request.url.path == "/gw/v1/address"
        lent = {
            "record": "r1", "grant": "GR-1", "kind": "video", "protocol": "rtsp", "address": "rtsp://cam/1?token=t",
            "channel": "", "expires_ms": 5, "token": "t", "signature": "s",
        }  # fmt: skip
        return 200, json.dumps(lent).encode()

    with client(respond) as calling:
        lent = calling.address(grant="GR-1", purpose="核验", official="王老师", case="c1")
    assert (lent.address, lent.token, lent.expires_ms, lent.kind) == ("rtsp://cam/1?token=t", "t", 5, "video")
    assert said == [{"grant": "GR-1", "purpose": "核验", "case": "c1", "official": "王老师"}]


def test_a_refusal_carries_everything() -> None:
    error = {"code": "node.grant.expired", "message": "m", "next_step": "n", "fields": {"grant": "g"}, "record": "r"}
    with client(lambda _: (403, json.dumps({"error": error}).encode())) as http, pytest.raises(RefusedError) as caught:
        http.receipt("r")
    refused = caught.value
    assert (refused.code, refused.message, refused.next_step) == ("node.grant.expired", "m", "n")
    assert (refused.http_status, refused.fields, refused.record, refused.retry_after) == (403, {"grant": "g"}, "r", 7)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"error": 1}'])
def test_a_refusal_in_another_shape_is_not_believed(body: bytes) -> None:
    with client(lambda _: (502, body), signed=False) as http, pytest.raises(AnswerUntrustedError):
        http.receipt("r")


def test_an_unsigned_answer_is_not_believed_unless_nothing_was_asked_for() -> None:
    def respond(_: httpx.Request) -> tuple[int, bytes]:
        return 200, b'{"receipt": "t", "record": {}}'

    with client(respond, signed=False) as http, pytest.raises(AnswerUntrustedError):
        http.receipt("r")
    with client(respond, signed=False, trusted=False) as http:
        assert http.receipt("r") == ("t", {})


def test_no_answer_at_all() -> None:
    def respond(request: httpx.Request) -> tuple[int, bytes]:
        raise httpx.ConnectError("refused", request=request)

    with client(respond) as http, pytest.raises(GatewayUnreachableError) as caught:
        http.receipt("r")
    assert BASE in caught.value.explain()
