"""Both clients: every call as it is sent and read, what is tried again and how, and what a receipt proves."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.client import (
    NEVER,
    AnswerUntrustedError,
    AsyncJutongClient,
    Filter,
    GatewayUnreachableError,
    JutongClient,
    ReceiptUntrustedError,
    RefusedError,
    Retry,
)
from jutong.client.wire import proven
from jutong.kernel.keys import generate_signer

CALLER = generate_signer("edu")
BASE = "http://127.0.0.1:8301"
PLACED: dict[str, Any] = {"grant": "g", "purpose": "p", "official": "o"}
SENT = {"grant": "g", "purpose": "p", "case": "", "official": "o"}
MARK = {"correction": "CO-1", "items": ["姓名"], "since": 7}
Handler = Callable[[httpx.Request], httpx.Response]


class Both:
    """Makes a call with either client, and keeps what was sent and how long was waited."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.sent: list[httpx.Request] = []
        self.waits: list[float] = []
        self.answers: Iterator[Any] = iter(())

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, httpx.Response)
        return answer

    def run(self, name: str, *answers: Any, retry: Retry | None = None, args: Any = (), **said: Any) -> Any:
        self.answers = iter(answers)
        if self.kind == "sync":
            with JutongClient(
                BASE, CALLER.key_id, CALLER, retry=retry, transport=httpx.MockTransport(self.handle),
                sleep=self.waits.append,
            ) as client:  # fmt: skip
                found = getattr(client, name)(*args, **said)
                return list(found) if inspect.isgenerator(found) else found
        return asyncio.run(self._run(name, retry, args, said))

    async def _run(self, name: str, retry: Retry | None, args: Any, said: dict[str, Any]) -> Any:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        async with AsyncJutongClient(
            BASE, CALLER.key_id, CALLER, retry=retry, transport=httpx.MockTransport(self.handle), sleep=sleep
        ) as client:
            found = getattr(client, name)(*args, **said)
            return [one async for one in found] if inspect.isasyncgen(found) else await found

    def body(self, at: int = -1) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.sent[at].content)
        return body


@pytest.fixture(params=["sync", "async"])
def both(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


def ok(**content: Any) -> httpx.Response:
    return httpx.Response(200, json={"record": "r", "blind": "b", **content})


def refused(status: int, code: str = "node.gateway.busy", after: int | None = None) -> httpx.Response:
    headers = {"retry-after": str(after)} if after is not None else {}
    return httpx.Response(status, headers=headers, json={"error": {"code": code, "message": "m", "next_step": "n"}})


def test_a_query_and_a_verification_tell_of_marks(both: Both) -> None:
    answer = both.run("query", ok(rows=[{"a": 1}], marks=[MARK]), **PLACED, key={"k": "v"}, fields=["a"], basis="法")
    assert (answer.record, answer.rows) == ("r", [{"a": 1}])
    assert [(mark.correction, mark.items, mark.since_ms) for mark in answer.marks] == [("CO-1", ("姓名",), 7)]
    assert both.body() == {**SENT, "basis": "法", "key": {"k": "v"}, "fields": ["a"]}
    verdict = both.run("verify", ok(answer="no"), **PLACED, key={"k": "v"}, claims={"c": "d"})
    assert (verdict.answer, verdict.marks) == ("no", ())
    assert both.body() == {**SENT, "key": {"k": "v"}, "claims": {"c": "d"}}


def test_a_batch_has_a_result_for_each_key(both: Both) -> None:
    results = [{"outcome": "found", "rows": [{"a": 1}], "marks": [MARK]}, {"outcome": "unfit", "rows": []}]
    batch = both.run("batch", ok(results=results), **PLACED, keys=[{"k": "1"}, {"k": "2"}])
    assert [(one.outcome, one.rows, len(one.marks)) for one in batch.results] == [
        ("found", [{"a": 1}], 1), ("unfit", [], 0),
    ]  # fmt: skip
    assert both.body() == {**SENT, "keys": [{"k": "1"}, {"k": "2"}]}


def test_pages_are_followed_to_the_end(both: Both) -> None:
    pages = both.run(
        "pages", ok(rows=[1, 2], next="c1"), ok(rows=[3], next=None), **PLACED, limit=2,
        filters=[Filter("区划", "prefix", ("3301",))],
    )  # fmt: skip
    assert [page.rows for page in pages] == [[1, 2], [3]]
    narrowing = {"filters": [{"item": "区划", "operator": "prefix", "values": ["3301"]}], "limit": 2}
    assert both.body(0) == {**SENT, **narrowing}
    assert both.body(1) == {**SENT, **narrowing, "cursor": "c1"}
    assert [str(request.url) for request in both.sent] == [BASE + "/gw/v1/page"] * 2


def test_changes_are_followed_as_long_as_there_are_more(both: Both) -> None:
    first = {"changes": [1], "corrections": [], "next": "c1", "more": True}
    second = {"changes": [], "corrections": [{"correction": "CO-1"}], "next": "c2", "more": False}
    found = both.run("follow", ok(**first), ok(**second), **PLACED, cursor="c0")
    assert [(one.rows, one.corrections, one.next) for one in found] == [
        ([1], [], "c1"), ([], [{"correction": "CO-1"}], "c2"),
    ]  # fmt: skip
    assert [both.body(at)["cursor"] for at in (0, 1)] == ["c0", "c1"]


CONTENT = "姓名\n张**\n".encode()


def made(content: bytes = CONTENT, **changes: Any) -> dict[str, Any]:
    manifest = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "rows": 1, **changes}
    return {"manifest": manifest, "address": BASE + "/gw/v1/file/download?token=t", "expires_ms": 5}


def test_a_file_lands_whole(both: Both, tmp_path: Path) -> None:
    part = both.run("file", ok(**made()), **PLACED, format="csv", filters=[Filter("年", "ge", ["2020"])])
    narrowing = [{"item": "年", "operator": "ge", "values": ["2020"]}]
    assert both.body() == {**SENT, "format": "csv", "filters": narrowing}
    assert (part.size, part.manifest["rows"], part.marks) == (len(CONTENT), 1, ())
    place = both.run("download", httpx.Response(200, content=CONTENT), args=(part, tmp_path / "rows.csv"))
    assert place.read_bytes() == CONTENT
    assert "signature" not in both.sent[-1].headers
    assert [one.name for one in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (lambda: httpx.Response(200, content=CONTENT[:-1] + b"x"), AnswerUntrustedError),
        (lambda: httpx.Response(200, content=CONTENT[:-1]), AnswerUntrustedError),
        (lambda: httpx.Response(200, content=CONTENT + b"x"), AnswerUntrustedError),
        (lambda: httpx.Response(403, json={"error": {"code": "node.address.refused"}}), RefusedError),
        (lambda: httpx.ReadError("gone"), GatewayUnreachableError),
    ],
)
def test_a_file_that_is_not_whole_leaves_nothing(
    both: Both, tmp_path: Path, answer: Any, problem: type[Exception]
) -> None:
    part = both.run("file", ok(**made()), **PLACED)
    with pytest.raises(problem):
        both.run("download", answer(), args=(part, tmp_path / "rows.csv"))
    assert list(tmp_path.iterdir()) == []


def test_an_explanation(both: Both) -> None:
    found = both.run("explain", ok(verdict="ok"), kind="query", call={**SENT, "key": {"k": "v"}})
    assert found.said["verdict"] == "ok"
    assert both.body() == {**SENT, "key": {"k": "v"}, "kind": "query"}


def test_who_is_told_to_come_back_does_with_a_new_signature(both: Both) -> None:
    answers = (refused(429, after=1), refused(503, "node.source.resting", after=5), refused(429), ok(answer="yes"))
    assert both.run("verify", *answers, **PLACED, key={"k": "v"}, claims={"c": "d"}).answer == "yes"
    assert both.waits[:2] == [1.0, 5.0]
    assert 0.4 <= both.waits[2] <= 0.8
    assert len({request.headers["signature-input"] for request in both.sent}) == 4


def test_a_call_that_got_no_answer_is_sent_again_as_it_was(both: Both) -> None:
    gone = httpx.ReadError("gone")
    assert both.run("verify", gone, gone, ok(answer="yes"), **PLACED, key={"k": "v"}, claims={"c": "d"}).answer == "yes"
    assert len({request.headers["signature"] for request in both.sent}) == 1
    with pytest.raises(RefusedError, match="replayed"):
        both.run("receipt", gone, refused(409, "node.signature.replayed"), args=("r",))
    with pytest.raises(GatewayUnreachableError):
        both.run("receipt", *[gone] * 4, args=("r",))


def test_what_is_not_tried_again(both: Both) -> None:
    for answer in (refused(403, "node.grant.expired"), refused(429, "node.quota.exhausted", after=40_000)):
        with pytest.raises(RefusedError):
            both.run("receipt", answer, args=("r",))
    with pytest.raises(RefusedError):
        both.run("receipt", refused(429, after=1), retry=NEVER, args=("r",))
    with pytest.raises(RefusedError):
        both.run("receipt", refused(429, after=0), refused(429, after=0), retry=Retry(attempts=2), args=("r",))
    assert len(both.sent) == 5


@pytest.mark.parametrize("content", [b"[]", b"{}", b"<html>"])
def test_an_answer_in_another_shape_is_not_believed(both: Both, content: bytes) -> None:
    with pytest.raises(AnswerUntrustedError):
        both.run("query", httpx.Response(200, content=content), **PLACED, key={"k": "v"})


def test_a_receipt_that_is_none_proves_nothing(both: Both) -> None:
    answer = both.run("query", ok(rows=[]), **PLACED, key={"k": "v"})
    with pytest.raises(ReceiptUntrustedError):
        both.run("prove", ok(receipt="text", record={"record": {}}), args=(answer, ["k"]))


def test_a_good_receipt_of_another_answer_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from jutong.client import wire
    from jutong.evidence.verify import Verdict

    monkeypatch.setattr(wire, "verify", lambda *_: Verdict(signers=("log",)))
    content = {"record": {"answer_digest": "sha256:" + hashlib.sha256(b"one").hexdigest()}}
    assert proven(("text", content), b"one", ["k"]).signers == ("log",)
    with pytest.raises(ReceiptUntrustedError, match="answer-digest"):
        proven(("text", content), b"other", ["k"])


def test_both_clients_have_the_same_calls_and_say_so() -> None:
    names = {name for name in vars(JutongClient) if not name.startswith("_")}
    assert names == {name for name in vars(AsyncJutongClient) if not name.startswith("_")}
    assert JutongClient.query.__doc__ == AsyncJutongClient.query.__doc__
