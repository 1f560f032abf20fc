from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from jutong.node import sources
from jutong.node.connectors import introspect, limits
from jutong.node.connectors import sqlite as connector
from jutong.node.connectors.errors import SourceTooLargeError, SourceUnreachableError
from jutong.node.sources import SourceConfig


@pytest.fixture
def source(tmp_path: Path) -> SourceConfig:
    path = tmp_path / "odd name?#%.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born DATE, twice AS (name || name));
            CREATE TABLE "quoted ""name" (code TEXT, year INT, PRIMARY KEY (code, year)) WITHOUT ROWID;
            CREATE VIEW adult AS SELECT id, name FROM person;
            INSERT INTO person (name) VALUES ('甲'), ('乙'), ('丙');
            """
        )
    connection.close()
    return SourceConfig("demo", "sqlite", "X", path=path)


def test_tables_and_views_are_listed_with_keys(source: SourceConfig) -> None:
    found = {table.name: table for table in introspect.inventory(source)}
    assert list(found) == ["adult", "person", 'quoted "name']
    assert [(c.name, c.type, c.nullable, c.key) for c in found["person"].columns] == [
        ("id", "INTEGER", False, True),
        ("name", "TEXT", False, False),
        ("born", "DATE", True, False),
        ("twice", "", True, False),
    ]
    assert [c.key for c in found['quoted "name'].columns] == [True, True]
    assert found["person"].row_estimate == 3
    assert found["adult"].row_estimate == limits.ROWS_UNKNOWN
    assert found["person"].schema_name == "main"


def test_the_estimate_of_analyze_wins(source: SourceConfig) -> None:
    with sqlite3.connect(source.file) as connection:
        connection.execute("INSERT INTO person (id, name) VALUES (1000, '丁')")
        connection.execute("CREATE INDEX by_name ON person (name)")
        connection.execute("ANALYZE")
    connection.close()
    assert {t.name: t.row_estimate for t in introspect.inventory(source)}["person"] == 4


def test_nothing_can_be_written(source: SourceConfig) -> None:
    with connector.session(source) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM person")


def test_a_missing_file_is_named_and_not_created(tmp_path: Path) -> None:
    gone = SourceConfig("gone", "sqlite", "X", path=tmp_path / "gone.db")
    with pytest.raises(SourceUnreachableError) as caught:
        introspect.inventory(gone)
    assert caught.value.fields == {"source": "gone", "reason": "no such file"}
    assert not gone.file.exists()
    assert "gone" in sources.check(gone)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"name,code\n" * 500)
    assert "not a SQLite database" in sources.check(SourceConfig("x", "sqlite", "X", path=path))


def test_a_good_source_has_no_problem(source: SourceConfig) -> None:
    assert sources.check(source) == ""


def test_a_long_look_is_broken_off(source: SourceConfig) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(SourceUnreachableError) as caught, connector.session(source, seconds=0) as connection:
        connection.execute(endless).fetchone()
    assert caught.value.fields["reason"] == "timed out"


def test_too_many_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.db"
    with sqlite3.connect(path) as connection:
        for number in range(limits.MAX_TABLES + 1):
            connection.execute(f"CREATE TABLE t{number} (a INT)")
    connection.close()
    with pytest.raises(SourceTooLargeError):
        introspect.inventory(SourceConfig("many", "sqlite", "X", path=path))


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.db"
    with sqlite3.connect(path) as connection:
        names = ", ".join(f"c{number} INT" for number in range(limits.MAX_COLUMNS + 1))
        connection.execute(f"CREATE TABLE wide ({names})")
    connection.close()
    with pytest.raises(SourceTooLargeError) as caught:
        introspect.inventory(SourceConfig("wide", "sqlite", "X", path=path))
    assert "wide" in caught.value.fields["what"]
