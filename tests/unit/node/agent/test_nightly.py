"""Every night once: everything that was moved is read again, with one leaf and one receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from jutong.contracts.envelope import Envelope
from jutong.contracts.modes import DifferenceMode
from jutong.evidence.log import EvidenceLog
from jutong.evidence.sequencer import Sequencer
from jutong.kernel.keys import generate_signer
from jutong.node.agent import nightly
from jutong.node.agent.center import Center
from jutong.node.exchange.jobs import JobFolder
from jutong.node.live.pool import Sources
from jutong.node.state import State
from jutong.node.works.local import note
from tests.unit.node.exchange.moving import landed_path, order_for, run_move, sqlite_source

DAY, NIGHT = datetime(2026, 11, 22, 8, tzinfo=UTC), datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
"""Four in the afternoon and half past two in the morning in Beijing."""


class Notes:
    def __init__(self) -> None:
        self.indices: list[int] = []

    def note(self, index: int, record: Any) -> None:
        self.indices.append(index)


async def test_a_night_is_looked_at_once_and_told_whatever_is_killed(tmp_path: Path) -> None:
    source = sqlite_source(tmp_path, "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2);")
    order = order_for(source, "main", "t", "id").model_copy(update={"mode": DifferenceMode(keys=("id",))})
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)
    receipt = run_move(order, source, tmp_path)
    state, notes, now = State(tmp_path / "state.db"), Notes(), [DAY]
    async with httpx.AsyncClient() as http:
        node = generate_signer("node-1")
        center = Center("http://127.0.0.1:1", node="node-1", signer=node, key_path=tmp_path / "no.pub", client=http)
        with EvidenceLog(tmp_path / "evidence", signer=generate_signer("log"), origin="x/y") as log:
            async with Sequencer(log) as sequencer:
                looks = nightly.Nightly(
                    tmp_path, state, center, Sources({source.name: source}),
                    log=log, sequencer=sequencer, reports=notes, clock=lambda: now[0],
                )  # fmt: skip

                def told() -> list[dict[str, Any]]:
                    return [Envelope.model_validate_json(text).body for _, text in state.outbox(10)]

                assert (
                    await looks.look_once() == nightly.IDLE_SECONDS
                )  # a library seen first by day waits for the night
                now[0] = NIGHT
                assert await looks.look_once() == 0.0
                assert told() == []  # kept first, so that a crash loses nothing
                (kept,) = (tmp_path / nightly.FOLDER).glob("*.json")
                content = kept.read_bytes()
                assert await looks.look_once() == nightly.IDLE_SECONDS
                kept.write_bytes(content)  # as if killed between receipt and tidying up
                await looks.look_once()
                assert [body["leaf_index"] for body in told()] == [0, 0]
                assert (log.size, notes.indices) == (1, [0])
                (check,) = told()[0]["checks"]
                assert (check["state"], check["job_id"], check["source_rows"]) == ("same", order.job_id, 2)
                assert check["digest"] == check["expected"] == receipt.table_digest
                _, attachment = log.find_record(told()[0]["run_id"])
                assert b'"tables":1' in attachment
                record = {"record_id": "r-1", "kind": "exported", "agreement_id": "r-1", "actor_dept": "library",
                          "provider_dept": "x", "rows": 2, "official": "who@where"}  # fmt: skip
                for _ in range(2):  # again, as if killed between the leaf and tidying up
                    note(tmp_path, record)
                    await looks.look_once()
                assert (log.size, notes.indices, list((tmp_path / nightly.NOTED).iterdir())) == (2, [0, 1], [])
                assert b"who@where" in log.find_record("r-1")[1]
                (landed_path(tmp_path) / "_delta_log" / f"{0:020d}.json").write_text("broken")
                now[0] = datetime(2026, 11, 23, 23, tzinfo=UTC)
                await looks.look_once()
                await looks.look_once()
                assert [check["state"] for check in told()[-1]["checks"]] == ["unreadable"]
    state.close()
