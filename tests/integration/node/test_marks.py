"""Rows in dispute: shown to every reader, corrected for whoever had read them, and every use found again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jutong.contracts.orders import MarkOrder, TraceOrder
from jutong.kernel.keys import generate_signer, load_or_create_signer
from jutong.kernel.sealing import seal_for
from jutong.node.gateway.recorder import tag_of
from jutong.node.service import NODE_NAME, running
from tests.integration.node.test_bulk_calls import BULK, SHOWN, answer, keys, node_of
from tests.node_world import ID_OUYANG, ID_TWINS, ID_ZHANG, World, until

SINCE_MS = 1_795_000_000_000
ONE = {"公民身份号码": ID_OUYANG}


def sealed(world: World, content: Any) -> str:
    signer = load_or_create_signer(world.home / "keys" / "node.key", NODE_NAME)
    return seal_for(signer.public_b64, json.dumps(content).encode())


def mark(world: World, state: Any = "open", number: str = "JZ-1", key: str = ID_OUYANG, **changes: Any) -> MarkOrder:
    content = {"key": {"sfzh": key}, "items": {"住址": "zz"}, "corrected": {"住址": "金河市西山县新居1号"}}
    values: dict[str, Any] = {
        "correction_number": number, "state": state, "entry_code": "3301/0001", "source": "police",
        "schema_name": "main", "table": "person", "since_ms": SINCE_MS, "sealed": sealed(world, content),
    }  # fmt: skip
    order = MarkOrder(**{**values, **changes})
    world.center.order("mark", order)
    return order


async def receipts(world: World, count: int) -> list[dict[str, Any]]:
    found = await until(lambda: len(bodies := world.center.bodies("mark")) >= count and bodies)
    assert len(found) == count
    return list(found)


SHOWN_MARK = {"correction": "JZ-1", "items": ["住址"], "since": "2026-11-18T19:06:40+08:00", "rows": [0]}


async def test_every_answer_with_a_marked_row_says_so(world: World) -> None:
    async with node_of(world) as run:
        assert "marks" not in await answer(run, "query", key=ONE)
        mark(world)
        (receipt,) = await receipts(world, 1)
        assert receipt == {
            "correction_number": "JZ-1", "state": "open", "matched": 1,
            "grants": ["0190a000-0000-7000-8000-000000000001"], "problem": "",
        }  # fmt: skip
        content = await answer(run, "query", key=ONE)
        assert content["marks"] == [SHOWN_MARK]
        assert list(content["rows"][0]) == ["姓名", "住址", "出生日期", "分数"], "what tells marks is not shown"
        claims = {"核验姓名": "欧阳小红"}
        verified = await answer(run, "verify", key=ONE, claims=claims)
        assert (verified["answer"], verified["marks"]) == ("yes", [SHOWN_MARK])
        batch = await answer(run, "batch", keys=keys(ID_ZHANG, ID_OUYANG))
        assert "marks" not in batch["results"][0]
        assert batch["results"][1]["marks"] == [SHOWN_MARK]
        assert (await answer(run, "page"))["marks"] == [SHOWN_MARK]
        assert "marks" not in await answer(run, "query", key={"公民身份号码": ID_ZHANG})
        calls = await until(lambda: len(found := world.center.calls()) == 6 and found)
        assert [call["marks"] for call in calls] == [[], ["JZ-1"], ["JZ-1"], ["JZ-1"], ["JZ-1"], []]
        assert ID_OUYANG not in (world.home / "node" / "state.db").read_bytes().decode("latin-1")


async def test_a_lifted_mark_is_gone_and_a_restart_keeps_the_others(world: World) -> None:
    async with node_of(world):
        mark(world)
        unknown = {"key": {}, "items": {"住址": "zz"}, "corrected": {}}  # the center does not know whose row it is
        mark(world, number="JZ-2", sealed=sealed(world, unknown), locator=sealed(world, {"sfzh": ID_TWINS}))
        assert sorted(one["matched"] for one in await receipts(world, 2)) == [1, 2], "each in its own time"
        mark(world, "lifted")
        await receipts(world, 3)
    async with running(world.settings) as node:
        marks = node.gateway.serving.bulk.marks
        assert len(marks) == 1
        table = marks.at(("police", "main", "person"))
        assert table is not None
        assert [one.correction for one in table.of([ID_TWINS])] == ["JZ-2"]
        assert table.of([ID_OUYANG]) == []
        assert table.of([None]) == []


async def test_a_correction_travels_to_whoever_had_read_the_row(world: World) -> None:
    second = {"grant_id": "0190a000-0000-7000-8000-000000000002", "grant_number": "GR-2026-0002"}
    async with node_of(world) as run:
        world.grant(**{**BULK, "fields": SHOWN[:1], "ways": ("query",), **second})
        await run.ready(2)
        await answer(run, "verify", key=ONE, claims={"核验姓名": "谁"})
        await answer(run, "query", key={"公民身份号码": ID_ZHANG}, grant="GR-2026-0002")
        mark(world, "corrected")
        (receipt,) = await receipts(world, 1)
        assert (receipt["state"], receipt["grants"]) == ("corrected", ["0190a000-0000-7000-8000-000000000001"])
        feed = await answer(run, "changes", grant="GR-2026-0002")
        assert feed["corrections"] == [], "nobody else hears of it"
        feed = await answer(run, "changes")
        assert feed["corrections"] == [
            {"correction": "JZ-1", "key": ONE, "items": {"住址": "金河市西山县新居1号"}, "verify": []}
        ]
        (confirmed,) = await until(lambda: world.center.bodies("confirmed"))
        assert confirmed["correction_number"] == "JZ-1"
        assert confirmed["grant_ids"] == ["0190a000-0000-7000-8000-000000000001"]
        following = await answer(run, "changes", cursor=feed["next"])
        assert following["corrections"] == []
        again = await answer(run, "changes")
        assert again["corrections"] == feed["corrections"], "without a cursor the feed begins anew"
        await answer(run, "query", key=ONE)
        assert len(world.center.bodies("confirmed")) == 1


async def test_what_cannot_be_opened_is_refused_and_the_feed_goes_on(world: World) -> None:
    async with node_of(world) as run:
        stranger = generate_signer("x")
        mark(world, sealed=seal_for(stranger.public_b64, b"{}"), number="JZ-3")
        mark(world, sealed=sealed(world, {"key": {}}), number="JZ-4")
        mark(world, sealed=sealed(world, {"key": {"gone": "1"}, "items": {}, "corrected": {}}), number="JZ-5")
        mark(world)
        told = {one["correction_number"]: one for one in await receipts(world, 4)}
        assert [told[number]["state"] for number in ("JZ-3", "JZ-4", "JZ-5", "JZ-1")] == [
            "failed", "failed", "failed", "open",
        ]  # fmt: skip
        assert told["JZ-5"]["problem"]
        assert (await answer(run, "query", key=ONE))["marks"] == [SHOWN_MARK]
    async with running(world.settings) as node:
        assert len(node.gateway.serving.bulk.marks) == 1


async def test_a_mark_by_a_column_no_grant_names_shows_once_it_was_tried(world: World) -> None:
    async with node_of(world) as run:
        mark(world, sealed=sealed(world, {"key": {"lxdh": "13800001111"}, "items": {"电话": "lxdh"}}))
        assert (await receipts(world, 1))[0]["matched"] == 1
        await until(lambda: len(run.node.gateway.serving.bulk.marks))
        content = await answer(run, "query", key={"公民身份号码": ID_ZHANG})
        assert [one["items"] for one in content["marks"]] == [[]], "the item in doubt is not the grant's"
        assert "marks" not in await answer(run, "query", key=ONE)


async def test_a_trace_finds_every_use_of_a_value_and_nothing_else(world: World) -> None:
    async with node_of(world) as run:
        used = [
            (await answer(run, "query", key=ONE))["record"],
            (await answer(run, "verify", key=ONE, claims={"核验姓名": "谁"}))["record"],
            (await answer(run, "batch", keys=keys(ID_ZHANG, ID_OUYANG)))["record"],
            (await answer(run, "page", limit=1))["record"],
        ]
        await answer(run, "query", key={"公民身份号码": ID_ZHANG})
        trace(world, "t-1", [ID_OUYANG.lower() + " "])
        trace(world, "t-2", [ID_OUYANG], entry_code="elsewhere")
        trace(world, "t-3", ["nobody"])
        trace(world, "t-4", sealed="bm8=")
        trace(world, "t-5", [ID_OUYANG], since_ms=4_000_000_000_000)
        bodies = await until(lambda: len(found := world.center.bodies("trace")) == 5 and found)
        told = {one["trace_id"]: one for one in bodies}
        assert told["t-1"]["record_ids"] == sorted(used, reverse=True)
        assert told["t-1"]["complete"]
        assert [told[name]["record_ids"] for name in ("t-2", "t-3", "t-4", "t-5")] == [[], [], [], []]
        assert (told["t-4"]["complete"], bool(told["t-4"]["problem"])) == (False, True)


def trace(world: World, trace_id: str, values: Any = (), **changes: Any) -> None:
    fields: dict[str, Any] = {"entry_code": "", "since_ms": 0, "sealed": sealed(world, list(values)), **changes}
    world.center.order("trace", TraceOrder(trace_id=trace_id, **fields))


async def test_a_lost_index_is_made_again_from_the_records(world: World) -> None:
    async with node_of(world) as run:
        used = (await answer(run, "query", key=ONE))["record"]
    for part in (world.home / "records").glob("tags.db*"):
        part.unlink()
    async with running(world.settings):
        trace(world, "t-1", [ID_OUYANG])
        (found,) = await until(lambda: world.center.bodies("trace"))
        assert found["record_ids"] == [used]


@pytest.mark.parametrize("value", ["９", "a"])
def test_tags_do_not_tell_values(value: str) -> None:
    assert tag_of(b"k" * 32, value) != tag_of(b"j" * 32, value)
    assert tag_of(b"k" * 32, value) == tag_of(b"k" * 32, f" {value.upper()} ")
