from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.contracts.envelope import Envelope
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.evidence.log import EvidenceLog
from jutong.evidence.sequencer import Sequencer
from jutong.kernel.keys import generate_signer
from jutong.kernel.settings import Settings
from jutong.node.agent import jobs
from jutong.node.agent.center import Center
from jutong.node.live.pool import Sources
from jutong.node.sources import SourceConfig
from jutong.node.state import State, Task

JOB = "0190a000-0000-7000-8000-00000000000a"
ORDER = JobOrder(job_id=JOB, source="police", schema_name="main", table="person", columns=("xm",), target="base/person")
DONE = MovedReceipt(
    job_id=JOB, state="done", rows_read=5, rows_written=5, source_digest="d", target_digest="d", delta_version=0
)


class Handle:
    def __init__(self, *news: MovedReceipt | None) -> None:
        self.news = list(news)
        self.closed = False

    def poll(self) -> MovedReceipt | None:
        return self.news.pop(0) if self.news else DONE

    def close(self) -> None:
        self.closed = True


class Notes:
    def __init__(self) -> None:
        self.indices: list[int] = []

    def note(self, index: int, record: Any) -> None:
        self.indices.append(index)


class Made:
    def __init__(self, runner: jobs.Jobs, state: State, log: EvidenceLog, notes: Notes) -> None:
        self.jobs, self.state, self.log, self.notes = runner, state, log, notes

    def moved(self) -> list[dict[str, Any]]:
        return [Envelope.model_validate_json(text).body for _, text in self.state.outbox(10)]

    def task(self) -> Task:
        body = f'{{"body": {ORDER.model_dump_json()}}}'
        return self.state.put_task("o1", "job", body)


@pytest.fixture
async def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Made]:
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.0)
    node = generate_signer("node-1")
    state = State(tmp_path / "state.db")
    sources = Sources({"police": SourceConfig("police", "sqlite", "POLICE", path=tmp_path / "none.db")})
    notes = Notes()
    async with httpx.AsyncClient() as http:
        center = Center("http://127.0.0.1:1", node="node-1", signer=node, key_path=tmp_path / "no.pub", client=http)
        with EvidenceLog(tmp_path / "evidence", signer=generate_signer("log"), origin="x/y") as log:
            async with Sequencer(log) as sequencer:
                runner = jobs.Jobs(
                    Settings(home=tmp_path), state, center, sources,
                    log=log, sequencer=sequencer, reports=notes, clock=lambda: datetime.now(UTC),
                )  # fmt: skip
                yield Made(runner, state, log, notes)
    state.close()


async def test_a_job_ends_with_one_leaf_and_one_receipt(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    running = MovedReceipt(job_id=JOB, state="running", rows_read=2)
    handle = Handle(running, None, running)
    monkeypatch.setattr(made.jobs, "_start", lambda _: handle)
    await made.jobs.run(made.task())
    assert handle.closed
    assert [body["state"] for body in made.moved()] == ["running", "done"]
    assert made.moved()[-1]["leaf_index"] == 0
    assert made.notes.indices == [0]
    assert made.state.tasks() == []
    _, attachment = made.log.find_record(JOB)
    assert b'"provider_dept":"POLICE"' in attachment


async def test_a_crash_between_leaf_and_receipt_makes_no_second_leaf(made: Made) -> None:
    task = made.task()
    first = await made.jobs.record_moved(task, ORDER, DONE)
    again = await made.jobs.record_moved(task, ORDER, DONE)
    assert first == again == 0
    assert made.log.size == 1


async def test_a_job_that_cannot_begin_is_reported_as_failed(made: Made) -> None:
    other = ORDER.model_copy(update={"source": "nowhere"})
    task = made.state.put_task("o2", "job", f'{{"body": {other.model_dump_json()}}}')
    await made.jobs.run(task)
    (body,) = made.moved()
    assert body["state"] == "failed"
    assert "nowhere" in body["problem"]
