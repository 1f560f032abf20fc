from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import utc_now
from jutong.library import tables
from jutong.node import sources
from jutong.node.exchange import jobs, move, run, runner
from jutong.node.exchange.errors import JobUnknownError, OrderUnfitError, TypeUnsupportedError
from jutong.node.exchange.jobs import JobFolder, all_jobs
from jutong.node.exchange.progress import SoFar
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import landed_path, order_for, sqlite_source, wait_for

TABLE = "CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (1, '甲'), (2, '乙')"


def make(home: Path) -> tuple[SourceConfig, JobOrder]:
    source = sqlite_source(home, TABLE)
    return source, order_for(source, "main", "t", "id", "name")


def configure(home: Path, *configured: SourceConfig) -> None:
    rows = [
        {"name": one.name, "dialect": one.dialect, "organisation_code": one.organisation_code, "path": str(one.path)}
        for one in configured
    ]
    path = home / sources.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))
    path.chmod(0o600)


def test_a_job_runs_in_its_own_process_to_its_receipt(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    told: list[MovedReceipt] = []
    handle = runner.start(order, home=tmp_path, source=source)
    receipt = wait_for(handle, told.append)
    assert (receipt.state, receipt.rows_written, receipt.delta_version) == ("done", 2, 0)
    assert receipt.job_id == order.job_id
    assert receipt.target_digest == tables.read_digest(landed_path(tmp_path))
    assert {one.state for one in told[:-1]} <= {"running"}
    assert handle.poll() == receipt
    assert handle.pid is None


def test_the_same_order_again_has_the_same_one_effect(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    first = wait_for(runner.start(order, home=tmp_path, source=source))
    assert runner.start(order, home=tmp_path, source=source).poll() == first
    # As after a kill between the commit and the result.
    JobFolder(tmp_path, order.job_id).path.joinpath("result.json").unlink()
    again = wait_for(runner.start(order, home=tmp_path, source=source))
    assert again == first
    assert tables.describe(landed_path(tmp_path)).version == 0


def test_a_failed_job_says_why_and_moves_nothing(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    gone = order.model_copy(update={"columns": ("id", "phone")})
    receipt = wait_for(runner.start(gone, home=tmp_path, source=source))
    assert receipt.state == "failed"
    assert receipt.problem.startswith("node.exchange.columns-changed: ")
    assert "-phone" in receipt.problem
    assert receipt.finished_ms >= receipt.started_ms > 0
    assert not landed_path(tmp_path).joinpath("_delta_log").exists()


def test_an_order_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    for wrong in ({"job_id": "../../etc"}, {"job_id": ""}, {"source": "other"}):
        with pytest.raises(OrderUnfitError):
            runner.start(order.model_copy(update=wrong), home=tmp_path, source=source)
    wait_for(runner.start(order, home=tmp_path, source=source))
    with pytest.raises(OrderUnfitError):
        runner.start(order.model_copy(update={"target": "other"}), home=tmp_path, source=source)


def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    handle = runner.start(order, home=tmp_path, source=source)
    first = handle.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    receipt = wait_for(handle)
    assert receipt.state == "done"


def test_a_process_that_always_dies_ends_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, order = make(tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    receipt = wait_for(runner.start(order, home=tmp_path, source=source))
    assert receipt.state == "failed"
    assert receipt.problem.startswith("node.exchange.worker-lost: ")


def test_a_result_that_cannot_be_written_means_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, order = make(tmp_path)
    program = tmp_path / "full"
    program.write_text(f"#!/bin/sh\nexit {run.EXIT_NO_RESULT}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    receipt = wait_for(runner.start(order, home=tmp_path, source=source))
    assert receipt.problem.startswith("library.disk.full: ")


def test_closing_ends_the_process_and_a_restart_takes_the_job_up(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    configure(tmp_path, source)
    handle = runner.start(order, home=tmp_path, source=source)
    handle.close()
    assert handle.pid is None
    JobFolder(tmp_path, order.job_id).path.joinpath("result.json").unlink(missing_ok=True)
    (resumed,) = runner.resume_all(tmp_path)
    assert wait_for(resumed).state == "done"
    assert runner.resume_all(tmp_path) == []


def test_a_job_whose_source_went_away_fails_at_the_restart(tmp_path: Path) -> None:
    _, order = make(tmp_path)
    JobFolder(tmp_path, order.job_id).accept(order)
    JobFolder(tmp_path, order.job_id.replace(order.job_id[:8], "0" * 8)).path.mkdir()  # killed before it had an order
    (handle,) = runner.resume_all(tmp_path)
    receipt = handle.poll()
    assert receipt is not None
    assert receipt.problem.startswith("node.source.unknown: ")


def test_a_job_another_process_works_on_is_only_watched(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)
    with folder.at_work() as ours:
        assert ours
        handle = runner.start(order, home=tmp_path, source=source)
        assert handle.pid is None
        folder.note(SoFar(rows=5), 7)
        told = handle.poll()
        assert told is not None
        assert (told.state, told.rows_read, told.started_ms) == ("running", 5, 7)
        assert handle.poll() is None
        assert run.Worker(tmp_path, folder, source, utc_now).run() == run.EXIT_BUSY
    assert wait_for(handle).state == "done"


def test_a_busy_process_is_no_failure(tmp_path: Path) -> None:
    source, order = make(tmp_path)
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)
    handle = runner.JobHandle(folder, tmp_path, source)
    assert handle._ended_without_result(run.EXIT_BUSY) is None


def test_the_worker_ends_without_its_node(tmp_path: Path) -> None:
    _, order = make(tmp_path)
    command = [sys.executable, "-P", "-m", "jutong.node.exchange.run", str(tmp_path), order.job_id]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, check=False, timeout=60)
    assert ended.returncode == run.EXIT_NODE_GONE


def test_the_process_reads_its_source_from_the_pipe_and_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, order = make(tmp_path)
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)
    reading, writing = os.pipe()
    line = run.pack(source)
    os.write(writing, line)
    ended, status = threading.Event(), []

    def end(code: int) -> None:
        status.append(code)
        ended.set()

    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run.main([str(tmp_path), order.job_id], end) == run.EXIT_DONE
        assert not ended.is_set()
        os.close(writing)
        assert ended.wait(30)
    assert status == [run.EXIT_NODE_GONE]
    result = folder.result()
    assert result is not None
    assert result.state == "done"
    assert run.Worker(tmp_path, folder, source, utc_now).run() == run.EXIT_DONE


def test_half_a_line_means_the_node_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"name"')
    os.close(writing)
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run.main([str(tmp_path), "x"]) == run.EXIT_NODE_GONE


def test_a_source_survives_the_pipe(tmp_path: Path) -> None:
    for source in (
        SourceConfig("a", "sqlite", "X", path=tmp_path / "表.db"),
        SourceConfig("b", "postgresql", "X", dsn="postgresql://u:p\n@h/d", schemas=("a", "b")),
    ):
        assert run.unpack(run.pack(source)) == source


def test_no_result_on_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, order = make(tmp_path)
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(JobFolder, "finish", full)
    assert run.Worker(tmp_path, folder, source, utc_now).run() == run.EXIT_NO_RESULT
    assert runner.conclude(folder, TypeUnsupportedError(table="t", columns="c"), utc_now()).state == "failed"


def test_an_unexpected_problem_is_a_receipt_without_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source, order = make(tmp_path)
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)

    somebody = "110101" + "199001011237"

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(somebody)

    monkeypatch.setattr(move, "move", fail)
    assert run.Worker(tmp_path, folder, source, utc_now).run() == run.EXIT_DONE
    result = folder.result()
    assert result is not None
    assert result.problem.startswith("kernel.internal.unexpected: ")
    assert somebody not in result.problem + caplog.text
    assert "RuntimeError" in caplog.text


def test_progress_is_told_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, order = make(tmp_path)
    folder = JobFolder(tmp_path, order.job_id)
    folder.accept(order)
    assert folder.progress().rows_read == 0
    monkeypatch.setattr(run, "PROGRESS_SECONDS", -1.0)
    run.Worker(tmp_path, folder, source, utc_now).run()
    assert folder.progress().rows_read == 2
    for unreadable in ("{", '{"rows": 9, "started_ms": 1}', "[]"):  # torn, or of an earlier version
        (folder.path / "progress.json").write_text(unreadable)
        assert folder.progress().rows_read == 0
    monkeypatch.setattr(run, "PROGRESS_SECONDS", 3600.0)
    worker = run.Worker(tmp_path, folder, source, utc_now)
    worker._progress(SoFar(rows=9, chunks=1))
    assert folder.progress().rows_read == 9  # what it does is new
    worker._progress(SoFar(rows=10, chunks=1))
    assert folder.progress().rows_read == 9


def test_jobs_are_listed_newest_first(tmp_path: Path) -> None:
    assert all_jobs(tmp_path) == []
    names = [f"0199a0c0-0000-7000-8000-00000000000{number}" for number in range(3)]
    for name in names:
        folder = tmp_path / jobs.FOLDER / name
        folder.mkdir(parents=True)
    (tmp_path / jobs.FOLDER / "notes").mkdir()
    assert [job.job_id for job in all_jobs(tmp_path)] == names[::-1]
    with pytest.raises(JobUnknownError):
        all_jobs(tmp_path)[0].order()


def test_problems_fit_into_the_register() -> None:
    error = TypeUnsupportedError(table="t", columns="、".join(f"column{number}" for number in range(300)))
    receipt = jobs.failed("j", error, rows=0, started_ms=1, finished_ms=2)
    assert len(receipt.problem) == jobs.LONGEST_PROBLEM
