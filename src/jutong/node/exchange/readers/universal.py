"""Oracle, SQL Server, 达梦, 金仓 and whatever has an ODBC driver, in one moment of the database.

The database makes texts of all values whose form is not plain, because drivers change many without a word (ADR 0018).
How long the longest of each unbounded column is, is asked in the same moment: buffers are as large as that, and a value
that is longer after all ends the move.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.exchange.errors import SourceLostError, ValueUnfitError
from jutong.node.exchange.modes.errors import WatermarkUnfitError
from jutong.node.exchange.modes.since import Dialect, Since, behind
from jutong.node.exchange.plan import CatalogColumn, MovePlan, PlannedColumn, plan_move
from jutong.node.exchange.readers import OpenRead, Span, gently, spread
from jutong.node.sources import SourceConfig
from jutong.node.universal import sessions, types
from jutong.node.universal.capability import SNAPSHOT, Capability
from jutong.node.universal.errors import KeyWantedError, RefusedError
from jutong.node.universal.sessions import Session
from jutong.node.universal.types import declared

BATCH_ROWS = 16_384
SHORT = 1_000
"""Characters up to which a declared length is taken at its word."""

MOST_BYTES = 64 * 1024 * 1024
"""No value may be longer: it would have to be in memory whole."""

MOST_HELD = 200_000
"""Rows of a table without a key that a driver may hold in memory."""

ROWS_HELD = 2 * BATCH_ROWS
"""Rows of an answer where the driver holds all of it."""

_WHOLE = {"smallint", "integer", "int", "bigint", "tinyint", "mediumint"}
_EXACT = {"number", "numeric", "decimal", "dec"}
_BOUND = re.compile(r"\((\d+)\)")


@contextmanager
def read(source: SourceConfig, order: JobOrder, since: Since | None = None) -> Iterator[OpenRead]:
    """Open a table for one consistent read, whole or behind a watermark.

    Raises:
        SourceUnreachableError: when the server does not let us in.
        DriverMissingError: when there is no driver for it here.
        TextGarbledError: when the driver spoils texts.
        SnapshotMissingError: when no moment can be held.
        JutongError: as ``plan_move`` does.
    """
    capability = sessions.capability_of(source)
    try:
        session = sessions.signed_in(source, order.care.statement_seconds if order.care else 0)
    except RefusedError as error:
        reason = sessions.reason_of(capability, error)
        raise SourceUnreachableError(source=source.name, reason=reason) from error
    reading = _Reading(source, order, session, capability)
    try:
        yield reading.opened(since)
    except RefusedError as error:
        raise reading.lost(error) from error
    finally:
        session.close()


class _Reading:
    """One table in one moment."""

    def __init__(self, source: SourceConfig, order: JobOrder, session: Session, capability: Capability) -> None:
        self._source = source
        self._order = order
        self._session = session
        self._capability = capability
        self._rows = 0
        self._whole = True

    def opened(self, since: Since | None) -> OpenRead:
        """Return the table."""
        capability, named = self._capability, (self._order.schema_name, self._order.table)
        sessions.begin(self._source, self._session, capability, self._order)
        catalog = [
            CatalogColumn(row[0], declared(*row[1:5])) for row in self._session.rows(capability.catalog.columns, named)
        ]
        plan = plan_move(self._order, catalog, capability.mapping_of)
        key_name, self._whole = _key(self._session.rows(capability.catalog.keys, named))
        key = capability.quote(key_name) if key_name else ""
        if since is not None and (kind := _kind_of(plan, since.column)).startswith(_ROUNDED):
            raise WatermarkUnfitError(column=since.column, problem=kind)
        dialect = Dialect(capability.quote, capability.text)
        since, table = behind(
            since, plan, dialect, self._values, table=capability.place(plan.schema_name, plan.table), key=key_name
        )
        counted, widest = self._survey(plan, table)
        if capability.holds and not key and counted > MOST_HELD:
            raise KeyWantedError(table=plan.table, rows=counted, limit=MOST_HELD)
        return OpenRead(
            plan,
            counted,
            key_name,
            lambda span: self._numbers(f"SELECT {capability.count} FROM {table}{span.where(key)}")[0],  # noqa: S608
            lambda many: self._bounds(key, table, counted, many),
            lambda span: self._span(plan, table, key, span, widest),
            since=since,
        )

    def lost(self, error: RefusedError) -> Exception:
        """Return what a refusal means for the move."""
        if self._capability.why(error) == SNAPSHOT:
            return sessions.no_snapshot(self._source, self._capability)
        reason = sessions.reason_of(self._capability, error)
        return SourceLostError(source=self._source.name, rows=self._rows, reason=reason)

    def _values(self, query: str) -> tuple[object, ...]:
        try:
            return tuple(row[0] for row in self._session.rows(query))
        except RefusedError as error:
            raise self.lost(error) from error

    def _numbers(self, query: str) -> tuple[int, ...]:
        return tuple(int(str(value)) for value in self._values(query))

    def _bounds(self, key: str, table: str, counted: int, rows: int) -> tuple[int, ...]:
        capability, whole = self._capability, self._whole
        ends = (capability.floor(f"{end}({key})", whole=whole) for end in ("min", "max"))
        found = self._session.rows(f"SELECT {', '.join(ends)} FROM {table}")  # noqa: S608 - a quoted name
        least, most = (int(str(value)) for value in found[0])
        return (spread((least, most), counted, rows) if whole else ()) or self._nth(key, table, rows)

    def _nth(self, key: str, table: str, rows: int) -> tuple[int, ...]:
        found = self._numbers(self._capability.nth(key, table, rows, whole=self._whole))
        return tuple(sorted(set(found)))  # two keys may have the same whole number below them

    def _survey(self, plan: MovePlan, table: str) -> tuple[int, int]:
        """Return how many rows there are, and how many bytes to keep for a value of unbounded length."""
        long = [column for column in plan.columns if _unbounded(column)]
        asked = [self._capability.count, *(f"max({self._octets(column)})" for column in long)]
        found = self._session.rows(f"SELECT {', '.join(asked)} FROM {table}")[0]  # noqa: S608 - names from the catalog
        counted, *lengths = (int(str(value or 0)) for value in found)
        for column, length in zip(long, lengths, strict=True):
            if length > MOST_BYTES:
                problem = f"{length} bytes, at most {MOST_BYTES}"
                raise ValueUnfitError(column=column.name, kind=column.type, problem=problem)
        # Two bytes of GBK are three of UTF-8.
        return counted, max([4 * SHORT, *(2 * length for length in lengths)])

    def _octets(self, column: PlannedColumn) -> str:
        large = self._capability.lob_octets if "lob" in column.type else ""
        value = column.mapping.expression.format(self._capability.quote(column.name))
        return (large or self._capability.octets).format(value)

    def _span(self, plan: MovePlan, table: str, key: str, span: Span, widest: int) -> Iterator[pa.RecordBatch]:
        """Yield a span's rows, by one answer or as many as the driver needs to hold few rows at a time."""
        small: tuple[int, ...] = ()
        if self._capability.holds and key:
            small = self._nth(key, table + span.where(key), ROWS_HELD)
        for after, upto in pairwise((span.after, *small, span.upto)):
            yield from self._batches(plan, table + Span(after, upto).where(key), widest)

    def _batches(self, plan: MovePlan, place: str, widest: int) -> Iterator[pa.RecordBatch]:
        columns = ", ".join(
            column.mapping.expression.format(self._capability.quote(column.name)) for column in plan.columns
        )
        schema = pa.schema([pa.field(column.name, column.mapping.read_as) for column in plan.columns])
        rows = gently.batch_rows(self._order, BATCH_ROWS)
        try:
            for batch in self._session.batches(f"SELECT {columns} FROM {place}", schema, rows, widest):  # noqa: S608
                yield plan.convert(batch)
                self._rows += batch.num_rows
        except RefusedError as error:
            raise self.lost(error) from error


_ROUNDED = ("money", "smallmoney")
"""Types whose text, as the database makes it of an expression, has fewer digits than the value."""


def _kind_of(plan: MovePlan, name: str) -> str:
    return next((column.type for column in plan.columns if column.name == name), "")


def _key(rows: list[tuple[object, ...]]) -> tuple[str, bool]:
    """Return the primary key where it is one column of numbers, else nothing, and whether they are whole ones."""
    if len(rows) != 1:
        return "", True
    name, kind = str(rows[0][0]), types.parts(str(rows[0][1]))[0]
    if kind in _WHOLE:
        return name, True
    return (name, False) if kind in _EXACT else ("", True)


def _unbounded(column: PlannedColumn) -> bool:
    """Tell whether neither the catalog nor the expression says how long a value may be."""
    if column.mapping.arrow not in {pa.string(), pa.binary()} or _BOUND.search(column.mapping.expression):
        return False
    found = _BOUND.search(column.type)
    return found is None or int(found[1]) > SHORT
