"""Moves that meet rows that are there: behind a watermark, by key, with history, and what is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.contracts.modes import FROM, TO, AppendMode, DifferenceMode, MergeMode, Mode, Period, ReplaceMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.rules import NotNull
from jutong.kernel.clock import utc_now
from jutong.library import tables
from jutong.library.errors import ModeUnfitError, SchemaDriftError
from jutong.node.exchange import chunks
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.modes import reconcile, since
from jutong.node.exchange.modes.errors import WatermarkLateError, WatermarkMissingError, WatermarkUnfitError
from jutong.node.exchange.repair import Repair
from jutong.node.exchange.replay import Replay
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for, run_move, sqlite_source

SCRIPT = """
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, changed TEXT, score REAL);
INSERT INTO person VALUES (1, 'a', '2026-11-01 08:00:00', 1), (2, 'b', '2026-11-02 08:00:00', 2);
"""
COLUMNS = ("id", "name", "changed")
BY_TIME = MergeMode(keys=("id",), watermark="changed", overlap=3600)


class Register:
    """A source that goes on, and the table of the library its jobs write to."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.source = sqlite_source(home, SCRIPT)
        self.orders: list[JobOrder] = []

    def write(self, *statements: str) -> None:
        with sqlite3.connect(self.source.file) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def order(self, mode: Mode | None, *columns: str, **changes: Any) -> JobOrder:
        order = order_for(self.source, "main", "person", *(columns or COLUMNS))
        return order.model_copy(update={"mode": mode, **changes})

    def move(self, mode: Mode | None, *columns: str, **changes: Any) -> MovedReceipt:
        receipt = run_move(self.order(mode, *columns, **changes), self.source, self.home)
        assert receipt.source_digest == receipt.target_digest
        assert receipt.rows_read == receipt.rows_written + receipt.rows_quarantined + receipt.rows_skipped
        if mode is not None:
            assert receipt.table_digest == tables.read_digest(landed_path(self.home))
        return receipt

    def names(self) -> dict[int, str]:
        return {row["id"]: row["name"] for row in landed(self.home).to_pylist() if row.get(TO) is None}


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path)


def told(receipt: MovedReceipt) -> tuple[int, ...]:
    return (receipt.rows_inserted, receipt.rows_updated, receipt.rows_deleted, receipt.rows_unchanged)


def test_rows_behind_a_watermark_are_added_once(register: Register) -> None:
    mode = AppendMode(watermark="id")
    assert told(register.move(mode)) == (2, 0, 0, 0)
    receipt = register.move(mode)
    assert (receipt.rows_read, receipt.table_rows) == (0, 2)
    register.write("INSERT INTO person VALUES (5, 'e', '', 1), (7, 'g', '', 1)")
    receipt = register.move(mode, chunk_rows=1_000)
    assert (receipt.rows_read, told(receipt), receipt.table_rows) == (2, (2, 0, 0, 0), 4)
    assert (receipt.position, receipt.mode) == ("", "append")  # a number may be somebody's value
    register.write("DELETE FROM person")
    assert register.move(mode).rows_read == 0
    assert register.names() == {1: "a", 2: "b", 5: "e", 7: "g"}


def test_a_row_that_comes_late_is_not_passed_over(register: Register) -> None:
    mode = AppendMode(watermark="changed")
    register.move(mode)
    register.write("INSERT INTO person VALUES (3, 'late', '2026-11-02 08:00:00', 1)")
    with pytest.raises(WatermarkLateError):
        register.move(mode)
    receipt = register.move(BY_TIME)  # reads the last hour again
    assert (receipt.rows_read, told(receipt), receipt.position) == (2, (1, 0, 0, 1), "2026-11-02 08:00:00")
    register.write("UPDATE person SET name = 'A', changed = '2026-11-03 09:30:00' WHERE id = 1",
                   "INSERT INTO person VALUES (4, 'also late', '2026-11-02 07:15:00', 1)")  # fmt: skip
    receipt = register.move(BY_TIME)
    assert (receipt.rows_read, told(receipt), receipt.position) == (4, (1, 1, 0, 2), "2026-11-03 09:30:00")
    assert register.names() == {1: "A", 2: "b", 3: "late", 4: "also late"}


def test_rows_without_a_watermark_end_the_job(register: Register) -> None:
    register.write("INSERT INTO person VALUES (3, 'c', NULL, 1)")
    with pytest.raises(WatermarkMissingError):
        register.move(BY_TIME)
    with pytest.raises(WatermarkUnfitError):
        register.move(AppendMode(watermark="score"), "id", "score")
    with pytest.raises(OrderUnfitError):
        register.move(AppendMode(watermark="score"))
    register.write("UPDATE person SET changed = 'x'' OR 1=1 --'")
    with pytest.raises(WatermarkUnfitError):
        register.move(BY_TIME)
    assert not (landed_path(register.home) / "_delta_log").exists()


def test_what_is_gone_is_found_by_key_and_history_kept(register: Register) -> None:
    mode = DifferenceMode(keys=("id",), history=True)
    rules = (NotNull(id="named", column="name"),)
    register.move(mode, rules=rules)
    register.write("UPDATE person SET name = 'B' WHERE id = 2", "DELETE FROM person WHERE id = 1",
                   "INSERT INTO person VALUES (3, '', '', 1)")  # fmt: skip
    receipt = register.move(mode, rules=rules)
    assert (told(receipt), receipt.rows_quarantined, receipt.table_rows) == ((0, 1, 1, 0), 1, 3)
    rows = sorted(landed(register.home).to_pylist(), key=lambda row: (row["id"], row[FROM]))
    assert [(row["id"], row["name"], row[TO] is None) for row in rows] == [
        (1, "a", False),
        (2, "b", False),
        (2, "B", True),
    ]
    assert rows[1][TO] == rows[2][FROM]
    with pytest.raises(ModeUnfitError):
        register.move(None)
    assert told(register.move(mode, rules=rules)) == (0, 0, 0, 1)


def test_other_columns_are_taken_only_with_approval(register: Register) -> None:
    register.move(ReplaceMode())
    wide = (*COLUMNS, "score")
    with pytest.raises(SchemaDriftError):
        register.move(DifferenceMode(keys=("id",)), *wide)
    receipt = register.move(DifferenceMode(keys=("id",), drift="aside"), *wide)
    assert (receipt.drift, told(receipt)) == (("+score",), (0, 0, 0, 2))
    receipt = register.move(DifferenceMode(keys=("id",), drift="evolve", approved=("score",)), *wide)
    assert (receipt.drift, told(receipt)) == (("+score",), (0, 2, 0, 0))
    assert landed(register.home)["score"].to_pylist() == [1.0, 2.0]


def test_a_job_taken_up_again_reads_no_further_than_it_began(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.write("WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
                   " INSERT INTO person SELECT i, 'n', '', 1 FROM n")  # fmt: skip
    order = register.order(AppendMode(watermark="id"), chunk_rows=1_000)
    save, saved = chunks.save, 0

    def killed(folder: Path, ledger: chunks.Ledger) -> None:
        nonlocal saved
        save(folder, ledger)
        saved += 1
        if saved == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(chunks, "save", killed)
    monkeypatch.setattr("jutong.library.merge.Merge._abandon", lambda _: None)
    monkeypatch.setattr("jutong.node.exchange.targets.library.LibraryTarget.__exit__",
                        lambda self, *_: self._table.__exit__(None, None, None))  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        run_move(order, register.source, register.home)
    monkeypatch.undo()
    register.write("INSERT INTO person VALUES (0, 'below', '', 1), (9000, 'above', '', 1)")
    receipt = run_move(order, register.source, register.home)
    assert (receipt.rows_read, receipt.snapshots, receipt.table_rows) == (3000, 2, 3000)
    assert register.move(AppendMode(watermark="id")).rows_read == 1
    assert run_move(order, register.source, register.home) == receipt


def test_a_look_at_night_finds_what_was_changed_since(register: Register) -> None:
    mode = DifferenceMode(keys=("id",), deletes="soft")
    register.move(mode)
    register.write("DELETE FROM person WHERE id = 1")
    receipt = register.move(mode)
    (check,) = reconcile.look(register.home)
    assert (check.state, check.rows, check.digest, check.job_id) == ("same", 2, receipt.table_digest, receipt.job_id)
    (file,) = (Path(uri) for uri in tables.open_table(landed_path(register.home)).file_uris())
    whole = file.read_bytes()
    pq.write_table(pq.read_table(file).slice(1), file)
    (check,) = reconcile.look(register.home)
    assert (check.state, check.rows, check.expected_rows, check.expected) == ("differs", 1, 2, receipt.table_digest)
    file.unlink()
    (check,) = reconcile.look(register.home)
    assert (check.state, check.expected, check.problem != "") == ("unreadable", receipt.table_digest, True)
    file.write_bytes(whole)
    tables.open_table(landed_path(register.home)).delete("id = 1")
    (check,) = reconcile.look(register.home)
    assert (check.state, check.problem) == ("differs", "something else has written to it")


def test_rows_that_ended_are_no_rows_of_a_source(register: Register) -> None:
    register.move(DifferenceMode(keys=("id",), history=True))
    register.write("UPDATE person SET name = 'B' WHERE id = 2", "DELETE FROM person WHERE id = 1")
    register.move(DifferenceMode(keys=("id",), history=True))
    library = SourceConfig("library", "library", ORGANISATION, path=register.home / "library")
    order = order_for(library, "landed", "moved", "id", "name", target="copy")
    receipt = run_move(order, library, register.home)
    assert (receipt.rows_read, landed(register.home, "copy").to_pylist()) == (1, [{"id": 2, "name": "B"}])


def put_right(register: Register, order: JobOrder, row: str, **changes: str | None) -> int:
    with Repair(register.home / "jobs" / order.job_id, order, "z@desk") as repair:
        repair.fix(row, changes, "底册", utc_now())
        return Replay(repair, register.home, register.source).run(utc_now()).written


def test_a_row_put_right_meets_the_rows_as_its_job_would_have_it(register: Register) -> None:
    rules = (NotNull(id="named", column="name"),)
    register.move(BY_TIME, rules=rules)
    register.write("UPDATE person SET name = '', changed = '2026-11-05 08:00:00' WHERE id = 2")
    order = register.order(BY_TIME, rules=rules)
    assert run_move(order, register.source, register.home).rows_quarantined == 1
    assert put_right(register, order, "0-1", name="B") == 1
    assert register.names() == {1: "a", 2: "B"}
    assert register.move(BY_TIME, rules=rules).position == "2026-11-05 08:00:00"  # a replay moves no watermark


@pytest.mark.parametrize("how", [{"deletes": "soft"}, {"history": True}, {}])
def test_a_row_put_right_takes_its_place_among_those_that_are_gone(register: Register, how: dict[str, Any]) -> None:
    mode, rules = DifferenceMode(keys=("id",), **how), (NotNull(id="named", column="name"),)
    register.write("INSERT INTO person VALUES (3, 'c', '', 3)")
    register.move(mode, rules=rules)
    register.write("UPDATE person SET name = '' WHERE id = 2", "DELETE FROM person WHERE id = 1")
    order = register.order(mode, rules=rules)
    receipt = run_move(order, register.source, register.home)
    assert (receipt.rows_quarantined, receipt.rows_deleted) == (1, 2)  # what is set aside did not arrive
    assert put_right(register, order, "0-1", name="B") == 1
    rows = landed(register.home).to_pylist()
    current = {row["id"]: row["name"] for row in rows if not (row.get(TO) or row.get("jutong_deleted"))}
    assert current == {2: "B", 3: "c"}
    assert len([row for row in rows if row["id"] == 2]) == (2 if "history" in how else 1)
    assert 1 in {row["id"] for row in rows} or not how
    (check,) = reconcile.look(register.home)
    assert check.state == "same"
    register.write("UPDATE person SET name = 'B' WHERE id = 2")
    following = register.move(mode, rules=rules)
    assert (following.rows_updated, following.rows_inserted, following.rows_deleted) == (0, 0, 0)


def test_rows_put_right_are_added_behind_later_ones(register: Register) -> None:
    mode, rules = AppendMode(watermark="id"), (NotNull(id="named", column="name"),)
    register.write("INSERT INTO person VALUES (3, '', '', 1)")
    order = register.order(mode, rules=rules)
    run_move(order, register.source, register.home)
    register.write("INSERT INTO person VALUES (4, 'd', '', 1)")
    assert register.move(mode, rules=rules).rows_read == 1
    assert put_right(register, order, "0-3", name="c") == 1
    assert register.move(mode, rules=rules).rows_read == 0
    assert register.names() == {1: "a", 2: "b", 3: "c", 4: "d"}


def test_a_period_is_brought_in_again_and_the_position_stays(tmp_path: Path) -> None:
    register = Register(tmp_path)
    assert register.move(BY_TIME).position == "2026-11-02 08:00:00"
    register.write(
        "UPDATE person SET name = 'late' WHERE id = 1",  # without a new moment: no later job would see it
        "INSERT INTO person VALUES (3, 'new', '2026-11-02 12:00:00', 3)",
        "INSERT INTO person VALUES (4, 'old', '2026-10-31 23:59:59', 4)",
    )
    period = Period(first="2026-11-01", until="2026-11-02T12:00:00")
    found = register.move(BY_TIME, period=period)
    assert (found.rows_read, found.rows_updated, found.rows_unchanged, found.position) == (
        2,
        1,
        1,
        "2026-11-02 08:00:00",
    )
    assert [row["name"] for row in landed(tmp_path).sort_by("id").to_pylist()] == ["late", "b"]
    following = register.move(BY_TIME)
    assert (following.rows_inserted, following.position) == (1, "2026-11-02 12:00:00"), "from where it had been"
    for mode in (None, AppendMode(watermark="changed"), MergeMode(keys=("id",))):
        with pytest.raises(OrderUnfitError):
            register.move(mode, period=period)
    with pytest.raises(WatermarkUnfitError):
        register.move(MergeMode(keys=("id",), watermark="id"), period=period)
    by_number = register.move(MergeMode(keys=("id",), watermark="id"), period=Period(first="3", until="5"))
    assert by_number.rows_read == 2


def test_the_ends_of_a_period_are_said_as_the_source_writes_them() -> None:
    instants, naive = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
    for kind, like, end, written in (
        (instants, "2026-01-01 00:00:00+00", "2026-11-01", "2026-11-01 00:00:00+08:00"),
        (instants, "2026-01-01 00:00:00", "2026-11-01T07:30:00", "2026-10-31 23:30:00"),
        (naive, "2026-01-01 00:00:00", "2026-11-01", "2026-11-01 00:00:00"),
        (pa.date32(), "2026-01-01", "2026-11-01", "2026-11-01"),
        (pa.string(), "2026-01-01T00:00:00", "2026-11-01T08:00:00", "2026-11-01T08:00:00"),
        (pa.decimal128(10, 2), "1.50", "-7.25", "-7.25"),
    ):
        assert since._as_written(end, kind, like, "changed") == written
    for wrong, end in ((pa.date32(), "2026-11-01T08:00:00"), (pa.int64(), "2026-11-01"), (naive, "7")):
        with pytest.raises(WatermarkUnfitError):
            since._as_written(end, wrong, "", "changed")
