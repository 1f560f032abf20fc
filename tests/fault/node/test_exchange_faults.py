"""Jobs that are killed at any moment, and disks that are full: every row once, or nothing changed."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from deltalake import DeltaTable

from jutong.library import tables
from jutong.node.exchange import runner
from jutong.node.exchange.jobs import JobFolder, all_jobs
from jutong.node.exchange.runner import JobHandle
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.unit.node.exchange.moving import ORGANISATION, landed_path, order_for, wait_for

pytestmark = pytest.mark.fault
ROWS = 60_000
KILLS = 10
PASSWORD = "fault-password"


@pytest.fixture
def source(registry_server: Postgres) -> SourceConfig:
    dsn = registry_server.ensure_database("faulted", "fault_owner", PASSWORD)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS civil CASCADE")
        connection.execute("CREATE SCHEMA civil")
        connection.execute(
            "CREATE TABLE civil.person AS SELECT g AS id, md5(g::text) AS name, (g / 7.0)::numeric(12, 2) AS income"
            f" FROM generate_series(1, {ROWS}) g"
        )
    return SourceConfig("civil", "postgresql", ORGANISATION, dsn=dsn)


def commits_of(path: Path, job_id: str) -> int:
    history = DeltaTable(str(path)).history()
    return sum(commit.get("jutong", {}).get("job_id") == job_id for commit in history)


def kill_after(handle: JobHandle, seconds: float) -> None:
    """Let the process work so long, then kill it unless it is done."""
    time.sleep(seconds)
    if handle.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(handle.pid, signal.SIGKILL)


def test_a_job_killed_at_any_moment_moves_every_row_once(source: SourceConfig, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    order = order_for(source, "civil", "person", "id", "name", "income")
    begun = time.monotonic()
    first = wait_for(runner.start(order, home=tmp_path, source=source))
    length = time.monotonic() - begun
    path = landed_path(tmp_path)
    for round_number in range(KILLS):
        again = order_for(source, "civil", "person", "id", "name", "income")
        handle = runner.start(again, home=tmp_path, source=source)
        kill_after(handle, dice.uniform(0, length))
        # Whatever the kill left behind, a reader sees one whole version.
        assert tables.read_digest(path) == first.target_digest, f"seed {seed}, round {round_number}"
        handle.close()
        receipt = wait_for(runner.start(again, home=tmp_path, source=source))
        assert (receipt.state, receipt.rows_written) == ("done", ROWS), receipt.problem
        assert receipt.target_digest == first.target_digest
        assert tables.read_digest(path) == first.target_digest
        assert commits_of(path, again.job_id) == 1, f"seed {seed}, round {round_number}"
    versions = DeltaTable(str(path)).version()
    assert versions == KILLS  # one commit a job, none for a killed attempt
    assert all(job.result() is not None for job in all_jobs(tmp_path))
    # The only files are those that some version names: no killed attempt left one behind.
    named = {Path(uri).name for number in range(versions + 1) for uri in DeltaTable(str(path), number).file_uris()}
    assert named == {file.name for file in path.glob("*.parquet")}


def test_a_kill_between_the_commit_and_the_receipt_loses_neither(source: SourceConfig, tmp_path: Path) -> None:
    order = order_for(source, "civil", "person", "id", "name")
    first = wait_for(runner.start(order, home=tmp_path, source=source))
    with psycopg.connect(source.dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM civil.person")
    JobFolder(tmp_path, order.job_id).path.joinpath("result.json").unlink()
    assert wait_for(runner.start(order, home=tmp_path, source=source)) == first
    assert tables.describe(landed_path(tmp_path)).version == 0


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let this process, and those it starts now, write no larger file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_named_and_the_library_stays_as_it_was(source: SourceConfig, tmp_path: Path) -> None:
    order = order_for(source, "civil", "person", "id", "name", "income")
    before = wait_for(runner.start(order, home=tmp_path, source=source))
    files = set(landed_path(tmp_path).iterdir())
    again = order_for(source, "civil", "person", "id", "name", "income")
    with largest_file(200_000):
        handle = runner.start(again, home=tmp_path, source=source)
    receipt = wait_for(handle)
    assert receipt.state == "failed"
    assert receipt.problem.startswith("library.disk.full: "), receipt.problem
    assert set(landed_path(tmp_path).iterdir()) == files
    assert tables.read_digest(landed_path(tmp_path)) == before.target_digest
    # After space returns a new order goes through.
    third = order_for(source, "civil", "person", "id", "name", "income")
    assert wait_for(runner.start(third, home=tmp_path, source=source)).state == "done"


def test_a_first_move_onto_a_full_disk_leaves_no_table(source: SourceConfig, tmp_path: Path) -> None:
    order = order_for(source, "civil", "person", "id")
    with largest_file(16 * 1024):
        handle = runner.start(order, home=tmp_path, source=source)
    folder = JobFolder(tmp_path, order.job_id)
    receipt = wait_for(handle)
    assert receipt.state == "failed"
    assert folder.result() is not None
    assert not landed_path(tmp_path).joinpath("_delta_log").exists()


def test_memory_does_not_grow_with_the_table(source: SourceConfig, tmp_path: Path) -> None:
    """Ten times the rows take less than twice the memory."""
    peaks = []
    for rows in (ROWS, 10 * ROWS):
        with psycopg.connect(source.dsn, autocommit=True) as connection:
            connection.execute(
                "DROP TABLE IF EXISTS civil.wide; CREATE TABLE civil.wide AS SELECT g AS id,"
                f" md5(g::text) || md5((-g)::text) AS name FROM generate_series(1, {rows}) g".encode()
            )
        handle = runner.start(order_for(source, "civil", "wide", "id", "name"), home=tmp_path, source=source)
        peaks.append(_peak_of(handle))
    assert peaks[1] < 2 * peaks[0], peaks


def _peak_of(handle: JobHandle) -> int:
    peak = 0
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, ProcessLookupError, StopIteration):
            status = Path(f"/proc/{handle.pid}/status").read_text(encoding="ascii")
            peak = max(peak, int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]))
        receipt = handle.poll()
        if receipt is not None and receipt.state != "running":
            assert receipt.state == "done", receipt.problem
            return peak
        time.sleep(0.01)
    raise AssertionError("the job did not end")
