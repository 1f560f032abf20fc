"""Live library tables: what was moved into the library, looked up by key in the newest version of its Delta table.

Values become typed scalars of an expression, never text of a statement, and the file statistics keep most files shut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import and_, or_
from threading import Lock
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from jutong.contracts.modes import DELETED, TO
from jutong.contracts.orders import Condition
from jutong.library.errors import TableNameError, TableUnknownError
from jutong.library.tables import open_table, table_path
from jutong.node.errors import KeyUnfitError, SourceChangedError, SourceSlowError, SourceUnavailableError
from jutong.node.live.source import STATEMENT_SECONDS, PointQuery, ProbedTable, Row
from jutong.node.sources import SourceConfig

Result = TypeVar("Result")
ENDS = (TO, DELETED)
"""Columns of tables with history: a row with a moment there no longer holds, and nobody is served it as if it did."""

THREADS = 4


class LibrarySource:
    """One department's tables in the library; the schema of an order is the library's zone."""

    def __init__(self, config: SourceConfig, *, seconds: float = STATEMENT_SECONDS) -> None:
        self.name = config.name
        self._folder = config.file
        self._organisation = config.organisation_code
        self._seconds = seconds
        self._tables: dict[tuple[str, str], DeltaTable] = {}
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(THREADS, f"source-{config.name}")

    def _open(self, schema: str, table: str) -> DeltaTable:
        with self._lock:
            kept = self._tables.get((schema, table))
            if kept is None:
                path = table_path(self._folder, schema, self._organisation, table)
                kept = self._tables[schema, table] = open_table(path)
            else:
                kept.update_incremental()
            return kept

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows; see ``LiveSource``."""
        return await self._guarded(lambda: self._fetch(query, values))

    def _fetch(self, query: PointQuery, values: Sequence[str | None]) -> list[Row]:
        if any(value is None for value in values):
            return []
        dataset = self._open(query.schema, query.table).to_pyarrow_dataset()
        schema = dataset.schema
        if not set(schema.names) >= {*query.columns, *query.lookup, *(one.column for one in query.conditions)}:
            raise SourceChangedError(source=self.name)
        wanted = [
            pc.field(column) == _scalar(schema, column, str(value))
            for column, value in zip(query.lookup, values, strict=True)
        ]  # fmt: skip
        held = filter_of(schema, query.conditions, self.name)
        wanted += [held] if held is not None else []
        found = dataset.head(query.limit, columns=list(query.columns), filter=reduce(and_, wanted))
        return [tuple(row.values()) for row in found.to_pylist()]

    async def _guarded(self, work: Callable[[], Result]) -> Result:
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(running)
        except TimeoutError as error:
            running.add_done_callback(_swallow)
            raise SourceSlowError(source=self.name, seconds=int(self._seconds)) from error
        except (TableUnknownError, TableNameError) as error:
            raise SourceChangedError(source=self.name) from error
        except (DeltaError, pa.ArrowException, OSError) as error:
            raise SourceUnavailableError(source=self.name) from error

    async def probe(self, schema: str, table: str) -> ProbedTable:
        """Describe a table; see ``LiveSource``. The statistics of its files are all the index there is."""

        def work() -> ProbedTable:
            opened = self._open(schema, table)
            names = frozenset(opened.to_pyarrow_dataset().schema.names)
            actions = pa.table(opened.get_add_actions(flatten=True))
            rows: int | None = pc.sum(actions["num_records"]).as_py()
            return ProbedTable(names, names, rows or 0)

        return await self._guarded(work)

    async def close(self) -> None:
        """Finish what runs."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def filter_of(schema: pa.Schema, conditions: Sequence[Condition], source: str) -> pc.Expression | None:
    """Return what rows must hold to be served under conditions, None where every row is.

    Raises:
        SourceChangedError: if a condition means nothing for this schema any more.
    """
    wanted = [_condition(schema, one, source) for one in conditions]
    wanted += [pc.field(column).is_null() for column in ENDS if column in schema.names]
    return reduce(and_, wanted) if wanted else None


def _condition(schema: pa.Schema, condition: Condition, source: str) -> pc.Expression:
    if condition.column not in schema.names:
        raise SourceChangedError(source=source)
    field = pc.field(condition.column)
    if not condition.values:
        return pc.scalar(False)
    if condition.operator == "prefix":
        if not pa.types.is_string(schema.field(condition.column).type):
            raise SourceChangedError(source=source)
        begins: pc.Expression = reduce(or_, [pc.starts_with(field, one) for one in condition.values])
        return begins
    try:
        scalars = [_scalar(schema, condition.column, one) for one in condition.values]
    except KeyUnfitError as error:
        raise SourceChangedError(source=source) from error
    if condition.operator in {"eq", "in"}:
        equals: pc.Expression = reduce(or_, [field == one for one in scalars])
        return equals
    if len(scalars) != 1:
        raise SourceChangedError(source=source)
    bounded: pc.Expression = field >= scalars[0] if condition.operator == "ge" else field <= scalars[0]
    return bounded


def _scalar(schema: pa.Schema, column: str, value: str) -> Any:
    try:
        return pa.scalar(value).cast(schema.field(column).type)
    except pa.ArrowException as error:
        raise KeyUnfitError from error


def _swallow(done: asyncio.Future[Any]) -> None:
    if not done.cancelled():
        done.exception()
