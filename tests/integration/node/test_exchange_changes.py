"""Changes of a PostgreSQL that writes its log for logical decoding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jutong.contracts.modes import TO, ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.rules import Between, ColumnMask
from jutong.kernel.errors import JutongError
from jutong.library import tables
from jutong.library.errors import KeyRepeatedError
from jutong.node.exchange.changes.errors import (
    IdentityMissingError,
    LogForbiddenError,
    LogOffError,
    PublicationMissingError,
    SlotLostError,
    SlotMissingError,
)
from jutong.node.exchange.changes.released import release
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import OWNER, Postgres, temporary
from tests.integration.node.test_exchange_postgresql import COLUMNS, EVERY_TYPE
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for, run_move

PUBLISH = "CREATE PUBLICATION jutong FOR TABLE person"
SETTINGS = ("wal_level = 'logical'", "synchronous_commit = on", "max_wal_senders = 8", "max_replication_slots = 20")


def as_superuser(server: Postgres, *statements: str) -> None:
    password = server.home.secret("registry-superuser.password")
    with psycopg.connect(server.address(OWNER, "postgres", password), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture(scope="module")
def logical() -> Iterator[Postgres]:
    with temporary() as server:
        as_superuser(server, *(f"ALTER SYSTEM SET {setting}" for setting in SETTINGS))
        server.stop()
        server.start()
        as_superuser(server, f"ALTER ROLE {OWNER} REPLICATION")
        yield server


class Source:
    """A schema of its own on a server, published."""

    def __init__(self, server: Postgres, dsn: str = "") -> None:
        self.config = SourceConfig("civil", "postgresql", ORGANISATION, dsn=dsn or server.dsn)

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(self.config.dsn, autocommit=True, options="-c search_path=civil") as connection:
            for statement in statements:
                found = connection.execute(statement.encode())
                rows = found.fetchall() if found.description else []
        return rows


@pytest.fixture
def source(logical: Postgres) -> Iterator[Source]:
    made = Source(logical)
    made.run("CREATE SCHEMA civil")
    yield made
    made.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots",
             "DROP PUBLICATION IF EXISTS jutong", "DROP SCHEMA civil CASCADE")  # fmt: skip


def changed(source: Source, home: Path, *columns: str, **how: Any) -> MovedReceipt:
    settled: dict[str, Any] = {name: how.pop(name) for name in ("rules", "masks") if name in how}
    mode = ChangesMode(**{"keys": ("id",), **how})
    order = order_for(source.config, "civil", "person", *columns).model_copy(update={"mode": mode, **settled})
    return run_move(JobOrder.model_validate_json(order.model_dump_json()), source.config, home)


def rows(home: Path) -> list[dict[str, Any]]:
    return sorted(landed(home).to_pylist(), key=lambda row: str(row["id"]))


def test_a_table_follows_its_source(source: Source, tmp_path: Path) -> None:
    source.run("CREATE TABLE person (id int PRIMARY KEY, name text, note text)",
               "ALTER TABLE person ALTER note SET STORAGE EXTERNAL", PUBLISH,
               "INSERT INTO person SELECT g, 'n' || g, repeat('长', 2000) FROM generate_series(1, 1000) g")  # fmt: skip

    def follow() -> MovedReceipt:
        receipt = changed(source, tmp_path, "id", "name", "note")
        found = source.run('SELECT id, name, note FROM person ORDER BY id::text COLLATE "C"')
        assert [tuple(row.values()) for row in rows(tmp_path)] == found
        assert receipt.table_digest == tables.read_digest(landed_path(tmp_path))
        assert receipt.table_rows == len(found)
        return receipt

    first = follow()
    assert (first.rows_read, first.rows_inserted, first.changes, first.mode) == (1000, 1000, 0, "changes")
    assert follow().rows_read == 0
    source.run(
        "UPDATE person SET name = 'changed' WHERE id <= 10",  # the notes are not told: they are stored apart
        "INSERT INTO person VALUES (1001, NULL, ''), (1002, 'gone again', NULL)",
        "DELETE FROM person WHERE id IN (20, 21, 1002)",
        "INSERT INTO person VALUES (20, 'back', 'as another')",
        "UPDATE person SET id = 5000 WHERE id = 30",
        "BEGIN; DELETE FROM person; ROLLBACK",
    )
    told = follow()
    assert (told.changes, told.rows_updated, told.rows_inserted, told.rows_deleted) == (17, 11, 2, 2)
    assert told.lag_bytes >= 0
    source.run("UPDATE person SET name = 'twice' WHERE id = 1", "DELETE FROM person WHERE id = 1", "TRUNCATE person",
               "INSERT INTO person VALUES (1, 'anew', NULL)")  # fmt: skip
    assert follow().rows_deleted == 999
    slots = source.run("SELECT confirmed_flush_lsn::text, restart_lsn, active, slot_name FROM pg_replication_slots")
    assert len(slots) == 1
    assert not slots[0][2]
    assert slots[0][3].startswith("jutong_moved_")
    # No row of the department is left beside the target.
    assert {file.name for file in (tmp_path / "jobs").rglob("*")} & {"gone.parquet", "there.arrow"} == set()


def test_changed_rows_look_like_rows_that_were_read(source: Source, tmp_path: Path) -> None:
    source.run(EVERY_TYPE, "ALTER TABLE person ADD net inet, ADD seen_at timestamptz", PUBLISH)
    columns = (*COLUMNS, "net", "seen_at")
    changed(source, tmp_path, *columns)
    whole = landed(tmp_path).sort_by("id")
    # Every row comes once more, by the log; the padded, negative, infinite and ancient ones among them.
    source.run("UPDATE person SET net = '10.0.0.1', seen_at = '0044-03-15 00:00:00.5+00 BC', small = 1",
               "UPDATE person SET seen_at = '12345-01-02 03:04:05+08' WHERE id = 1")  # fmt: skip
    assert changed(source, tmp_path, *columns).rows_updated == 2
    by_log = landed(tmp_path).sort_by("id")
    run_move(order_for(source.config, "civil", "person", *columns, target="read"), source.config, tmp_path)
    read = landed(tmp_path, "read").sort_by("id")
    assert by_log.schema == whole.schema == read.schema
    assert tables.read_digest(landed_path(tmp_path)) == tables.read_digest(landed_path(tmp_path, "read"))


def test_rules_and_masks_meet_changes_and_history_is_kept(source: Source, tmp_path: Path) -> None:
    source.run("CREATE TABLE person (id text, age int, name text)", "ALTER TABLE person REPLICA IDENTITY FULL", PUBLISH,
               "INSERT INTO person SELECT 'k' || g, g, 'n' FROM generate_series(10, 19) g")  # fmt: skip
    rules = (Between(id="adult", column="age", most="150"), Between(id="in", column="age", least="0", action="skip"))
    how: dict[str, Any] = {"rules": rules, "masks": (ColumnMask(column="name", mask="name"),), "history": True}
    assert changed(source, tmp_path, "id", "age", "name", **how).rows_written == 10
    source.run("UPDATE person SET age = 999 WHERE id = 'k10'", "UPDATE person SET age = -1 WHERE id = 'k11'",
               "UPDATE person SET age = 50 WHERE id = 'k12'", "DELETE FROM person WHERE id = 'k13'")  # fmt: skip
    told = changed(source, tmp_path, "id", "age", "name", **how)
    assert (told.rows_read, told.rows_quarantined, told.rows_skipped, told.rows_written) == (3, 1, 1, 1)
    assert (told.rows_updated, told.rows_deleted, told.table_rows) == (1, 2, 11)
    holding = [(row["id"], row["age"]) for row in rows(tmp_path) if row[TO] is None]
    assert holding == [("k10", 10), ("k12", 50), *((f"k{age}", age) for age in range(14, 20))]


def test_what_is_missing_is_named_before_anything_is_read(logical: Postgres, source: Source, tmp_path: Path) -> None:
    def problem(kind: type[JutongError], where: Source = source, **how: Any) -> JutongError:
        with pytest.raises(kind) as caught:
            changed(where, tmp_path, "id", "note", **how)
        return caught.value

    source.run("CREATE TABLE person (id int PRIMARY KEY, note text)", "INSERT INTO person VALUES (1, 'a')")
    assert "CREATE PUBLICATION" in str(problem(PublicationMissingError).fields["remedy"])
    source.run("CREATE PUBLICATION jutong")
    assert "ADD TABLE" in str(problem(PublicationMissingError).fields["remedy"])
    source.run("ALTER PUBLICATION jutong ADD TABLE person WHERE (id > 5)")
    assert "SET TABLE" in str(problem(PublicationMissingError).fields["remedy"])
    source.run("ALTER PUBLICATION jutong SET TABLE person", "ALTER PUBLICATION jutong SET (publish = 'insert')")
    assert "publish" in str(problem(PublicationMissingError).fields["remedy"])
    source.run("ALTER PUBLICATION jutong SET (publish = 'insert, update, delete, truncate')")
    assert problem(IdentityMissingError, keys=("note",)).fields["identity"] == "id"
    as_superuser(logical, "CREATE ROLE reader LOGIN PASSWORD 'reader'", "GRANT CONNECT ON DATABASE jutong TO reader",
                 "GRANT USAGE ON SCHEMA civil TO reader", "GRANT SELECT ON civil.person TO reader",
                 "ALTER ROLE reader SET default_transaction_read_only = on")  # fmt: skip
    reader = Source(logical, logical.address(OWNER, "reader", "reader"))
    assert problem(LogForbiddenError, reader).fields["role"] == "reader"
    assert source.run("SELECT * FROM pg_replication_slots") == []
    # A read-only account that may replicate is all that is needed.
    as_superuser(logical, "ALTER ROLE reader REPLICATION")
    assert changed(reader, tmp_path, "id", "note").rows_inserted == 1
    source.run("INSERT INTO person VALUES (2, 'b')")
    assert changed(reader, tmp_path, "id", "note").rows_inserted == 1

    source.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    problem(SlotMissingError)
    source.run("DELETE FROM person WHERE id = 1", "INSERT INTO person VALUES (3, 'c')")
    assert changed(source, tmp_path, "id", "note", afresh=True).rows_deleted == 1
    assert [row["id"] for row in rows(tmp_path)] == [2, 3]
    source.run("INSERT INTO person VALUES (4, 'd')",
               "SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) "
               "FROM pg_replication_slots")  # fmt: skip
    problem(SlotMissingError)
    assert [row["id"] for row in rows(tmp_path)] == [2, 3]

    changed(source, tmp_path, "id", "note", afresh=True)
    as_superuser(logical, "ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'", "SELECT pg_reload_conf()",
                 "SELECT pg_logical_emit_message(false, 'x', repeat('x', 56000000))")  # fmt: skip
    assert 500 <= changed(source, tmp_path, "id", "note").log_permille < 1000  # told while nothing is lost
    as_superuser(logical, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'", "SELECT pg_reload_conf()")
    for _ in range(3):
        as_superuser(logical, "SELECT pg_logical_emit_message(false, 'x', repeat('x', 20000000))", "CHECKPOINT",
                     "SELECT pg_switch_wal()")  # fmt: skip
    problem(SlotLostError)
    as_superuser(logical, "ALTER SYSTEM RESET max_slot_wal_keep_size", "SELECT pg_reload_conf()")


def test_a_target_that_was_given_up_leaves_no_slot_and_begins_anew(source: Source, tmp_path: Path) -> None:
    source.run("CREATE TABLE person (id int PRIMARY KEY, note text)", PUBLISH, "INSERT INTO person VALUES (1), (2)")
    changed(source, tmp_path, "id", "note")
    for _ in range(2):
        release(source.config, "moved", tmp_path)
        assert source.run("SELECT slot_name FROM pg_replication_slots") == []
    source.run("DELETE FROM person WHERE id = 1", "INSERT INTO person VALUES (3)")
    told = changed(source, tmp_path, "id", "note")
    assert (told.rows_read, told.rows_inserted, told.rows_deleted) == (2, 1, 1)
    source.run("DELETE FROM person WHERE id = 2")
    told = changed(source, tmp_path, "id", "note")
    assert (told.changes, told.rows_deleted) == (1, 1)


def test_a_server_that_does_not_write_its_log_so_is_named(registry_server: Postgres, tmp_path: Path) -> None:
    dsn = registry_server.ensure_database("unlogged", "unlogged_owner", "unlogged-password")
    with pytest.raises(LogOffError) as caught:
        changed(Source(registry_server, dsn), tmp_path, "id")
    assert caught.value.fields["setting"] == "wal_level"


def test_a_first_job_that_fails_leaves_nothing_at_the_source(source: Source, tmp_path: Path) -> None:
    source.run("CREATE TABLE person (id int, note text)", "ALTER TABLE person REPLICA IDENTITY FULL", PUBLISH,
               "INSERT INTO person VALUES (1, 'a'), (1, 'b')")  # fmt: skip
    with pytest.raises(KeyRepeatedError):
        changed(source, tmp_path, "id", "note")
    assert source.run("SELECT * FROM pg_replication_slots") == []
