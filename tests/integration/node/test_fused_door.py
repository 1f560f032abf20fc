"""Fused records judged and looked at in the browser at the node: by ticket, masked by grade, each opening on record."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pyarrow as pa
import pytest
from deltalake import CommitProperties, write_deltalake

from jutong.contracts.fused import ConflictOrder, LibraryTicketOrder, Reader
from jutong.contracts.library import TableDefinition
from jutong.contracts.works import WorkOrder
from jutong.kernel.keys import generate_signer
from jutong.kernel.sealing import open_with
from jutong.library.fusion.shapes import REVIEW
from jutong.library.tables import METADATA_KEY
from tests.integration.node.conftest import Running
from tests.integration.node.test_tickets import encoded
from tests.node_world import until
from tests.unit.library.fusion.registers import FEEDS, TABLE, City, small

URL = "http://127.0.0.1:8301/gw/v1/library"
KEEPER = "11330100MB0000001A"
EVIL = "<script>alert(1)</script>"
GRADES = {"id_number": "general-3", "marital": "general-2", "phone": "general-4"}
GRADED: TableDefinition = TABLE.model_copy(
    update={
        "fields": tuple(
            field.model_copy(update={"grade": GRADES.get(field.name, "general-1")}) for field in TABLE.fields
        )
    }
)
WATERFALL = {
    "prior": -8.5,
    "steps": [
        {"field": "name", "level": "same-rare", "weight": 6.2},
        {"field": "id_number", "level": "differs", "weight": -4.0},
    ],
}  # fmt: skip


def ticket(started: Running, **changes: Any) -> str:
    values: dict[str, Any] = {
        "view": "entity", "library": "RK", "table": GRADED, "feeds": FEEDS, "purpose": "核对婚姻状况",
        "shown": "general-2", "revealed": "general-3", "official": "xu", "post": "steward",
        "organisation_code": KEEPER, "holder_code": KEEPER, "valid_until_ms": int(time.time() * 1000) + 300_000,
        "nonce": f"nonce-{time.monotonic_ns()}",
    }  # fmt: skip
    return encoded(started.world.center.seal("library-ticket", LibraryTicketOrder(**{**values, **changes})))


class Visitor:
    """A browser that sends the forms of the pages it gets."""

    def __init__(self, started: Running) -> None:
        self.started = started
        self.token = ""
        self.status = 0

    async def _post(self, data: dict[str, str]) -> str:
        response: httpx.Response = await self.started.http.post(URL, data=data)
        self.status = response.status_code
        return response.text

    async def open(self, **changes: Any) -> str:
        text = await self._post({"ticket": ticket(self.started, **changes)})
        found = re.search(r'name="visit" value="([^"]+)"', text)
        self.token = found[1] if found else ""
        return text

    async def do(self, step: str, **fields: str) -> str:
        return await self._post({"visit": self.token, "do": step, **fields})


@pytest.fixture
def heard(started: Running, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """What went on record, as it is durable."""
    found: list[Mapping[str, Any]] = []
    note = started.node.served.note

    def listen(index: int, record: Mapping[str, Any]) -> None:
        found.append(record)
        note(index, record)

    monkeypatch.setattr(started.node.served, "note", listen)
    return found


@pytest.fixture(scope="module")
def made_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """Three registers fused: two people, of one the marital status differs, and pairs that wait. Made once."""
    made = City(tmp_path_factory.mktemp("city"), table=GRADED)
    small(made)
    made.put("social", {"s1": (300, "A", "王 伟", "138"), "s2": (20, None, f"李娜{EVIL}", "137")}, merge=True)
    made.fuse()
    row = {
        "review_id": "r1", "left_feed": "civil", "left_key": "c2", "right_feed": "social", "right_key": "s2",
        "weight": 2.2, "cause": "unsure", "waterfall": json.dumps(WATERFALL),
        "since": datetime(2026, 11, 22, tzinfo=UTC),
    }  # fmt: skip
    rows = [row, {**row, "review_id": "r2", "right_key": "s1", "cause": "two-identities", "weight": 1.0}]
    write_deltalake(
        str(made.fused.beside("review")), pa.Table.from_pylist(rows, REVIEW), mode="append",
        commit_properties=CommitProperties(custom_metadata={METADATA_KEY: {"care": "test"}}),
    )  # fmt: skip
    return made


@pytest.fixture
def city(started: Running, made_city: City) -> City:
    """The same at a node that runs."""
    shutil.copytree(made_city.library, started.world.home / "library")
    return replace(made_city, folder=started.world.home)


async def test_a_pair_is_judged_once_and_remembered(
    started: Running, city: City, heard: list[Mapping[str, Any]]
) -> None:
    visitor = Visitor(started)
    text = await visitor.open(view="review")
    assert visitor.status == 200, text
    assert "把握不够" in text
    assert "机器不得合并" in text
    text = await visitor.do("pair", cause="unsure", verdict="")
    assert EVIL not in text
    assert "李娜&lt;script&gt;" in text
    assert "+6.2" in text
    assert "完全一致，且少见" in text
    assert "-8.5" in text
    assert "-4.0" in text
    assert "137" not in text, "the highest grade is never shown"
    assert "要写依据" in await visitor.do("judge", review="r1", verdict="same", ground=" ")
    assert "要从三种判断里选一种" in await visitor.do("judge", review="r1", verdict="perhaps", ground="x")
    text = await visitor.do("judge", review="r1", verdict="same", ground="户籍底册")
    assert "已记下" in text, text[-900:]
    assert "已判断 1 对" in text
    assert "把握不够" not in text
    assert visitor.status == 200
    await visitor.do("judge", review="r1", verdict="different", ground="反悔")
    assert visitor.status == 404, "a judged pair is not asked again"
    await visitor.do("judge", review="r2", verdict="unsure", ground="待补材料")
    assert "判断不了" in await visitor.do("list")
    decided = {row["ground"]: row for row in city.rows("decisions")}
    assert decided["户籍底册"]["verdict"] == "same"
    assert (decided["户籍底册"]["left_key"], decided["户籍底册"]["by"]) == ("c2", "xu")
    said = [one for one in heard if one.get("official") == "xu"]
    assert [one["kind"] for one in said] == ["library", "review", "judged", "judged"]
    assert said[2]["verdict"] == "same"
    assert "李娜" not in str(said)
    await visitor.do("find", by="id_number", value="A")
    assert visitor.status == 403, "a ticket to judge is none to look people up"


async def test_an_entity_shows_where_each_value_is_from_and_masks_by_grade(
    started: Running, city: City, heard: list[Mapping[str, Any]]
) -> None:
    visitor = Visitor(started)
    await visitor.open(back="http://127.0.0.1:8300/send")
    assert "没有查到" in await visitor.do("find", by="id_number", value="'; DROP TABLE golden; --")
    assert "没有查到" in await visitor.do("find", by="name", value="王伟"), "only keys are looked up"
    text = await visitor.do("find", by="id_number", value="A")
    assert "数源部门" in text
    assert "王伟" in text
    assert "没有解决的冲突" in text
    (conflict,) = [row["conflict_id"] for row in city.rows("conflicts") if row["key"] == "p1"]
    assert f"http://127.0.0.1:8300/send?field=marital&amp;feed=police&amp;believed=civil&amp;only={conflict}" in text
    assert "138" not in text
    assert ">A<" not in text, "an identity number is masked until somebody says why"
    entity = city.golden()["A"]["entity_id"]
    assert "写明原因" in await visitor.do("reveal", why="", then_do="entity", then_entity=entity)
    text = await visitor.do("reveal", why="核对身份证", then_do="entity", then_entity=entity)
    assert ">A<" in text
    assert "138" not in text, "the highest grade stays hidden whatever is said"
    text = await visitor.do("conflicts", which="marital police")
    assert "请改正这条记录" in text
    said = [one for one in heard if one.get("official") == "xu"]
    assert [one["kind"] for one in said] == ["library", "entity", "revealed", "entity", "conflicts"]
    assert said[2]["why"] == "核对身份证"
    assert said[1]["purpose"] == "核对婚姻状况"


async def test_a_ticket_for_one_conflict_opens_that_record_only(started: Running, city: City) -> None:
    conflict = next(row for row in city.rows("conflicts") if row["key"] == "p1")
    visitor = Visitor(started)
    text = await visitor.open(view="conflict", subject=conflict["conflict_id"])
    await visitor.do("find", by="id_number", value="B")
    assert visitor.status == 403
    text = await visitor.do("list")
    assert "王伟" in text
    await visitor.do("entity", entity=city.golden()["B"]["entity_id"])
    assert visitor.status == 403
    await visitor.open(view="conflict", subject="nothing")
    text = await visitor.do("list")
    assert visitor.status == 404
    assert "没有冲突nothing" in text
    await visitor.open(table=GRADED.model_copy(update={"name": "never"}))
    assert (visitor.status, visitor.token) == (404, "")


async def test_conflicts_are_named_in_boxes_only_their_node_opens(started: Running, city: City) -> None:
    source, reader = generate_signer("source"), generate_signer("reader")
    conflict = next(row for row in city.rows("conflicts") if row["key"] == "p1")
    body = ConflictOrder(
        library="RK", table=GRADED, feeds=FEEDS, field="marital", feed="police", believed_feed="civil", most=5,
        key_column="rybh", source_key=source.public_b64,
        readers=(Reader(node="node-1", public_key=reader.public_b64),), asked=(conflict["conflict_id"], "other"),
    )  # fmt: skip
    work = "0190a000-0000-7000-8000-00000000000c"
    order = WorkOrder(work_id=work, kind="conflicts", body=body.model_dump(mode="json"))
    started.world.center.order("work", order)
    told = await until(
        lambda: [one for one in started.world.center.bodies("worked") if one["state"] in {"done", "failed"}], 60
    )
    assert told[-1]["state"] == "done", told
    result = told[-1]["result"]
    (one,) = result["found"]
    assert json.loads(open_with(source, one["locator"])) == {"rybh": "p1"}
    assert json.loads(open_with(reader, dict(one["boxes"])["node-1"])) == ["A", "p1"]
    assert (one["clue"], one["suggestion"], result["left"]) == ("older", "correct-record", 0)
    assert [(row["conflict_id"], row["open"]) for row in result["standing"]] == [
        (conflict["conflict_id"], True), ("other", False),
    ]  # fmt: skip
    assert "王伟" not in str(told)
