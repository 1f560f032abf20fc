"""A SQLite table. Rows are taken from its beginning; a view of a file is read like a table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jutong.node.connectors.errors import TableMissingError, TableUnreadableError
from jutong.node.connectors.limits import LONGEST_VALUE, ROWS_UNKNOWN
from jutong.node.connectors.sqlite import SCHEMA, quoted, session
from jutong.node.sources import SourceConfig

_KIND = "SELECT type FROM sqlite_schema WHERE name = ? AND type IN ('table', 'view')"
_COLUMNS = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid"


class SqliteTable:
    """An open table; see ``OpenTable``."""

    def __init__(self, connection: sqlite3.Connection, table: str, kind: str, columns: dict[str, str]) -> None:
        self._connection = connection
        self._place = f"main.{quoted(table)}"
        self._kind = kind
        self.columns = columns

    @property
    def estimate(self) -> int:
        """The highest row id, -1 for a view or a table without row ids."""
        if self._kind == "view":
            return ROWS_UNKNOWN
        try:
            return int(self._value(f"SELECT max(rowid) FROM {self._place}") or 0)  # noqa: S608 - from the schema
        except sqlite3.OperationalError:
            return ROWS_UNKNOWN

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` rows."""
        cells = ", ".join(_cell(name) for name in self.columns)
        rows = self._connection.execute(f"SELECT {cells} FROM {self._place} LIMIT ?", (limit,))  # noqa: S608
        return [list(zip(row[::2], (length or 0 for length in row[1::2]), strict=True)) for row in rows]

    def count(self, limit: int) -> int:
        """Return the exact number of rows up to ``limit``, else -1."""
        query = f"SELECT count(*) FROM (SELECT 1 FROM {self._place} LIMIT {int(limit) + 1})"  # noqa: S608
        found = self._in_time(query)
        return int(found) if found is not None and found <= limit else ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return the greatest value of a column, or None."""
        return self._in_time(f"SELECT max({quoted(column)}) FROM {self._place}")  # noqa: S608 - from the schema

    def _in_time(self, query: str) -> Any:
        try:
            return self._value(query)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return None
            raise

    def _value(self, query: str) -> Any:
        row = self._connection.execute(query).fetchone()
        return row[0] if row else None


def _cell(name: str) -> str:
    column = quoted(name)
    text = f"CASE typeof({column}) WHEN 'blob' THEN NULL ELSE substr(CAST({column} AS TEXT), 1, {LONGEST_VALUE}) END"
    return f"{text}, length({column})"


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[SqliteTable]:
    """Open a table; see ``tables.opened``."""
    with session(source) as connection:
        kind = connection.execute(_KIND, (table,)).fetchone() if schema in {"", SCHEMA} else None
        if kind is None:
            raise TableMissingError(source=source.name, table=table)
        try:
            columns = dict(connection.execute(_COLUMNS, (table,)).fetchall())
            yield SqliteTable(connection, table, kind[0], columns)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise
            raise TableUnreadableError(source=source.name, table=table, reason="SQLITE_ERROR") from error
