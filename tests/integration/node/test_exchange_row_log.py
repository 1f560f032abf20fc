"""Changes of a MariaDB that logs its rows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.errors import JutongError
from jutong.library import tables
from jutong.node.exchange.changes.row_log import reading
from jutong.node.exchange.changes.row_log.errors import (
    RowLogForbiddenError,
    RowLogGoneError,
    RowLogOffError,
    StatementLoggedError,
    TableAlteredError,
    TableUnfitError,
    UndecidedError,
)
from jutong.node.exchange.retry import transient
from jutong.node.sources import SourceConfig
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import ORGANISATION, PATIENCE_SECONDS, landed, landed_path, order_for, run_move

pytestmark = pytest.mark.mariadb
DATABASE = "logged"


class Source:
    """A database of its own on the server, and an account that may read it and its log."""

    def __init__(self, server: MariaDB, user: str = "root", password: str = "") -> None:
        self.server = server
        dsn = f"mysql://{user}:{password}@127.0.0.1:{server.port}/{DATABASE}"
        self.config = SourceConfig("housing", "mysql", ORGANISATION, dsn=dsn)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        with self.server.connect(DATABASE) as connection, connection.cursor() as cursor:
            cursor.execute("SET sql_mode = '', time_zone = '+08:00'")
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())


@pytest.fixture
def source(mariadb: MariaDB) -> Source:
    mariadb.create_database(DATABASE)
    return Source(mariadb)


def changed(source: Source, home: Path, *columns: str, table: str = "person", **how: Any) -> MovedReceipt:
    mode = ChangesMode(**{"keys": ("id",), **how})
    order = order_for(source.config, DATABASE, table, *columns).model_copy(update={"mode": mode})
    return run_move(JobOrder.model_validate_json(order.model_dump_json()), source.config, home)


def rows(home: Path) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in landed(home).to_pylist()), key=lambda row: row[0])


def test_a_table_follows_its_source(source: Source, tmp_path: Path) -> None:
    source.run(
        "CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(20), note TEXT)",
        "INSERT INTO person SELECT seq, concat('名', seq), repeat('长', 50) FROM seq_1_to_1000",
    )

    def follow() -> MovedReceipt:
        receipt = changed(source, tmp_path, "id", "name", "note")
        found = source.run("SELECT id, name, note FROM person ORDER BY id")
        assert rows(tmp_path) == found
        assert receipt.table_digest == tables.read_digest(landed_path(tmp_path))
        assert receipt.table_rows == len(found)
        return receipt

    first = follow()
    assert (first.rows_read, first.rows_inserted, first.changes, first.mode) == (1000, 1000, 0, "changes")
    assert follow().rows_read == 0
    source.run(
        "SET GLOBAL log_bin_compress = ON",
        "UPDATE person SET name = 'changed' WHERE id <= 10",
        "INSERT INTO person VALUES (1001, NULL, ''), (1002, 'gone again', NULL)",
        "DELETE FROM person WHERE id IN (20, 21, 1002)",
        "INSERT INTO person VALUES (20, 'back', 'as another')",
        "UPDATE person SET id = 5000 WHERE id = 30",
        "START TRANSACTION",
        "DELETE FROM person",
        "ROLLBACK",
        "SET GLOBAL log_bin_compress = OFF",
        "FLUSH BINARY LOGS",
    )
    told = follow()
    assert (told.changes, told.rows_updated, told.rows_inserted, told.rows_deleted) == (17, 11, 2, 2)
    source.run("UPDATE person SET name = 'twice' WHERE id = 1", "DELETE FROM person WHERE id = 1", "TRUNCATE person",
               "INSERT INTO person VALUES (1, 'anew', NULL)")  # fmt: skip
    assert follow().rows_deleted == 999
    # No row of the department is left beside the target.
    assert {file.name for file in (tmp_path / "jobs").rglob("*")} & {"gone.parquet", "there.arrow"} == set()


EVERY_TYPE = """
CREATE TABLE person (id BIGINT UNSIGNED PRIMARY KEY, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT,
 whole INT UNSIGNED, signed BIGINT, single FLOAT, fixed FLOAT(7,2), `double` DOUBLE, area DECIMAL(12,2),
 nine DECIMAL(9,9), exact DECIMAL(38,20), most DECIMAL(65,30), name VARCHAR(50), wide VARCHAR(300), code CHAR(5),
 long_code CHAR(200), gbk VARCHAR(20) CHARACTER SET gbk, old VARCHAR(20) CHARACTER SET latin1,
 ucs VARCHAR(20) CHARACTER SET ucs2, kind ENUM('住宅','it''s','a\\\\b'), marks SET('a','b','c','d','e','f','g','h','i'),
 bits BIT(10), made YEAR, built DATE, seen DATETIME(6), seen3 DATETIME(3), noon DATETIME, at TIMESTAMP(6) NULL,
 at0 TIMESTAMP NULL, hour TIME, part TIME(3), photo BLOB, fixed_bytes BINARY(5), some VARBINARY(5), doc JSON,
 number UUID, four INET4, six INET6, packed VARCHAR(20) COMPRESSED, twice INT AS (whole * 2) VIRTUAL,
 thrice INT AS (tiny * 3) STORED, hidden INT INVISIBLE DEFAULT 7, `a``b%s` TEXT)
"""
COLUMNS = (
    "id", "tiny", "small", "medium", "whole", "signed", "single", "fixed", "double", "area", "nine", "exact", "most",
    "name", "wide", "code", "long_code", "gbk", "old", "ucs", "kind", "marks", "bits", "made", "built", "seen",
    "seen3", "noon", "at", "at0", "hour", "part", "photo", "fixed_bytes", "some", "doc", "number", "four", "six",
    "packed", "twice", "thrice", "hidden", "a`b%s",
)  # fmt: skip
FULL = """
INSERT INTO person (id, tiny, small, medium, whole, signed, single, fixed, `double`, area, nine, exact, most, name,
 wide, code, long_code, gbk, old, ucs, kind, marks, bits, made, built, seen, seen3, noon, at, at0, hour, part, photo,
 fixed_bytes, some, doc, number, four, six, packed, hidden, `a``b%s`) VALUES
 (18446744073709551615, -128, 65535, -8388608, 1000000000, -9223372036854775808, 1.1, -3.456, 0.1, -0.05,
  -0.123456789, -123456789012345678.12345678901234567890,
  -12345678901234567890123456789012345.000000000000000000000000000001,
  '䶮a\\0b', repeat('宽', 300), 'x  ', repeat('长', 200), '龙·—€', 'é€', '䶮', 'it''s', 'a,i', 5, 2020, '1999-02-28',
  '1001-01-01 00:00:00.000001', '2026-01-01 08:00:00.5', '9999-12-31 23:59:59', '2026-01-01 08:00:00.5',
  '2038-01-19 03:14:07', '-838:59:59', '-00:00:00.125', x'00ff', 'ab', x'0000', '{"a": [1, 2]}',
  '123e4567-e89b-12d3-a456-426655440000', '10.0.0.0', '2001:db8::', 'packed text', 9, ''),
 (2, 127, 0, 8388607, 0, 9223372036854775807, -0.0, 99999.99, -1e308, 9999999999.99, 0, 0, 0, '', '', '', '', '', '',
  '', 'a\\\\b', '', 1023, 1901, '0001-01-01', '1970-01-01 00:00:00', '1969-12-31 23:59:59.999', '2000-02-29 00:00:00',
  '1970-01-02 00:00:00', '2001-09-09 01:46:40', '00:00:00', '838:59:59', '', '', '', '[]',
  '00000000-0000-0000-0000-000000000001', '255.255.255.255', '::1', '', 0, 'x'),
 (3, 0, 1, -1, 1, -1, 3.4e38, 0, 1.7e-308, 0.01, 0.000000001, 1, 1, '𬭎', 'w', '五个字符满', 'x', '镕', 'ÿ', '', 1,
  'a,b,c,d,e,f,g,h,i', 0, 2155, '9999-12-31', '9999-12-31 23:59:59.999999', '2026-06-30 12:00:00.001',
  '1000-01-01 00:00:00', '2000-01-01 00:00:00.000001', '2000-01-01', '-00:00:01', '12:34:56.789', repeat('p', 70000),
  'abcde', 'abcde', '"x"', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '0.0.0.0', '::ffff:1.2.3.4', 'p', -1, 'y')
"""


OPEN = ("ucs", "six", "packed")
"""Columns whose bytes are not read: rows with a value there are read once more from the table."""


@pytest.mark.parametrize("columns", [tuple(name for name in COLUMNS if name not in OPEN), ("id", *OPEN)])
def test_changed_rows_look_like_rows_that_were_read(
    source: Source, tmp_path: Path, columns: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    plain = reading.Again.rows

    def rows_again(self: reading.Again, keys: pa.RecordBatch) -> pa.RecordBatch:
        asked.append(keys.num_rows)
        return plain(self, keys)

    monkeypatch.setattr(reading.Again, "rows", rows_again)
    source.run(EVERY_TYPE, FULL, "INSERT INTO person (id) VALUES (1)")
    changed(source, tmp_path, *columns)
    read, schema = tables.read_digest(landed_path(tmp_path)), landed(tmp_path).schema
    for metadata in ("NO_LOG", "FULL"):
        # Every row goes and comes once more, by the log.
        source.run(f"SET GLOBAL binlog_row_metadata = {metadata}", "DELETE FROM person", FULL,
                   "INSERT INTO person (id) VALUES (1)")  # fmt: skip
        told = changed(source, tmp_path, *columns)
        assert (told.changes, told.rows_read, told.rows_unchanged) == (8, 4, 4)
        source.run("UPDATE person SET id = id - 1 WHERE id > 3", "UPDATE person SET id = id + 1 WHERE id > 3")
        told = changed(source, tmp_path, *columns)
        assert (told.rows_unchanged, told.rows_deleted) == (1, 0)
        assert landed(tmp_path).schema == schema
        assert tables.read_digest(landed_path(tmp_path)) == read
    source.run("SET GLOBAL binlog_row_metadata = DEFAULT")
    assert asked == ([3, 1, 3, 1] if columns[1:] == OPEN else [])


def test_what_the_log_does_not_tell_ends_the_job(source: Source, tmp_path: Path) -> None:
    """Statements that change rows, or which column stands where, without saying so row by row."""

    def problem(kind: type[JutongError], *statements: str, **how: Any) -> JutongError:
        source.run(*statements)
        before = rows(tmp_path)
        with pytest.raises(kind) as caught:
            changed(source, tmp_path, "id", "name", **how)
        assert rows(tmp_path) == before
        assert changed(source, tmp_path, "id", "name", afresh=True).state == "done"
        assert rows(tmp_path) == source.run("SELECT id, name FROM person ORDER BY id")
        return caught.value

    source.run("CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(20))", "INSERT INTO person VALUES (1, 'a')",
               "CREATE TABLE other LIKE person")  # fmt: skip
    changed(source, tmp_path, "id", "name")
    # These leave rows and places as they are.
    source.run("INSERT INTO person VALUES (2, 'b')", "ALTER TABLE person ADD INDEX (name), COMMENT 'x'",
               "/*!40000 ALTER TABLE `person` DISABLE KEYS */", "ALTER TABLE person ADD age INT DEFAULT 3",
               "INSERT INTO person VALUES (3, 'c', 4)", "ALTER TABLE other MODIFY name INT",
               "CREATE TEMPORARY TABLE person_2 LIKE person", "DROP TEMPORARY TABLE person_2",
               "GRANT SELECT ON person TO root@localhost")  # fmt: skip
    assert changed(source, tmp_path, "id", "name").rows_inserted == 2
    altered = problem(TableAlteredError, "INSERT INTO person VALUES (4, 'd', 1)",
                      "ALTER TABLE person ADD first_one INT FIRST")  # fmt: skip
    assert altered.fields["statement"] == "ALTER TABLE"
    problem(TableAlteredError, "ALTER TABLE person MODIFY name VARCHAR(1)")
    problem(
        TableAlteredError, "CREATE TABLE person_new LIKE person", "RENAME TABLE person TO old, person_new TO person"
    )
    logged = problem(StatementLoggedError, "SET binlog_format = STATEMENT", "INSERT INTO person (id) VALUES (9)")
    assert logged.fields["statement"] == "INSERT INTO"
    # With the names of columns in the log it does not matter where they stand.
    source.run("SET GLOBAL binlog_row_metadata = FULL")
    changed(source, tmp_path, "id", "name")
    source.run("INSERT INTO person (id) VALUES (10)", "ALTER TABLE person ADD zeroth INT FIRST, DROP age",
               "INSERT INTO person (id) VALUES (11)", "SET GLOBAL binlog_row_metadata = DEFAULT")  # fmt: skip
    assert changed(source, tmp_path, "id", "name").rows_inserted == 2


def test_a_distributed_transaction_counts_when_it_is_decided(source: Source, tmp_path: Path) -> None:
    source.run("CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(20))",
               "INSERT INTO person VALUES (1, 'a'), (2, 'b'), (3, 'c')")  # fmt: skip
    changed(source, tmp_path, "id", "name")
    source.run("XA START 'one'", "UPDATE person SET name = 'x' WHERE id = 1", "DELETE FROM person WHERE id = 2",
               "XA END 'one'", "XA PREPARE 'one'")  # fmt: skip
    with pytest.raises(UndecidedError) as caught:
        changed(source, tmp_path, "id", "name")
    assert transient(caught.value)
    source.run("XA ROLLBACK 'one'", "XA START 'two'", "DELETE FROM person WHERE id = 3", "XA END 'two'",
               "XA PREPARE 'two'")  # fmt: skip
    changed(source, tmp_path, "id", "name", afresh=True)
    assert rows(tmp_path) == [(1, "a"), (2, "b"), (3, "c")]
    # Prepared before the table was read and committed behind it: its rows are in neither.
    source.run("XA COMMIT 'two'")
    with pytest.raises(TableAlteredError):
        changed(source, tmp_path, "id", "name")
    changed(source, tmp_path, "id", "name", afresh=True)
    source.run("XA START 'three'", "INSERT INTO person VALUES (4, 'd')", "DELETE FROM person WHERE id = 1",
               "XA END 'three'", "XA PREPARE 'three'", "XA COMMIT 'three'")  # fmt: skip
    changed(source, tmp_path, "id", "name")
    assert rows(tmp_path) == [(2, "b"), (4, "d")]


def test_what_is_missing_is_named_before_anything_is_read(source: Source, tmp_path: Path) -> None:
    def problem(kind: type[JutongError], where: Source = source, **how: Any) -> dict[str, Any]:
        with pytest.raises(kind) as caught:
            changed(where, tmp_path, "id", "name", **how)
        return caught.value.fields

    source.run("CREATE TABLE person (id INT PRIMARY KEY, name VARCHAR(20))", "INSERT INTO person VALUES (1, 'a')",
               "CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'reader'",
               f"GRANT SELECT ON {DATABASE}.* TO reader@'127.0.0.1'")  # fmt: skip
    reader = Source(source.server, "reader", "reader")
    assert "REPLICATION SLAVE" in problem(RowLogForbiddenError, reader)["remedy"]
    source.run("GRANT REPLICATION CLIENT ON *.* TO reader@'127.0.0.1'")
    assert "REPLICATION SLAVE" in problem(RowLogForbiddenError, reader)["remedy"]
    source.run("GRANT REPLICATION SLAVE ON *.* TO reader@'127.0.0.1'")
    assert changed(reader, tmp_path, "id", "name").rows_inserted == 1
    for setting, value in (("binlog_format", "MIXED"), ("binlog_row_image", "MINIMAL")):
        source.run(f"SET GLOBAL {setting} = {value}")
        assert problem(RowLogOffError, reader)["remedy"].startswith(f"SET GLOBAL {setting} = ")
        source.run(f"SET GLOBAL {setting} = DEFAULT", "SET GLOBAL binlog_format = ROW")
    # A session may log less all the same: what is not told is taken from the old row, or read once more.
    source.run("SET binlog_row_image = MINIMAL", "UPDATE person SET name = 'b'", "INSERT INTO person (id) VALUES (2)")
    assert changed(reader, tmp_path, "id", "name").rows_read == 2
    assert rows(tmp_path) == [(1, "b"), (2, None)]

    source.run("FLUSH BINARY LOGS", "INSERT INTO person (id) VALUES (3)")
    newest = source.run("SHOW MASTER STATUS")[0][0]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(source.run(f"PURGE BINARY LOGS TO '{newest}'", "SHOW BINARY LOGS")) > 1:
        assert time.monotonic() < deadline  # the server waits until it needs the old file no more
    assert problem(RowLogGoneError, reader)["problem"] == "purged"
    assert changed(reader, tmp_path, "id", "name", afresh=True).rows_inserted == 1
    source.run("RESET MASTER", "INSERT INTO person (id) VALUES (4)")
    problem(RowLogGoneError, reader)
    assert [row[0] for row in rows(tmp_path)] == [1, 2, 3]

    source.run("CREATE TABLE child (id INT PRIMARY KEY, name VARCHAR(20),"
               " FOREIGN KEY (id) REFERENCES person (id) ON DELETE CASCADE)")  # fmt: skip
    assert "CASCADE" in problem(TableUnfitError, table="child")["problem"]
    source.run("CREATE OR REPLACE TABLE child (id INT PRIMARY KEY, name VARCHAR(20)) ENGINE = Aria")
    assert problem(TableUnfitError, table="child")["problem"] == "ENGINE = Aria"
    source.run("CREATE OR REPLACE TABLE child (id INT PRIMARY KEY, name VARCHAR(20)) WITH SYSTEM VERSIONING")
    assert problem(TableUnfitError, table="child")["problem"] == "SYSTEM VERSIONED"
