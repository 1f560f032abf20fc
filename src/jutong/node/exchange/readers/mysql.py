"""MariaDB and MySQL through an unbuffered PyMySQL cursor, in one consistent snapshot.

The server sends text; it is cut into columns a block at a time and cast column by column, so no number, date or text
is made in Python. ConnectorX reads as fast, but keeps every row it has read ahead of us in memory (measured, ADR 0008),
and what a move takes must not grow with the table.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pyarrow as pa
import pymysql
from pymysql.constants import ER
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from jutong.contracts.orders import JobOrder
from jutong.node.connectors import mysql as connector
from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.exchange import convert
from jutong.node.exchange.errors import SourceLostError
from jutong.node.exchange.modes.since import Dialect, Since, behind
from jutong.node.exchange.pgcopy.reading import gathered
from jutong.node.exchange.plan import CatalogColumn, Mapping, MovePlan, plan_move
from jutong.node.exchange.readers import OpenRead, Span, every_nth, gently, spread
from jutong.node.exchange.readers.myrows import BLOCK_BYTES, Answer, Block
from jutong.node.sources import SourceConfig

BATCH_ROWS = 65_536
SILENT_SECONDS = 60
"""A server that sends nothing for so long has lost us."""

MAX_DECIMAL = 38
MAX_BITS = 63
LOST = (pymysql.err.OperationalError, pymysql.err.InterfaceError, struct.error, OSError)
_TOO_LONG = (1969, 3024)
"""Codes of MariaDB and of MySQL for a statement that took longer than it may."""

_REASONS = {
    **dict.fromkeys((ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR, ER.VIEW_INVALID), "table or columns gone"),
    **dict.fromkeys(_TOO_LONG, gently.TOO_LONG),
    ER.LOCK_WAIT_TIMEOUT: gently.LOCKED,
}

_CATALOG = """
SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = DATABASE() AND %s IN ('', TABLE_SCHEMA) AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION
"""

_KEY = """
SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = DATABASE() AND %s IN ('', TABLE_SCHEMA) AND TABLE_NAME = %s AND COLUMN_KEY = 'PRI'
"""
_WHOLE_NUMBERS = {"tinyint", "smallint", "mediumint", "int", "bigint"}

_ENCODERS: dict[Any, Any] = dict(encoders)
_STRING = pa.string()
_TEXT = Mapping("{}", _STRING, _STRING, convert.text)
_DATE = Mapping("{}", _STRING, pa.date32(), convert.date)
_DATETIME = Mapping("{}", _STRING, pa.timestamp("us"), convert.timestamp)
_TIMESTAMP = Mapping("{}", _STRING, pa.timestamp("us", tz="UTC"), convert.timestamp)
_BYTES = Mapping("{}", pa.binary(), pa.binary(), convert.same)
_INT32 = Mapping("{}", _STRING, pa.int32(), convert.integer)
_INT64 = Mapping("{}", _STRING, pa.int64(), convert.integer)
_UINT64 = Mapping("{}", _STRING, pa.decimal128(20, 0), convert.decimal)
# A FLOAT is printed with six digits; as DOUBLE it shows all it holds.
_DOUBLE = Mapping("({} + 0e0)", _STRING, pa.float64(), convert.floating)
_BITS = Mapping("({} + 0)", _STRING, pa.int64(), convert.integer)
_AS_TEXT = Mapping("CAST({} AS CHAR)", _STRING, _STRING, convert.text)

_KINDS: dict[str, Mapping] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "year"), _INT32),
    **dict.fromkeys(("int", "bigint"), _INT64),
    **dict.fromkeys(("float", "double"), _DOUBLE),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json"), _TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), _BYTES),
    **dict.fromkeys(("time", "uuid", "inet4", "inet6"), _AS_TEXT),
    "date": _DATE,
    "datetime": _DATETIME,
    "timestamp": _TIMESTAMP,
}
_PARTS = re.compile(r"([a-z0-9]+)(?:\((\d+)(?:,(\d+))?\))?.*", re.DOTALL)


def mapping_of(column: CatalogColumn) -> Mapping | None:
    """Return how a MySQL type travels, or None. A DATETIME has no zone and gets none; a TIMESTAMP is an instant."""
    found = _PARTS.match(column.type.lower())
    if found is None:
        return None
    kind, first, second = found[1], int(found[2] or 0), int(found[3] or 0)
    if kind == "decimal":
        exact = pa.decimal128(first, second) if 0 < first <= MAX_DECIMAL else None
        return Mapping("{}", _STRING, exact, convert.decimal) if exact is not None else _AS_TEXT
    if kind == "bit":
        return _BITS if first <= MAX_BITS else None
    if kind == "bigint" and "unsigned" in column.type.lower():
        return _UINT64
    return _KINDS.get(kind)


IN_UTC = "SET SESSION time_zone = '+00:00'"
_BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


Ask = Callable[[str], tuple[tuple[object, ...], ...]]
"""Runs a statement in the session that reads, and returns its rows."""


@contextmanager
def read(
    source: SourceConfig,
    order: JobOrder,
    since: Since | None = None,
    around: Callable[[Ask], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Iterator[OpenRead]:
    """Open a table for one consistent read, whole or behind a watermark.

    Args:
        source: from where.
        order: what.
        since: behind which watermark, if not all of it.
        around: stands around the moment the snapshot begins.

    Raises:
        SourceUnreachableError: when the server does not let us in.
        JutongError: as ``plan_move`` does.
    """
    plan, key_name = _prepare(source, order)
    key, table = quoted(key_name), quoted(plan.table)
    columns = ", ".join(column.mapping.expression.format(quoted(column.name)) for column in plan.columns)
    rows_read = 0

    def rows_of(query: str) -> tuple[tuple[object, ...], ...]:
        try:
            cursor.execute(query)
            return tuple(cursor.fetchall())
        except (*LOST, pymysql.err.ProgrammingError) as error:
            raise lost(source, error, rows_read) from error

    def values(query: str) -> tuple[object, ...]:
        return tuple(row[0] for row in rows_of(query))

    def asked(query: str) -> tuple[int, ...]:
        return tuple(int(str(value)) for value in values(query))

    def batches(span: Span) -> Iterator[pa.RecordBatch]:
        nonlocal rows_read
        try:
            answer = Answer(connection, len(plan.columns), gently.batch_bytes(order, BLOCK_BYTES))
            most = gently.batch_rows(order, BATCH_ROWS)
            for block in answer.blocks(columns, f"FROM {table}{span.where(key)}"):
                batch = plan.convert(_batch(block, plan))
                for first in range(0, batch.num_rows, most):
                    yield batch.slice(first, most)
                rows_read += batch.num_rows
        except (*LOST, pymysql.err.ProgrammingError) as error:
            raise lost(source, error, rows_read) from error

    connection = connect(source)
    cursor = connection.cursor()
    try:
        for statement in (*gently.mysql(order, _version(connection)), IN_UTC):
            asked(statement)
        with around(rows_of):
            asked(_BEGIN)
        since, table = behind(since, plan, _DIALECT, values, table=table, key=key_name)
        counted = asked(f"SELECT count(*) FROM {table}")[0]  # noqa: S608 - a name from the catalog
        ends = f"SELECT min({key}) FROM {table} UNION ALL SELECT max({key}) FROM {table}"  # noqa: S608 - as above
        yield OpenRead(
            plan,
            counted,
            key_name,
            lambda span: asked(f"SELECT count(*) FROM {table}{span.where(key)}")[0],  # noqa: S608 - from the catalog
            lambda many: spread(asked(ends), counted, many) or asked(every_nth(key, table, many)),
            batches,
            since=since,
        )
    finally:
        drop(connection)


def plan_of(source: SourceConfig, order: JobOrder) -> MovePlan:
    """Return what a move of a table reads and as what, without a row of it.

    Raises:
        SourceUnreachableError: when the server does not let us in.
        JutongError: as ``plan_move`` does.
    """
    return _prepare(source, order)[0]


def _prepare(source: SourceConfig, order: JobOrder) -> tuple[MovePlan, str]:
    named = (order.schema_name, order.table)
    with connector.session(source) as session, session.cursor() as cursor:
        cursor.execute(_CATALOG, named)
        plan = plan_move(order, [CatalogColumn(*row) for row in cursor.fetchall()], mapping_of)
        cursor.execute(_KEY, named)
        keys = cursor.fetchall()
    whole = len(keys) == 1 and keys[0][1].lower() in _WHOLE_NUMBERS
    return plan, str(keys[0][0]) if whole else ""


def connect(source: SourceConfig) -> pymysql.connections.Connection[SSCursor]:
    """Open a connection on which every value stays the text the server sends.

    Raises:
        SourceLostError: when the server does not let us in.
    """
    try:
        return pymysql.connect(
            **source.mysql_options(),
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENT_SECONDS,
            write_timeout=SILENT_SECONDS,
            autocommit=True,
            cursorclass=SSCursor,
            conv=_ENCODERS,  # no decoders
            program_name="jutong",
        )
    except LOST as error:
        raise lost(source, error, 0) from error


def lost(source: SourceConfig, error: Exception, rows: int) -> SourceLostError:
    """Return what it means that the server breaks off, or refuses a statement."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return SourceLostError(source=source.name, rows=rows, reason=_REASONS.get(number, f"error {number}"))


def _version(connection: Any) -> str:
    return str(connection.get_server_info())


def drop(connection: pymysql.connections.Connection[SSCursor]) -> None:
    """End a connection, in the middle of an answer too."""
    # A polite close would first read the rest of an unfinished answer, for which PyMySQL offers no way out.
    inner: Any = connection
    if inner._result is not None:  # noqa: SLF001
        inner._result.unbuffered_active = False  # noqa: SLF001
    inner._force_close()  # noqa: SLF001


def quoted(name: str) -> str:
    """Return a name as statements have it."""
    # PyMySQL fills in no parameters here, so a percent sign in a name needs no care.
    return "`" + name.replace("`", "``") + "`"


_DIALECT = Dialect(quoted, "CAST({} AS CHAR)")


def _batch(block: Block, plan: MovePlan) -> pa.RecordBatch:
    arrays = [
        gathered(block.data, cells, column.mapping.read_as)
        for cells, column in zip(block.cells, plan.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in plan.columns])


def gather(rows: list[tuple[Any, ...]], plan: MovePlan) -> pa.RecordBatch:
    """Return rows of texts as a batch that ``MovePlan.convert`` takes."""
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(values, type=column.mapping.read_as) for values, column in zip(columns, plan.columns, strict=True)
    ]
    names = [column.name for column in plan.columns]
    return pa.RecordBatch.from_arrays(arrays, names=names)
