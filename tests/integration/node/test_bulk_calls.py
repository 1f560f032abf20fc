"""Batches, pages and change feeds: what comes out is inside the grant, in order, once, and on one record."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import httpx
import orjson
import pytest

from jutong.contracts.orders import Condition, GrantedField
from jutong.node.errors import KeyUnfitError
from jutong.node.gateway.recorder import tag_of
from jutong.node.service import running, secret
from tests.integration.node.conftest import Running
from tests.node_world import FIELDS, ID_OTHER_DISTRICT, ID_OUYANG, ID_TWINS, ID_ZHANG, PURPOSE, World, until

BULK: dict[str, Any] = {
    "ways": ("query", "verify", "batch", "page"),
    "batch_keys": 4,
    "page_rows": 2,
    "order_columns": ("sfzh", "fs"),
    "basis": "义务教育法第十二条",
}
SHOWN = (
    GrantedField(item="姓名", column="xm", mode="masked", mask="name"),
    GrantedField(item="住址", column="zz", mode="plain"),
    GrantedField(item="出生日期", column="csrq", mode="plain"),
    GrantedField(item="分数", column="fs", mode="plain"),
    GrantedField(item="核验姓名", column="xm", mode="verify"),
)


@asynccontextmanager
async def node_of(world: World, **changes: Any) -> AsyncIterator[Running]:
    world.grant(**{**BULK, "fields": SHOWN, **changes})
    async with running(world.settings) as node:
        transport = httpx.ASGITransport(app=node.gateway)
        async with httpx.AsyncClient(transport=transport) as http:
            run = Running(world, node, http)
            await run.ready()
            yield run


def body(**changes: Any) -> dict[str, Any]:
    return {"grant": "GR-2026-0001", "purpose": PURPOSE, "case": "RX-1", "official": "王老师", **changes}


def keys(*values: str) -> list[dict[str, str]]:
    return [{"公民身份号码": value} for value in values]


async def answer(run: Running, way: str, **changes: Any) -> dict[str, Any]:
    response = await run.call(f"/gw/v1/{way}", body(**changes))
    assert response.status_code == 200, response.text
    return dict(response.json())


async def refused(run: Running, way: str, **changes: Any) -> str:
    response = await run.call(f"/gw/v1/{way}", body(**changes))
    assert response.status_code >= 400, response.text
    return str(response.json()["error"]["code"])


def record(run: Running, record_id: str) -> dict[str, Any]:
    return dict(orjson.loads(run.node.log.find_record(record_id)[1])["record"])


async def test_a_batch_answers_key_by_key_under_one_record(world: World) -> None:
    async with node_of(world, max_rows=1) as run:
        content = await answer(run, "batch", keys=keys(ID_ZHANG, ID_TWINS, "nobody", ID_ZHANG), fields=["姓名"])
        assert content["results"] == [
            {"outcome": "found", "rows": [{"姓名": "张**"}]},
            {"outcome": "too-many", "rows": []},
            {"outcome": "none", "rows": []},
            {"outcome": "found", "rows": [{"姓名": "张**"}]},
        ]
        kept = record(run, content["record"])
        assert (kept["kind"], kept["keys"], kept["rows"], kept["outcome"]) == ("batch", 4, 1, "ok")
        assert len(kept["lookup"]) == 4
        assert kept["basis"] == "义务教育法第十二条"
        assert ID_ZHANG not in orjson.dumps(kept).decode()
        grant = run.node.gateway.serving.book.by_number["GR-2026-0001"]
        assert run.node.gateway.serving.quotas.used(grant.order.grant_id) == 4


async def test_a_batch_keeps_to_the_grant(world: World) -> None:
    async with node_of(world, daily_quota=5) as run:
        many = keys(*(f"k{number}" for number in range(5)))
        assert await refused(run, "batch", keys=many) == "node.call.too-many-keys"
        assert await refused(run, "batch", keys=[{"姓名": "张"}]) == "node.call.key-differs"
        assert await refused(run, "batch", keys=[]) == "node.call.malformed"
        assert await refused(run, "batch", keys=keys("a"), fields=["核验姓名"]) == "node.call.field-not-granted"
        assert (await answer(run, "batch", keys=keys(ID_OTHER_DISTRICT)))["results"][0]["outcome"] == "none"
        assert await refused(run, "batch", keys=many[:4] + many[:1]) == "node.call.too-many-keys"
        await answer(run, "batch", keys=many[:4])
        assert await refused(run, "batch", keys=many[:1]) == "node.quota.exhausted"


async def test_a_key_that_cannot_be_one_is_told_alone(world: World) -> None:
    async with node_of(world, lookup=(GrantedField(item="公民身份号码", column="sfzh", mode="plain"),)) as run:
        calls = run.node.gateway.serving.bulk
        source: Any = calls.sources.get("police")
        plain = source.fetch_many

        async def picky(query: Any, given: Any) -> Any:
            if any(key[0] == "bad" for key in given):
                raise KeyUnfitError
            return await plain(query, given)

        source.fetch_many = picky
        content = await answer(run, "batch", keys=keys(ID_ZHANG, "bad", ID_OUYANG, "none"))
        assert [one["outcome"] for one in content["results"]] == ["found", "unfit", "found", "none"]


async def pages(run: Running, **changes: Any) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    cursor: dict[str, str] = {}
    while True:
        content = await answer(run, "page", **cursor, **changes)
        found.append(content["rows"])
        if content["next"] is None:
            return found
        cursor = {"cursor": content["next"]}


async def test_pages_show_every_row_of_the_grant_once(world: World) -> None:
    async with node_of(world) as run:
        found = await pages(run, fields=["姓名", "分数"])
        # Whoever has no score has no place in this order; the other district is not granted.
        assert found == [[{"姓名": "欧阳**", "分数": 12}, {"姓名": "李*", "分数": 1}], [{"姓名": "李*", "分数": 2}]]
        assert [[row["分数"] for row in page] for page in await pages(run, limit=1)] == [[12], [1], [2]]
        content = await answer(run, "page", limit=1)
        kept = record(run, content["record"])
        tag = tag_of(secret(world.home / "keys" / "node.secret"), ID_OUYANG)
        assert base64.b64decode(kept["row_tags"]) == bytes.fromhex(tag)[:8]
        assert kept["rows"] == 1


async def test_filters_only_narrow(world: World) -> None:
    def only(item: str, operator: str, *values: str) -> dict[str, Any]:
        return {"filters": [{"item": item, "operator": operator, "values": list(values)}]}

    async with node_of(world, page_rows=9) as run:

        async def scores(**filters: Any) -> list[int]:
            return [row["分数"] for row in (await answer(run, "page", **filters))["rows"]]

        assert await scores(**only("分数", "eq", "2")) == [2]
        assert await scores(**only("分数", "in", "2", "12")) == [12, 2]
        assert await scores(**only("分数", "ge", "2")) == [12, 2]
        assert await scores(**only("出生日期", "le", "2015-02-28")) == [12]
        assert await scores(**only("住址", "prefix", "金河市西山")) == [1, 2]
        assert await scores(**only("住址", "prefix", "%")) == []
        assert await refused(run, "page", **only("姓名", "eq", "张小明")) == "node.call.filter-not-granted"
        assert await refused(run, "page", **only("核验姓名", "eq", "张")) == "node.call.filter-not-granted"
        assert await refused(run, "page", **only("公民身份号码", "eq", ID_ZHANG)) == "node.call.filter-not-granted"
        assert await refused(run, "page", **only("分数", "ne", "1")) == "node.call.malformed"
        assert await refused(run, "page", **only("分数", "eq", "1", "2")) == "node.call.malformed"
        assert await refused(run, "page", **only("住址", "prefix", "")) == "node.call.malformed"


async def test_a_cursor_is_closed_and_bound(world: World) -> None:
    async with node_of(world, page_rows=1) as run:
        cursor = (await answer(run, "page"))["next"]
        assert ID_OUYANG not in cursor
        for bad in (cursor[:-2] + "AA", "x", "!", cursor + "A", "A" * 200):
            assert await refused(run, "page", cursor=bad) == "node.call.cursor-unfit"
        narrower = [{"item": "分数", "operator": "ge", "values": ["1"]}]
        assert await refused(run, "page", cursor=cursor, filters=narrower) == "node.call.cursor-unfit"
        assert await refused(run, "changes", cursor=cursor) == "node.call.cursor-unfit"
        world.grant(
            grant_id="0190a000-0000-7000-8000-000000000002", grant_number="GR-2026-0002", **{**BULK, "fields": SHOWN}
        )
        await run.ready(2)
        assert await refused(run, "page", cursor=cursor, grant="GR-2026-0002") == "node.call.cursor-unfit"
        assert (await answer(run, "page", cursor=cursor))["rows"][0]["分数"] == 1


async def test_an_order_that_is_none_loses_no_row(world: World) -> None:
    async with node_of(world, page_rows=2, order_columns=()) as run:
        # By number alone the twins stand in one place: a page that ends between them is refused.
        first = await answer(run, "page", limit=2)
        assert len(first["rows"]) == 2
        assert await refused(run, "page", limit=1, cursor=first["next"]) == "node.source.order-ambiguous"
        assert len((await answer(run, "page", cursor=first["next"]))["rows"]) == 2


def change(world: World, *statements: str) -> None:
    with closing(sqlite3.connect(world.home / "police.sqlite")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


async def test_every_way_tells_how_fresh_its_rows_were_and_shows_nobody_the_column(world: World) -> None:
    change(world, "ALTER TABLE person ADD COLUMN gxsj TEXT", "UPDATE person SET gxsj = '2026-11-01T08:00:00'")
    async with node_of(world, fresh_column="gxsj") as run:
        one = keys(ID_OUYANG)
        asked: dict[str, dict[str, Any]] = {
            "query": {"key": one[0]}, "verify": {"key": one[0], "claims": {"核验姓名": "欧阳小红"}},
            "batch": {"keys": one}, "page": {},
        }  # fmt: skip
        for way, changes in asked.items():
            content = await answer(run, way, **changes)
            assert record(run, content["record"])["newest_ms"] == 1_793_491_200_000, way
            assert "gxsj" not in str(content)
            assert "2026-11-01" not in str(content)
        assert await refused(run, "query", key=one[0], fields=["gxsj"]) == "node.call.field-not-granted"


async def test_changes_come_once_in_the_order_they_were_made(world: World) -> None:
    change(world, "ALTER TABLE person ADD COLUMN gxsj TEXT", "UPDATE person SET gxsj = '2026-11-01T08:00:00'")
    feed = {"ways": ("changes",), "fresh_column": "gxsj", "page_rows": 2}
    async with node_of(world, **feed) as run:
        first = await answer(run, "changes", fields=["分数"])
        assert ([row["分数"] for row in first["changes"]], first["more"]) == ([12, 1], True)
        assert first["corrections"] == []
        again = await answer(run, "changes", fields=["分数"])
        assert again["changes"] == first["changes"], "the same cursor gives the same answer"
        second = await answer(run, "changes", fields=["分数"], cursor=first["next"])
        assert ([row["分数"] for row in second["changes"]], second["more"]) == ([2], False)
        assert record(run, second["record"])["newest_ms"] == 1_793_491_200_000
        third = await answer(run, "changes", fields=["分数"], cursor=second["next"])
        assert third["changes"] == []
        change(world, "UPDATE person SET fs = 99, gxsj = '2026-11-02T08:00:00' WHERE xm = '欧阳小红'")
        fourth = await answer(run, "changes", fields=["分数"], cursor=third["next"])
        assert [row["分数"] for row in fourth["changes"]] == [99]


async def test_ways_that_were_not_granted_stay_shut(world: World) -> None:
    async with node_of(world, ways=("query",)) as run:
        assert await refused(run, "batch", keys=keys(ID_ZHANG)) == "node.grant.way-not-granted"
        assert await refused(run, "page") == "node.grant.way-not-granted"
        feed = await answer(run, "changes")
        assert (feed["changes"], feed["corrections"]) == ([], []), "corrections travel under every grant"


async def test_a_basis_is_the_grants_or_none(world: World) -> None:
    async with node_of(world) as run:
        assert await refused(run, "page", basis="别的依据") == "node.call.basis-differs"
        await answer(run, "page", basis="义务教育法第十二条")


@pytest.mark.parametrize("conditions", [(Condition(column="xzqh", operator="eq", values=("9999",)),)])
async def test_nothing_granted_is_an_empty_page(world: World, conditions: Any) -> None:
    async with node_of(world, conditions=conditions) as run:
        content = await answer(run, "page")
        assert (content["rows"], content["next"]) == ([], None)


async def test_a_page_tells_the_center_what_it_was(world: World) -> None:
    async with node_of(world, fields=FIELDS[:4], order_columns=("sfzh", "xm")) as run:
        content = await answer(run, "page")
        (call,) = await until(world.center.calls)
        assert (call["record_id"], call["kind"], call["rows"]) == (content["record"], "page", 2)
        assert call["took_ms"] >= 0
        assert call["marks"] == []


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        ({"ways": ("page",), "lookup": (), "order_columns": ()}, "排序列"),
        ({"ways": ("changes",), "order_columns": ()}, "更新时间列"),
        ({"ways": ("page",), "order_columns": ("gone",)}, "gone"),
        ({"ways": ("query",), "fresh_column": "gone"}, "gone"),
        ({"ways": ("batch",), "lookup": ()}, "查询条件"),
        ({"ways": ("page",), "lookup": (), "order_columns": ("sfzh", "fs")}, ""),
    ],
)
async def test_a_grant_is_tried_in_every_way_it_has(world: World, terms: dict[str, Any], problem: str) -> None:
    async with node_of(world, **terms):
        (told,) = await until(lambda: world.center.bodies("grant"))
        assert told["state"] == ("failed" if problem else "ready")
        assert problem in told["problem"]
