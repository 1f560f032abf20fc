from __future__ import annotations

import os
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jutong.cli.instance import open_works
from jutong.contracts.engines import TryEngineOrder, TryEngineResult
from jutong.contracts.works import WorkOrder, WorkReceipt
from jutong.library.errors import TableUnknownError
from jutong.library.works import Place, Tell
from jutong.node.works import KINDS, Kind, runner
from jutong.node.works import run as process
from jutong.node.works.errors import WorkUnfitError
from jutong.node.works.folder import WorkFolder, all_works
from jutong.node.works.run import EXIT_BUSY, EXIT_DONE, EXIT_NO_RESULT, Worker
from jutong.node.works.runner import WorkHandle

WORK = "0190a000-0000-7000-8000-00000000000b"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ORDER = WorkOrder(work_id=WORK, kind="count", body={"address": "sc://h:1"})


class Course:
    """Carries out an order in this process, with a function of the test."""

    def __init__(self, home: Path, order: WorkOrder = ORDER) -> None:
        self.home, self.folder = home, WorkFolder(home, order.work_id)
        self.folder.accept(order)
        self.cancelled = threading.Event()

    def run(self, function: Any = None, result: Any = TryEngineResult) -> int:
        self.function = function
        kind = Kind(TryEngineOrder, result, "unused:unused")
        kinds = {"count": _Known(kind, function)}
        return Worker(self.home, self.folder, lambda: NOW, cancelled=self.cancelled, kinds=kinds).run()  # type: ignore[arg-type]

    @property
    def result(self) -> WorkReceipt:
        found = self.folder.result()
        assert found is not None
        return found


class _Known:
    def __init__(self, kind: Kind, function: Any) -> None:
        self.order, self.result, self._function = kind.order, kind.result, function

    def function(self) -> Any:
        return self._function


def counted(order: TryEngineOrder, place: Place, tell: Tell) -> TryEngineResult:
    tell("count", 1, 3)
    assert place.scratch.is_dir()
    return TryEngineResult(engine=order.address, rows=7, digest="", took_ms=1)


def test_what_is_done_is_kept_and_done_once(tmp_path: Path) -> None:
    course = Course(tmp_path)
    assert course.run(counted) == EXIT_DONE
    assert (course.result.state, course.result.result["rows"], course.result.started_ms) == ("done", 7, 1772442000000)
    assert not course.folder.scratch.exists()
    assert course.run(None) == EXIT_DONE  # nothing is called again
    assert [found.work_id for found in all_works(tmp_path)] == [WORK]


def test_how_far_it_is_can_be_read_while_it_runs(tmp_path: Path) -> None:
    course, seen = Course(tmp_path), list[WorkReceipt]()
    assert (course.folder.has_ended, open_works(tmp_path)) == (False, 1)

    def work(order: Any, place: Place, tell: Tell) -> TryEngineResult:
        tell("count", 2, 9)
        seen.append(course.folder.progress("count"))
        return counted(order, place, tell)

    course.run(work)
    assert (course.folder.has_ended, open_works(tmp_path)) == (True, 0)
    assert [(one.state, one.phase, one.done, one.total) for one in seen] == [("running", "count", 2, 9)]


def test_an_error_of_ours_is_told_and_one_without_a_name_tells_no_value(tmp_path: Path) -> None:
    def ours(*_: Any) -> Any:
        raise TableUnknownError(table="GA/person")

    def strange(*_: Any) -> Any:
        raise RuntimeError("张三 110101199001011234")

    course = Course(tmp_path / "a")
    assert course.run(ours) == EXIT_DONE
    assert (course.result.state, course.result.problem_code) == ("failed", "library.table.unknown")
    assert "GA/person" in course.result.problem
    course = Course(tmp_path / "b")
    course.run(strange)
    assert course.result.problem_code == "node.works.broken"
    assert "1101" not in course.result.problem
    assert "RuntimeError" in course.result.problem


def test_an_order_this_node_cannot_read_fails_by_name(tmp_path: Path) -> None:
    course = Course(tmp_path, ORDER.model_copy(update={"body": {"address": "http://x"}}))
    course.run(counted)
    assert (course.result.problem_code, "address" in course.result.problem) == ("node.works.order-unfit", True)
    other = Course(tmp_path / "b", ORDER.model_copy(update={"kind": "dance"}))
    other.run(counted)
    assert "dance" in other.result.problem


def test_a_result_that_fits_no_receipt_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LARGEST_RESULT", 20)
    course = Course(tmp_path)
    course.run(counted)
    assert course.result.problem_code == "node.works.result-unfit"


def test_a_cancelled_work_ends_where_it_tells(tmp_path: Path) -> None:
    course = Course(tmp_path)
    course.cancelled.set()
    course.run(counted)
    assert (course.result.state, course.result.problem_code) == ("cancelled", "library.work.cancelled")


def test_only_one_process_is_at_work(tmp_path: Path) -> None:
    course = Course(tmp_path)
    with course.folder.at_work() as ours:
        assert ours
        assert course.run(counted) == EXIT_BUSY
    assert course.folder.result() is None


def test_a_full_disk_leaves_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = Course(tmp_path)

    def full(self: WorkFolder, receipt: WorkReceipt) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WorkFolder, "finish", full)
    assert course.run(counted) == EXIT_NO_RESULT


def test_a_number_stands_for_one_order(tmp_path: Path) -> None:
    folder = Course(tmp_path).folder
    folder.accept(ORDER)
    with pytest.raises(WorkUnfitError):
        folder.accept(ORDER.model_copy(update={"kind": "other"}))
    with pytest.raises(WorkUnfitError):
        WorkFolder(tmp_path, "../../etc")
    assert all_works(tmp_path / "none") == []


def _until(handle: WorkHandle, wanted: Any) -> WorkReceipt:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        news = handle.poll()
        if news is not None and wanted(news):
            return news
        time.sleep(0.02)
    raise AssertionError("nothing came")


@pytest.fixture
def halting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkHandle:
    root = Path(__file__).parents[4]
    monkeypatch.setenv("PYTHONPATH", f"{root}{os.pathsep}{root / 'src'}")
    order = ORDER.model_copy(update={"kind": "halt"})
    return runner.start(order, home=tmp_path, module="tests.unit.node.works.halting")


def test_a_killed_process_is_begun_anew_and_keeps_its_moment(halting: WorkHandle) -> None:
    _until(halting, lambda news: news.phase == "begin")
    assert halting.pid is not None
    os.kill(halting.pid, signal.SIGKILL)
    final = _until(halting, lambda news: news.state != "running")
    assert (final.state, final.result["rows"], final.result["digest"]) == ("done", 1, WORK)


def test_a_work_that_hears_nothing_is_ended_by_force(halting: WorkHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "CANCEL_SECONDS", 0.0)
    _until(halting, lambda news: news.phase == "begin")
    halting.cancel()
    assert _until(halting, lambda news: news.state != "running").state == "cancelled"
    assert halting.pid is None


def test_a_process_that_dies_every_time_ends_as_failed(tmp_path: Path) -> None:
    handle = runner.start(ORDER, home=tmp_path, module="jutong.node.works.errors")  # ends at once, with nothing
    final = _until(handle, lambda news: news.state != "running")
    assert (final.state, final.problem_code) == ("failed", "node.works.lost")


def test_every_kind_says_what_carries_it_out() -> None:
    for name, kind in KINDS.items():
        assert callable(kind.function()), name
