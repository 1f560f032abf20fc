"""The nightly look at tables of databases: what the last job left is found again, and what somebody changed is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, DifferenceMode, Mode
from jutong.contracts.rules import NotNull
from jutong.node import sources
from jutong.node.exchange.modes import databases
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import ORGANISATION, order_for, run_move, sqlite_source

PASSWORD = "look-password"
Do = Callable[..., None]


def configured(home: Path, *rows: dict[str, Any]) -> dict[str, SourceConfig]:
    file = home / sources.FILE
    file.parent.mkdir(exist_ok=True)
    file.touch(0o600)
    named = {"name": "hub", "organisation_code": ORGANISATION}
    file.write_text(json.dumps([{**named, **row} for row in rows]), encoding="utf-8")
    return sources.load(file)


def look(home: Path) -> list[tuple[str, str, int, int, str]]:
    return [
        (check.target, check.state, check.rows, check.expected_rows, check.problem) for check in databases.look(home)
    ]


def tried(hub: SourceConfig, schema: str, do: Do, home: Path) -> None:
    source = sqlite_source(home, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'a'),"
                           " (2, NULL), (3, ' ,\"')")  # fmt: skip
    do("CREATE TABLE t (id int, name varchar(40), own int)")
    pairs = (("id", "id"), ("name", "name"))

    def move(mode: Mode | None = None, **changes: Any) -> None:
        landing = Landing(source="hub", schema_name=schema, table="t", columns=pairs, **changes)
        update = {"into": landing, "mode": mode, "rules": (NotNull(id="n", column="id"),)}
        run_move(order_for(source, "main", "t", "id", "name").model_copy(update=update), source, home, hub)

    name = f"hub:{schema}.t"
    assert look(home) == []
    move()
    assert look(home) == [(name, "same", 3, 3, "")]
    do("UPDATE t SET own = 7")  # not what landed
    assert look(home)[0][1] == "same"
    do("UPDATE t SET name = 'b' WHERE id = 1")
    assert look(home) == [(name, "differs", 3, 3, "")]
    move(DifferenceMode(keys=("id",)))
    (check,) = databases.look(home)
    assert (check.state, check.digest[:6], check.delta_version) == ("same", "jc1:3:", -1)
    do("DELETE FROM t WHERE id = 1")
    move(AppendMode(watermark="id"))
    (check,) = databases.look(home)
    assert (check.state, check.rows, check.digest) == ("same", 5, "")  # only rows can be known
    do("DELETE FROM t WHERE id = 1")
    assert look(home) == [(name, "differs", 4, 5, "")]
    move(proof="count")
    assert look(home) == [(name, "same", 3, 3, "")]
    move()
    do("ALTER TABLE t DROP COLUMN name")
    assert look(home) == [(name, "differs", -1, 3, "other columns")]


def test_tables_of_postgresql_are_looked_at(registry_server: Postgres, tmp_path: Path) -> None:
    dsn = registry_server.ensure_database("look_hub", "look_owner", PASSWORD)

    def do(*statements: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    do("DROP SCHEMA IF EXISTS jutong_exchange CASCADE", "DROP TABLE IF EXISTS t")
    hub = configured(tmp_path, {"dialect": "postgresql", "dsn": dsn, "writes": ["public"]})["hub"]
    tried(hub, "public", do, tmp_path)
    # By the servers' own hash, where the bytes were never looked at.
    do(
        "DROP TABLE t",
        "CREATE TABLE t (id int, name text)",
        "CREATE TABLE IF NOT EXISTS f AS SELECT 1 AS id, 'x' AS name",
    )
    source = SourceConfig("civil", "postgresql", ORGANISATION, dsn=dsn)
    landing = Landing(source="hub", schema_name="public", table="t", columns=(("name", "name"), ("id", "id")))
    order = order_for(source, "public", "f", "name", "id").model_copy(update={"into": landing})
    assert run_move(order, source, tmp_path, hub).lane == "raw"
    (check,) = databases.look(tmp_path)
    assert (check.state, check.digest[:5]) == ("same", "pgh1:")
    do("UPDATE t SET name = 'y'")
    assert look(tmp_path)[0][1] == "differs"


@pytest.mark.mariadb
def test_tables_of_mariadb_are_looked_at(mariadb: MariaDB, tmp_path: Path) -> None:
    mariadb.create_database("look_hub")

    def do(*statements: str) -> None:
        with mariadb.connect("look_hub") as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    do("DROP DATABASE IF EXISTS jutong_exchange")
    dsn = f"mysql://{mariadb.user}:{mariadb.password}@{mariadb.host}:{mariadb.port}/look_hub"
    hub = configured(tmp_path, {"dialect": "mysql", "dsn": dsn, "writes": ["look_hub"]})["hub"]
    tried(hub, "look_hub", do, tmp_path)
    gone = {"dialect": "mysql", "dsn": "mysql://u:p@127.0.0.1:1/gone", "writes": ["gone"]}
    configured(tmp_path, gone)
    assert look(tmp_path) == [("hub:*", "unreadable", -1, -1, "node.source.unreachable")]
