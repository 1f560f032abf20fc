"""A move is held and goes on, is ended and leaves nothing, is tried again, and keeps its pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from jutong.cli.exchange import exchange
from jutong.contracts.care import Care
from jutong.contracts.orders import JobOrder
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.library.errors import TableBusyError
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.exchange import retry, run, runner
from jutong.node.exchange.errors import ColumnsChangedError, SourceLostError
from jutong.node.exchange.jobs import JobFolder, chunks_finished
from jutong.node.exchange.pacing import Pace, Wish, Word
from jutong.node.exchange.progress import SoFar
from jutong.node.exchange.readers import gently
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import landed, landed_path, order_for, sqlite_source, wait_for

ROWS = 5_000
SCRIPT = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT);"


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    rows = [(number, f"n{number}") for number in range(1, ROWS + 1)]
    return sqlite_source(tmp_path, SCRIPT, ("INSERT INTO person VALUES (?, ?)", rows))


@pytest.fixture
def folder(source: SourceConfig, tmp_path: Path) -> JobFolder:
    order = order_for(source, "main", "person", "id", "name").model_copy(update={"chunk_rows": 1_000})
    found = JobFolder(tmp_path, order.job_id)
    found.accept(order)
    return found


def saying(word: Word, monkeypatch: pytest.MonkeyPatch, when: Callable[[SoFar], bool]) -> Wish:
    """Return what the node wants, said when a move is as far as that."""
    wish, note = Wish(), JobFolder.note

    def listening(folder: JobFolder, so_far: SoFar, *more: int) -> None:
        note(folder, so_far, *more)
        if when(so_far):
            wish.say(word)

    monkeypatch.setattr(JobFolder, "note", listening)
    return wish


def files(home: Path) -> list[str]:
    return sorted(path.name for path in landed_path(home).glob("part-*"))


def test_a_held_job_goes_on_behind_its_last_chunk(
    source: SourceConfig, folder: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        wish = saying("hold", patched, lambda so_far: so_far.chunks_done == 2)
        assert run.Worker(tmp_path, folder, source, utc_now, wish=wish).run() == run.EXIT_HELD
    assert folder.result() is None
    assert chunks_finished(folder.path) == 2
    kept = files(tmp_path)
    assert len(kept) == 2
    final = wait_for(runner.start(folder.order(), home=tmp_path, source=source))
    assert (final.state, final.rows_written, final.chunks, final.snapshots) == ("done", ROWS, 5, 2)
    assert set(kept) <= set(files(tmp_path))
    assert {int(number) for number in landed(tmp_path)["id"].to_pylist()} == set(range(1, ROWS + 1))  # type: ignore[arg-type]


def test_a_cancelled_job_leaves_nothing(
    source: SourceConfig, folder: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        wish = saying("hold", patched, lambda so_far: so_far.chunks_done == 2)
        run.Worker(tmp_path, folder, source, utc_now, wish=wish).run()
    source.file.unlink()  # a job is ended whether its source answers or not
    final = wait_for(runner.start(folder.order(), home=tmp_path, source=source, cancelling=True))
    assert (final.state, final.problem.split(":")[0]) == ("cancelled", "node.exchange.cancelled")
    assert files(tmp_path) == []
    assert runner.start(folder.order(), home=tmp_path, source=source).poll() == final


def test_a_job_that_has_committed_is_done_whoever_cancels(
    source: SourceConfig, folder: JobFolder, tmp_path: Path
) -> None:
    done = wait_for(runner.start(folder.order(), home=tmp_path, source=source))
    (folder.path / "result.json").unlink()
    again = wait_for(runner.start(folder.order(), home=tmp_path, source=source, cancelling=True))
    assert (again.state, again.target_digest) == ("done", done.target_digest)


def test_a_source_that_comes_back_is_read_on(
    source: SourceConfig, folder: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        wish = saying("hold", patched, lambda so_far: so_far.chunks_done == 3)
        run.Worker(tmp_path, folder, source, utc_now, wish=wish).run()
    away = source.file.rename(tmp_path / "away.db")
    for number in (1, 2):
        assert run.Worker(tmp_path, folder, source, utc_now, most_tries=3).run() == run.EXIT_TRY_LATER
        told = folder.waiting()
        assert (told.state, told.phase, told.tries, told.chunks_done) == ("waiting", "retry", number, 0)
        assert told.problem.startswith("node.source.unreachable: ")
        assert told.retry_ms - utc_now().timestamp() * 1000 == pytest.approx(retry.pause_ms(number), abs=60_000)
    assert (folder.result(), chunks_finished(folder.path), len(files(tmp_path))) == (None, 3, 3)
    away.rename(source.file)
    final = wait_for(runner.start(folder.order(), home=tmp_path, source=source, most_tries=3))
    assert (final.state, final.rows_written, final.snapshots) == ("done", ROWS, 2)


def test_a_refused_sign_in_is_tried_once_more(
    source: SourceConfig, folder: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SourceUnreachableError(source="register", reason="sign-in refused")

    monkeypatch.setattr("jutong.node.exchange.move.move", refuse)
    worker = [run.Worker(tmp_path, folder, source, utc_now, most_tries=6).run() for _ in range(2)]
    assert worker == [run.EXIT_TRY_LATER, run.EXIT_DONE]
    final = folder.result()
    assert final is not None
    assert (final.state, final.transient) == ("failed", False)


def test_the_last_try_ends_the_job_and_leaves_nothing(
    source: SourceConfig, folder: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        wish = saying("hold", patched, lambda so_far: so_far.chunks_done == 1)
        run.Worker(tmp_path, folder, source, utc_now, wish=wish).run()
    source.file.unlink()
    assert run.Worker(tmp_path, folder, source, utc_now, most_tries=2).run() == run.EXIT_TRY_LATER
    assert run.Worker(tmp_path, folder, source, utc_now, most_tries=2).run() == run.EXIT_DONE
    final = folder.result()
    assert final is not None
    assert (final.state, final.transient) == ("failed", True)
    assert files(tmp_path) == []


def test_what_waiting_does_not_change_is_not_tried_again() -> None:
    cases: list[tuple[JutongError, bool]] = [
        (SourceUnreachableError(source="s", reason="connection refused"), True),
        (SourceUnreachableError(source="s", reason="sign-in refused"), False),
        (SourceUnreachableError(source="s", reason="no such database"), False),
        (SourceLostError(source="s", rows=1, reason="SQLSTATE 57P01"), True),
        (SourceLostError(source="s", rows=1, reason="table or columns gone"), False),
        (TableBusyError(table="t"), True),
        (ColumnsChangedError(source="s", table="t", change="-a"), False),
    ]
    assert [retry.transient(error) for error, _ in cases] == [expected for _, expected in cases]
    pauses = [retry.pause_ms(number) for number in range(1, 9)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 10_000
    assert pauses[-1] == 900_000


@pytest.mark.parametrize(
    ("care", "seconds"),
    [
        (Care(rows_per_second=1_000), 9.0),
        (Care(bytes_per_second=10_000), 9.0),
        (Care(rows_per_second=2_000, bytes_per_second=10_000), 9.0),
        (None, 0.0),
    ],
)
def test_a_move_keeps_its_pace_and_saves_nothing_up(care: Care | None, seconds: float) -> None:
    clock = [100.0]

    def wait(length: float) -> None:
        clock[0] += length

    pace = Pace(care, wait, lambda: clock[0])
    pace.keep(SoFar(rows=50_000))  # of an earlier run: nothing was read now
    for number in range(1, 4):
        pace.keep(SoFar(rows=50_000 + number * 1_000, bytes=number * 10_000))
    clock[0] += 1_000.0  # the source was slow for long
    for number in range(4, 10):
        pace.keep(SoFar(rows=50_000 + number * 1_000, bytes=number * 10_000))
    assert clock[0] - 1_100.0 == pytest.approx(seconds)


def test_a_cancel_is_not_taken_back() -> None:
    wish = Wish()
    wish.say("cancel")
    wish.say("hold")
    assert wish.word == "cancel"
    wish.wait(3_600.0)  # returns at once
    quiet = Wish()
    quiet.say("")
    assert not quiet._said.is_set()  # nothing was said, so nothing cuts a wait short


def test_care_reaches_the_session_that_reads() -> None:
    plain = JobOrder(job_id="j", source="s", schema_name="", table="t", columns=("c",), target="x")
    assert (gently.batch_rows(plain, 9), gently.batch_bytes(plain, 9), gently.mysql(plain, "")) == (9, 9, ())
    care = Care(rows_per_second=1_000, statement_seconds=60, lock_seconds=5)
    careful = plain.model_copy(update={"care": care})
    assert (gently.batch_rows(careful, 9_000), gently.batch_bytes(careful, 10**7)) == (1_000, 256_000)
    assert gently.postgresql(careful) == ("SET LOCAL statement_timeout = '60s'", "SET LOCAL lock_timeout = '5s'")
    maria, other = (gently.mysql(careful, server) for server in ("11.4.2-MariaDB", "8.4.0"))
    assert "SET SESSION max_statement_time = 60" in maria
    assert "SET SESSION max_execution_time = 60000" in other


def test_an_order_that_asks_for_no_care_is_what_it_was() -> None:
    plain = JobOrder(job_id="j", source="s", schema_name="", table="t", columns=("c",), target="x")
    assert "care" not in plain.model_dump()
    assert JobOrder.model_validate_json(plain.model_dump_json()) == plain
    careful = plain.model_copy(update={"care": Care(rows_per_second=5), "priority": 9})
    assert JobOrder.model_validate_json(careful.model_dump_json()) == careful


def test_a_move_is_followed_in_a_terminal(
    source: SourceConfig, folder: JobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    with monkeypatch.context() as patched:
        wish = saying("hold", patched, lambda so_far: so_far.chunks_done == 2)
        run.Worker(tmp_path, folder, source, utc_now, wish=wish).run()

    def later(_: float) -> None:
        run.Worker(tmp_path, folder, source, utc_now).run()

    monkeypatch.setattr(time, "sleep", later)
    shown = CliRunner().invoke(exchange, ["watch", folder.job_id]).output.splitlines()
    assert shown[0].split()[1:3] == ["40%", "2,000/5,000"]
    assert shown[-1] == "已完成并核对：读出 5000 行，写入 5000 行，隔离 0 行。"
    assert CliRunner().invoke(exchange, ["watch", folder.job_id.replace("-4", "-5", 1)]).exit_code == 1
