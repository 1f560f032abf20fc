"""A mapped REST service: what is asked, what passes, and what every way of failing is called."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.contracts.orders import Condition
from jutong.kernel.errors import JutongError
from jutong.node import sources
from jutong.node.connectors import introspect
from jutong.node.connectors.errors import SourcesFileError, SourceUnreachableError, TableMissingError
from jutong.node.connectors.tables import opened
from jutong.node.live.predicate import fits, same
from jutong.node.live.rest import LARGEST_ANSWER, RestSource
from jutong.node.live.source import PointQuery, Row
from tests.node_world import until

REST: dict[str, Any] = {
    "headers": {"X-App": "jutong-secret-1"},
    "user": "reader",
    "password": "pass-of-reader",
    "seconds": 0.2,
    "tables": {
        "company": {
            "path": "/companies/{code}", "query": {"area": "division"}, "fixed": {"v": "2"}, "rows": "/data/list",
            "columns": {"name": "/basic/name", "code": "/code", "capital": "/basic/capital", "first/year": "/y~1m"},
        },
        "licence": {
            "method": "POST", "path": "/licences/search", "body": {"licenceNo": "number"}, "rows": "/result",
            "columns": {"holder": "/holder"}, "comment": "许可证",
        },
    },
}  # fmt: skip
ROW = {"name": "credit", "dialect": "rest", "organisation_code": "A", "dsn": "http://127.0.0.1:9/api", "rest": REST}
GOOD = {"code": "91", "basic": {"name": "甲公司", "capital": 500}, "y/m": "2024-01"}


def config(tmp_path: Path, **changes: Any) -> sources.SourceConfig:
    path = tmp_path / "sources.json"
    path.write_text(json.dumps([{**ROW, **changes}]))
    path.chmod(0o600)
    return sources.load(path)["credit"]


def query(**changes: Any) -> PointQuery:
    given: dict[str, Any] = {
        "schema": "rest", "table": "company", "columns": ("name", "capital"), "lookup": ("code", "division"),
        "conditions": (), "limit": 2, **changes,
    }  # fmt: skip
    return PointQuery(**given)


def ask(
    tmp_path: Path, respond: Callable[[httpx.Request], httpx.Response], *, key: Any = ("91", "3301"), **changes: Any
) -> list[Row]:
    async def run() -> list[Row]:
        source = RestSource(config(tmp_path), transport=httpx.MockTransport(respond))
        try:
            return list(await source.fetch(query(**changes), key))
        finally:
            await source.close()

    return asyncio.run(run())


def answering(response: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: response


def listing(*rows: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": {"list": list(rows)}})


def test_a_look_up_is_one_mapped_request_and_its_rows_come_by_column(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return listing({**GOOD, "code": "9/1 ?"}, GOOD)

    rows = ask(tmp_path, respond, key=("9/1 ?", "3301"), columns=("name", "first/year"))
    assert rows == [("甲公司", "2024-01")]
    (request,) = seen
    assert str(request.url) == "http://127.0.0.1:9/api/companies/9%2F1%20%3F?v=2&area=3301"
    assert request.headers["x-app"] == "jutong-secret-1"
    assert request.headers["authorization"].startswith("Basic ")


def test_a_post_carries_its_values_in_the_body(tmp_path: Path) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {"licenceNo": "X1"}
        return httpx.Response(200, json={"result": {"holder": "某人"}})

    assert ask(tmp_path, respond, table="licence", columns=("holder",), lookup=("number",), key=("X1",)) == [("某人",)]


def test_rows_of_others_and_rows_outside_the_grant_stay_out(tmp_path: Path) -> None:
    rows = [{**GOOD, "code": "92"}, {**GOOD, "basic": {"name": "乙", "capital": 10}}, GOOD, {**GOOD, "basic": None}]
    large = Condition(column="capital", operator="ge", values=("100",))
    assert ask(tmp_path, lambda _: listing(*rows), conditions=(large,)) == [("甲公司", 500)]
    assert len(ask(tmp_path, lambda _: listing(*[GOOD] * 5))) == 2


def test_nothing_there(tmp_path: Path) -> None:
    for answer in (httpx.Response(404), httpx.Response(200, json={"data": None}), listing()):
        assert ask(tmp_path, answering(answer)) == []
    assert ask(tmp_path, lambda _: listing(GOOD), key=(None, "3301")) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(302, headers={"location": "http://127.0.0.1:10/"}), "node.source.unavailable"),
        (httpx.Response(401), "node.source.unavailable"),
        (httpx.Response(500), "node.source.unavailable"),
        (httpx.Response(400), "node.call.key-unfit"),
        (httpx.Response(200, content=b"<html>"), "node.source.changed"),
        (httpx.Response(200, content=b" " * (LARGEST_ANSWER + 1)), "node.source.changed"),
        (httpx.Response(200, json={"data": {"list": ["text"]}}), "node.source.changed"),
        (httpx.Response(200, json={"data": {"list": [{**GOOD, "basic": {"name": {}}}]}}), "node.source.changed"),
        (httpx.ConnectError("refused"), "node.source.unavailable"),
        (httpx.ReadTimeout("slow"), "node.source.slow"),
    ],
)
def test_every_failure_has_its_name(tmp_path: Path, answer: Any, code: str) -> None:
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, httpx.Response)
        return answer

    with pytest.raises(JutongError) as caught:
        ask(tmp_path, respond)
    assert caught.value.code == code
    assert len(asked) == 1  # a redirect is not followed
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["..", ".", " ", ""])
def test_a_value_cannot_become_another_path(tmp_path: Path, value: str) -> None:
    with pytest.raises(JutongError, match=r"node\.call\.key-unfit"):
        ask(tmp_path, lambda _: listing(GOOD), key=(value, "3301"))


@pytest.mark.parametrize(
    "changes", [{"table": "none"}, {"columns": ("salary",)}, {"lookup": ("code",), "key": ("91",)}]
)
def test_what_is_not_mapped_is_not_asked(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(JutongError, match=r"node\.source\.changed"):
        ask(tmp_path, lambda _: listing(GOOD), **changes)


async def test_a_service_that_sleeps_is_not_waited_for(tmp_path: Path) -> None:
    held = asyncio.Event()
    holding: set[asyncio.Task[Any]] = set()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        holding.add(task)
        await held.wait()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    one = config(tmp_path, dsn=f"http://127.0.0.1:{port}")
    source = RestSource(one)
    try:
        with pytest.raises(JutongError, match=r"node\.source\.slow"):
            await source.fetch(query(), ("91", "3301"))
        probed = await source.probe("rest", "company")
        assert probed.indexed == {"code", "division"}
        assert probed.columns == {"code", "division", "name", "capital", "first/year"}
        tables = await asyncio.to_thread(introspect.inventory, one)
        assert [(table.name, table.comment) for table in tables] == [("company", ""), ("licence", "许可证")]
        assert {column.name for column in tables[0].columns if column.key} == {"code", "division"}
    finally:
        await until(lambda: len(holding) == 3)  # the call, the probe and the inventory
        held.set()
        await source.close()
        server.close()
        await asyncio.gather(*holding)
        await server.wait_closed()
    with pytest.raises(JutongError, match=r"node\.source\.unavailable"):
        await source.probe("rest", "company")
    with pytest.raises(SourceUnreachableError):
        await asyncio.to_thread(introspect.probe, one)


def test_a_look_at_a_mapped_table_tells_what_can_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jutong.node.connectors.tables import rest

    monkeypatch.setattr(rest, "probe", lambda _: None)
    with opened(config(tmp_path), "rest", "licence") as table:
        assert list(table.columns) == ["number", "holder"]
        assert (table.estimate, table.count(5), table.sample(5), table.newest("holder")) == (-1, -1, [], None)
    with pytest.raises(TableMissingError), opened(config(tmp_path), "rest", "none"):
        pass


@pytest.mark.parametrize(
    "changes",
    [
        {"dsn": "ftp://127.0.0.1/"},
        {"dsn": "http://user:pass-of-reader@127.0.0.1/"},
        {"dsn": "http://127.0.0.1/?key=pass-of-reader"},
        {"path": "x"},
        {"rest": {**REST, "tables": {}}},
        {"rest": {**REST, "seconds": 99}},
        {"rest": {**REST, "headers": {"X": "pass-of-reader\r\nY: z"}}},
        {"rest": {**REST, "tables": {"t": {"path": "/all", "columns": {"a": "/a"}}}}},
        {"rest": {**REST, "tables": {"t": {"path": "/x", "body": {"a": "a"}, "columns": {"a": "/a"}}}}},
        {"rest": {**REST, "tables": {"t": {"path": "/{a}?b", "columns": {"a": "/a"}}}}},
        {"rest": {**REST, "tables": {"t": {"path": "/{a}", "columns": {"a": "a"}}}}},
        {"dialect": "postgresql", "dsn": "postgresql://a:b@c/d"},
    ],
)
def test_a_wrong_mapping_is_refused_without_telling_a_secret(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(SourcesFileError) as caught:
        config(tmp_path, **changes)
    assert "pass-of-reader" not in caught.value.explain()


def test_a_configuration_shows_no_secret(tmp_path: Path) -> None:
    shown = repr(config(tmp_path))
    assert "pass-of-reader" not in shown
    assert "jutong-secret-1" not in shown


@pytest.mark.parametrize(
    ("value", "operator", "values", "expected"),
    [
        (5, "eq", ("5.0",), True),
        ("05", "eq", ("5",), False),
        ("a", "in", ("b", "a"), True),
        (None, "eq", ("None",), False),
        ("330102", "prefix", ("3301",), True),
        (9, "le", ("10",), True),
        ("9", "le", ("10",), False),
        (9, "ge", ("x",), False),
        (True, "ge", ("0",), False),
        ("2026-01-02", "ge", ("2026-01-01",), True),
        (5, "ge", ("1", "2"), False),
        (5, "eq", (), False),
    ],
)
def test_the_predicate_lets_through_only_what_surely_fits(
    value: Any, operator: Any, values: tuple[str, ...], expected: bool
) -> None:
    assert fits({"c": value}, (Condition(column="c", operator=operator, values=values),)) is expected
    assert not fits({}, (Condition(column="c", operator=operator, values=values),))


def test_values_are_the_same_by_kind() -> None:
    assert same(True, "true")
    assert not same(1, "one")
    assert not same(float("nan"), "nan")
