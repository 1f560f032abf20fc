"""The published clients against a running node: asked, answered, and proven from the receipt."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.client import AsyncJutongClient, Filter, ReceiptUntrustedError, RefusedError
from tests.integration.node.conftest import Running
from tests.integration.node.test_bulk_calls import node_of
from tests.integration.node.test_files import FILE, fill
from tests.node_world import ID_OUYANG, ID_ZHANG, PURPOSE, World

PLACED: dict[str, Any] = {"grant": "GR-2026-0001", "purpose": PURPOSE, "official": "王老师", "case": "RX-2026-001"}


def client_of(run: Running) -> AsyncJutongClient:
    world = run.world
    return AsyncJutongClient(
        world.settings.gateway_base, world.caller.key_id, world.caller, node_key=world.node_key,
        transport=httpx.ASGITransport(app=run.node.gateway),
    )  # fmt: skip


async def test_a_call_is_answered_and_its_receipt_proves_it(started: Running) -> None:
    async with client_of(started) as client:
        answer = await client.query(**PLACED, key={"公民身份号码": ID_ZHANG}, fields=["住址"])
        assert answer.rows == [{"住址": "金河市东湖区学府路1号"}]
        verdict = await client.verify(**PLACED, key={"公民身份号码": ID_OUYANG}, claims={"核验姓名": "欧阳小红"})
        assert verdict.answer == "yes"
        with pytest.raises(RefusedError, match=r"node\.call\.key-differs"):
            await client.query(**PLACED, key={"姓名": "张"})
        log_key = str(started.node.log.key)
        proof = await client.prove(answer, [log_key])
        assert proof.record["record_id"] == answer.record
        assert proof.signers == (log_key,)
        with pytest.raises(ReceiptUntrustedError):
            await client.prove(dataclasses.replace(answer, raw=answer.raw + b" "), [log_key])


async def test_many_rows_in_every_way(world: World, tmp_path: Path) -> None:
    fill(world, 250)
    terms: dict[str, Any] = {
        **FILE, "ways": ("query", "batch", "page", "changes", "file"), "batch_keys": 10, "page_rows": 100,
        "fresh_column": "fs",
    }  # fmt: skip
    async with node_of(world, **terms) as run, client_of(run) as client:
        keys = [{"公民身份号码": f"3301{number:014d}"} for number in (3, 999_999)]
        batch = await client.batch(**PLACED, keys=keys, fields=["姓名"])
        assert [(one.outcome, one.rows) for one in batch.results] == [("found", [{"姓名": "张*"}]), ("none", [])]

        pages = [page async for page in client.pages(**PLACED, fields=["公民身份号码"])]
        assert [len(page.rows) for page in pages] == [100, 100, 50]
        seen = {row["公民身份号码"] for page in pages for row in page.rows}
        assert len(seen) == 250
        few = [Filter("公民身份号码", "le", [f"3301{9:014d}"])]
        assert len((await client.page(**PLACED, fields=["公民身份号码"], filters=few)).rows) == 10

        stretches = [one async for one in client.follow(**PLACED, fields=["公民身份号码"])]
        assert {row["公民身份号码"] for one in stretches for row in one.rows} == seen
        assert (await client.changes(**PLACED, fields=["公民身份号码"], cursor=stretches[-1].next)).rows == []

        part = await client.file(**PLACED, fields=["公民身份号码"])
        place = await client.download(part, tmp_path / "rows.csv")
        assert {row[0] for row in list(csv.reader(io.StringIO(place.read_text("utf-8-sig"))))[1:]} == seen
        asked = {**PLACED, "key": keys[0], "fields": ["姓名"]}
        explained = await client.explain(kind="query", call=asked)
        assert explained.record
