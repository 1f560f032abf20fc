"""Workers beside the node: one that dies or falls silent gives its move to another, and no row comes twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jutong.cli.worker import worker as command
from jutong.contracts.care import Care
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.errors import JutongError
from jutong.node import sources
from jutong.node.exchange.jobs import JobFolder, chunks_finished
from jutong.node.exchange.workers.assigned import Assigned, assign
from jutong.node.exchange.workers.roster import FOLDER, LOST_SECONDS, Roster, given_path
from jutong.node.exchange.workers.serving import Serving
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import PATIENCE_SECONDS, landed, order_for, sqlite_source

pytestmark = pytest.mark.fault
ROWS, CHUNK = 20_000, 1_000


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    many = [(number, f"名{number}") for number in range(ROWS)]
    script = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"
    found = sqlite_source(tmp_path, script, ("INSERT INTO t VALUES (?, ?)", many))
    path = tmp_path / sources.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{name: value for name, value in sources.as_row(found).items() if value}]), "utf-8")
    path.chmod(0o600)
    return found


class Clocked(Roster):
    """A roster whose clock can be put forward."""

    ahead = 0.0

    def __init__(self, home: Path) -> None:
        super().__init__(home, lambda: time.monotonic() + self.ahead)


@pytest.fixture
def roster(tmp_path: Path) -> Clocked:
    return Clocked(tmp_path)


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Serving]:
    stop = threading.Event()
    serving = Serving(tmp_path, "second", 3)
    thread = threading.Thread(target=serving.run, args=(stop,))
    thread.start()
    yield serving
    stop.set()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


@pytest.fixture
def first(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from jutong.cli.main import main; main()",
            "worker",
            "--name",
            "first",
            "--places",
            "9",
        ],
        env={**os.environ, "JUTONG_HOME": str(tmp_path)},
    )
    yield process
    process.kill()
    process.wait()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def slow(source: SourceConfig, rate: int = 8_000) -> JobOrder:
    order = order_for(source, "", "t", "id", "name")
    return order.model_copy(update={"chunk_rows": CHUNK, "care": Care(rows_per_second=rate)})


def given(order: JobOrder, home: Path, roster: Roster) -> Assigned:
    found = assign(order, home=home, roster=roster, free_here=0, most_tries=3)
    assert found is not None
    return found


def ended(handle: Assigned) -> MovedReceipt:
    found: list[MovedReceipt] = []

    def look() -> bool:
        news = handle.poll()
        found.extend([news] if news is not None and news.state != "running" else [])
        return bool(found) or handle.lost

    until(look)
    return found[0]


def test_a_killed_worker_s_move_goes_on_at_another_where_it_stood(
    source: SourceConfig, tmp_path: Path, roster: Clocked, first: subprocess.Popen[bytes], second: Serving
) -> None:
    until(lambda: [one.name for one in roster.living()] == ["first", "second"])
    order = slow(source)
    handle = given(order, tmp_path, roster)
    folder = JobFolder(tmp_path, order.job_id)
    assert handle.worker == "first", "the one with the most room"
    assert given(order, tmp_path, roster).worker == "first", "who has it keeps it, also for a node that starts anew"
    until(lambda: chunks_finished(folder.path) >= 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    roster.ahead += LOST_SECONDS
    until(lambda: handle.poll() is None and handle.lost)
    assert not given_path(tmp_path, "first", order.job_id).exists()
    until(lambda: [one.name for one in roster.living()] == ["second"])
    kept = chunks_finished(folder.path)
    again = given(order, tmp_path, roster)
    assert again.worker == "second"
    final = ended(again)
    assert (final.state, final.rows_read, final.rows_written) == ("done", ROWS, ROWS)
    assert kept >= 3
    ids: list[Any] = landed(tmp_path).column("id").to_pylist()
    assert sorted(ids) == list(range(ROWS))
    until(lambda: not given_path(tmp_path, "second", order.job_id).exists())


def test_holding_cancelling_and_taking_back(
    source: SourceConfig, tmp_path: Path, roster: Roster, second: Serving
) -> None:
    until(roster.living)
    assert assign(slow(source), home=tmp_path, roster=roster, free_here=3, most_tries=1) is None, "as much room here"
    held = slow(source)
    handle = given(held, tmp_path, roster)
    until(lambda: chunks_finished(JobFolder(tmp_path, held.job_id).path) >= 2)
    assert handle.hold() is None
    assert not JobFolder(tmp_path, held.job_id).is_busy()
    fast = held.model_copy(update={"care": None})
    assert JobFolder(tmp_path, held.job_id).order() != fast
    cancelled = slow(source)
    handle = given(cancelled, tmp_path, roster)
    until(lambda: chunks_finished(JobFolder(tmp_path, cancelled.job_id).path) >= 1)
    handle.cancel()
    assert ended(handle).state == "cancelled"
    taken = slow(source)
    handle = given(taken, tmp_path, roster)
    until(lambda: chunks_finished(JobFolder(tmp_path, taken.job_id).path) >= 1)
    handle.close()
    until(lambda: not JobFolder(tmp_path, taken.job_id).is_busy())
    unknown = order_for(SourceConfig("nowhere", "sqlite", "x", path=tmp_path), "", "t", "id")
    final = ended(given(unknown, tmp_path, roster))
    assert (final.state, "nowhere" in final.problem) == ("failed", True)


def test_a_worker_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(name: str) -> str:
        with pytest.raises(JutongError) as caught:
            Serving(tmp_path, name, 1).run(threading.Event())
        return caught.value.code

    assert refused("../x") == "node.worker.bad-name"
    assert refused("ok") == "node.worker.no-node"
    (tmp_path / "node").mkdir()
    (tmp_path / sources.FILE).write_text("{}", "utf-8")
    stop = threading.Event()
    thread = threading.Thread(target=Serving(tmp_path, "ok", 1).run, args=(stop,))
    thread.start()
    until((tmp_path / FOLDER / "ok/beat.json").exists)
    assert refused("ok") == "node.worker.taken"
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    told = CliRunner().invoke(command, ["--list"])
    assert (told.exit_code, told.output.split()[0], told.output.split()[-1]) == (0, "ok", "0/1")
    stop.set()
    thread.join(PATIENCE_SECONDS)
    assert not (tmp_path / FOLDER / "ok/beat.json").exists()
    assert Roster(tmp_path).living() == []
