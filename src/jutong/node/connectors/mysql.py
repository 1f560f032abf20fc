"""MariaDB and MySQL: what information_schema says, over a read-only session with a deadline."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import pymysql
from pymysql.constants import CR, ER

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import (
    CONNECT_SECONDS,
    LOOK_SECONDS,
    MAX_ROWS_OF_CATALOG,
    ROWS_UNKNOWN,
    Listed,
    gather,
)
from jutong.node.sources import SourceConfig

if TYPE_CHECKING:
    Connection = pymysql.connections.Connection[pymysql.cursors.Cursor]

_LIST = """
SELECT t.TABLE_SCHEMA, t.TABLE_NAME, IF(t.TABLE_TYPE = 'VIEW', '', t.TABLE_COMMENT), t.TABLE_ROWS,
       c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'YES', c.COLUMN_COMMENT, c.COLUMN_KEY = 'PRI',
       t.TABLE_TYPE = 'VIEW'
  FROM information_schema.TABLES t
  JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
 WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE IN ('BASE TABLE', 'VIEW')
 ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION
 LIMIT %s
"""
_REFERENCES = """
SELECT TABLE_NAME, COLUMN_NAME,
       CONCAT(IF(REFERENCED_TABLE_SCHEMA = TABLE_SCHEMA, '', CONCAT(REFERENCED_TABLE_SCHEMA, '.')),
              REFERENCED_TABLE_NAME, '.', REFERENCED_COLUMN_NAME)
  FROM information_schema.KEY_COLUMN_USAGE
 WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL
 ORDER BY CONSTRAINT_NAME DESC
"""


@contextmanager
def session(source: SourceConfig, seconds: int = LOOK_SECONDS) -> Iterator[Connection]:
    """Open a read-only session; the socket gives up after ``seconds`` without an answer.

    Raises:
        SourceUnreachableError: when the server does not let us in, or breaks off.
    """
    try:
        connection: Connection = pymysql.connect(
            **source.mysql_options(),
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=seconds,
            write_timeout=seconds,
            autocommit=True,
            init_command="SET SESSION TRANSACTION READ ONLY",
            program_name="jutong",
        )
        with connection:
            yield connection
    except (pymysql.err.OperationalError, pymysql.err.InterfaceError, struct.error, OSError) as error:
        raise SourceUnreachableError(source=source.name, reason=reason(error)) from error


def reason(error: Exception) -> str:
    """Return what a failed connection means; nothing of the address is in it."""
    number = error.args[0] if error.args else 0
    if number in {ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR}:
        return "sign-in refused"
    if number == ER.BAD_DB_ERROR:
        return "no such database"
    if number == CR.CR_SERVER_LOST and "timed out" in str(error):
        return "timed out"
    if number == CR.CR_CONN_HOST_ERROR:
        return "timed out" if "timed out" in str(error) else "connection refused"
    return "connection lost or refused"


def probe(source: SourceConfig) -> None:
    """Sign in and ask for nothing."""
    with session(source) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """List the tables and views of the database that the account may read. Row estimates are the engine's own."""
    with session(source) as connection, connection.cursor() as cursor:
        cursor.execute(_LIST, (MAX_ROWS_OF_CATALOG + 1,))
        rows = cursor.fetchall()
        cursor.execute(_REFERENCES)
        references = {(table, column): target for table, column, target in cursor.fetchall()}
    return gather(source.name, _listed(rows, references))


def _listed(rows: tuple[tuple[Any, ...], ...], references: dict[tuple[str, str], str]) -> Iterator[Listed]:
    for schema, table, comment, estimate, name, kind, nullable, note, key, view in rows:
        column = ColumnInfo(
            name=name, type=kind, nullable=bool(nullable), comment=note, key=bool(key),
            refers_to=references.get((table, name), ""),
        )  # fmt: skip
        yield (schema, table, comment, ROWS_UNKNOWN if estimate is None else int(estimate), _kind(view)), column


def _kind(view: int) -> Literal["table", "view"]:
    return "view" if view else "table"
