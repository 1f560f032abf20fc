"""A MariaDB or MySQL table. The engine offers no cheap sample, so the first rows it hands out are taken."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pymysql

from jutong.node.connectors.errors import TableMissingError, TableUnreadableError
from jutong.node.connectors.limits import LONGEST_VALUE, LOOK_SECONDS, ROWS_UNKNOWN
from jutong.node.connectors.mysql import session
from jutong.node.sources import SourceConfig

if TYPE_CHECKING:
    Cursor = pymysql.cursors.Cursor

_COLUMNS = """
SELECT c.COLUMN_NAME, c.DATA_TYPE, t.TABLE_ROWS
  FROM information_schema.COLUMNS c
  JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
 WHERE c.TABLE_SCHEMA = DATABASE() AND %s IN ('', c.TABLE_SCHEMA) AND c.TABLE_NAME = %s
 ORDER BY c.ORDINAL_POSITION
"""
_DEADLINES = (
    f"SET SESSION max_statement_time = {LOOK_SECONDS - 2}",  # MariaDB, seconds
    f"SET SESSION max_execution_time = {(LOOK_SECONDS - 2) * 1000}",  # MySQL, milliseconds
)
"""Below the socket's own deadline, so that a slow statement ends and not the connection."""
_TIMED_OUT = frozenset({1969, 3024})
_BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "bit"})


class MysqlTable:
    """An open table; see ``OpenTable``."""

    def __init__(self, cursor: Cursor, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._cursor = cursor
        self._place = quoted(table)
        self.columns: dict[str, str] = {row[0]: row[1].lower() for row in rows}
        self.estimate = ROWS_UNKNOWN if rows[0][2] is None else int(rows[0][2])

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` rows."""
        cells = ", ".join(_cell(name, kind) for name, kind in self.columns.items())
        self._cursor.execute(f"SELECT {cells} FROM {self._place} LIMIT {int(limit)}")  # noqa: S608 - from the catalog
        rows = self._cursor.fetchall()
        return [list(zip(row[::2], (int(length or 0) for length in row[1::2]), strict=True)) for row in rows]

    def count(self, limit: int) -> int:
        """Return the exact number of rows up to ``limit``, else -1."""
        found = self._value(f"SELECT count(*) FROM (SELECT 1 FROM {self._place} LIMIT {int(limit) + 1}) s")  # noqa: S608
        return int(found) if found is not None and found <= limit else ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return the greatest value of a column, or None."""
        return self._value(f"SELECT max({quoted(column)}) FROM {self._place}")  # noqa: S608 - from the catalog

    def _value(self, query: str) -> Any:
        try:
            self._cursor.execute(query)
        except pymysql.err.OperationalError as error:
            if error.args[0] in _TIMED_OUT:
                return None
            raise
        row = self._cursor.fetchone()
        return row[0] if row else None


def _cell(name: str, kind: str) -> str:
    column = quoted(name)
    if kind in _BYTES:
        return f"NULL, LENGTH({column})"
    return f"LEFT(CAST({column} AS CHAR), {LONGEST_VALUE}), CHAR_LENGTH(CAST({column} AS CHAR))"


def quoted(name: str) -> str:
    """Return a name the catalog gave us as an identifier; no parameters are filled in where it is used."""
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[MysqlTable]:
    """Open a table; see ``tables.opened``. A time without zone is read as Beijing's, as is a TIMESTAMP."""
    with session(source) as connection, connection.cursor() as cursor:
        for deadline in _DEADLINES:
            with contextlib.suppress(pymysql.err.OperationalError):  # the other product's variable
                cursor.execute(deadline)
        cursor.execute("SET SESSION time_zone = '+08:00'")
        cursor.execute(_COLUMNS, (schema, table))
        rows = cursor.fetchall()
        if not rows:
            raise TableMissingError(source=source.name, table=table)
        try:
            yield MysqlTable(cursor, table, rows)
        except pymysql.err.OperationalError as error:
            if error.args[0] in _TIMED_OUT:
                raise TableUnreadableError(source=source.name, table=table, reason="timed out") from error
            raise
        except (pymysql.err.ProgrammingError, pymysql.err.InternalError) as error:
            raise TableUnreadableError(source=source.name, table=table, reason=str(error.args[0])) from error
