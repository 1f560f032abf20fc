"""Refused rows put right in the browser at the node: by ticket, on record, and nothing of it for anybody else."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from jutong.contracts import rules as given
from jutong.contracts.orders import JobControlOrder, JobOrder, RepairTicketOrder
from jutong.contracts.receipts import MovedReceipt, ReplayedReceipt
from jutong.node.gateway.visits import VISIT_SECONDS
from tests.integration.node.conftest import Running
from tests.integration.node.test_tickets import encoded
from tests.node_world import ID_ZHANG, until

URL = "http://127.0.0.1:8301/gw/v1/repairs"
JOB = "0190a000-0000-7000-8000-00000000000a"
OWNER = "11330100MB0000001A"
EVIL = "<script>alert(1)</script>"


def ticket(started: Running, **changes: Any) -> str:
    values: dict[str, Any] = {
        "job_id": JOB, "official": "zhang", "post": "steward", "organisation_code": OWNER,
        "valid_until_ms": int(time.time() * 1000) + 300_000, "nonce": f"nonce-{time.monotonic_ns()}",
    }  # fmt: skip
    return encoded(started.world.center.seal("repair-ticket", RepairTicketOrder(**{**values, **changes})))


def receipts(started: Running, kind: str) -> list[dict[str, Any]]:
    return [envelope.body for envelope in started.world.center.receipts if envelope.kind == kind]


class Visitor:
    """A browser that sends the forms of the pages it gets."""

    def __init__(self, started: Running) -> None:
        self.started = started
        self.token = ""
        self.response = httpx.Response(204)

    async def open(self, **changes: Any) -> str:
        self.response = await self.started.http.post(URL, data={"ticket": ticket(self.started, **changes)})
        found = re.search(r'name="visit" value="([^"]+)"', self.response.text)
        self.token = found[1] if found else ""
        return self.response.text

    async def do(self, step: str, **fields: str) -> str:
        data = {"visit": self.token, "do": step, **fields}
        self.response = await self.started.http.post(URL, data=data)
        return self.response.text

    def field(self, name: str) -> str:
        """Return the number of the form's field for a column."""
        found = re.search(rf'name="c\.(\d+)" value="{name}"', self.response.text)
        assert found, self.response.text
        return found[1]


@pytest.fixture
async def moved(started: Running) -> Running:
    """A node that moved a register and set three of its rows aside."""
    with closing(sqlite3.connect(started.world.home / "police.sqlite")) as db:
        db.execute("CREATE TABLE visitor (id INTEGER PRIMARY KEY, sex TEXT, name TEXT)")
        rows = [(1, "1", "甲"), (2, "男", "乙"), (3, "男", EVIL), (4, "?", "丁\n戊"), (5, "2", "己")]
        db.executemany("INSERT INTO visitor VALUES (?, ?, ?)", rows)
        db.commit()
    order = JobOrder(
        job_id=JOB, source="police", schema_name="main", table="visitor", columns=("id", "sex", "name"),
        target="visitor", rules=(given.OneOf(id="sex", column="sex", values=("1", "2")),),
    )  # fmt: skip
    started.world.center.order("job", order)
    await until(lambda: any(body["state"] == "done" for body in receipts(started, "moved")), 60)
    return started


async def test_rows_are_put_right_in_the_browser_and_the_replay_is_on_record(
    moved: Running, caplog: pytest.LogCaptureFixture
) -> None:
    before = moved.node.log.size
    visitor = Visitor(moved)
    text = await visitor.open()
    assert visitor.response.status_code == 200, text
    assert moved.node.log.size == before + 1
    assert "不在给定的值里" in text
    text = await visitor.do("cause", rule="sex")
    assert text.index(">男<") < text.index(">?<")
    assert "写依据" in await visitor.do("fix-all", rule="sex", **{"w.0": "男", "r.0": "1"})
    assert "2 行的改正已记下" in await visitor.do(
        "fix-all", rule="sex", **{"w.0": "男", "r.0": "1", "reason": "代码表"}
    )
    assert 'sex → <span class="mono">1</span>' in await visitor.do("list", state="fixed")
    text = await visitor.do("row", row="0-3")
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    text = await visitor.do("row", row="0-4")
    sex, name = visitor.field("sex"), visitor.field("name")
    # A browser sends line ends of its own; the name was not touched.
    unchanged = {f"c.{name}": "name", f"v.{name}": "丁\r\n戊", f"c.{sex}": "sex"}
    assert "没有改动" in await visitor.do("fix", row="0-4", reason="r", **unchanged, **{f"v.{sex}": "?"})
    assert "第 0-4 行的改正已记下" in await visitor.do(
        "fix", row="0-4", reason="底册", **unchanged, **{f"v.{sex}": "3"}
    )
    text = await visitor.do("replay")
    assert "写回 2 行" in text
    assert "还有 1 行改正后仍不合规则" in text
    assert "已作废" in await visitor.do("drop", row="0-4", reason="查无此人")
    await until(lambda: receipts(moved, "replayed"))
    (told,) = receipts(moved, "replayed")
    receipt = ReplayedReceipt.model_validate(told)
    assert (receipt.job_id, receipt.number, receipt.rows, receipt.left) == (JOB, 1, 2, 1)
    assert receipt.official == "zhang"
    index, record = moved.node.log.find_record(str(uuid5(UUID(JOB), "replay 1")))
    assert index == receipt.leaf_index
    assert b'"official":"zhang"' in record
    assert moved.node.log.size == before + 2
    for value in ("男", "script", "丁", "底册"):
        assert value not in str(told) + record.decode()
    assert "没有这样的行" in await visitor.do("list", state="open")
    assert "这一行已经写回" in await visitor.do("row", row="0-2")
    await moved.node.agent.index_once()
    assert "agent step" not in caplog.text


async def test_a_visit_needs_a_good_ticket_of_the_holder_and_ends(moved: Running) -> None:
    visitor = Visitor(moved)
    refusals = (
        ({"organisation_code": "11330100MB0000002B"}, 403),
        ({"job_id": "0190a000-0000-7000-8000-00000000000b"}, 404),
        ({"valid_until_ms": int(time.time() * 1000) - 1}, 403),
        ({"valid_until_ms": int(time.time() * 1000) + 3_600_000}, 403),
    )
    size = moved.node.log.size
    for changes, status in refusals:
        text = await visitor.open(**changes)
        assert (visitor.response.status_code, visitor.token) == (status, ""), text
    wrong = {"ticket": ticket(moved)[:-8] + "AAAAAAAA"}
    assert (await moved.http.post(URL, data=wrong)).status_code == 403
    good = {"ticket": ticket(moved, nonce="once")}
    assert (await moved.http.post(URL, data=good)).status_code == 200
    assert (await moved.http.post(URL, data=good)).status_code == 409
    assert moved.node.log.size == size + 1
    await visitor.open()
    assert visitor.response.status_code == 200
    for step, fields in (("list", {"skip": "-1"}), ("list", {"rule": "nothing"}), ("list", {"skip": "9" * 30})):
        await visitor.do(step, **fields)
        assert visitor.response.status_code == 200
    for step, fields, status in (
        ("row", {"row": "../../etc"}, 404), ("replace", {}, 422), ("cause", {"rule": "x"}, 422), ("fix", {}, 404),
    ):  # fmt: skip
        await visitor.do(step, **fields)
        assert visitor.response.status_code == status
    visits = moved.node.gateway.pages["POST", "/gw/v1/repairs"].visits  # type: ignore[attr-defined]
    visits.find(visitor.token, 0.0).until = time.time() - 1
    await visitor.do("list")
    assert visitor.response.status_code == 403
    assert VISIT_SECONDS < 3_600
    visitor.token = "guessed"
    await visitor.do("list")
    assert "node.visit.over" in visitor.response.text


async def test_a_job_is_paused_and_goes_on_by_orders(started: Running) -> None:
    order = JobOrder(
        job_id=JOB, source="police", schema_name="main", table="person", columns=("sfzh", "xm"), target="person"
    )
    started.world.center.order("job-control", JobControlOrder(job_id=JOB, action="pause"))
    started.world.center.order("job", order)
    await until(lambda: receipts(started, "moved"))
    assert [MovedReceipt.model_validate(body).state for body in receipts(started, "moved")] == ["paused"]
    started.world.center.order("job-control", JobControlOrder(job_id=JOB, action="resume"))
    await until(lambda: receipts(started, "moved")[-1]["state"] == "done", 60)
    assert receipts(started, "moved")[-1]["rows_written"] == 5
    assert ID_ZHANG not in str(receipts(started, "moved"))
