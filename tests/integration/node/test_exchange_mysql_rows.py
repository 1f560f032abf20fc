"""Rows of a MySQL answer come out as they are, wherever the network cuts them and however long they get."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pymysql
import pytest

from jutong.node.exchange.pgcopy.reading import gathered
from jutong.node.exchange.readers import myrows
from jutong.node.exchange.readers.myrows import Answer
from tests.plugins.mariadb import MariaDB

LONG = 17 * 1024 * 1024
"""More than one packet holds."""


def told(connection: Any, columns: int, query: tuple[str, str], block_bytes: int) -> list[tuple[bytes | None, ...]]:
    rows: list[tuple[bytes | None, ...]] = []
    for block in Answer(connection, columns, block_bytes).blocks(*query):
        arrays = [gathered(block.data, cells, pa.binary()).to_pylist() for cells in block.cells]
        assert block.rows == len(arrays[0])
        rows += zip(*arrays, strict=True)
    return rows


def test_rows_are_those_pymysql_reads_whatever_is_read_at_once(
    mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = mariadb.create_database("rows_of")
    with mariadb.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL max_allowed_packet = 67108864")
        cursor.execute("CREATE TABLE t (id INT PRIMARY KEY, a LONGBLOB, b VARCHAR(300))")
        cursor.execute(
            "INSERT INTO t SELECT seq, IF(seq % 5 = 0, NULL, REPEAT(CHAR(seq % 256), seq % 700)),"
            " REPEAT('䶮', seq % 90) FROM seq_1_to_900"
        )
        cursor.execute("INSERT INTO t VALUES (901, REPEAT('x', 70000), NULL), (902, '', '')")
    for long in (None, 903, 0):
        with mariadb.connect(database) as connection, connection.cursor() as cursor:
            if long is not None:
                cursor.execute(f"INSERT INTO t VALUES ({long}, REPEAT('y', {LONG}), 'long')")
            cursor.execute("SELECT CAST(id AS BINARY), a, CAST(b AS BINARY) FROM t ORDER BY id")
            expected = list(cursor.fetchall())
            query = ("CAST(id AS BINARY), a, b", "FROM t ORDER BY id")
            for read_bytes, block_bytes in (
                ((977, 2_000), (1 << 20, 1 << 22)) if long is None else ((1 << 18, 1 << 16),)
            ):
                monkeypatch.setattr(myrows, "READ_BYTES", read_bytes)
                assert told(connection, 3, query, block_bytes) == expected
            assert told(connection, 1, ("id", "FROM t WHERE id < 0"), 100) == []
            cursor.execute("SELECT 1")  # the connection is still of use
            assert cursor.fetchone() == (1,)
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL max_allowed_packet = DEFAULT")


def test_an_error_in_the_middle_is_the_servers_and_a_connection_that_ends_is_lost(mariadb: MariaDB) -> None:
    with mariadb.connect(mariadb.create_database("rows_of")) as connection:
        failing = ("IF(seq = 3000, (SELECT 1 UNION SELECT 2), seq)", "FROM seq_1_to_4000")
        with pytest.raises(pymysql.err.OperationalError, match="1242"):
            told(connection, 1, failing, 4_000)
    killed = mariadb.connect()
    blocks = Answer(killed, 1, 1_000).blocks("REPEAT('x', 200)", "FROM mysql.user, information_schema.collations a, "
                                             "information_schema.collations b")  # fmt: skip
    next(blocks)
    with mariadb.connect() as other, other.cursor() as cursor:
        cursor.execute(f"KILL {killed.thread_id()}")
    with pytest.raises((pymysql.err.OperationalError, OSError)):
        list(blocks)
