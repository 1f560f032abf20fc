from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from jutong.contracts.care import Care
from jutong.library import tables
from jutong.node.connectors.errors import SourceUnreachableError, TableMissingError
from jutong.node.exchange import retry
from jutong.node.exchange.errors import SourceLostError, TypeUnsupportedError, ValueUnfitError
from jutong.node.exchange.readers import WHOLE
from jutong.node.exchange.readers import postgresql as reader
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for, run_move

PASSWORD = "exchange-password"


@pytest.fixture
def source(registry_server: Postgres) -> SourceConfig:
    dsn = registry_server.ensure_database("exchanged", "exchange_owner", PASSWORD)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('DROP SCHEMA IF EXISTS "civil%s" CASCADE')
        connection.execute('CREATE SCHEMA "civil%s"')
    return SourceConfig("civil", "postgresql", ORGANISATION, dsn=dsn)


SCHEMA = "civil%s"


def execute(source: SourceConfig, *statements: str) -> None:
    with psycopg.connect(source.dsn, autocommit=True, options='-c search_path="civil%s"') as connection:
        for statement in statements:
            connection.execute(statement.encode())


EVERY_TYPE = """
CREATE TYPE gender AS ENUM ('男', '女');
CREATE DOMAIN idno AS char(18);
CREATE DOMAIN sex AS gender;
CREATE TABLE person (
    id bigint PRIMARY KEY, small smallint, whole integer, ok boolean, single real, double double precision,
    idno idno, gender gender, sex sex, name varchar(50), "a ""quoted"" {name}%s" text, padded char(6),
    income numeric(12, 2), exact numeric(38, 10), free numeric, huge numeric(50, 2),
    born date, seen timestamp, at timestamptz, hour time(3), uid uuid, doc jsonb, photo bytea
);
INSERT INTO person VALUES (
    9223372036854775807, -32768, 2147483647, true, 1.1, 0.1, '11010119900101123', '女', '男', '䶮㛃', 'x', '6299',
    -9999999999.99, 1234567890123456789012345678.0123456789, 1.123456789012345678901234567890, 1e40,
    '0044-03-15 BC', '9999-12-31 23:59:59.999999', '2026-01-01 08:00:00.000001+08', '23:59:59.999',
    '00000000-0000-0000-0000-000000000001', '{"a": 1}', '\\x0001ff');
INSERT INTO person (id, single, double, free) VALUES (1, 'NaN', '-Infinity', 'NaN');
ALTER TABLE person ADD COLUMN gone int;
ALTER TABLE person DROP COLUMN gone;
"""
COLUMNS = (
    "id", "small", "whole", "ok", "single", "double", "idno", "gender", "sex", "name", "padded", "income", "exact",
    "free", "huge", "born", "seen", "at", "hour", "uid", "doc", "photo",
)  # fmt: skip


def test_every_supported_type_arrives_exactly(source: SourceConfig, tmp_path: Path) -> None:
    execute(source, EVERY_TYPE)
    receipt = run_move(order_for(source, SCHEMA, "person", *COLUMNS), source, tmp_path)
    assert receipt.source_digest == receipt.target_digest == tables.read_digest(landed_path(tmp_path))
    first, second = landed(tmp_path).drop_columns(["born"]).to_pylist()
    assert first == {
        "id": 2**63 - 1, "small": -32768, "whole": 2147483647, "ok": True, "single": pytest.approx(1.1), "double": 0.1,
        "idno": "11010119900101123", "gender": "女", "sex": "男", "name": "䶮㛃", "padded": "6299",
        "income": Decimal("-9999999999.99"), "exact": Decimal("1234567890123456789012345678.0123456789"),
        "free": "1.123456789012345678901234567890", "huge": "1" + "0" * 40 + ".00",
        "seen": dt.datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001 - the column has no zone
        "at": dt.datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC), "hour": "23:59:59.999",
        "uid": "00000000-0000-0000-0000-000000000001", "doc": '{"a": 1}', "photo": b"\x00\x01\xff",
    }  # fmt: skip
    assert (second["id"], str(second["single"]), second["double"], second["free"]) == (1, "nan", float("-inf"), "NaN")
    assert all(second[name] is None for name in ("small", "ok", "idno", "income", "at", "photo"))
    with psycopg.connect(source.dsn) as connection:
        ides = connection.execute("SELECT date '0044-03-15 BC' - date '1970-01-01'").fetchone()
    assert landed(tmp_path)["born"].cast(pa.int32()).to_pylist() == [*(ides or ()), None]


def test_names_are_never_sql(source: SourceConfig, tmp_path: Path) -> None:
    execute(source, 'CREATE TABLE "t""; DROP TABLE x; --" ("c""1" int, "{}%s" text); '
                    'INSERT INTO "t""; DROP TABLE x; --" VALUES (1, \'a\')')  # fmt: skip
    order = order_for(source, SCHEMA, 't"; DROP TABLE x; --', 'c"1')
    assert run_move(order, source, tmp_path).rows_written == 1
    assert landed(tmp_path).to_pylist() == [{'c"1': 1}]


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("numeric(12,2)", "NaN"),
        ("timestamptz", "infinity"),
        ("timestamptz", "-infinity"),
        ("timestamp", "infinity"),
        ("timestamp", "294276-12-31 23:59:59"),
        ("date", "infinity"),
        ("date", "-infinity"),
    ],
)
def test_values_without_a_faithful_form_are_named(
    source: SourceConfig, tmp_path: Path, declared: str, value: str
) -> None:
    execute(source, f"CREATE TABLE t (id int, c {declared}); INSERT INTO t VALUES (1, NULL), (2, '{value}')")
    with pytest.raises(ValueUnfitError) as caught:
        run_move(order_for(source, SCHEMA, "t", "id", "c"), source, tmp_path)
    assert caught.value.fields["column"] == "c"
    assert not list(landed_path(tmp_path).glob("*"))[1:]
    assert run_move(order_for(source, SCHEMA, "t", "id"), source, tmp_path).rows_written == 2


def test_types_that_do_not_travel_are_named_before_any_row(source: SourceConfig, tmp_path: Path) -> None:
    execute(source, "CREATE TABLE t (id int, tags text[], place point, span interval, pay money)")
    with pytest.raises(TypeUnsupportedError) as caught:
        run_move(order_for(source, SCHEMA, "t", "id", "tags", "place", "span", "pay"), source, tmp_path)
    assert caught.value.fields["columns"] == "tags（text[]）、place（point）、span（interval）、pay（money）"


def test_views_partitions_and_empty_tables_move(source: SourceConfig, tmp_path: Path) -> None:
    execute(
        source,
        "CREATE TABLE p (id int, part text) PARTITION BY LIST (part);"
        "CREATE TABLE pa PARTITION OF p FOR VALUES IN ('a');"
        "INSERT INTO p SELECT g, 'a' FROM generate_series(1, 1000) g;"
        "CREATE VIEW v AS SELECT id, id::numeric(10,2) AS n FROM p; CREATE MATERIALIZED VIEW m AS SELECT * FROM v;"
        "CREATE TABLE e (id int)",
    )
    for table, columns, rows in (
        ("p", ["id", "part"], 1000),
        ("v", ["id", "n"], 1000),
        ("m", ["n"], 1000),
        ("e", ["id"], 0),
    ):
        assert run_move(order_for(source, SCHEMA, table, *columns), source, tmp_path).rows_written == rows
    assert tables.describe(landed_path(tmp_path)).version == 3


def test_the_source_is_held_still_while_it_is_read(source: SourceConfig) -> None:
    execute(source, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 10)")
    with reader.read(source, order_for(source, SCHEMA, "t", "id")) as opened:
        execute(source, "INSERT INTO t VALUES (11)", "DELETE FROM t WHERE id < 5")
        assert opened.counted == sum(batch.num_rows for batch in opened.batches(WHOLE)) == 10


def test_what_is_missing_or_closed_is_named(source: SourceConfig, registry_server: Postgres, tmp_path: Path) -> None:
    execute(source, "CREATE TABLE t (id int)")
    with pytest.raises(TableMissingError):
        run_move(order_for(source, "public", "t", "id"), source, tmp_path)
    registry_server.ensure_role("exchange_stranger", PASSWORD)
    stranger = SourceConfig(
        "civil", "postgresql", ORGANISATION, dsn=registry_server.address("exchanged", "exchange_stranger", PASSWORD)
    )
    with pytest.raises(SourceUnreachableError):
        run_move(order_for(stranger, SCHEMA, "t", "id"), stranger, tmp_path)


def test_a_source_that_breaks_off_is_named_and_nothing_is_left(
    source: SourceConfig, registry_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The padding makes the answer larger than every buffer between the server and us.
    execute(source, "CREATE TABLE t AS SELECT g AS id, repeat('x', 1000) AS filler FROM generate_series(1, 200000) g")
    monkeypatch.setattr(reader, "BATCH_BYTES", 65536)
    with reader.read(source, order_for(source, SCHEMA, "t", "id", "filler")) as opened:
        batches = opened.batches(WHOLE)
        next(batches)
        with registry_server._superuser() as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'exchange_owner'")
        with pytest.raises(SourceLostError):
            list(batches)


def test_a_table_that_goes_between_plan_and_read_is_named(
    source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(source, "CREATE TABLE t (id int)")
    prepare = reader._prepare

    def late(*arguments: Any) -> Any:
        prepared = prepare(*arguments)
        execute(source, "DROP TABLE t")
        return prepared

    monkeypatch.setattr(reader, "_prepare", late)
    with pytest.raises(SourceLostError) as caught:
        run_move(order_for(source, SCHEMA, "t", "id"), source, tmp_path)
    assert caught.value.fields["reason"] == "table or columns gone"


def test_a_table_cut_by_its_key_is_the_same_table(source: SourceConfig, tmp_path: Path) -> None:
    execute(
        source,
        'CREATE TABLE t ("the ""key" bigint PRIMARY KEY, name text)',
        "INSERT INTO t SELECT (g - 3000) * 7919, 'n' || g FROM generate_series(1, 5000) g ORDER BY md5(g::text)",
        "CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b))",
        "INSERT INTO pair SELECT g, g FROM generate_series(1, 3000) g",
    )
    whole = run_move(order_for(source, SCHEMA, "t", "name"), source, tmp_path)
    cut = run_move(order_for(source, SCHEMA, "t", "name").model_copy(update={"chunk_rows": 1_000}), source, tmp_path)
    assert (whole.chunks, cut.chunks, cut.chunks_done, cut.snapshots) == (0, 5, 5, 1)
    assert (cut.rows_read, cut.target_digest) == (5_000, whole.target_digest)
    two = order_for(source, SCHEMA, "pair", "a").model_copy(update={"chunk_rows": 1_000})
    assert run_move(two, source, tmp_path).chunks == 0  # such a key cannot be cut


def test_a_locked_table_is_not_waited_for_longer_than_allowed(source: SourceConfig, tmp_path: Path) -> None:
    execute(source, "CREATE TABLE held (id bigint PRIMARY KEY)", "INSERT INTO held VALUES (1)")
    order = order_for(source, SCHEMA, "held", "id").model_copy(update={"care": Care(lock_seconds=1)})
    with psycopg.connect(source.dsn) as other:
        other.execute(b'LOCK TABLE "civil%s".held IN ACCESS EXCLUSIVE MODE')
        with pytest.raises(SourceLostError, match="lock timeout") as caught:
            run_move(order, source, tmp_path)
    assert retry.transient(caught.value)
    slow = order_for(source, SCHEMA, "slow", "id").model_copy(update={"care": Care(statement_seconds=1)})
    execute(source, "CREATE VIEW slow AS SELECT id FROM held, pg_sleep(30)")
    with pytest.raises(SourceLostError, match="statement timeout") as caught:
        run_move(slow, source, tmp_path)
    assert not retry.transient(caught.value)
    assert run_move(order, source, tmp_path).rows_written == 1
