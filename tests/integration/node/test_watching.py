"""What a node finds behind entries, on three kinds of database, in a folder, at doors; and that it goes on finding."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jutong.contracts.orders import Place, WatchedBinding, WatchOrder
from jutong.contracts.receipts import BindingCheck
from jutong.node.agent import watching
from jutong.node.connectors.check import check
from jutong.node.service import running
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.integration.node.conftest import Running
from tests.integration.node.test_introspection import PASSWORD, mysql_source
from tests.node_world import World, until
from tests.plugins.mariadb import MariaDB

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
NEWEST_MS = 1795141440000
ROWS = [(1, "a", "2026-11-20 10:24:00"), (2, "b", "2026-11-01 00:00:00")]


def binding(**changes: Any) -> WatchedBinding:
    values: dict[str, Any] = {
        "binding_id": "b1", "entry_code": "307010/1", "kind": "table", "source": "s", "table": "t",
        "columns": ("id", "name"), "fresh_column": "changed",
    }  # fmt: skip
    return WatchedBinding(**{**values, **changes})


def found(source: SourceConfig, **changes: Any) -> BindingCheck:
    return check({"s": source}, binding(**changes), NOW)


def check_table(source: SourceConfig) -> None:
    """All three databases must say the same."""
    good = found(source)
    assert good == BindingCheck(
        binding_id="b1", alive=True, rows=2, newest_ms=NEWEST_MS, checked_ms=int(NOW.timestamp() * 1000)
    )
    changed = found(source, columns=("id", "gone", "lost"), fresh_column="never")
    assert (changed.alive, changed.missing_columns, changed.newest_ms) == (True, ("gone", "lost", "never"), 0)
    assert found(source, fresh_column="").newest_ms == 0
    vanished = found(source, table="vanished")
    assert (vanished.alive, vanished.rows, "vanished" in vanished.problem) == (False, -1, True)


def test_a_sqlite_table_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (id INTEGER, name TEXT, changed TEXT)")
        db.executemany("INSERT INTO t VALUES (?, ?, ?)", ROWS)
        db.commit()
    check_table(SourceConfig("s", "sqlite", "X", path=path))


def test_a_postgresql_table_is_checked(registry_server: Postgres) -> None:
    dsn = registry_server.ensure_database("watched", "watch_owner", PASSWORD)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS t, big")
        connection.execute("CREATE TABLE t (id int, name text, changed timestamp, odd json, ever timestamptz)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO t (id, name, changed) VALUES (%s, %s, %s)", ROWS)
        connection.execute("UPDATE t SET ever = 'infinity'")
        connection.execute("CREATE TABLE big AS SELECT g AS id FROM generate_series(1, 100001) g")
        connection.execute("ANALYZE")
    source = SourceConfig("s", "postgresql", "X", dsn=dsn)
    check_table(source)
    for column in ("odd", "ever"):
        told = found(source, fresh_column=column)
        assert (told.alive, told.newest_ms) == (True, 0), "what has no newest value says nothing against the table"
    assert found(source, table="big", columns=("id",), fresh_column="").rows == 100001, "past 100,000 an estimate"


@pytest.mark.mariadb
def test_a_mariadb_table_is_checked(mariadb: MariaDB) -> None:
    name = mariadb.create_database("watched")
    with mariadb.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id INT, name TEXT, changed DATETIME)")
        cursor.executemany("INSERT INTO t VALUES (%s, %s, %s)", ROWS)
        connection.commit()
    check_table(mysql_source(mariadb, "root", "", "watched"))


def test_files_and_doors_are_checked(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    report = tmp_path / "2026" / "a.csv"
    report.write_text("x")
    os.utime(report, (NEWEST_MS / 1000, NEWEST_MS / 1000))
    root = SourceConfig("s", "files", "X", path=tmp_path)
    seen = found(root, kind="files", place=Place(protocol="file", address="", path="2026"))
    assert (seen.alive, seen.rows, seen.newest_ms) == (True, 1, NEWEST_MS)
    lost = found(root, kind="files", place=Place(protocol="file", address="", path="2025"))
    assert (lost.alive, bool(lost.problem)) == (False, True)
    with socket.create_server(("127.0.0.1", 0)) as server:
        door = f"127.0.0.1:{server.getsockname()[1]}"
        allowed = SourceConfig("s", "endpoints", "X", hosts=(door,))
        place = Place(protocol="kafka", address=door, path="topic")
        assert found(allowed, kind="stream", place=place).alive
        strange = SourceConfig("s", "endpoints", "X", hosts=("h:1",))
        assert not found(strange, kind="stream", place=place).alive


def test_what_cannot_be_meant_is_down_and_never_an_error(tmp_path: Path) -> None:
    root = SourceConfig("s", "files", "X", path=tmp_path)
    assert not found(root).alive, "a folder holds no table"
    assert not found(root, kind="video").alive, "no place"
    assert not check({}, binding(), NOW).alive, "no such source"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.center.close()


def police(**changes: Any) -> WatchedBinding:
    return binding(**{"source": "police", "table": "person", "columns": ("sfzh",), "fresh_column": "csrq", **changes})


async def test_the_agent_watches_what_it_is_ordered_to(started: Running) -> None:
    center = started.world.center
    many = [police(binding_id=f"b{number}") for number in range(watching.ROUND + 2)]
    broken = police(binding_id="broken", columns=("gone",))
    center.order("watch", WatchOrder(every_minutes=15, bindings=(*many, broken)))

    def checks() -> dict[str, dict[str, Any]]:
        return {one["binding_id"]: one for body in center.bodies("binding") for one in body["checks"]}

    seen = await until(lambda: len(found := checks()) == len(many) + 1 and found)
    assert all(one["alive"] and one["rows"] == 5 for one in seen.values())
    assert seen["broken"]["missing_columns"] == ["gone"]
    assert len(center.bodies("binding")) == 2
    center.order("watch", WatchOrder(every_minutes=15, bindings=(police(binding_id="new"), *many[1:])))
    await until(lambda: "new" in checks())
    assert len(center.bodies("binding")) == 3, "what did not change is not checked again before its time"


async def test_what_was_due_is_checked_after_a_restart_and_the_rest_waits(world: World) -> None:
    world.center.order("watch", WatchOrder(every_minutes=15, bindings=(police(),)))
    world.center.refuse_kinds = {"binding"}
    async with running(world.settings) as node:
        await until(lambda: any('"binding"' in text for _, text in node.state.outbox(10)))
    world.center.refuse_kinds = set()
    async with running(world.settings) as node:
        await until(lambda: world.center.bodies("binding"))
        await until(lambda: not node.state.outbox(10))
        assert node.state.due_bindings(int(datetime.now(UTC).timestamp() * 1000), 10) == []
    assert len(world.center.bodies("binding")) == 1


async def test_a_check_that_breaks_off_does_not_keep_the_others_from_theirs(
    started: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jutong.node.connectors import check as module

    real = module.check

    def breaking(configs: Any, one: WatchedBinding, now: datetime) -> BindingCheck:
        if one.binding_id == "bad":
            raise RuntimeError("boom")
        return real(configs, one, now)

    monkeypatch.setattr(module, "check", breaking)
    center = started.world.center
    center.order("watch", WatchOrder(every_minutes=15, bindings=(police(binding_id="bad"), police(binding_id="good"))))
    (body,) = await until(lambda: center.bodies("binding"))
    alive = {one["binding_id"]: one["alive"] for one in body["checks"]}
    assert alive == {"bad": False, "good": True}
