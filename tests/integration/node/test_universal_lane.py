"""One contract for every product of the universal lane, held against each server that is there.

In CI that is PostgreSQL (as itself, and as 金仓, whose catalog and SQL it shares) and MariaDB through ODBC drivers.
Others are held against it where the environment names one, with an account that may create tables:
``UNIVERSAL_ORACLE=oracle://user:password@host/service``, and likewise ``_MSSQL``, ``_DAMENG`` and ``_KINGBASE``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jutong.contracts.care import Care
from jutong.contracts.modes import AppendMode
from jutong.node.connecting import trial
from jutong.node.connecting.errors import ConnectFailedError
from jutong.node.connectors import introspect
from jutong.node.connectors import tables as looked
from jutong.node.connectors.errors import SourceUnreachableError, TableMissingError
from jutong.node.drivers import DriverMissingError
from jutong.node.exchange.errors import SourceLostError, TypeUnsupportedError, ValueUnfitError
from jutong.node.exchange.readers import WHOLE
from jutong.node.exchange.readers import universal as reader
from jutong.node.sources import SourceConfig
from jutong.node.universal import addresses, apart, looks, sessions
from jutong.node.universal.errors import KeyWantedError, TextGarbledError
from jutong.runtime.postgres import Postgres
from tests.integration.node.test_connect_door import Doorway
from tests.plugins.mariadb import MariaDB
from tests.plugins.missing import component_missing
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, run_move

DATABASE = "universal"
LONG = "长" * 30_000
ROWS = 2_500
Run = Callable[..., None]


@dataclass(frozen=True)
class World:
    """A product with a table of the contract in it; ``run`` runs statements as the owner of the table."""

    source: SourceConfig
    schema: str
    run: Run
    unfit: str
    """A value of a date that no calendar has, as the product's own SQL writes it; empty where there is none."""
    keyed: tuple[str, ...] = ()
    """Makes a table ``keyed`` whose key is 0.75, 1.5 and so on."""


_POSTGRESQL = (
    'DROP TABLE IF EXISTS "人员", bad',
    (
        'CREATE TABLE "人员" (id bigint PRIMARY KEY, "姓名" varchar(20), note text, amount numeric(12,2),'
        " exact numeric(38,20), day date, at timestamp(6), instant timestamptz, ratio double precision, photo bytea,"
        " flag boolean, kind char(5))"
    ),
    'COMMENT ON COLUMN "人员"."姓名" IS \'姓名\'',
    f"COMMENT ON TABLE \"人员\" IS '{LONG}'",
    (
        f"INSERT INTO \"人员\" VALUES (-7, '䶮𬭎', '{LONG}', -0.05,"
        " 123456789012345678.12345678901234567890, '1999-02-28',"
        " '1001-01-01 00:00:00.000001', '2026-01-01 08:00:00.5+08', 0.1, '\\x00ff', true, 'ab')"
    ),
    "INSERT INTO \"人员\" (id, note) SELECT n, '' FROM generate_series(1, 2499) n",
    "CREATE TABLE bad (id bigint, day date, place point)",
    'ANALYZE "人员"',
)
_MYSQL = (
    "SET sql_mode = '', time_zone = '+08:00'",
    "DROP TABLE IF EXISTS `人员`, bad",
    (
        "CREATE TABLE `人员` (id BIGINT PRIMARY KEY, `姓名` VARCHAR(20) COMMENT '姓名', note LONGTEXT,"
        " amount DECIMAL(12,2), exact DECIMAL(38,20), day DATE, at DATETIME(6), instant TIMESTAMP(6) NULL,"
        " ratio DOUBLE, photo BLOB, flag BOOLEAN, kind CHAR(5)) ENGINE = InnoDB"
        f" COMMENT '{LONG[:2000]}'"
    ),
    (
        f"INSERT INTO `人员` VALUES (-7, '䶮𬭎', '{LONG}', -0.05,"
        " 123456789012345678.12345678901234567890, '1999-02-28',"
        " '1001-01-01 00:00:00.000001', '2026-01-01 08:00:00.5', 0.1, x'00ff', true, 'ab')"
    ),
    "INSERT INTO `人员` (id, note) SELECT seq, '' FROM seq_1_to_2499",
    "CREATE TABLE bad (id BIGINT, day DATE, place POINT)",
)
_MSSQL = (
    "DROP TABLE IF EXISTS [人员], bad",
    (
        "CREATE TABLE [人员] (id bigint PRIMARY KEY, [姓名] nvarchar(20), note nvarchar(max), amount decimal(12,2),"
        " exact decimal(38,20), day date, at datetime2(6), instant datetimeoffset(6), ratio float,"
        " photo varbinary(max), flag bit, kind nchar(5))"
    ),
    (
        f"INSERT INTO [人员] VALUES (-7, N'䶮𬭎', N'{LONG}', -0.05,"
        " 123456789012345678.12345678901234567890, '1999-02-28',"
        " '1001-01-01 00:00:00.000001', '2026-01-01 08:00:00.5 +08:00', 0.1, 0x00ff, 1, N'ab')"
    ),
    (
        "INSERT INTO [人员] (id, note) SELECT TOP (2499) row_number() OVER (ORDER BY a.object_id), ''"
        " FROM sys.all_columns a CROSS JOIN sys.all_columns b"
    ),
    "CREATE TABLE bad (id bigint, day date, place geography)",
)
_ORACLE_ROW = (
    "INSERT INTO \"人员\" VALUES (-7, '䶮𬭎', NULL, -0.05, 123456789012345678.12345678901234567890,"
    " DATE '1999-02-28', TIMESTAMP '1001-01-01 00:00:00.000001', TIMESTAMP '2026-01-01 08:00:00.5 +08:00', 0.1,"
    " HEXTORAW('00FF'), 1, 'ab')"
)
_ORACLE = (
    *(
        f"BEGIN EXECUTE IMMEDIATE 'DROP TABLE {name}'; EXCEPTION WHEN OTHERS THEN NULL; END;"
        for name in ('"人员"', "bad")
    ),
    (
        'CREATE TABLE "人员" ("id" NUMBER(18) PRIMARY KEY, "姓名" VARCHAR2(20 CHAR), "note" CLOB,'
        ' "amount" NUMBER(12,2), "exact" NUMBER(38,20), "day" DATE, "at" TIMESTAMP(6),'
        ' "instant" TIMESTAMP(6) WITH TIME ZONE, "ratio" BINARY_DOUBLE, "photo" BLOB, "flag" NUMBER(1),'
        ' "kind" CHAR(5 CHAR))'
    ),
    _ORACLE_ROW,
    (
        "UPDATE \"人员\" SET \"note\" = (SELECT XMLAGG(XMLELEMENT(e, '长')).EXTRACT('//text()').getClobVal()"
        " FROM (SELECT 1 FROM DUAL CONNECT BY LEVEL <= 30000))"
    ),
    'INSERT INTO "人员" ("id") SELECT LEVEL FROM DUAL CONNECT BY LEVEL <= 2499',
    "CREATE TABLE bad (id NUMBER(9), day DATE, place BFILE)",
)
_DAMENG = (
    *(f"DROP TABLE IF EXISTS {name}" for name in ('"人员"', "bad")),
    (
        'CREATE TABLE "人员" ("id" BIGINT PRIMARY KEY, "姓名" VARCHAR(80), "note" CLOB, "amount" DECIMAL(12,2),'
        ' "exact" DECIMAL(38,20), "day" DATE, "at" TIMESTAMP(6), "instant" TIMESTAMP(6) WITH TIME ZONE, "ratio" DOUBLE,'
        ' "photo" BLOB, "flag" BIT, "kind" CHAR(5))'
    ),
    _ORACLE_ROW.replace("NULL", f"'{LONG[:2000]}'"),
    'INSERT INTO "人员" ("id", "note") SELECT LEVEL, \'\' FROM DUAL CONNECT BY LEVEL <= 2499',
    'CREATE TABLE "bad" (id INT, day DATE, place ROWID)',
)
_ELSEWHERE = {"oracle": _ORACLE, "mssql": _MSSQL, "dameng": _DAMENG, "kingbase": _POSTGRESQL}
WORLDS = ("postgresql", "kingbase-by-postgresql", "mysql", *_ELSEWHERE)


@contextlib.contextmanager
def _postgresql(server: Postgres, dialect: str) -> Iterator[World]:
    _driver("PostgreSQL Unicode")
    owner = server.ensure_database(DATABASE, "universal_owner", "p@ss} w;d")
    place = conninfo_to_dict(owner)

    def run(*statements: str) -> None:
        with psycopg.connect(owner, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    with closing(Doorway(f"{place['host']}/.s.PGSQL.{place['port']}")) as door:
        dsn = f"{dialect}://universal_owner:{quote('p@ss} w;d')}@127.0.0.1:{door.port}/{DATABASE}"
        own = {"driver": "PostgreSQL Unicode", "speaks": "postgresql"} if dialect == "odbc" else {}
        source = SourceConfig("u", dialect, ORGANISATION, dsn=dsn, **own)  # type: ignore[arg-type]
        run(*_POSTGRESQL)
        keyed = (
            "DROP TABLE IF EXISTS keyed", "CREATE TABLE keyed (id numeric PRIMARY KEY)",
            "INSERT INTO keyed SELECT n * 0.75 FROM generate_series(1, 2500) n",
        )  # fmt: skip
        yield World(source, "public", run, "'infinity'", keyed)


@contextlib.contextmanager
def _mysql(server: MariaDB) -> Iterator[World]:
    _driver("MariaDB Unicode")
    server.create_database(DATABASE)

    def run(*statements: str) -> None:
        with server.connect(DATABASE) as connection, connection.cursor() as cursor:
            for statement in (_MYSQL[0], *statements):
                cursor.execute(statement)

    dsn = f"odbc://root:@127.0.0.1:{server.port}/{DATABASE}"
    source = SourceConfig("u", "odbc", ORGANISATION, dsn=dsn, driver="MariaDB Unicode", speaks="mysql")
    run(*_MYSQL)
    keyed = (
        "DROP TABLE IF EXISTS keyed", "CREATE TABLE keyed (id DECIMAL(20,2) PRIMARY KEY)",
        "INSERT INTO keyed SELECT seq * 0.75 FROM seq_1_to_2500",
    )  # fmt: skip
    yield World(source, DATABASE, run, "'0000-00-00'", keyed)


def _driver(name: str) -> None:
    if name not in addresses.registered():
        component_missing("ODBC")


@contextlib.contextmanager
def _elsewhere(dialect: str) -> Iterator[World]:
    dsn = os.environ.get(f"UNIVERSAL_{dialect.upper()}")
    if not dsn:
        pytest.skip(f"no {dialect} server here; name one in UNIVERSAL_{dialect.upper()}")
    source = SourceConfig("u", dialect, ORGANISATION, dsn=dsn)  # type: ignore[arg-type]

    def run(*statements: str) -> None:
        session: Any = sessions.signed_in(source)
        for statement in statements:
            session.run(statement)
        session._connection.commit()
        session.close()

    run(*_ELSEWHERE[dialect])
    with sessions.looking(source) as (session, capability):
        where = {"oracle": "SELECT USER FROM DUAL", "dameng": "SELECT USER FROM DUAL", "mssql": "SELECT SCHEMA_NAME()"}
        schema = str(session.rows(where.get(dialect, "SELECT current_schema()::text"))[0][0])
    assert capability.name == dialect
    yield World(source, schema, run, "")


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    name: str = request.param
    if name == "mysql":
        made = _mysql(request.getfixturevalue("mariadb"))
    elif name in _ELSEWHERE:
        made = _elsewhere(name)
    else:
        dialect = "odbc" if name == "postgresql" else "kingbase"
        made = _postgresql(request.getfixturevalue("registry_server"), dialect)
    with made as found:
        yield found


COLUMNS = ("id", "姓名", "note", "amount", "exact", "day", "at", "instant", "ratio", "photo", "flag", "kind")


def test_the_contract(world: World, tmp_path: Path) -> None:
    source, schema = world.source, world.schema
    # What is there: as the node asks, from a process of its own, of one of them; it costs a second each.
    apart_too = source.dialect == "odbc" and source.speaks == "postgresql"
    list_all, open_table = (introspect.inventory, looked.opened) if apart_too else (looks.inventory, looks.opened)
    listed = {(one.schema_name, one.name): one for one in list_all(source)}
    table = listed[schema, "人员"]
    assert [column.name for column in table.columns] == list(COLUMNS)
    assert [column.name for column in table.columns if column.key] == ["id"]
    assert next(column for column in table.columns if column.name == "姓名").comment in {"姓名", ""}
    assert (table.kind, len(table.comment)) in {("table", 1_000), ("table", 0)}
    with open_table(source, schema, "人员") as opened:
        assert (opened.count(ROWS), opened.count(ROWS - 1)) == (ROWS, -1)
        first = next(row for row in opened.sample(ROWS) if row[0][0] == "-7")
        assert first[1] == ("䶮𬭎", 2)
        assert first[4][0] == "123456789012345678.12345678901234567890"
        assert first[9] == (None, 2)
        assert str(opened.newest("at")).startswith("1001-01-01 00:00:00.000001")
        assert str(opened.newest("instant")).startswith("2026-01-01 00:00:00.5")
    # Every value arrives, in chunks of the key, and the source counts as many.
    order = order_for(source, schema, "人员", *COLUMNS).model_copy(update={"chunk_rows": 1_000})
    receipt = run_move(order.model_copy(update={"care": Care(statement_seconds=60, lock_seconds=5)}), source, tmp_path)
    assert (receipt.rows_read, receipt.rows_written, receipt.chunks) == (ROWS, ROWS, 3)
    by_id = {row.pop("id"): row for row in landed(tmp_path).to_pylist()}
    row = by_id[-7]
    assert len(row.pop("note")) in {len(LONG), 2_000}
    assert row.pop("flag") == 1
    assert row == {
        "姓名": "䶮𬭎", "amount": Decimal("-0.05"), "exact": Decimal("123456789012345678.12345678901234567890"),
        "day": row["day"], "at": dt.datetime(1001, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001 - the column has no zone
        "instant": dt.datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=dt.UTC), "ratio": 0.1, "photo": b"\x00\xff",
        "kind": "ab",
    }  # fmt: skip
    assert str(row["day"]).startswith("1999-02-28")
    assert {name for name, value in by_id[1].items() if value is not None} <= {"note"}
    # Rows that come later are not among those of the moment; a watermark finds them.
    upto = AppendMode(watermark="id")
    known = order_for(source, schema, "人员", "id", target="since").model_copy(update={"mode": upto})
    assert run_move(known, source, tmp_path).rows_written == ROWS
    quoted = sessions.capability_of(source).place("", "人员")
    key = sessions.capability_of(source).quote("id")
    with reader.read(source, order_for(source, schema, "人员", "id")) as moment:
        world.run(f"INSERT INTO {quoted} ({key}) VALUES (9000000000)")
        assert moment.counted == sum(batch.num_rows for batch in moment.batches(WHOLE)) == ROWS
    later = order_for(source, schema, "人员", "id", target="since").model_copy(update={"mode": upto})
    assert run_move(later, source, tmp_path).rows_written == 1
    with pytest.raises(TableMissingError):
        run_move(order_for(source, schema, "nowhere", "id"), source, tmp_path)


def test_what_would_be_falsified_is_refused(world: World, tmp_path: Path) -> None:
    source, schema = world.source, world.schema
    with pytest.raises(TypeUnsupportedError):
        run_move(order_for(source, schema, "bad", "id", "place"), source, tmp_path)
    if world.unfit:  # the drivers hand over today, the year 9999 or nothing for these
        world.run(f"INSERT INTO bad (id, day) VALUES (1, {world.unfit})")
        with pytest.raises(ValueUnfitError) as caught:
            run_move(order_for(source, schema, "bad", "id", "day"), source, tmp_path)
        assert caught.value.fields["column"] == "day"
        assert not (tmp_path / "library/landed" / ORGANISATION / "moved/_delta_log").exists()


def test_a_key_with_decimals_cuts_a_table_too(world: World, tmp_path: Path) -> None:
    """Oracle's usual key is a NUMBER of any digits."""
    if not world.keyed:
        pytest.skip("only held against the servers of the tests")
    world.run(*world.keyed)
    order = order_for(world.source, world.schema, "keyed", "id").model_copy(update={"chunk_rows": 1_000})
    receipt = run_move(order, world.source, tmp_path)
    assert (receipt.rows_read, receipt.rows_written, receipt.chunks) == (ROWS, ROWS, 3)
    assert {Decimal(row["id"]) for row in landed(tmp_path).to_pylist()} == {n * Decimal("0.75") for n in range(1, 2501)}


@pytest.fixture
def postgresql(registry_server: Postgres) -> Iterator[World]:
    with _postgresql(registry_server, "kingbase") as found:
        yield found


def test_what_goes_wrong_at_the_door_is_named(postgresql: World, monkeypatch: pytest.MonkeyPatch) -> None:
    address = postgresql.source.dsn.partition("@")[2]
    port = int(address.partition(":")[2].partition("/")[0])
    door = trial.Door("kingbase", "db.gov", port, "127.0.0.1", DATABASE, "universal_owner", "p@ss} w;d")
    found = trial.trial(door)
    assert {schema.name: schema.tables for schema in found.schemas}["public"] >= 2
    assert found.version.startswith("PostgreSQL")
    assert (found.powerful, found.replica) == (False, False)
    assert found.writable >= 2
    assert found.notes == sessions.CAPABILITIES["kingbase"].cannot
    with pytest.raises(ConnectFailedError) as caught:
        trial.trial(replace(door, password="wrong"))
    assert "不接受这个用户名或口令" in caught.value.explain()
    with pytest.raises(ConnectFailedError) as caught:  # Oracle's own driver, at a server that is none
        trial.trial(replace(door, kind="oracle"))
    assert "应答的不是Oracle" in caught.value.explain()
    monkeypatch.setenv("ODBCSYSINI", "/nowhere")
    with pytest.raises(DriverMissingError) as missing:
        introspect.probe(postgresql.source)
    assert "KingbaseES ODBC Driver" in missing.value.advise()


def test_a_helper_that_dies_or_hangs_harms_nobody(postgresql: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with apart.helper(postgresql.source) as helper:
        opened = helper.ask("open", "public", "人员")
        assert opened["columns"]["id"] == "bigint"
        os.kill(helper._child.pid, signal.SIGKILL)
        with pytest.raises(SourceUnreachableError) as caught:
            helper.ask("count", 1)
        assert caught.value.fields["reason"] == "the driver ended its process"
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        monkeypatch.setattr(apart, "GOODBYE_SECONDS", 0.1)
        source = replace(postgresql.source, dsn=f"kingbase://u:p@127.0.0.1:{silent.getsockname()[1]}/d")
        with contextlib.closing(apart.Apart(source, patience=0.0)) as waiting:
            with pytest.raises(SourceUnreachableError) as caught:
                waiting.ask("probe")
            assert caught.value.fields["reason"] == "timed out"
            child = waiting._child
        assert child.returncode == -signal.SIGKILL


def test_what_breaks_in_the_middle_is_named(postgresql: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = postgresql.source
    order = order_for(source, "public", "人员", "id", "note")
    with reader.read(source, order) as opened:
        assert sum(batch.num_rows for batch in opened.batches(WHOLE)) == ROWS
        others = f"datname = '{DATABASE}' AND pid <> pg_backend_pid()"
        postgresql.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        with pytest.raises(SourceLostError) as lost:
            list(opened.batches(WHOLE))
    assert (lost.value.fields["rows"], lost.value.fields["reason"]) == (ROWS, "connection lost or refused")
    # A value that grew after it was measured is no reason to cut it.
    monkeypatch.setattr(reader._Reading, "_survey", lambda *_: (ROWS, 100))
    with pytest.raises(SourceLostError):
        run_move(order, source, tmp_path)
    assert not (tmp_path / "library/landed" / ORGANISATION / "moved/_delta_log").exists()
    monkeypatch.undo()
    monkeypatch.setattr(reader, "MOST_BYTES", 1_000)
    with pytest.raises(ValueUnfitError) as long:
        run_move(order, source, tmp_path)
    assert long.value.fields["column"] == "note"


def test_a_driver_that_spoils_texts_or_holds_every_row_is_borne_with(
    mariadb: MariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _mysql(mariadb) as world:
        monkeypatch.setitem(addresses._FIXED, "mysql", {"CHARSET": "latin1"})
        with pytest.raises(TextGarbledError):
            looks.probe(world.source)
        monkeypatch.undo()
        monkeypatch.setattr(reader, "ROWS_HELD", 1_000)  # this driver holds what an answer has
        assert run_move(order_for(world.source, DATABASE, "人员", "id", "note"), world.source, tmp_path).chunks == 0
        assert landed(tmp_path).num_rows == ROWS
        monkeypatch.setattr(reader, "MOST_HELD", 1)
        world.run("INSERT INTO bad (id) VALUES (1), (2)")
        with pytest.raises(KeyWantedError):
            run_move(order_for(world.source, DATABASE, "bad", "id"), world.source, tmp_path)
        with looks.opened(world.source, DATABASE, "人员") as table:
            world.run("DROP TABLE `人员`")
            with pytest.raises(Exception, match="42S02"):
                table.count(1)
