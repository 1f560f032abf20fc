from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from jutong.library import tables
from jutong.library.digest import ContentDigest
from jutong.library.errors import TableNameError
from jutong.library.overwrite import Overwrite
from jutong.node.connectors.errors import SourceUnreachableError, TableMissingError
from jutong.node.exchange import move as moving_module
from jutong.node.exchange.errors import (
    ColumnsChangedError,
    ContentDiffersError,
    RowsDifferError,
    SourceLostError,
    ValueUnfitError,
)
from jutong.node.exchange.readers import WHOLE, OpenRead
from jutong.node.exchange.readers import sqlite as reader
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import landed, landed_path, order_for, run_move, sqlite_source

SCRIPT = """
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, born DATE, income DECIMAL(12,2), score REAL, photo BLOB,
                     note, "a""b" BOOLEAN);
INSERT INTO person VALUES (1, '张三', '1980-01-01', 1234.5, 0.1, x'00ff', 'x', 1), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                          (3, '', '1999-13-45', -7, 2, x'', 17, 0), (4, 'a' || char(0) || 'b', 'n/a', 99.99, 1e300, x'01', 1.5, 1);
CREATE VIEW adult AS SELECT id, upper(name) AS name FROM person;
"""  # noqa: E501 - rows read better in lines
COLUMNS = ("id", "name", "born", "income", "score", "photo", "note", 'a"b')


def test_a_table_arrives_as_it_is(tmp_path: Path) -> None:
    source = sqlite_source(tmp_path, SCRIPT)
    receipt = run_move(order_for(source, "main", "person", *COLUMNS), source, tmp_path)
    assert (receipt.state, receipt.rows_read, receipt.rows_written, receipt.delta_version) == ("done", 4, 4, 0)
    assert receipt.source_digest == receipt.target_digest == tables.read_digest(landed_path(tmp_path))
    assert 0 < receipt.started_ms <= receipt.finished_ms
    assert landed(tmp_path).to_pylist() == [
        dict(zip(COLUMNS, row, strict=True))
        for row in (
            (1, "张三", "1980-01-01", Decimal("1234.50"), 0.1, b"\x00\xff", "x", 1),
            (2, None, None, None, None, None, None, None),
            (3, "", "1999-13-45", Decimal("-7.00"), 2.0, b"", "17", 0),
            (4, "a\0b", "n/a", Decimal("99.99"), 1e300, b"\x01", "1.5", 1),
        )
    ]


def test_views_and_many_batches_move_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH_ROWS", 7)
    rows = [(number, None if number < 50 else f"n{number}") for number in range(100)]
    source = sqlite_source(
        tmp_path,
        "CREATE TABLE t (id INTEGER, name TEXT); CREATE VIEW v AS SELECT id, name FROM t",
        ("INSERT INTO t VALUES (?, ?)", rows),
    )
    receipt = run_move(order_for(source, "", "v", "name", "id"), source, tmp_path)
    assert receipt.rows_written == 100
    assert [(row["id"], row["name"]) for row in landed(tmp_path).to_pylist()] == rows


def test_an_empty_table_moves(tmp_path: Path) -> None:
    source = sqlite_source(tmp_path, "CREATE TABLE t (id INTEGER, name TEXT)")
    assert run_move(order_for(source, "main", "t", "id", "name"), source, tmp_path).rows_written == 0
    assert landed(tmp_path).schema.names == ["id", "name"]


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("INTEGER", "'twelve'"),
        ("INTEGER", "1.5"),
        ("REAL", "'n/a'"),
        ("TEXT", "x'ff'"),
        ("BLOB", "'text'"),
        ("DECIMAL(18,2)", "1234567890123456.78"),
        ("DECIMAL(18,2)", "'12,5'"),
        ("DECIMAL(6,2)", "1.239"),
        ("DECIMAL(6,2)", "123456.5"),
        ("TEXT", "CAST(x'b9ab' AS TEXT)"),
    ],
)
def test_a_value_of_another_kind_than_declared_stops_the_move(tmp_path: Path, declared: str, value: str) -> None:
    source = sqlite_source(tmp_path, f"CREATE TABLE t (c {declared}); INSERT INTO t VALUES (NULL), ({value})")
    with pytest.raises(ValueUnfitError) as caught:
        run_move(order_for(source, "main", "t", "c"), source, tmp_path)
    assert caught.value.fields["column"] == "c"
    assert not landed_path(tmp_path).joinpath("_delta_log").exists()
    assert not list(landed_path(tmp_path).glob("*.parquet"))


def test_the_source_is_held_still_while_it_is_read(tmp_path: Path) -> None:
    source = sqlite_source(tmp_path, "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)")
    with reader.read(source, order_for(source, "main", "t", "id")) as opened:
        with sqlite3.connect(source.file) as writer:
            writer.execute("INSERT INTO t VALUES (2)")
        writer.close()
        assert opened.counted == 1
        assert sum(batch.num_rows for batch in opened.batches(WHOLE)) == 1


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    source = sqlite_source(tmp_path, "CREATE TABLE t (id INTEGER)")
    with pytest.raises(TableMissingError):
        run_move(order_for(source, "main", "u", "id"), source, tmp_path)
    with pytest.raises(TableMissingError):
        run_move(order_for(source, "other", "t", "id"), source, tmp_path)
    with pytest.raises(ColumnsChangedError):
        run_move(order_for(source, "main", "t", "name"), source, tmp_path)
    with pytest.raises(TableNameError):
        run_move(order_for(source, "main", "t", "id", target="../t"), source, tmp_path)
    source.file.unlink()
    with pytest.raises(SourceUnreachableError):
        run_move(order_for(source, "main", "t", "id"), source, tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    rows = [(number, "x" * 100) for number in range(5000)]
    source = sqlite_source(tmp_path, "CREATE TABLE t (id INTEGER, name TEXT)", ("INSERT INTO t VALUES (?, ?)", rows))
    content = bytearray(source.file.read_bytes())
    content[200_000:260_000] = b"\xff" * 60_000
    source.file.write_bytes(content)
    with pytest.raises(SourceLostError):
        run_move(order_for(source, "main", "t", "id", "name"), source, tmp_path)
    assert not list(landed_path(tmp_path).glob("*.parquet"))


def test_a_source_that_hands_over_other_rows_than_it_counts_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sqlite_source(
        tmp_path,
        "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (2); CREATE TABLE cut (id INTEGER PRIMARY KEY)",
        ("INSERT INTO cut VALUES (?)", [(number,) for number in range(2_500)]),
    )

    class Short:
        def __init__(self, source: SourceConfig, order: object) -> None:
            self.inner = reader.read(source, order)  # type: ignore[arg-type]

        def __enter__(self) -> OpenRead:
            opened = self.inner.__enter__()
            return replace(opened, batches=lambda span: (batch.slice(1) for batch in opened.batches(span)))

        def __exit__(self, *details: object) -> None:
            self.inner.__exit__(None, None, None)

    monkeypatch.setattr(moving_module, "reader_for", lambda *_: Short)
    for table, told in (("t", (2, 1)), ("cut", (2_500, 2_497))):
        order = order_for(source, "main", table, "id").model_copy(update={"chunk_rows": 1_000})
        with pytest.raises(RowsDifferError) as caught:
            run_move(order, source, tmp_path)
        assert (caught.value.fields["counted"], caught.value.fields["read"]) == told


def test_a_disk_that_changes_what_was_written_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = sqlite_source(tmp_path, "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (2)")

    def read_back(target: Overwrite, names: object) -> ContentDigest:
        digest = ContentDigest(pa.schema([("id", pa.int64())]))
        digest.update(pa.record_batch({"id": [1, 3]}))
        return digest

    monkeypatch.setattr(Overwrite, "read_back", read_back)
    with pytest.raises(ContentDiffersError):
        run_move(order_for(source, "main", "t", "id"), source, tmp_path)
    assert not landed_path(tmp_path).joinpath("_delta_log").exists()
