"""SQLite through ADBC, read-only, in one read transaction.

SQLite stores any type in any column, and the driver guesses a column's type from the first rows. So the stored
types are counted first, in the same transaction, and the rows are led by one made-up row of the planned types that
is taken off again: what is read is what the plan says, or the move stops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_sqlite import StatementOptions, dbapi

from jutong.contracts.orders import JobOrder
from jutong.node.connectors import sqlite as connector
from jutong.node.connectors.sqlite import quoted
from jutong.node.exchange import convert
from jutong.node.exchange.errors import SourceLostError, ValueUnfitError
from jutong.node.exchange.modes.since import Dialect, Since, behind
from jutong.node.exchange.plan import CatalogColumn, Mapping, MovePlan, PlannedColumn, plan_move
from jutong.node.exchange.readers import OpenRead, Span, every_nth, gently
from jutong.node.sources import SourceConfig

BATCH_ROWS = 32_768
MAX_DECIMAL = 38
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)

_INTEGER = Mapping("{}", pa.int64(), pa.int64(), convert.same)
_REAL = Mapping("{}", pa.float64(), pa.float64(), convert.same)
_BYTES = Mapping("{}", pa.binary(), pa.binary(), convert.same)
_TEXT = Mapping("CAST({} AS TEXT)", pa.string(), pa.string(), convert.text)

_SAMPLES = {pa.int64(): "0", pa.float64(): "0.0", pa.binary(): "x''", pa.string(): "''"}
_STORED = {pa.int64(): ("integer",), pa.float64(): ("real", "integer"), pa.binary(): ("blob",)}
_STORED_TEXT = ("text", "integer", "real")
_STORED_DECIMAL = ("integer", "real")
_EXACT_REAL = "1e15"
"""From here on a stored floating-point number no longer holds two decimals faithfully."""


def mapping_of(column: CatalogColumn) -> Mapping:
    """Return how a declared type travels, by SQLite's own affinity rules.

    Dates and times have no type in SQLite; they travel as the text they are stored as.
    """
    declared = column.type.upper()
    if "INT" in declared or declared in {"BOOLEAN", "BOOL"}:
        return _INTEGER
    if found := _DECIMAL.fullmatch(declared.strip()):
        precision, scale = int(found[1]), int(found[2] or 0)
        if precision <= MAX_DECIMAL and scale <= precision:
            return Mapping("CAST({} AS TEXT)", pa.string(), pa.decimal128(precision, scale), convert.decimal)
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return _REAL
    return _BYTES if "BLOB" in declared else _TEXT


_DIALECT = Dialect(quoted, "CAST({} AS TEXT)")


@contextmanager
def read(source: SourceConfig, order: JobOrder, since: Since | None = None) -> Iterator[OpenRead]:
    """Open a table for one consistent read, whole or behind a watermark.

    Raises:
        SourceUnreachableError: when the file cannot be opened.
        ValueUnfitError: when a column holds values that are not of its declared type.
        JutongError: as ``plan_move`` does.
    """
    with connector.session(source) as session:
        rows = session.execute("SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden <> 1", (order.table,))
        found = rows.fetchall() if order.schema_name in {"", connector.SCHEMA} else []
    plan = plan_move(order, [CatalogColumn(*row[:2]) for row in found], mapping_of)
    keys = [(name, declared.upper()) for name, declared, place in found if place]
    key_name = keys[0][0] if len(keys) == 1 and keys[0][1] == "INTEGER" else ""
    key, table = quoted(key_name), f"main.{quoted(plan.table)}"
    rows_read = 0

    def batches(span: Span) -> Iterator[pa.RecordBatch]:
        nonlocal rows_read
        try:
            with connection.cursor() as cursor:
                cursor.adbc_statement.set_options(
                    **{StatementOptions.BATCH_ROWS.value: str(gently.batch_rows(order, BATCH_ROWS))}
                )
                cursor.execute(_select(plan, table) + span.where(key))
                with cursor.fetch_record_batch() as reader:
                    for number, batch in enumerate(reader):
                        own = batch.slice(1) if number == 0 else batch
                        yield plan.convert(own)
                        rows_read += own.num_rows
        except (adbc_driver_manager.Error, OSError) as error:
            raise SourceLostError(source=source.name, rows=rows_read, reason="the file broke off") from error

    def values(query: str) -> tuple[object, ...]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return tuple(row[0] for row in cursor.fetchall())

    def numbers(query: str) -> tuple[int, ...]:
        return tuple(int(str(value)) for value in values(query))

    try:
        with closing(dbapi.connect(connector.uri(source))) as connection:
            since, table = behind(since, plan, _DIALECT, values, table=table, key=key_name)
            with connection.cursor() as cursor:
                cursor.execute(_survey(plan, table))
                counted = _check(plan, cursor.fetchall()[0])
            yield OpenRead(
                plan,
                counted,
                key_name,
                lambda span: numbers(f"SELECT count(*) FROM {table}{span.where(key)}")[0],  # noqa: S608 - from the catalog
                # Such a key is the row id; only a table without row ids could hold a text there.
                lambda many: numbers(every_nth(key, table, many, f" WHERE typeof({key}) = 'integer'")),
                batches,
                since=since,
            )
    except adbc_driver_manager.Error as error:
        raise SourceLostError(source=source.name, rows=rows_read, reason="the file cannot be read") from error


def _stored(column: PlannedColumn) -> tuple[str, ...]:
    if pa.types.is_decimal(column.mapping.arrow):
        return _STORED_DECIMAL
    return _STORED.get(column.mapping.arrow, _STORED_TEXT)


def _survey(plan: MovePlan, table: str) -> str:
    counts = ["count(*)"]
    for column in plan.columns:
        name = quoted(column.name)
        allowed = ", ".join(f"'{kind}'" for kind in (*_stored(column), "null"))
        strange = f"typeof({name}) NOT IN ({allowed})"
        if pa.types.is_decimal(column.mapping.arrow):
            strange += f" OR (typeof({name}) = 'real' AND abs({name}) >= {_EXACT_REAL})"
        counts.append(f"coalesce(sum({strange}), 0)")
    return f"SELECT {', '.join(counts)} FROM {table}"  # noqa: S608 - names from the catalog


def _check(plan: MovePlan, counts: tuple[int, ...]) -> int:
    for column, strange in zip(plan.columns, counts[1:], strict=True):
        if strange:
            allowed = "/".join(_stored(column))
            raise ValueUnfitError(
                column=column.name, kind=column.type or "-", problem=f"{strange} values are not stored as {allowed}"
            )
    return counts[0]


def _select(plan: MovePlan, table: str) -> str:
    lead = ", ".join(f"{_SAMPLES[column.mapping.read_as]} AS {quoted(column.name)}" for column in plan.columns)
    own = ", ".join(column.mapping.expression.format(quoted(column.name)) for column in plan.columns)
    return f"SELECT {lead} UNION ALL SELECT {own} FROM {table}"  # noqa: S608 - from the catalog
