"""What a sample of a table counts, on the three kinds of database."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg
import pytest

from jutong.contracts.orders import ProfileOrder
from jutong.contracts.receipts import ColumnProfile, ProfileReceipt
from jutong.node.connectors import tables
from jutong.node.connectors.errors import (
    SourceUnreachableError,
    TableMissingError,
    TableUnreadableError,
)
from jutong.node.connectors.introspect import inventory
from jutong.node.connectors.profile import MOST_COUNTED, profile
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from jutong.standards import generate
from tests.integration.node.conftest import Running
from tests.integration.node.test_introspection import PASSWORD, mysql_source
from tests.node_world import until
from tests.plugins.mariadb import MariaDB

RNG = random.Random(11)
PEOPLE = [
    (
        number,
        generate.identity_number(RNG, division="330102", born_on=date(1990, 1, 1 + number % 28), sex="女"),
        ("王小明", "李雷", "  ", None)[number % 4],
        13800000000 + number,
        b"\x00\xff" if number % 2 else None,
    )
    for number in range(40)
]
COLUMNS = ("id", "sfzh", "xm", "lxdh", "photo")


def order(table: str, source: str = "people", schema: str = "", rows: int = 1000) -> ProfileOrder:
    return ProfileOrder(source=source, schema_name=schema, table=table, sample_rows=rows)


def by_name(receipt: ProfileReceipt) -> dict[str, ColumnProfile]:
    return {column.name: column for column in receipt.columns}


def patterns(column: ColumnProfile) -> dict[str, int]:
    return {one.pattern: one.count for one in column.patterns}


def check_people(receipt: ProfileReceipt) -> None:
    """All three databases must count the same."""
    found = by_name(receipt)
    assert (receipt.ok, receipt.sampled, receipt.rows, tuple(found)) == (True, 40, 40, COLUMNS)
    sfzh, name, phone, photo = found["sfzh"], found["xm"], found["lxdh"], found["photo"]
    assert (sfzh.filled, sfzh.distinct, sfzh.shortest, sfzh.longest) == (40, 40, 18, 18)
    assert patterns(sfzh)["identity"] == 40
    assert (name.filled, name.distinct, name.shortest, name.longest) == (20, 2, 2, 3)
    assert patterns(name) == {"name": 20}
    assert patterns(phone) == {"phone": 40, "integer": 40}
    assert (photo.filled, photo.longest, patterns(photo)) == (20, 2, {})
    text = receipt.model_dump_json()
    assert not any(str(value) in text for row in PEOPLE for value in row[1:4] if value and str(value).strip())


@pytest.fixture
def file(tmp_path: Path) -> SourceConfig:
    path = tmp_path / "people.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, sfzh TEXT, xm TEXT, lxdh INTEGER, photo BLOB)")
        db.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?)", PEOPLE)
        db.execute(
            "CREATE TABLE child (id INTEGER, parent INTEGER REFERENCES person, other TEXT REFERENCES person(sfzh))"
        )
        db.execute("CREATE TABLE pair (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID")
        db.execute("CREATE TABLE loose (a INTEGER REFERENCES pair)")
        db.execute("CREATE VIEW adult AS SELECT id, sfzh FROM person")
        db.execute("CREATE VIEW broken AS SELECT gone FROM person")
        db.commit()
    return SourceConfig("people", "sqlite", "X", path=path)


def test_sqlite_counts_a_sample(file: SourceConfig) -> None:
    check_people(profile(file, order("person")))
    few = profile(file, order("person", rows=5))
    assert (few.sampled, few.rows) == (5, 40)
    assert profile(file, order("person", rows=-3)).sampled == 1
    empty = profile(file, order("child", schema="main"))
    assert (empty.sampled, empty.rows, empty.columns[0]) == (0, 0, ColumnProfile(
        name="id", filled=0, distinct=0, shortest=0, longest=0
    ))  # fmt: skip
    assert profile(file, order("adult")).rows == 40


def test_sqlite_describes_views_and_references(file: SourceConfig) -> None:
    found = {table.name: table for table in inventory(file)}
    assert {name: table.kind for name, table in found.items()} == {
        "adult": "view", "child": "table", "loose": "table", "pair": "table", "person": "table",
    }, "the view that no longer works is left out"  # fmt: skip
    assert [column.refers_to for column in found["child"].columns] == ["", "person.id", "person.sfzh"]
    assert found["loose"].columns[0].refers_to == "pair"


def test_sqlite_names_what_it_cannot_look_at(file: SourceConfig, tmp_path: Path) -> None:
    for missing in (order("nobody"), order("person", schema="elsewhere")):
        with pytest.raises(TableMissingError):
            profile(file, missing)
    with pytest.raises(TableUnreadableError):
        profile(file, order("broken"))
    with pytest.raises(SourceUnreachableError):
        profile(SourceConfig("gone", "sqlite", "X", path=tmp_path / "gone"), order("person"))


def test_sqlite_tables_know_what_they_cannot_know(file: SourceConfig) -> None:
    with tables.opened(file, "", "adult") as view:
        assert (view.estimate, view.count(39), view.newest("id")) == (-1, -1, 39)
    with tables.opened(file, "", "pair") as pair:
        assert (pair.estimate, pair.count(10), pair.newest("a")) == (-1, 0, None)
    with tables.opened(file, "", "person") as person:
        assert person.estimate == 39


def test_sqlite_gives_up_on_a_count_that_takes_too_long(file: SourceConfig) -> None:
    with closing(sqlite3.connect(file.file)) as db:
        db.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
        db.commit()
    from jutong.node.connectors.sqlite import session
    from jutong.node.connectors.tables.sqlite import SqliteTable

    with session(file, seconds=1) as connection:
        table = SqliteTable(connection, "endless", "view", {"i": ""})
        assert table.newest("i") is None
        assert table.count(10**9) == -1


@pytest.fixture
def server(registry_server: Postgres) -> SourceConfig:
    dsn = registry_server.ensure_database("profiled", "profile_owner", PASSWORD)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS civil CASCADE")
        connection.execute("DROP SCHEMA IF EXISTS other CASCADE")
        connection.execute("CREATE SCHEMA civil; CREATE SCHEMA other")
        connection.execute("CREATE TABLE other.area (code text PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE civil.person (id int PRIMARY KEY, sfzh char(18), xm text, lxdh bigint, photo bytea)"
        )
        connection.execute(
            "CREATE TABLE civil.child (id int, parent int REFERENCES civil.person, area text REFERENCES other.area)"
        )
        connection.execute("CREATE VIEW civil.adult AS SELECT id, sfzh FROM civil.person")
        connection.execute("CREATE VIEW civil.failing AS SELECT id / (id - id) AS wrong FROM civil.person")
        connection.execute(
            "CREATE TABLE civil.many AS SELECT g AS id, repeat('x', 200) AS filler FROM generate_series(1, 60000) g"
        )
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO civil.person VALUES (%s, %s, %s, %s, %s)", PEOPLE)
        connection.execute("ANALYZE")
    return SourceConfig("people", "postgresql", "X", dsn=dsn)


def test_postgresql_counts_a_sample(server: SourceConfig) -> None:
    check_people(profile(server, order("person", schema="civil")))
    assert profile(server, order("adult", schema="civil")).rows == 40


def test_postgresql_spreads_the_sample_of_a_large_table(server: SourceConfig) -> None:
    receipt = profile(server, order("many", schema="civil", rows=200))
    assert (receipt.sampled, receipt.rows) == (200, 60000)
    assert by_name(receipt)["filler"].distinct == 1
    with tables.opened(server, "civil", "many") as many:
        assert many.estimate == 60000
        assert (many.count(MOST_COUNTED), many.count(59_999), many.newest("id")) == (60000, -1, 60000)
        ids = {int(row[0][0] or 0) for row in many.sample(50)}
    assert len(ids) == 50


def test_postgresql_gives_up_on_what_takes_too_long(server: SourceConfig) -> None:
    from psycopg import sql

    from jutong.node.connectors.postgresql import session
    from jutong.node.connectors.tables.postgresql import PostgresTable

    with session(server, seconds=1) as connection:
        connection.execute("SET search_path TO civil")
        place = sql.Identifier("civil", "person")
        table = PostgresTable(connection, place, [("(id * pg_sleep(9)::text::int)", "int", 0, "r")])
        assert table._number(sql.Composed([sql.SQL("SELECT pg_sleep(9)")])) is None
        assert table.count(100) == 40, "the transaction goes on"


def test_postgresql_describes_views_and_references(server: SourceConfig) -> None:
    found = {table.name: table for table in inventory(server)}
    assert [column.refers_to for column in found["child"].columns] == ["", "person.id", "other.area.code"]
    assert (found["adult"].kind, found["child"].kind) == ("view", "table")


def test_postgresql_names_what_it_cannot_look_at(server: SourceConfig) -> None:
    with pytest.raises(TableMissingError):
        profile(server, order("person"))
    with pytest.raises(TableUnreadableError) as caught:
        profile(server, order("failing", schema="civil"))
    assert caught.value.fields["reason"] == "22012"
    with pytest.raises(SourceUnreachableError):
        profile(SourceConfig("gone", "postgresql", "X", dsn=server.dsn + "_gone"), order("person", schema="civil"))


@pytest.fixture
def maria(mariadb: MariaDB) -> SourceConfig:
    name = mariadb.create_database("profiled")
    with mariadb.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE person (id INT PRIMARY KEY, sfzh CHAR(18), xm VARCHAR(50), lxdh BIGINT, photo BLOB)"
        )
        cursor.execute("CREATE TABLE child (id INT, parent INT, FOREIGN KEY (parent) REFERENCES person (id))")
        cursor.execute("CREATE VIEW adult AS SELECT id, sfzh FROM person")
        cursor.execute("CREATE TABLE doomed (a INT)")
        cursor.execute("CREATE VIEW broken AS SELECT a FROM doomed")
        cursor.execute("DROP TABLE doomed")
        cursor.executemany("INSERT INTO person VALUES (%s, %s, %s, %s, %s)", PEOPLE)
        connection.commit()
    return mysql_source(mariadb, "root", "", "profiled")


@pytest.mark.mariadb
def test_mariadb_counts_a_sample(maria: SourceConfig) -> None:
    check_people(profile(maria, order("person")))
    assert profile(maria, order("adult", schema="profiled")).rows == 40
    with tables.opened(maria, "", "person") as person:
        assert (person.estimate >= 0, person.count(39), person.newest("id")) == (True, -1, 39)
    with tables.opened(maria, "", "adult") as adult:
        assert adult.estimate == -1


@pytest.mark.mariadb
def test_mariadb_describes_views_and_references(maria: SourceConfig) -> None:
    found = {table.name: table for table in inventory(maria)}
    assert [column.refers_to for column in found["child"].columns] == ["", "person.id"]
    assert (found["adult"].kind, found["child"].kind) == ("view", "table")


@pytest.mark.mariadb
def test_mariadb_names_what_it_cannot_look_at(maria: SourceConfig) -> None:
    for missing in (order("nobody"), order("person", schema="elsewhere")):
        with pytest.raises(TableMissingError):
            profile(maria, missing)
    with pytest.raises((TableUnreadableError, TableMissingError)):
        profile(maria, order("broken"))


@pytest.mark.mariadb
def test_mariadb_gives_up_on_what_takes_too_long(maria: SourceConfig) -> None:
    with tables.opened(maria, "", "person") as person:
        person._cursor.execute("SET SESSION max_statement_time = 0.2")  # type: ignore[attr-defined]
        assert person._value("SELECT count(*) FROM person WHERE SLEEP(1) = 0") is None  # type: ignore[attr-defined]
        assert person.count(100) == 40
    with pytest.raises(TableUnreadableError) as caught, tables.opened(maria, "", "person") as person:
        person._cursor.execute("SET STATEMENT max_statement_time = 0.2 FOR SELECT SLEEP(1) FROM person")  # type: ignore[attr-defined]
    assert caught.value.fields["reason"] == "timed out"


async def test_the_agent_answers_a_profile_order_with_counts_or_the_reason(started: Running) -> None:
    center = started.world.center
    center.order("profile", order("person", source="police", schema="main"))
    center.order("profile", order("nobody", source="police", schema="main"))
    center.order("profile", order("person", source="nowhere"))
    found = await until(lambda: len(bodies := center.bodies("profile")) == 3 and bodies)
    good = next(body for body in found if body["ok"])
    assert (good["sampled"], good["rows"], good["table"]) == (5, 5, "person")
    assert "张小明" not in json.dumps(found, ensure_ascii=False)
    assert sorted(body["source"] for body in found if not body["ok"]) == ["nowhere", "police"]
    assert all(body["problem"] for body in found if not body["ok"])
    assert started.node.state.tasks() == []
