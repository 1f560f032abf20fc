"""One behaviour on three databases: exact keys, typed parameters, named errors, nothing written."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jutong.contracts.orders import Condition
from jutong.node.errors import KeyUnfitError, SourceChangedError, SourceSlowError, SourceUnavailableError
from jutong.node.live.mysql import MysqlSource
from jutong.node.live.pool import OPENERS, Sources
from jutong.node.live.postgresql import PostgresSource
from jutong.node.live.source import BulkSource, LiveSource, PointQuery, RangeQuery
from jutong.node.live.sqlite import SqliteSource
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.node_world import DDL, ID_OUYANG, ID_TWINS, ID_ZHANG, ROWS, sqlite_register
from tests.plugins.mariadb import MariaDB

QUERY = PointQuery("", "person", ("xm", "csrq", "fs"), ("sfzh",), (), 10)


@pytest.fixture(scope="session")
def pg_dsn(registry_server: Postgres) -> str:
    dsn = registry_server.ensure_database("livesource", "livesource", secrets.token_hex(8))
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("CREATE DOMAIN plate AS char(8)")
        db.execute(DDL.format(table="person"))
        db.execute("CREATE INDEX ON person (sfzh)")
        db.cursor().executemany("INSERT INTO person VALUES (%s, %s, %s, %s, %s, %s, %s)", ROWS)
        db.execute(
            'CREATE TABLE "odd ""name" (id integer, "a ""b" text, at timestamptz, fixed char(5), plate plate,'
            " u uuid, n numeric)"
        )
        db.execute(
            """INSERT INTO "odd ""name" VALUES (7, 'x', '2026-01-31T00:00:00Z', 'ab', 'C1',"""
            " '0190a000-0000-7000-8000-000000000001', 1.50)"
        )
        db.execute("CREATE VIEW slow AS SELECT sfzh, xm || pg_sleep(30)::text AS xm FROM person")
    return dsn


def _mariadb_dsn(server: MariaDB) -> str:
    name = server.create_database("livesource")
    with server.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute(DDL.format(table="person") + " COLLATE utf8mb4_general_ci")
        cursor.execute("CREATE INDEX person_sfzh ON person (sfzh)")
        cursor.executemany("INSERT INTO person VALUES (%s, %s, %s, %s, %s, %s, %s)", ROWS)
        cursor.execute("INSERT INTO person VALUES ('abcX', '混', NULL, NULL, NULL, '3301', 0)")
        cursor.execute("CREATE TABLE `odd ``n%%ame` (id INT, `a %%b` TEXT)".replace("%%", "%"))
        cursor.execute("INSERT INTO `odd ``n%ame` VALUES (7, 'x')")
        cursor.execute("CREATE VIEW slow AS SELECT sfzh, sleep(30) AS xm FROM person")
    return f"mysql://{server.user}@{server.host}:{server.port}/{name}"


@pytest.fixture(params=["sqlite", "postgresql", pytest.param("mysql", marks=pytest.mark.mariadb)])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SourceConfig]:
    if request.param == "sqlite":
        path = tmp_path / "person.db"
        sqlite_register(path)
        yield SourceConfig("one", "sqlite", "A", path=path)
    elif request.param == "postgresql":
        yield SourceConfig("one", "postgresql", "A", request.getfixturevalue("pg_dsn"))
    else:
        yield SourceConfig("one", "mysql", "A", _mariadb_dsn(request.getfixturevalue("mariadb")))


def schema(config: SourceConfig) -> str:
    return {"sqlite": "main", "postgresql": "public", "mysql": "livesource"}[config.dialect]


@asynccontextmanager
async def opened(config: SourceConfig, **how: Any) -> AsyncIterator[LiveSource]:
    opener: Any = OPENERS[config.dialect]
    source: LiveSource = opener(config, **how)
    try:
        yield source
    finally:
        await source.close()


def query(config: SourceConfig, **changes: Any) -> PointQuery:
    return replace(QUERY, schema=schema(config), **changes)


async def test_rows_by_exact_key(config: SourceConfig) -> None:
    async with opened(config) as source:
        (row,) = await source.fetch(query(config), [ID_OUYANG])
        assert row[0] == "欧阳小红"
        assert row[1] in {date(2015, 2, 2), "2015-02-02"}
        assert row[2] == 12
        assert len(await source.fetch(query(config), [ID_TWINS])) == 2
        assert len(await source.fetch(query(config, limit=1), [ID_TWINS])) == 1


@pytest.mark.parametrize(
    "value", ["", "' OR '1'='1", "%", ID_ZHANG + " ", ID_ZHANG[:-1], "ABCX", "abcx", "abcX ", "\\"]
)
async def test_keys_that_only_look_alike_find_nothing(config: SourceConfig, value: str) -> None:
    async with opened(config) as source:
        assert list(await source.fetch(query(config), [value])) == []


async def test_no_key_finds_nothing(config: SourceConfig) -> None:
    async with opened(config) as source:
        assert list(await source.fetch(query(config), [None])) == []


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ((Condition(column="xzqh", operator="eq", values=("3301",)),), 2),
        ((Condition(column="xzqh", operator="eq", values=("3309",)),), 0),
        ((Condition(column="xzqh", operator="in", values=("3309", "3301")),), 2),
        ((Condition(column="xzqh", operator="in", values=()),), 0),
        ((Condition(column="zz", operator="prefix", values=("金河市西山",)),), 2),
        ((Condition(column="zz", operator="prefix", values=("%",)),), 0),
        ((Condition(column="zz", operator="prefix", values=("金河市_山",)),), 0),
        ((Condition(column="fs", operator="ge", values=("2",)),), 1),
        ((Condition(column="fs", operator="le", values=("1",)),), 1),
        ((Condition(column="csrq", operator="ge", values=("2015-03-03",)),), 2),
        (
            (
                Condition(column="fs", operator="eq", values=("2",)),
                Condition(column="xm", operator="eq", values=("李二",)),
            ),
            1,
        ),
    ],
)
async def test_the_row_predicate(config: SourceConfig, conditions: tuple[Condition, ...], count: int) -> None:
    async with opened(config) as source:
        assert len(await source.fetch(query(config, conditions=conditions), [ID_TWINS])) == count


async def test_a_number_key_takes_numbers_only(config: SourceConfig) -> None:
    by_number = query(config, lookup=("fs",), columns=("xm",))
    async with opened(config) as source:
        assert [row[0] for row in await source.fetch(by_number, ["12"])] == ["欧阳小红"]
        for value in ("12abc", "abc", "", "1; DROP TABLE person"):
            if config.dialect == "sqlite":
                assert list(await source.fetch(by_number, [value])) == []
            else:
                with pytest.raises(KeyUnfitError):
                    await source.fetch(by_number, [value])
        assert len(await source.fetch(by_number, ["12"])) == 1


async def test_a_date_key(config: SourceConfig) -> None:
    by_date = query(config, lookup=("csrq",), columns=("xm",))
    async with opened(config) as source:
        assert [row[0] for row in await source.fetch(by_date, ["2015-01-01"])] == ["张小明"]
        if config.dialect != "sqlite":
            with pytest.raises(KeyUnfitError):
                await source.fetch(by_date, ["no date"])


@pytest.mark.parametrize(
    "changes", [{"table": "nothing"}, {"columns": ("nothing",)}, {"lookup": ("nothing",)}, {"schema": "nothing"}]
)
async def test_a_changed_table_has_its_name(config: SourceConfig, changes: dict[str, Any]) -> None:
    if config.dialect == "sqlite" and "schema" in changes:
        pytest.skip("a SQLite file has one schema")
    async with opened(config) as source:
        with pytest.raises(SourceChangedError):
            await source.fetch(replace(query(config), **changes), [ID_ZHANG])
        assert len(await source.fetch(query(config), [ID_ZHANG])) == 1


async def test_what_a_probe_sees(config: SourceConfig) -> None:
    async with opened(config) as source:
        found = await source.probe(schema(config), "person")
        assert found.columns == {"sfzh", "xm", "lxdh", "zz", "csrq", "xzqh", "fs"}
        assert found.indexed == {"sfzh"}
        assert not found.is_view
        with pytest.raises(SourceChangedError):
            await source.probe(schema(config), "nothing")


async def test_many_calls_at_once(config: SourceConfig) -> None:
    asked = query(config)
    async with opened(config) as source:
        found = await asyncio.gather(*(source.fetch(asked, [ROWS[n % 2][0]]) for n in range(100)))
    assert [rows[0][0] for rows in found] == [ROWS[n % 2][1] for n in range(100)]


async def test_a_slow_database_has_its_name(config: SourceConfig) -> None:
    if config.dialect == "sqlite":
        pytest.skip("see the endless query below")
    async with opened(config, seconds=0.3) as source:
        with pytest.raises(SourceSlowError):
            await source.fetch(query(config, table="slow", columns=("xm",)), [ID_ZHANG])
        assert len(await source.fetch(query(config), [ID_ZHANG])) == 1


async def test_an_endless_sqlite_query_is_cut(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "person.db"
    sqlite_register(path)
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT person.sfzh AS sfzh, n.i AS xm FROM n, person WHERE n.i < 0"
        )
    db.close()
    async with opened(SourceConfig("one", "sqlite", "A", path=path), seconds=0.2) as source:
        with pytest.raises(SourceSlowError):
            await source.fetch(PointQuery("main", "slow", ("xm",), ("sfzh",), (), 1), [ID_ZHANG])


async def test_a_replaced_sqlite_file_is_read_anew(tmp_path: Path) -> None:
    import sqlite3

    path, fresh = tmp_path / "person.db", tmp_path / "fresh.db"
    sqlite_register(path)
    sqlite_register(fresh)
    with sqlite3.connect(fresh) as db:
        db.execute("UPDATE person SET xm = '新名'")
    db.close()
    asked = PointQuery("main", "person", ("xm",), ("sfzh",), (), 1)
    async with opened(SourceConfig("one", "sqlite", "A", path=path)) as source:
        assert (await source.fetch(asked, [ID_ZHANG]))[0][0] == "张小明"
        fresh.rename(path)
        assert (await source.fetch(asked, [ID_ZHANG]))[0][0] == "新名"


async def test_nothing_can_be_written(config: SourceConfig) -> None:
    async with opened(config) as source:
        await source.fetch(query(config), [ID_ZHANG])
        if isinstance(source, PostgresSource):
            slot = source._idle[0]
            assert await slot.connection.fetchval("SHOW default_transaction_read_only") == "on"
        elif isinstance(source, MysqlSource):
            for session in source._threads._open:
                with session.cursor() as cursor:
                    cursor.execute("SELECT @@tx_read_only")
                    assert cursor.fetchone() == (1,)
        elif isinstance(source, SqliteSource):
            import sqlite3

            for connection, _ in source._threads._open:
                with pytest.raises(sqlite3.OperationalError):
                    connection.execute("DELETE FROM person")


async def test_a_dead_server_has_its_name(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    dead = [
        SourceConfig("one", "sqlite", "A", path=tmp_path / "none.db"),
        SourceConfig("one", "postgresql", "A", f"postgresql://u:p@127.0.0.1:{port}/d"),
        SourceConfig("one", "mysql", "A", f"mysql://u:p@127.0.0.1:{port}/d"),
    ]
    for config in dead:
        async with opened(config) as source:
            with pytest.raises(SourceUnavailableError) as caught:
                await source.fetch(QUERY, [ID_ZHANG])
            assert caught.value.retry_after == 10
            assert str(port) not in caught.value.explain()
            with pytest.raises(SourceUnavailableError):
                await source.probe("public", "person")


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"not a database" * 100)
    async with opened(SourceConfig("one", "sqlite", "A", path=path)) as source:
        with pytest.raises(SourceUnavailableError):
            await source.fetch(replace(QUERY, schema="main"), [ID_ZHANG])


async def test_postgresql_connections_that_died_are_replaced(pg_dsn: str) -> None:
    asked = replace(QUERY, schema="public")
    async with opened(SourceConfig("one", "postgresql", "A", pg_dsn)) as source:
        await source.fetch(asked, [ID_ZHANG])
        with psycopg.connect(pg_dsn, autocommit=True) as db:
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jutong-gateway'"
            )
        assert len(await source.fetch(asked, [ID_ZHANG])) == 1


async def test_postgresql_types_and_names(pg_dsn: str) -> None:
    odd = PointQuery("public", 'odd "name', ('a "b',), ("id",), (), 10)
    async with opened(SourceConfig("one", "postgresql", "A", pg_dsn)) as source:
        for column, value in (
            ("id", "7"), ('a "b', "x"), ("at", "2026-01-31T08:00:00+08:00"), ("fixed", "ab"), ("plate", "C1"),
            ("u", "0190A000-0000-7000-8000-000000000001"), ("n", "1.5"),
        ):  # fmt: skip
            assert len(await source.fetch(replace(odd, lookup=(column,)), [value])) == 1, column
        # A cast must not cut a longer key down to one that fits.
        assert list(await source.fetch(replace(odd, lookup=("fixed",)), ["ab   longer"])) == []
        for column, value in (("id", "99999999999999"), ("u", "x"), ("at", "soon")):
            with pytest.raises(KeyUnfitError):
                await source.fetch(replace(odd, lookup=(column,)), [value])


@pytest.mark.mariadb
async def test_mariadb_names_with_percent_and_backtick(mariadb: MariaDB) -> None:
    config = SourceConfig("one", "mysql", "A", _mariadb_dsn(mariadb))
    async with opened(config) as source:
        odd = PointQuery("livesource", "odd `n%ame", ("a %b",), ("id",), (), 10)
        assert [tuple(row) for row in await source.fetch(odd, ["7"])] == [("x",)]


@pytest.mark.mariadb
async def test_mariadb_sessions_that_died_are_replaced(mariadb: MariaDB) -> None:
    config = SourceConfig("one", "mysql", "A", _mariadb_dsn(mariadb))
    async with opened(config) as source:
        await source.fetch(query(config), [ID_ZHANG])
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = 'livesource'")
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
        assert len(await source.fetch(query(config), [ID_ZHANG])) == 1


async def test_sources_are_opened_once_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "person.db"
    sqlite_register(path)
    sources = Sources({"one": SourceConfig("one", "sqlite", "A", path=path)})
    assert sources.get("one") is sources.get("one")
    await sources.close()
    await sources.close()


def bulk(source: LiveSource) -> BulkSource:
    assert isinstance(source, BulkSource)
    return source


async def test_many_keys_are_answered_in_one_statement_each_with_its_own(config: SourceConfig) -> None:
    async with opened(config) as source:
        keys = [[ID_OUYANG], ["nobody"], [ID_TWINS], ["' OR 1=1 --"], [ID_ZHANG]]
        rows = await bulk(source).fetch_many(query(config), keys)
        assert sorted((at, row[0]) for at, row in rows) == [(0, "欧阳小红"), (2, "李一"), (2, "李二"), (4, "张小明")]
        rows = await bulk(source).fetch_many(query(config, limit=1), keys)
        assert sorted(at for at, _ in rows) == [0, 2, 4], "one key with many rows takes no place from another"
        assert list(await bulk(source).fetch_many(query(config), [])) == []
        narrowed = query(config, conditions=(Condition(column="fs", operator="ge", values=("2",)),))
        rows = await bulk(source).fetch_many(narrowed, keys)
        assert sorted((at, row[0]) for at, row in rows) == [(0, "欧阳小红"), (2, "李二")]


async def test_a_thousand_keys_and_two_lookup_columns(config: SourceConfig) -> None:
    async with opened(config) as source:
        keys = [[f"3301{number:014d}", "某人"] for number in range(998)] + [[ID_TWINS, "李二"], [ID_TWINS, "张小明"]]
        both = query(config, lookup=("sfzh", "xm"))
        assert [(at, row[2]) for at, row in await bulk(source).fetch_many(both, keys)] == [(998, 2)]


async def test_a_key_that_cannot_be_one_spoils_no_connection(config: SourceConfig) -> None:
    async with opened(config) as source:
        by_number = query(config, lookup=("fs",))
        if config.dialect == "sqlite":
            assert await bulk(source).fetch_many(by_number, [["x"]]) == []
        else:
            with pytest.raises(KeyUnfitError):
                await bulk(source).fetch_many(by_number, [["12"], ["x"]])
        assert [at for at, _ in await bulk(source).fetch_many(by_number, [["12"]])] == [0]


async def test_rows_in_order_after_a_place(config: SourceConfig) -> None:
    wanted = RangeQuery(schema(config), "person", ("sfzh", "fs", "csrq"), (), ("sfzh", "fs"), None, 2)
    async with opened(config) as source:
        seen: list[tuple[str, int]] = []
        after: tuple[Any, ...] | None = None
        while rows := await bulk(source).scan(replace(wanted, after=after)):
            seen += [(row[0], row[1]) for row in rows]
            after = (rows[-1][0], rows[-1][1])
        # Whoever has no value in an order column has no place in it.
        numbered = sorted((str(row[0]), int(row[6])) for row in ROWS if row[6] is not None)
        assert [one for one in seen if one[0] != "abcX"] == numbered
        narrowed = replace(wanted, limit=9, conditions=(
            Condition(column="csrq", operator="ge", values=("2015-02-02",)),
            Condition(column="xzqh", operator="prefix", values=("3301",)),
        ))  # fmt: skip
        assert [row[1] for row in await bulk(source).scan(narrowed)] == [12, 1, 2]
        dated = replace(wanted, order=("csrq", "sfzh", "fs"), after=(date(2015, 2, 2).isoformat(), ID_OUYANG, 12))
        assert [row[1] for row in await bulk(source).scan(replace(dated, limit=9)) if row[0] != "abcX"] == [1, 2, 3]


async def test_a_stretch_of_a_changed_or_unfit_table_is_named(config: SourceConfig) -> None:
    wanted = RangeQuery(schema(config), "person", ("sfzh",), (), ("sfzh",), None, 2)
    async with opened(config) as source:
        with pytest.raises(SourceChangedError):
            await bulk(source).scan(replace(wanted, columns=("gone",)))
        with pytest.raises(SourceChangedError):
            await bulk(source).fetch_many(query(config, columns=("gone",)), [["a"]])
        if config.dialect != "sqlite":
            bad = (Condition(column="fs", operator="eq", values=("x",)),)
            with pytest.raises(KeyUnfitError):
                await bulk(source).scan(replace(wanted, conditions=bad))
        with pytest.raises(ValueError, match="order"):
            await bulk(source).scan(replace(wanted, order=()))


async def test_a_slow_stretch_is_cut_off(config: SourceConfig) -> None:
    if config.dialect == "sqlite":
        pytest.skip("the slow view needs a sleeping function")
    async with opened(config, seconds=1.0) as source:
        with pytest.raises(SourceSlowError):
            await bulk(source).scan(RangeQuery(schema(config), "slow", ("xm",), (), ("sfzh",), None, 9))
