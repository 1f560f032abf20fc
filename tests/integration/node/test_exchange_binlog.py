"""Changes of a MariaDB that logs its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jutong.contracts.modes import ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.library import tables
from jutong.node.sources import SourceConfig
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for, run_move

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
        "UPDATE person SET name = 'changed' WHERE id <= 10",
        "INSERT INTO person VALUES (1001, NULL, ''), (1002, 'gone again', NULL)",
        "DELETE FROM person WHERE id IN (20, 21, 1002)",
        "INSERT INTO person VALUES (20, 'back', 'as another')",
        "UPDATE person SET id = 5000 WHERE id = 30",
        "START TRANSACTION",
        "DELETE FROM person",
        "ROLLBACK",
        "FLUSH BINARY LOGS",
    )
    told = follow()
    assert (told.changes, told.rows_updated, told.rows_inserted, told.rows_deleted) == (17, 11, 2, 2)
    source.run("UPDATE person SET name = 'twice' WHERE id = 1", "DELETE FROM person WHERE id = 1", "TRUNCATE person",
               "INSERT INTO person VALUES (1, 'anew', NULL)")  # fmt: skip
    assert follow().rows_deleted == 999
    # No row of the department is left beside the target.
    assert {file.name for file in (tmp_path / "jobs").rglob("*")} & {"gone.parquet", "there.arrow"} == set()
