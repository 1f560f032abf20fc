from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.contracts.envelope import Envelope, seal
from jutong.contracts.works import WorkControlOrder, WorkOrder, WorkReceipt
from jutong.evidence.log import EvidenceLog
from jutong.evidence.sequencer import Sequencer
from jutong.kernel.keys import generate_signer
from jutong.kernel.settings import Settings
from jutong.node.agent import works
from jutong.node.agent.center import Center
from jutong.node.agent.orders import Orders
from jutong.node.grants import GrantBook
from jutong.node.live.pool import Sources
from jutong.node.state import State, Task

FIRST = "0190a000-0000-7000-8000-0000000000f1"
SECOND = "0190a000-0000-7000-8000-0000000000f2"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def receipt(work_id: str, state: Any = "done", **more: Any) -> WorkReceipt:
    return WorkReceipt(work_id=work_id, kind="fuse", state=state, **more)


class Handle:
    """A work that goes on until it is let go."""

    def __init__(self, work_id: str) -> None:
        self.work_id = work_id
        self.news: list[WorkReceipt | None] = [receipt(work_id, "running", phase="link")]
        self.may_end = asyncio.Event()
        self.cancelled = self.closed = False

    def poll(self) -> WorkReceipt | None:
        if self.news:
            return self.news.pop(0)
        if self.cancelled:
            return receipt(self.work_id, "cancelled", problem_code="library.work.cancelled")
        return receipt(self.work_id, result={"rows": 5, "long": "x" * 200}) if self.may_end.is_set() else None

    def cancel(self) -> None:
        self.cancelled = True

    def close(self) -> None:
        self.closed = True


class Notes:
    def __init__(self) -> None:
        self.kinds: list[str] = []

    def note(self, index: int, record: Any) -> None:
        self.kinds.append(record["kind"])


class Made:
    def __init__(self, state: State, log: EvidenceLog, center: Center, notes: Notes) -> None:
        self.state, self.log, self.center, self.notes = state, log, center, notes
        self.handles: dict[str, Handle] = {}
        self.works: works.Works

    def start(self, order: WorkOrder) -> Handle:
        return self.handles.setdefault(order.work_id, Handle(order.work_id))

    def order(self, work_id: str) -> Task:
        body = WorkOrder(work_id=work_id, kind="fuse", body={"library": "RK"})
        return self.state.put_task(f"o-{work_id}", "work", f'{{"body": {body.model_dump_json()}}}')

    def told(self, work_id: str) -> list[str]:
        bodies = [Envelope.model_validate_json(text).body for _, text in self.state.outbox(50)]
        return [str(body["state"]) for body in bodies if body["work_id"] == work_id]

    async def until(self, there: Any) -> None:
        async with asyncio.timeout(20):
            while not there():  # noqa: ASYNC110 - what is waited for is in a database
                await asyncio.sleep(0.01)


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Made]:
    monkeypatch.setattr(works, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(works, "_lane", lambda _: "heavy")
    state, notes = State(tmp_path / "state.db"), Notes()
    async with httpx.AsyncClient() as http:
        signer = generate_signer("node-1")
        center = Center("http://127.0.0.1:1", node="node-1", signer=signer, key_path=tmp_path / "no.pub", client=http)
        with EvidenceLog(tmp_path / "evidence", signer=generate_signer("log"), origin="x/y") as log:
            async with Sequencer(log) as sequencer:
                found = Made(state, log, center, notes)
                found.works = works.Works(
                    Settings(home=tmp_path), state, center, log=log, sequencer=sequencer, reports=notes,
                    clock=lambda: NOW, start=found.start,
                )  # fmt: skip
                yield found
    state.close()


async def test_one_heavy_work_after_the_other_and_one_leaf_each(made: Made) -> None:
    first = asyncio.create_task(made.works.run(made.order(FIRST)))
    await made.until(lambda: made.told(FIRST) == ["running"])
    second = asyncio.create_task(made.works.run(made.order(SECOND)))
    await made.until(lambda: made.told(SECOND) == ["waiting"])
    assert SECOND not in made.handles
    made.handles[FIRST].may_end.set()
    await first
    await made.until(lambda: SECOND in made.handles)
    made.handles[SECOND].may_end.set()
    await second
    assert (made.told(FIRST), made.told(SECOND)) == (["running", "done"], ["waiting", "running", "done"])
    assert made.state.tasks() == []
    assert made.notes.kinds == ["worked", "worked"]
    _, attachment = made.log.find_record(FIRST)
    assert b'"facts":{"rows":5}' in attachment
    assert b'"work":"fuse"' in attachment


async def test_a_work_is_cancelled_by_order_of_the_center(made: Made) -> None:
    live = Sources({})
    orders = Orders(made.state, GrantBook([], None), made.center, live, None)  # type: ignore[arg-type]
    signer = generate_signer("center")
    control = seal(
        "work-control", WorkControlOrder(work_id=FIRST), signer=signer, issuer="center", audience="node-1", now=NOW
    )
    running = asyncio.create_task(made.works.run(made.order(FIRST)))
    await made.until(lambda: made.told(FIRST) == ["running"])
    await orders.apply(control, NOW)
    await running
    assert made.told(FIRST) == ["running", "cancelled"]
    assert made.handles[FIRST].closed


async def test_a_leaf_left_by_a_crash_is_not_written_twice(made: Made) -> None:
    made.handles[FIRST] = Handle(FIRST)
    made.handles[FIRST].may_end.set()
    await made.works.run(made.order(FIRST))
    await made.works.run(
        Task("again", "work", f'{{"body": {WorkOrder(work_id=FIRST, kind="fuse", body={}).model_dump_json()}}}')
    )
    assert made.log.size == 1
