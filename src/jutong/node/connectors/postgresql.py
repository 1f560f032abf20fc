"""PostgreSQL: what its catalog says, over a read-only session with a deadline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import CONNECT_SECONDS, LOOK_SECONDS, MAX_ROWS_OF_CATALOG, Listed, gather
from jutong.node.sources import SourceConfig

Connection = psycopg.Connection[tuple[Any, ...]]

_LIST = """
SELECT n.nspname, c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), c.reltuples::bigint,
       a.attname, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
                              CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
       NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)), coalesce(col_description(c.oid, a.attnum), ''),
       coalesce(a.attnum = ANY (k.conkey), false), c.relkind IN ('v', 'm'),
       coalesce((SELECT CASE WHEN s.oid = n.oid THEN '' ELSE s.nspname || '.' END || o.relname || '.' || p.attname
                   FROM pg_constraint f
                   JOIN pg_class o ON o.oid = f.confrelid
                   JOIN pg_namespace s ON s.oid = o.relnamespace
                   JOIN pg_attribute p
                     ON p.attrelid = f.confrelid AND p.attnum = f.confkey[array_position(f.conkey, a.attnum)]
                  WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)
                  ORDER BY f.oid LIMIT 1), '')
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
   AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
   AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
   AND (%(schemas)s::text[] IS NULL OR n.nspname = ANY (%(schemas)s))
 ORDER BY n.nspname, c.relname, a.attnum
 LIMIT %(limit)s
"""


@contextmanager
def session(source: SourceConfig, seconds: int = LOOK_SECONDS) -> Iterator[Connection]:
    """Open a read-only session in which no statement runs longer than ``seconds``.

    Raises:
        SourceUnreachableError: when the server does not let us in, or breaks off.
    """
    try:
        with psycopg.connect(
            source.dsn,
            connect_timeout=CONNECT_SECONDS,
            application_name="jutong",
            options=f"-c default_transaction_read_only=on -c statement_timeout={seconds * 1000}",
        ) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise SourceUnreachableError(source=source.name, reason=reason(error)) from error


def reason(error: psycopg.OperationalError) -> str:
    """Return why a connection failed, without address or secret."""
    if isinstance(error, errors.QueryCanceled | errors.ConnectionTimeout):
        return "timed out"
    text = str(error)
    for sign, told in (
        ("authentication failed", "sign-in refused"),
        ("no password supplied", "sign-in refused"),
        ("pg_hba.conf", "sign-in refused"),
        ('" does not exist', "no such role or database"),
        ("timeout expired", "timed out"),
        ("refused", "connection refused"),
        ("No such file", "connection refused"),
        ("too many", "too many connections"),
    ):
        if sign in text:
            return told
    return "connection lost or refused"


def probe(source: SourceConfig) -> None:
    """Sign in and ask for nothing."""
    with session(source) as connection:
        connection.execute("SELECT 1")


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """List the tables and views the account may read. Row estimates are the planner's own."""
    wanted = list(source.schemas) or None
    with session(source) as connection:
        # One more than may be is enough to see that there are too many; a server's catalog can be huge.
        rows = connection.execute(_LIST, {"schemas": wanted, "limit": MAX_ROWS_OF_CATALOG + 1}).fetchall()
    return gather(source.name, _listed(rows))


def _listed(rows: list[tuple[Any, ...]]) -> Iterator[Listed]:
    for schema, table, comment, estimate, name, kind, nullable, note, key, view, refers_to in rows:
        column = ColumnInfo(name=name, type=kind, nullable=nullable, comment=note, key=key, refers_to=refers_to)
        yield (schema, table, comment, int(estimate), "view" if view else "table"), column
