from __future__ import annotations

import contextlib
import datetime as dt
import socket
import struct
import threading
from decimal import Decimal
from pathlib import Path
from typing import Self

import psycopg
import pytest

from jutong.contracts.care import Care
from jutong.contracts.landing import Landing
from jutong.contracts.steps import TimeZone
from jutong.library import tables
from jutong.node.connectors.errors import SourceUnreachableError, TableMissingError
from jutong.node.exchange.errors import SourceLostError, TypeUnsupportedError, ValueUnfitError
from jutong.node.exchange.readers import WHOLE
from jutong.node.exchange.readers import mysql as reader
from jutong.node.exchange.targets.errors import TargetUnfitError
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import ORGANISATION, landed, landed_path, order_for, run_move

pytestmark = pytest.mark.mariadb
DATABASE = "exchanged"


@pytest.fixture
def source(mariadb: MariaDB) -> SourceConfig:
    mariadb.create_database(DATABASE)
    return at_port(mariadb.port)


def at_port(port: int) -> SourceConfig:
    return SourceConfig("housing", "mysql", ORGANISATION, dsn=f"mysql://root:@127.0.0.1:{port}/{DATABASE}")


def execute(mariadb: MariaDB, *statements: str) -> None:
    with mariadb.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = '', time_zone = '+08:00'")
        for statement in statements:
            cursor.execute(statement)


COLUMNS = (
    "id", "tiny", "whole", "signed", "single", "double", "area", "exact", "name", "kind", "bits", "made", "built",
    "seen", "at", "hour", "photo", "a`b%s",
)  # fmt: skip


def test_every_supported_type_arrives_exactly(mariadb: MariaDB, source: SourceConfig, tmp_path: Path) -> None:
    execute(
        mariadb,
        "CREATE TABLE flat (id BIGINT UNSIGNED PRIMARY KEY, tiny TINYINT, whole INT UNSIGNED, signed BIGINT,"
        " `single` FLOAT, `double` DOUBLE, area DECIMAL(12,2), exact DECIMAL(38,20), name VARCHAR(50),"
        " kind ENUM('住宅','商铺'), bits BIT(10), made YEAR, built DATE, seen DATETIME(6), at TIMESTAMP(6) NULL,"
        " hour TIME, photo BLOB, `a``b%s` TEXT)",
        "INSERT INTO flat VALUES (18446744073709551615, -128, 4294967295, -9223372036854775808, 1.1, 0.1, -0.05,"
        " 123456789012345678.12345678901234567890, '䶮a\\0b', '住宅', 5, 2020, '1999-02-28',"
        " '1001-01-01 00:00:00.000001', '2026-01-01 08:00:00.5', '-838:59:59', x'00ff', '')",
        "INSERT INTO flat (id) VALUES (1)",
    )
    receipt = run_move(order_for(source, DATABASE, "flat", *COLUMNS), source, tmp_path)
    assert receipt.source_digest == receipt.target_digest == tables.read_digest(landed_path(tmp_path))
    by_id = {row.pop("id"): row for row in landed(tmp_path).to_pylist()}
    assert by_id[Decimal(2**64 - 1)] == {
        "tiny": -128, "whole": 4294967295, "signed": -(2**63), "single": 1.100000023841858, "double": 0.1,
        "area": Decimal("-0.05"), "exact": Decimal("123456789012345678.12345678901234567890"), "name": "䶮a\0b",
        "kind": "住宅", "bits": 5, "made": 2020, "built": dt.date(1999, 2, 28),
        "seen": dt.datetime(1001, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001 - the column has no zone
        "at": dt.datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=dt.UTC), "hour": "-838:59:59", "photo": b"\x00\xff",
        "a`b%s": "",
    }  # fmt: skip
    assert set(by_id[Decimal(1)].values()) == {None}


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("DATE", "0000-00-00"),
        ("DATE", "2020-02-30"),
        ("DATE", "2020-00-15"),
        ("DATETIME", "0000-00-00 00:00:00"),
        ("TIMESTAMP NULL", "0000-00-00 00:00:00"),
    ],
)
def test_dates_no_calendar_has_are_named(
    mariadb: MariaDB, source: SourceConfig, tmp_path: Path, declared: str, value: str
) -> None:
    execute(
        mariadb,
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        f"CREATE TABLE t (id INT, c {declared})",
        f"INSERT INTO t VALUES (1, NULL), (2, '{value}')",
    )
    with pytest.raises(ValueUnfitError) as caught:
        run_move(order_for(source, DATABASE, "t", "id", "c"), source, tmp_path)
    assert caught.value.fields["column"] == "c"
    assert not landed_path(tmp_path).joinpath("_delta_log").exists()


def test_types_that_do_not_travel_and_tables_that_are_gone(
    mariadb: MariaDB, source: SourceConfig, tmp_path: Path
) -> None:
    execute(mariadb, "CREATE TABLE t (id INT, place POINT, wide BIT(64))")
    with pytest.raises(TypeUnsupportedError) as caught:
        run_move(order_for(source, "", "t", "id", "place", "wide"), source, tmp_path)
    assert caught.value.fields["columns"] == "place（point）、wide（bit(64)）"
    for schema, table in (("", "u"), ("mysql", "user")):
        with pytest.raises(TableMissingError):
            run_move(order_for(source, schema, table, "id"), source, tmp_path)


def test_many_batches_views_and_empty_tables(
    mariadb: MariaDB, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BATCH_ROWS", 100)
    execute(
        mariadb,
        "CREATE TABLE t AS SELECT seq AS id, IF(seq < 500, NULL, 'x') AS name FROM seq_1_to_1050",
        "CREATE VIEW v AS SELECT id, name FROM t",
        "CREATE TABLE e (id INT)",
    )
    for table, columns, rows in (("t", ["id", "name"], 1050), ("v", ["name"], 1050), ("e", ["id"], 0)):
        assert run_move(order_for(source, DATABASE, table, *columns), source, tmp_path).rows_written == rows


def test_the_source_is_held_still_while_it_is_read(mariadb: MariaDB, source: SourceConfig) -> None:
    execute(mariadb, "CREATE TABLE t (id INT) ENGINE = InnoDB", "INSERT INTO t VALUES (1), (2), (3)")
    with reader.read(source, order_for(source, DATABASE, "t", "id")) as opened:
        execute(mariadb, "INSERT INTO t VALUES (4)")
        assert opened.counted == sum(batch.num_rows for batch in opened.batches(WHOLE)) == 3


def test_a_server_that_is_gone_is_named(mariadb: MariaDB, source: SourceConfig, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = at_port(probe.getsockname()[1])
    with pytest.raises(SourceUnreachableError):
        run_move(order_for(closed, DATABASE, "t", "id"), closed, tmp_path)


def test_a_table_that_goes_between_plan_and_read_is_named(
    mariadb: MariaDB, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(mariadb, "CREATE TABLE t (id INT)")
    prepare = reader._prepare

    def late(*arguments: object) -> object:
        prepared = prepare(*arguments)  # type: ignore[arg-type]
        execute(mariadb, "DROP TABLE t")
        return prepared

    monkeypatch.setattr(reader, "_prepare", late)
    with pytest.raises(SourceLostError) as caught:
        run_move(order_for(source, DATABASE, "t", "id"), source, tmp_path)
    assert caught.value.fields["reason"] == "table or columns gone"


class CuttingProxy:
    """Passes connections on, and cuts each off after so many bytes of the server's answers."""

    def __init__(self, port: int, after_bytes: int, how: str) -> None:
        self._port = port
        self._after_bytes = after_bytes
        self._how = how
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open.extend((client, server))
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        left = self._after_bytes
        with contextlib.suppress(OSError):
            while left > 0 and (data := server.recv(min(65536, left))):
                left -= len(data)
                client.sendall(data)
            if self._how == "reset":
                client.shutdown(socket.SHUT_RD)  # wakes the other direction, which holds the socket open
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
            elif self._how == "end":
                client.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("how", ["end", "reset", "silence"])
def test_a_connection_that_breaks_is_never_an_end(
    mariadb: MariaDB, source: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(reader, "SILENT_SECONDS", 1 if how == "silence" else 60)
    execute(mariadb, "CREATE TABLE t AS SELECT seq AS id, REPEAT('x', 500) AS filler FROM seq_1_to_20000")
    order = order_for(source, DATABASE, "t", "id", "filler")
    before = run_move(order, source, tmp_path)
    again = order.model_copy(update={"job_id": order.job_id.replace(order.job_id[:8], "0" * 8)})
    with CuttingProxy(mariadb.port, 9_000_000, how) as proxy, pytest.raises(SourceLostError) as caught:
        run_move(again, at_port(proxy.port), tmp_path)
    assert caught.value.fields["rows"] < 20000
    assert tables.read_digest(landed_path(tmp_path)) == before.target_digest
    assert tables.describe(landed_path(tmp_path)).version == 0


def test_a_table_cut_by_its_key_is_the_same_table(mariadb: MariaDB, source: SourceConfig, tmp_path: Path) -> None:
    execute(
        mariadb,
        "CREATE TABLE t (`the ``key` BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(20)) ENGINE = InnoDB",
        "INSERT INTO t SELECT 18446744073709550000 - seq * 7919, CONCAT('n', seq) FROM seq_1_to_5000",
    )
    whole = run_move(order_for(source, DATABASE, "t", "name"), source, tmp_path)
    cut = run_move(order_for(source, DATABASE, "t", "name").model_copy(update={"chunk_rows": 1_000}), source, tmp_path)
    assert (whole.chunks, cut.chunks, cut.chunks_done) == (0, 5, 5)
    assert (cut.rows_read, cut.target_digest) == (5_000, whole.target_digest)


def test_a_locked_table_is_not_waited_for_longer_than_allowed(
    mariadb: MariaDB, source: SourceConfig, tmp_path: Path
) -> None:
    execute(mariadb, "CREATE TABLE held (id INT PRIMARY KEY)", "INSERT INTO held VALUES (1)")
    care = Care(lock_seconds=1, statement_seconds=30, rows_per_second=5)
    order = order_for(source, DATABASE, "held", "id").model_copy(update={"care": care})
    with mariadb.connect(DATABASE) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLES held WRITE")
        with pytest.raises(SourceLostError, match="lock timeout"):
            run_move(order, source, tmp_path)
        cursor.execute("UNLOCK TABLES")
    assert run_move(order, source, tmp_path).rows_written == 1


def test_a_table_lands_in_postgresql_once_its_zone_is_told(
    mariadb: MariaDB, source: SourceConfig, registry_server: Postgres, tmp_path: Path
) -> None:
    execute(
        mariadb,
        "CREATE TABLE visit (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(20), seen DATETIME(3), fee DECIMAL(12,2))",
        "INSERT INTO visit VALUES (18446744073709551615, '䶮', '2026-01-01 08:00:00.5', 1000000000.25),"
        " (1, 'too long here', NULL, NULL), (2, 'a\\0b', NULL, 0)",
    )
    hub = registry_server.ensure_database("from_mariadb", "from_mariadb_owner", "mariadb-password")
    into = SourceConfig("hub", "postgresql", ORGANISATION, dsn=hub, writes=("public",))
    with psycopg.connect(hub, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS visit")
        connection.execute("CREATE TABLE visit (id numeric(20), name varchar(9), seen timestamptz, fee numeric(13, 3))")
    columns = ("id", "name", "seen", "fee")
    landing = Landing(
        source="hub", schema_name="public", table="visit", columns=tuple((name, name) for name in columns)
    )
    order = order_for(source, DATABASE, "visit", *columns).model_copy(update={"into": landing})
    with pytest.raises(TargetUnfitError) as caught:  # eight hours would be lost
        run_move(order, source, tmp_path, into)
    assert caught.value.fields["columns"] == "seen（timestamp[us]）→ seen（timestamp with time zone）"
    told = order.model_copy(update={"steps": (TimeZone(id="zone", column="seen"),)})
    receipt = run_move(told, source, tmp_path, into)
    assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (3, 1, 2)
    assert {rule.id: rule.rows for rule in receipt.rules if rule.rows} == {"into-2-length": 1, "into-2-nul": 1}
    with psycopg.connect(hub) as connection:
        rows = connection.execute("SELECT id, name, seen AT TIME ZONE 'UTC', fee FROM visit").fetchall()
    assert rows == [
        (Decimal(2**64 - 1), "䶮", dt.datetime(2026, 1, 1, 0, 0, 0, 500_000), Decimal("1000000000.250")),  # noqa: DTZ001
    ]
