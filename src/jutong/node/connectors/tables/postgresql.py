"""A PostgreSQL table. Large ones are sampled over their pages instead of from their beginning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql

from jutong.node.connectors.errors import TableMissingError, TableUnreadableError
from jutong.node.connectors.limits import LONGEST_VALUE, ROWS_UNKNOWN
from jutong.node.connectors.postgresql import Connection, session
from jutong.node.sources import SourceConfig

_COLUMNS = """
SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), NULL), c.reltuples::bigint, c.relkind
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
 WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
 ORDER BY a.attnum
"""
_SAMPLED_KINDS = frozenset("rpm")
"""Tables, partitioned tables and materialised views; others cannot be sampled by pages."""
_SPREAD = 4
"""How many times more rows than wanted the pages drawn should hold, so that uneven pages do not come out short."""
_SMALLEST_SHARE = 0.0001


class PostgresTable:
    """An open table; see ``OpenTable``."""

    def __init__(self, connection: Connection, place: sql.Identifier, rows: Sequence[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._place = place
        self.columns = {row[0]: row[1] for row in rows}
        self.estimate = max(int(rows[0][2]), ROWS_UNKNOWN)
        self._kind = rows[0][3]

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` rows."""
        rows = self._drawn(limit) if self.estimate > limit * _SPREAD and self._kind in _SAMPLED_KINDS else []
        if len(rows) < limit:
            rows = self._rows(sql.SQL(""), limit)
        return [list(zip(row[::2], (length or 0 for length in row[1::2]), strict=True)) for row in rows]

    def _drawn(self, limit: int) -> list[tuple[Any, ...]]:
        share = max(min(100.0 * limit * _SPREAD / self.estimate, 100.0), _SMALLEST_SHARE)
        return self._rows(sql.SQL("TABLESAMPLE SYSTEM ({})").format(sql.Literal(round(share, 4))), limit)

    def _rows(self, drawing: sql.Composable, limit: int) -> list[tuple[Any, ...]]:
        cells = sql.SQL(", ").join(_cell(name, kind) for name, kind in self.columns.items())
        query = sql.SQL("SELECT {} FROM {} {} LIMIT {}").format(cells, self._place, drawing, sql.Literal(limit))
        return self._connection.execute(query).fetchall()

    def count(self, limit: int) -> int:
        """Return the exact number of rows up to ``limit``, else -1."""
        query = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) s")
        found = self._number(query.format(self._place, sql.Literal(limit + 1)))
        return int(found) if found is not None and found <= limit else ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return the greatest value of a column, or None."""
        return self._number(sql.SQL("SELECT max({}) FROM {}").format(sql.Identifier(column), self._place))

    def _number(self, query: sql.Composed) -> Any:
        try:
            with self._connection.transaction():
                row = self._connection.execute(query).fetchone()
        except (errors.QueryCanceled, errors.UndefinedFunction, psycopg.DataError):
            return None  # too slow, a type without order, or an instant no calendar has
        return row[0] if row else None


def _cell(name: str, kind: str) -> sql.Composed:
    column = sql.Identifier(name)
    if kind == "bytea":
        return sql.SQL("NULL::text, octet_length({})").format(column)
    return sql.SQL("left({0}::text, {1}), length({0}::text)").format(column, sql.Literal(LONGEST_VALUE))


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[PostgresTable]:
    """Open a table; see ``tables.opened``."""
    name = f"{schema}.{table}" if schema else table
    with session(source) as connection:
        rows = connection.execute(_COLUMNS, (schema or "public", table)).fetchall()
        if not rows:
            raise TableMissingError(source=source.name, table=name)
        try:
            yield PostgresTable(connection, sql.Identifier(schema or "public", table), rows)
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            raise TableUnreadableError(source=source.name, table=name, reason=error.sqlstate or "-") from error
