"""PostgreSQL through ADBC: binary COPY decoded into Arrow batches by the driver, in one REPEATABLE READ snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache

import adbc_driver_manager
import psycopg
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi  # type: ignore[import-untyped]
from psycopg import sql

from jutong.contracts.orders import JobOrder
from jutong.node.connectors import postgresql as connector
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.exchange import convert
from jutong.node.exchange.errors import SourceLostError
from jutong.node.exchange.modes.since import Dialect, Since, behind
from jutong.node.exchange.plan import CatalogColumn, Mapping, MovePlan, plan_move
from jutong.node.exchange.readers import OpenRead, Span, every_nth, gently, spread
from jutong.node.sources import SourceConfig

BATCH_BYTES = 4 * 1024 * 1024
FEW_ROWS = 100_000
"""A table that is taken to have fewer is counted at once."""

MAX_DECIMAL = 38
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_BRIEFLY = "SET LOCAL lock_timeout = '200ms'"
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_GONE = "table or columns gone"
_REASONS = {"42P01": _GONE, "42703": _GONE, "57014": gently.TOO_LONG, "55P03": gently.LOCKED}

_CATALOG = """
SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
                              CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
       coalesce(b.typtype, t.typtype)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
 WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
 ORDER BY a.attnum
"""

_KEY = """
SELECT a.attname
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
 WHERE n.nspname = %s AND c.relname = %s AND k.contype = 'p' AND cardinality(k.conkey) = 1
   AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
   AND has_column_privilege(c.oid, a.attnum, 'SELECT')
"""

_TEXT = Mapping("{}::text", pa.string(), pa.string(), convert.text)
_UTC = pa.timestamp("us", tz="UTC")
_NAIVE = pa.timestamp("us")
_PLAIN: dict[str, Mapping] = {
    "boolean": Mapping("{}", pa.bool_(), pa.bool_(), convert.same),
    "smallint": Mapping("{}", pa.int16(), pa.int16(), convert.same),
    "integer": Mapping("{}", pa.int32(), pa.int32(), convert.same),
    "bigint": Mapping("{}", pa.int64(), pa.int64(), convert.same),
    "real": Mapping("{}", pa.float32(), pa.float32(), convert.same),
    "double precision": Mapping("{}", pa.float64(), pa.float64(), convert.same),
    "bytea": Mapping("{}", pa.binary(), pa.binary(), convert.same),
    "date": Mapping("{}", pa.date32(), pa.date32(), convert.instant),
    "text": Mapping("{}", pa.string(), pa.string(), convert.text),
    "character varying": Mapping("{}", pa.string(), pa.string(), convert.text),
    "timestamp with time zone": Mapping("{}", _UTC, _UTC, convert.instant),
    "timestamp without time zone": Mapping("{}", _NAIVE, _NAIVE, convert.instant),
}
# Exact in text, and nothing in a Delta table means quite the same. char(n) loses its padding on the way.
_AS_TEXT = {
    "character", "name", "numeric", "uuid", "json", "jsonb", "xml", "inet", "cidr", "macaddr", "macaddr8",
    "time with time zone", "time without time zone",
}  # fmt: skip


def mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a PostgreSQL type travels, or None."""
    if column.kind == "e":
        return _TEXT
    if found := _NUMERIC.fullmatch(column.type):
        precision, scale = int(found[1]), int(found[2])
        if precision <= MAX_DECIMAL and 0 <= scale <= precision:
            return Mapping("{}", pa.string(), pa.decimal128(precision, scale), convert.decimal)
        return _TEXT
    bare = re.sub(r"\(\d+\)", "", column.type)
    return _TEXT if bare in _AS_TEXT else _PLAIN.get(bare)


@contextmanager
def read(source: SourceConfig, order: JobOrder, since: Since | None = None, snapshot: str = "") -> Iterator[OpenRead]:
    """Open a table for one consistent read, whole or behind a watermark.

    Args:
        source: the database.
        order: which table.
        since: behind which watermark, if not all of it.
        snapshot: one that another session holds, by its name.

    Raises:
        SourceUnreachableError: when the server does not let us in.
        JutongError: as ``plan_move`` does.
    """
    plan, asked = _prepare(source, order)
    rows = 0

    def lost(error: adbc_driver_manager.Error) -> SourceLostError:
        reason = _REASONS.get(error.sqlstate or "", f"SQLSTATE {error.sqlstate or '-'}")
        return SourceLostError(source=source.name, rows=rows, reason=reason)

    def batches(span: Span) -> Iterator[pa.RecordBatch]:
        nonlocal rows
        try:
            with connection.cursor() as cursor:
                size = str(gently.batch_bytes(order, BATCH_BYTES))
                cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: size})
                cursor.execute(asked.select + span.where(asked.key))
                with cursor.fetch_record_batch() as reader:
                    for batch in reader:
                        yield plan.convert(batch)
                        rows += batch.num_rows
        except adbc_driver_manager.Error as error:
            raise lost(error) from error
        except OSError as error:  # how the Arrow stream reports a broken connection
            raise SourceLostError(source=source.name, rows=rows, reason="connection broken") from error

    def values(query: str) -> tuple[object, ...]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return tuple(row[0] for row in cursor.fetchall())

    def numbers(query: str) -> tuple[int, ...]:
        return tuple(int(str(value)) for value in values(query))

    try:
        with closing(dbapi.connect(_address(source))) as connection:
            with connection.cursor() as cursor:
                taken = f"SET TRANSACTION SNAPSHOT {sql.Literal(snapshot).as_string(None)}" if snapshot else ""
                for statement in (_SNAPSHOT, *filter(None, [taken]), *gently.postgresql(order)):
                    cursor.execute(statement)
                cursor.execute("SET LOCAL DateStyle TO 'ISO, YMD'")  # a position is a text as the server writes it
            since, relation = behind(since, plan, _DIALECT, values, table=asked.relation, key=asked.key_name)
            asked = replace(asked, relation=relation)
            exactly = since is not None or asked.expected < FEW_ROWS
            counted = numbers(asked.count)[0] if exactly else asked.expected
            yield OpenRead(
                plan,
                counted,
                asked.key_name,
                lambda span: numbers(asked.count + span.where(asked.key))[0],
                lambda many: (
                    spread(numbers(asked.ends), counted, many) or numbers(every_nth(asked.key, asked.relation, many))
                ),
                batches,
                since=since,
                exact=None if exactly else cache(lambda: numbers(asked.count)[0]),
            )
    except adbc_driver_manager.Error as error:
        raise lost(error) from error


@dataclass(frozen=True)
class _Asked:
    """The statements of a read, without their spans; names are quoted.

    ``expected`` is how many rows the planner takes the table to have, by the size of its files as they are now.
    """

    relation: str
    columns: str
    key_name: str
    key: str
    expected: int

    @property
    def count(self) -> str:
        return f"SELECT count(*) FROM {self.relation}"  # noqa: S608 - quoted names

    @property
    def select(self) -> str:
        return f"SELECT {self.columns} FROM {self.relation}"  # noqa: S608 - quoted names

    @property
    def ends(self) -> str:
        """The least and the greatest key, from the key's index."""
        return f"SELECT min({self.key}) FROM {self.relation} UNION ALL SELECT max({self.key}) FROM {self.relation}"  # noqa: S608


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string()


_DIALECT = Dialect(_quoted, "({})::text")


def plan_of(source: SourceConfig, order: JobOrder) -> MovePlan:
    """Return what a move of a table reads and as what, without a row of it.

    Raises:
        SourceUnreachableError: when the server does not let us in.
        JutongError: as ``plan_move`` does.
    """
    return _prepare(source, order)[0]


def _expected(connection: connector.Connection, relation: sql.Identifier) -> int:
    """Return how many rows the planner takes a table to have; 0 where it cannot say now: the read itself will tell."""
    try:
        with connection.transaction():
            connection.execute(_BRIEFLY)
            found = connection.execute(sql.SQL("EXPLAIN (FORMAT json) SELECT FROM {}").format(relation)).fetchone()
    except (psycopg.errors.LockNotAvailable, psycopg.ProgrammingError):
        return 0
    return int(found[0][0]["Plan"]["Plan Rows"]) if found else 0


def _prepare(source: SourceConfig, order: JobOrder) -> tuple[MovePlan, _Asked]:
    with connector.session(source) as connection:
        rows = connection.execute(_CATALOG, (order.schema_name, order.table)).fetchall()
        plan = plan_move(order, [CatalogColumn(*row) for row in rows], mapping_of)
        found = connection.execute(_KEY, (order.schema_name, order.table)).fetchone()
        key = str(found[0]) if found else ""
        relation = sql.Identifier(plan.schema_name, plan.table)
        columns = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(
                sql.SQL(column.mapping.expression).format(sql.Identifier(column.name)),
                sql.Identifier(column.name),
            )
            for column in plan.columns
        )
        expected = _expected(connection, relation)
        return plan, _Asked(
            relation.as_string(connection), columns.as_string(connection), key, _quoted(key) if key else "", expected
        )


def _address(source: SourceConfig) -> str:
    # A source whose network vanished must not hold a job for ever: keepalives end it in about a minute.
    extra = (
        f"connect_timeout={CONNECT_SECONDS}&application_name=jutong&client_encoding=UTF8"
        "&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=60000"
    )
    return source.dsn + ("&" if "?" in source.dsn else "?") + extra
