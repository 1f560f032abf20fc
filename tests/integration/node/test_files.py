"""Files of granted rows: the grant's rows, nobody else's, and the recipient told from the order of a leaked copy."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from jutong.cli.evidence import evidence
from jutong.contracts.orders import GrantedField, GrantStateOrder
from jutong.node.extract.extracts import LIFE_MS, Extracts
from jutong.node.extract.finding import RecipientUnknownError, source_of
from jutong.node.service import secret
from tests.integration.node.conftest import Running
from tests.integration.node.test_bulk_calls import SHOWN, answer, node_of, record, refused
from tests.integration.node.test_marks import mark, receipts, trace
from tests.node_world import ID_OUYANG, World, until

ROWS = 5_000
FILE: dict[str, Any] = {
    "ways": ("query", "file"), "order_columns": ("sfzh", "fs"), "conditions": (),
    "fields": (GrantedField(item="公民身份号码", column="sfzh", mode="plain"), *SHOWN),
}  # fmt: skip


def fill(world: World, rows: int = ROWS) -> None:
    made = [
        (f"3301{number:014d}", f"张{number}", "=1+1", f"东湖区{number}号", "2015-01-01", "3301", number)
        for number in range(rows)
    ]
    with closing(sqlite3.connect(world.home / "police.sqlite")) as db:
        db.execute("DELETE FROM person")
        db.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?)", made)
        db.commit()


async def fetched(run: Running, **changes: Any) -> tuple[dict[str, Any], bytes]:
    content = await answer(run, "file", **changes)
    response = await run.http.get(content["address"])
    assert response.status_code == 200, response.text
    return content, response.content


@pytest.mark.parametrize("chosen", ["csv", "xlsx", "parquet"])
async def test_a_file_holds_every_granted_row_once(world: World, tmp_path: Path, chosen: str) -> None:
    fill(world)
    async with node_of(world, **FILE) as run:
        content, raw = await fetched(run, format=chosen, fields=["公民身份号码", "姓名"])
        manifest = content["manifest"]
        assert (manifest["rows"], manifest["bytes"], manifest["format"]) == (ROWS, len(raw), chosen)
        assert manifest["sha256"] == hashlib.sha256(raw).hexdigest()
        assert manifest["recipient"] == "11330100MB0000002B"
        found = read(raw, chosen, tmp_path)
        assert len(found) == ROWS
        assert sorted(found) == [(f"3301{number:014d}", f"张{'*' * len(str(number))}") for number in range(ROWS)]
        assert found != sorted(found), "the order is the recipient's"
        kept = record(run, content["record"])
        assert (kept["kind"], kept["rows"], kept["file"]["sha256"]) == ("file", ROWS, manifest["sha256"])


def read(raw: bytes, chosen: str, folder: Path) -> list[tuple[str, ...]]:
    path = folder / f"got.{chosen}"
    path.write_bytes(raw)
    if chosen == "csv":
        return [tuple(row) for row in csv.reader(io.StringIO(raw.decode("utf-8-sig")))][1:]
    if chosen == "xlsx":
        rows = load_workbook(path, read_only=True).worksheets[0].iter_rows(min_row=2, values_only=True)
        return [tuple(str(one) for one in row) for row in rows]
    return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]


async def test_a_leaked_copy_names_its_recipient(world: World, tmp_path: Path, monkeypatch: Any) -> None:
    fill(world)
    async with node_of(world, **FILE) as run:
        others = [await fetched(run, format="csv") for _ in range(3)]
        content, raw = await fetched(run, format="csv")
    key = secret(world.home / "keys" / "node.secret")
    folder = world.home / "records" / "extracts"

    def told(name: str, data: bytes) -> tuple[str, bool]:
        path = tmp_path / name
        path.write_bytes(data)
        found = source_of(path, folder, key)
        return found.manifest["record"], found.same_bytes

    assert told("whole.csv", raw) == (content["record"], True)
    assert told("other.csv", others[1][1]) == (others[1][0]["record"], True)
    lines = raw.decode("utf-8-sig").splitlines()
    part = [row for number, row in enumerate(csv.reader(lines[1:400])) if number % 3]
    renamed = io.StringIO()
    csv.writer(renamed).writerows([["a", "b"], *[[row[3], row[0]] for row in part]])
    assert told("part.csv", renamed.getvalue().encode("gb18030")) == (content["record"], False)
    for name, data in (("sorted.csv", "\n".join([lines[0], *sorted(lines[1:])])), ("few.csv", "\n".join(lines[:8]))):
        with pytest.raises(RecipientUnknownError):
            told(name, data.encode())
    monkeypatch.setenv("JUTONG_HOME", str(world.home))
    spoken = CliRunner().invoke(evidence, ["fingerprint", str(tmp_path / "part.csv"), "--lang", "zh-hans"])
    assert spoken.exit_code == 0, spoken.output
    assert "金河市教育局" in spoken.output
    assert content["record"] in spoken.output
    clue = tmp_path / "clue.json"
    CliRunner().invoke(evidence, ["fingerprint", str(tmp_path / "part.csv"), "--report", str(clue)])
    told_of = json.loads(clue.read_text("utf-8"))
    assert (told_of["record_id"], told_of["same_bytes"], told_of["score"] >= 6) == (content["record"], False, True)
    assert len(told_of["file_sha256"]) == 64
    (tmp_path / "no.xlsx").write_bytes(b"no workbook")
    for name in ("few.csv", "no.xlsx"):
        assert CliRunner().invoke(evidence, ["fingerprint", str(tmp_path / name)]).exit_code == 1


async def test_a_file_is_fetched_while_its_grant_lasts(world: World) -> None:
    fill(world, 3)
    async with node_of(world, **FILE) as run:
        content, _ = await fetched(run, format="csv")
        address = content["address"]
        assert (await run.http.get(address.replace("token=", "token=x"))).status_code == 403
        assert (await run.http.get(address.partition("?")[0])).status_code == 401
        gateway = run.node.gateway
        lender = gateway.serving.lender
        missing = lender.token("GR-2026-0001", "0190a000-0000-7000-8000-0000000000ff", content["expires_ms"])
        assert (await run.http.get(f"{address.partition('=')[0]}={missing}")).status_code == 404
        world.center.order("grant-state", GrantStateOrder(
            grant_id="0190a000-0000-7000-8000-000000000001", state="suspended", reason="核查"
        ))  # fmt: skip
        await until(lambda: gateway.serving.book.by_number["GR-2026-0001"].state == "suspended")
        assert (await run.http.get(address)).status_code == 403
        assert await refused(run, "file", format="csv") == "node.grant.suspended"


async def test_a_file_narrows_and_keeps_to_its_bound(world: World) -> None:
    fill(world, 40)
    async with node_of(world, **FILE) as run:
        narrowed = [{"item": "分数", "operator": "ge", "values": ["35"]}]
        content, raw = await fetched(run, format="csv", fields=["分数"], filters=narrowed)
        assert sorted(raw.decode("utf-8-sig").split()[1:]) == ["35", "36", "37", "38", "39"]
        assert record(run, content["record"])["filters"][0]["item"] == "分数"
        serving = run.node.gateway.serving
        extracts: Any = serving.bulk.files
        assert isinstance(extracts, Extracts)
        extracts._most_rows = 39
        before = set(extracts._folder.iterdir())
        assert await refused(run, "file", format="csv") == "node.file.too-large"
        assert set(extracts._folder.iterdir()) == before, "nothing is left of a file that was not made"
        assert serving.quotas.used("0190a000-0000-7000-8000-000000000001") == 1
        extracts._sweep(int(run.node.gateway.clock() * 1000) + 3 * LIFE_MS)
        assert extracts.path_of(content["record"]) is None
        assert (await run.http.get(content["address"])).status_code == 404


async def test_marks_and_traces_reach_into_files(world: World) -> None:
    async with node_of(world, **{**FILE, "order_columns": ("sfzh", "xm")}) as run:
        mark(world)
        await receipts(world, 1)
        content, raw = await fetched(run, format="csv")
        (shown,) = content["marks"]
        lines = raw.decode("utf-8-sig").splitlines()[1:]
        assert ID_OUYANG in lines[shown["rows"][0]]
        trace(world, "t-1", [ID_OUYANG])
        (found,) = await until(lambda: world.center.bodies("trace"))
        assert found["record_ids"] == [content["record"]]
