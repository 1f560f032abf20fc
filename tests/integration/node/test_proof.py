"""Receipts for who called, and nothing for anybody when something breaks."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import httpx
import pytest

from jutong.client.signing import CallSigner
from jutong.contracts.orders import GrantStateOrder
from jutong.evidence.errors import LogUnwritableError
from jutong.kernel.keys import generate_signer
from jutong.node.grants import Grant
from jutong.node.live.source import Row
from tests.integration.node.conftest import Running
from tests.node_world import caller_key, grant_order, query_body, until, verify_body

GRANT = "0190a000-0000-7000-8000-000000000001"


async def test_the_caller_gets_the_receipt_of_its_call(started: Running) -> None:
    answer = await started.query(query_body())
    record_id = answer.json()["record"]
    response = await started.call(f"/gw/v1/receipts/{record_id}", None)
    assert response.status_code == 200, response.text
    content = response.json()
    assert content["receipt"].startswith("c2sp.org/tlog-proof@v1\nindex 0\n")
    record = content["record"]["record"]
    assert record["answer_digest"] == "sha256:" + hashlib.sha256(answer.content).hexdigest()
    assert (record["outcome"], record["rows"], record["via"]) == ("ok", 1, "signature")
    assert record["purpose"] == query_body()["purpose"]


async def test_nobody_else_gets_it(started: Running) -> None:
    record_id = (await started.query(query_body())).json()["record"]
    stranger = generate_signer("health")
    order = grant_order(
        stranger, grant_id="0190a000-0000-7000-8000-000000000002", grant_number="GR-2026-0002",
        callers=(caller_key(stranger, "health"),), requester_code="11330100MB0000003C",
    )  # fmt: skip
    started.node.gateway.serving.book.put(Grant(order, probe="ready"))
    for number in (record_id, "0190a000-0000-7000-8000-00000000ffff", "nonsense"):
        response = await started.call(f"/gw/v1/receipts/{number}", None, signer=stranger)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "node.receipt.not-found")


async def test_a_receipt_asked_for_before_the_process_began_is_stale(started: Running) -> None:
    record_id = (await started.query(query_body())).json()["record"]
    request = started.world.request(f"/gw/v1/receipts/{record_id}", None)
    started.node.gateway.started += 10
    response = await started.send(request)
    assert response.json()["error"]["code"] == "node.signature.stale"


async def test_a_replayed_call_is_refused_and_not_recorded_again(started: Running) -> None:
    request = started.world.request("/gw/v1/query", query_body())
    assert (await started.send(request)).status_code == 200
    again = await started.send(request)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "node.signature.replayed")
    assert started.node.log.size == 1


async def test_doubled_headers_are_refused(started: Running) -> None:
    request = started.world.request("/gw/v1/query", query_body())
    doubled = httpx.Headers([*request.headers.raw, (b"signature", request.headers["signature"].encode())])
    response = await started.http.send(httpx.Request("POST", request.url, headers=doubled, content=request.content))
    assert response.json()["error"]["code"] == "node.signature.malformed"


async def test_unsigned_and_unknown_callers_leave_no_record(started: Running) -> None:
    unsigned = await started.http.post("http://127.0.0.1:8301/gw/v1/query", json=query_body())
    assert unsigned.json()["error"]["code"] == "node.signature.missing"
    stranger = await started.query(query_body(), signer=generate_signer("x"))
    assert stranger.json()["error"]["code"] == "node.signature.key-unknown"
    assert started.node.log.size == 0


class _Full:
    async def append(self, leaf: bytes, attachment: bytes = b"") -> int:
        raise LogUnwritableError(reason="disk")


async def test_without_a_record_there_is_neither_answer_nor_quota(started: Running) -> None:
    serving = started.node.gateway.serving
    good = serving.recorder._log
    serving.recorder._log = _Full()
    for body, call in (
        (query_body(), started.query),
        (verify_body(), started.verify),
        (query_body(purpose="x"), started.query),
    ):
        response = await call(body)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "evidence.log.unwritable")
        assert set(response.json()) == {"error"}
    assert serving.quotas.used(GRANT) == 0
    serving.recorder._log = good
    assert (await started.query(query_body())).status_code == 200
    assert serving.quotas.used(GRANT) == 1


class _Slow:
    """A database that answers when it is told to."""

    name = "police"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = asyncio.Event()

    async def fetch(self, query: Any, values: Any) -> list[Row]:
        self.asked.set()
        await self.go.wait()
        return [("张小明", "13800001111", "somewhere", "2015-01-01")]

    async def probe(self, schema: str, table: str) -> Any:
        raise AssertionError

    async def close(self) -> None:
        pass


async def test_a_grant_revoked_while_the_database_works_gives_nothing(started: Running) -> None:
    slow = _Slow()
    open_sources: dict[str, Any] = started.node.gateway.serving.sources._open
    open_sources["police"] = slow
    pending = asyncio.ensure_future(started.query(query_body()))
    await slow.asked.wait()
    started.world.center.order("grant-state", GrantStateOrder(grant_id=GRANT, state="revoked", reason="收回"))
    await until(lambda: started.node.gateway.serving.book.by_id[GRANT].state == "revoked")
    slow.go.set()
    response = await pending
    assert response.json()["error"]["code"] == "node.grant.revoked"


class _Broken(_Slow):
    async def fetch(self, query: Any, values: Any) -> list[Row]:
        raise RuntimeError("330102201501011234 exploded")


async def test_an_unforeseen_fault_says_nothing_but_a_number(
    started: Running, caplog: pytest.LogCaptureFixture
) -> None:
    open_sources: dict[str, Any] = started.node.gateway.serving.sources._open
    open_sources["police"] = _Broken()
    response = await started.query(query_body())
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (500, "node.gateway.fault")
    assert "exploded" not in response.text
    assert error["fields"]["incident"] in caplog.text
    assert started.node.gateway.serving.quotas.used(GRANT) == 0
    assert started.node.log.size == 1


async def test_a_fault_outside_of_a_call_says_nothing_either(started: Running) -> None:
    def broken(record_id: str) -> tuple[int, bytes]:
        raise RuntimeError("secret path")

    started.node.gateway.find_record = broken
    response = await started.call("/gw/v1/receipts/1", None)
    assert response.json()["error"]["code"] == "node.gateway.fault"
    assert "secret" not in response.text


async def test_a_caller_that_hangs_up_gets_nothing(started: Running) -> None:
    sent: list[Any] = []
    messages = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/gw/v1/query", "/gw/v1/tickets"):
        messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
        scope: dict[str, Any] = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
        await started.node.gateway(scope, receive, send)
    await started.node.gateway({"type": "lifespan"}, receive, send)
    assert sent == []


async def test_many_at_once_are_all_answered_and_counted(started: Running) -> None:
    requests = [started.world.request("/gw/v1/query", query_body(case=f"RX-{number}")) for number in range(60)]
    responses = await asyncio.gather(*(started.send(request) for request in requests))
    assert [response.status_code for response in responses] == [200] * 60
    assert len({response.json()["record"] for response in responses}) == 60
    assert started.node.log.size == 60
    await until(lambda: len(started.world.center.calls()) == 60)


async def test_a_body_in_several_pieces(started: Running) -> None:
    content = json.dumps(query_body(), ensure_ascii=False).encode()

    async def pieces() -> Any:
        for at in range(0, len(content), 50):
            yield content[at : at + 50]

    whole = httpx.Request("POST", "http://127.0.0.1:8301/gw/v1/query", content=content)
    CallSigner(started.world.caller.key_id, started.world.caller).sign(whole)
    headers = {name: whole.headers[name] for name in ("content-digest", "signature-input", "signature")}
    response = await started.http.post("http://127.0.0.1:8301/gw/v1/query", content=pieces(), headers=headers)
    assert response.status_code == 200
