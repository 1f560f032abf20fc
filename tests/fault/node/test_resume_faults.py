"""Jobs killed inside a table: they go on behind the last finished chunk, and no row is lost or there twice."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.compute
import pytest
from deltalake import DeltaTable

from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Between, Identity
from jutong.library import tables
from jutong.node.exchange import chunks, quarantine, runner
from jutong.node.exchange.jobs import JobFolder, chunks_finished
from jutong.node.exchange.runner import JobHandle
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import PATIENCE_SECONDS, landed, landed_path, order_for, sqlite_source, wait_for

pytestmark = pytest.mark.fault
ROWS = 120_000
CHUNK_ROWS = 10_000
CHUNKS = ROWS // CHUNK_ROWS
KILLS = 5
pc: Any = pyarrow.compute


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    rows = [(number * 3, f"no {number}", number % 100) for number in range(1, ROWS + 1)]
    return sqlite_source(
        tmp_path,
        "CREATE TABLE person (id INTEGER PRIMARY KEY, number TEXT, age INTEGER)",
        ("INSERT INTO person VALUES (?, ?, ?)", rows),
    )


def ordered(source: SourceConfig) -> JobOrder:
    rules = (Between(id="grown", column="age", least="10"), Identity(id="number", column="number", action="warn"))
    order = order_for(source, "main", "person", "id", "number", "age")
    return order.model_copy(update={"rules": rules, "chunk_rows": CHUNK_ROWS})


def kill_inside(handle: JobHandle, folder: JobFolder, finished: int, seconds: float) -> None:
    """Kill the process when so many chunks are finished, and a moment later."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while chunks_finished(folder.path) < finished:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(seconds)
    if handle.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(handle.pid, signal.SIGKILL)
    handle.close()


def test_a_job_killed_inside_a_table_goes_on_there(source: SourceConfig, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    first = wait_for(runner.start(ordered(source), home=tmp_path, source=source))
    assert (first.state, first.chunks, first.snapshots) == ("done", CHUNKS, 1), first.problem
    for round_number in range(KILLS):
        order, said = ordered(source), f"seed {seed}, round {round_number}"
        folder = JobFolder(tmp_path, order.job_id)
        handle = runner.start(order, home=tmp_path, source=source)
        kill_inside(handle, folder, dice.randint(0, CHUNKS // 2), dice.uniform(0, 0.05))
        ledger = chunks.load(folder.path)
        kept = ledger.done if ledger else ()
        stamps = {name: (landed_path(tmp_path) / name).stat().st_mtime_ns for done in kept for name in done.files}
        assert tables.read_digest(landed_path(tmp_path)) == first.target_digest, said
        receipt = wait_for(runner.start(order, home=tmp_path, source=source))
        assert receipt.state == "done", f"{said}: {receipt.problem}"
        assert receipt.snapshots == 1 + (0 < len(kept) < CHUNKS), said
        # What was finished before the kill was not done a second time: its files are the same files.
        for name, stamp in stamps.items():
            assert (landed_path(tmp_path) / name).stat().st_mtime_ns == stamp, said
        assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (ROWS, ROWS * 9 // 10, ROWS // 10)
        assert receipt.rules == first.rules, said
        assert receipt.target_digest == first.target_digest == tables.read_digest(landed_path(tmp_path)), said
        named = {Path(uri).name for uri in DeltaTable(str(landed_path(tmp_path))).file_uris()}
        assert named == {file.name for file in landed_path(tmp_path).glob(f"part-{order.job_id}-*")}, said
        aside = [
            row["id"]
            for number in quarantine.chunks_of(folder.path)
            for row in quarantine.rows_of(folder.path, number).to_pylist()
        ]
        assert len(aside) == len(set(aside)) == ROWS // 10, said
        ids = landed(tmp_path)["id"]
        assert pc.count_distinct(ids).as_py() == len(ids), said
        assert not set(aside) & set(ids.slice(0, 1_000).to_pylist()), said
