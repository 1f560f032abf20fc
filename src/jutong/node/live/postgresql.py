"""Live PostgreSQL: a small pool of read-only connections that keep their prepared statements.

asyncpg's own pool resets a connection with a round trip after each use; our connections never carry anything from
one call to the next (read-only, autocommit, no settings changed), so there is nothing to reset.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import asyncpg

from jutong.node.errors import KeyUnfitError, SourceChangedError, SourceSlowError, SourceUnavailableError
from jutong.node.live.gathering import AT_ONCE, MOST_TOGETHER, Gathering
from jutong.node.live.ranges import build_lateral, build_range, columns_of
from jutong.node.live.source import CONNECT_SECONDS, STATEMENT_SECONDS, PointQuery, ProbedTable, RangeQuery, Row
from jutong.node.live.statement import LIKE_ESCAPE, Dialect, Statement, build
from jutong.node.sources import SourceConfig

POOL_SIZE = 16
CALLS_AT_ONCE = AT_ONCE * MOST_TOGETHER
"""Calls this source works on at once, most of them gathered into few statements."""

MOST_STATEMENTS = 512
"""Prepared statements of one connection; one that has more is replaced, so that old grants do not pile up."""

_TYPES = """
SELECT a.attname, quote_ident(n.nspname) || '.' || quote_ident(t.typname)
FROM pg_attribute a
JOIN pg_type u ON u.oid = a.atttypid
JOIN pg_type t ON t.oid = CASE WHEN u.typtype = 'd' THEN u.typbasetype ELSE u.oid END
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
"""
_INDEXED = """
SELECT DISTINCT a.attname FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = to_regclass($1) AND i.indisvalid
"""
_SIZE = "SELECT reltuples::bigint, relkind::text FROM pg_class WHERE oid = to_regclass($1)"
_TEXT = {"pg_catalog.text", "pg_catalog.varchar"}

_GONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCatalogNameError,
)
_AGED = (*_GONE, asyncpg.InvalidCachedStatementError, asyncpg.FeatureNotSupportedError)
_CHANGED = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InsufficientPrivilegeError,
            asyncpg.InvalidSchemaNameError, asyncpg.UndefinedFunctionError)  # fmt: skip


def quote(name: str) -> str:
    """Return a quoted identifier.

    Raises:
        ValueError: for a name PostgreSQL cannot have.
    """
    if not name or "\0" in name:
        raise ValueError("no identifier")
    return '"' + name.replace('"', '""') + '"'


def _compare(types: dict[str, str], column: str, sign: str, mark: str) -> str:
    # Parameters arrive as text. Casting the parameter, never the column, keeps the column's index in use.
    kind = types[column]
    cast = "" if kind in _TEXT else f"::{kind}"
    return f"{quote(column)} {sign} {mark}::text{cast}"


def _prefix(column: str, mark: str) -> str:
    return f"{quote(column)}::text LIKE {mark}::text ESCAPE '{LIKE_ESCAPE}'"


class _Slot:
    """One connection and the statements prepared on it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.statements: dict[PointQuery, Any] = {}
        self.together: dict[PointQuery, Any] = {}


class PostgresSource:
    """A department's PostgreSQL database."""

    def __init__(
        self,
        config: SourceConfig,
        *,
        size: int = POOL_SIZE,
        seconds: float = STATEMENT_SECONDS,
        gather: bool = True,
    ) -> None:
        """Prepare a source; no connection is made yet.

        Args:
            config: the source.
            size: how many connections there may be.
            seconds: how long a statement may take.
            gather: whether calls that come at once go to the database together.
        """
        self.name = config.name
        self._config = config
        self._seconds = seconds
        self._places = asyncio.Semaphore(size)
        self._idle: list[_Slot] = []
        self._compiled: dict[PointQuery, Statement] = {}
        self._closed = False
        self._point = Gathering(self._alone, self._together).fetch if gather else self._alone

    async def _connect(self) -> _Slot:
        settings = {
            "application_name": "jutong-gateway",
            "default_transaction_read_only": "on",
            "statement_timeout": str(int(self._seconds * 1000)),
        }
        try:
            connection = await asyncpg.connect(
                self._config.dsn, timeout=CONNECT_SECONDS, server_settings=settings, statement_cache_size=0
            )
        except (*_GONE, TimeoutError) as error:
            raise SourceUnavailableError(source=self.name) from error
        return _Slot(connection)

    def _release(self, slot: _Slot, *, good: bool) -> None:
        if (
            good
            and not self._closed
            and not slot.connection.is_closed()
            and len(slot.statements) + len(slot.together) < MOST_STATEMENTS
        ):
            self._idle.append(slot)
        else:
            slot.connection.terminate()
        self._places.release()

    async def _acquire(self) -> tuple[_Slot, bool]:
        """Return a connection and whether it is fresh."""
        if self._places.locked():
            try:
                await asyncio.wait_for(self._places.acquire(), self._seconds)
            except TimeoutError as error:
                raise SourceSlowError(source=self.name, seconds=int(self._seconds)) from error
        else:
            await self._places.acquire()
        while self._idle:
            slot = self._idle.pop()
            if not slot.connection.is_closed():
                return slot, False
        try:
            return await self._connect(), True
        except BaseException:
            self._places.release()
            raise

    async def _compile(self, slot: _Slot, query: PointQuery) -> Statement:
        found = self._compiled.get(query)
        if found is None:
            found = build(query, await self._dialect(slot, query))
            if len(self._compiled) >= MOST_STATEMENTS:
                self._compiled.clear()
            self._compiled[query] = found
        return found

    async def _types(self, slot: _Slot, schema: str, table: str) -> dict[str, str]:
        rows = await slot.connection.fetch(_TYPES, f"{quote(schema)}.{quote(table)}", timeout=self._seconds)
        return dict(rows)

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows; see ``LiveSource``."""
        return await self._point(query, values)

    async def _alone(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        return await self._answered(lambda slot: self._run(slot, query, values), query)

    async def _together(self, query: PointQuery, keys: Sequence[Sequence[str | None]]) -> Sequence[tuple[int, Row]]:
        rows = await self._answered(lambda slot: self._run_together(slot, query, keys), query)
        return [(row[0], tuple(row)[1:]) for row in rows]

    async def fetch_many(self, query: PointQuery, keys: Sequence[Sequence[str]]) -> Sequence[tuple[int, Row]]:
        """Return rows with the number of their key; see ``BulkSource``."""
        given = [[key[at] for key in keys] for at in range(len(query.lookup))]

        async def run(slot: _Slot) -> Sequence[Row]:
            statement = build_lateral(query, await self._dialect(slot, query))
            return await self._named(slot, statement.sql, [*given, *statement.constants])

        return [(int(row[0]), tuple(row)[1:]) for row in await self._answered(run, query)]

    async def scan(self, query: RangeQuery) -> Sequence[Row]:
        """Return a stretch of rows; see ``BulkSource``."""

        async def run(slot: _Slot) -> Sequence[Row]:
            statement = build_range(query, await self._dialect(slot, query))
            return await self._named(slot, statement.sql, [str(value) for value in statement.constants])

        return await self._answered(run, query)

    async def _dialect(self, slot: _Slot, query: PointQuery | RangeQuery) -> Dialect:
        types = await self._types(slot, query.schema, query.table)
        if not types.keys() >= columns_of(query):
            raise SourceChangedError(source=self.name)
        return Dialect(quote, partial(_compare, types), _prefix, "${}".format)

    async def _answered(
        self, run: Callable[[_Slot], Awaitable[Sequence[Row]]], query: PointQuery | RangeQuery
    ) -> Sequence[Row]:
        slot, fresh = await self._acquire()
        while True:
            try:
                rows = await run(slot)
            except _AGED as error:
                # An idle connection may have died, or its statement aged by a changed table: once more, afresh.
                if fresh:
                    self._release(slot, good=False)
                    raise SourceUnavailableError(source=self.name) from error
            except BaseException as error:
                named = isinstance(error, KeyUnfitError | SourceChangedError | SourceSlowError)
                self._release(slot, good=named and not slot.connection.is_closed())
                raise
            else:
                self._release(slot, good=True)
                return rows
            slot.connection.terminate()
            if isinstance(query, PointQuery):
                self._compiled.pop(query, None)
            slot, fresh = await self._reconnect()

    async def _reconnect(self) -> tuple[_Slot, bool]:
        try:
            return await self._connect(), True
        except BaseException:
            self._places.release()
            raise

    async def _run(self, slot: _Slot, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        try:
            statement = slot.statements.get(query)
            if statement is None:
                compiled = await self._compile(slot, query)
                prepared = await slot.connection.prepare(compiled.sql, timeout=self._seconds)
                statement = slot.statements[query] = (prepared.fetch, compiled.constants)
            fetch, constants = statement
            return await fetch(*values, *constants, timeout=self._seconds)  # type: ignore[no-any-return]
        except Exception as error:
            self._raise(slot, query, error)
            raise

    async def _run_together(
        self, slot: _Slot, query: PointQuery, keys: Sequence[Sequence[str | None]]
    ) -> Sequence[Row]:
        try:
            statement = slot.together.get(query)
            if statement is None:
                compiled = build_lateral(query, await self._dialect(slot, query))
                prepared = await slot.connection.prepare(compiled.sql, timeout=self._seconds)
                statement = slot.together[query] = (prepared.fetch, compiled.constants)
            fetch, constants = statement
            return await fetch(*zip(*keys, strict=True), *constants, timeout=self._seconds)  # type: ignore[no-any-return]
        except Exception as error:
            self._raise(slot, query, error)
            raise

    async def _named(self, slot: _Slot, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        try:
            return await slot.connection.fetch(sql, *values, timeout=self._seconds)  # type: ignore[no-any-return]
        except Exception as error:
            self._raise(slot, None, error)
            raise

    def _raise(self, slot: _Slot, query: PointQuery | None, error: Exception) -> None:
        """Raise the named error a driver's error stands for, if it has one."""
        if isinstance(error, asyncpg.QueryCanceledError):
            raise SourceSlowError(source=self.name, seconds=int(self._seconds)) from error
        if isinstance(error, TimeoutError):
            slot.connection.terminate()
            raise SourceSlowError(source=self.name, seconds=int(self._seconds)) from error
        if isinstance(error, asyncpg.DataError):
            raise KeyUnfitError from error
        if isinstance(error, _CHANGED):
            if query is not None:
                self._compiled.pop(query, None)
            raise SourceChangedError(source=self.name) from error

    async def probe(self, schema: str, table: str) -> ProbedTable:
        """Describe a table; see ``LiveSource``."""
        slot, _ = await self._acquire()
        good = False
        try:
            full = f"{quote(schema)}.{quote(table)}"
            types = await self._types(slot, schema, table)
            size = await slot.connection.fetchrow(_SIZE, full, timeout=self._seconds)
            indexed = await slot.connection.fetch(_INDEXED, full, timeout=self._seconds)
            good = True
        except (*_GONE, TimeoutError) as error:
            raise SourceUnavailableError(source=self.name) from error
        finally:
            self._release(slot, good=good)
        if size is None:
            raise SourceChangedError(source=self.name)
        leading = frozenset(row[0] for row in indexed)
        return ProbedTable(frozenset(types), leading, max(int(size[0]), 0), is_view=size[1] in {"v", "f"})

    async def close(self) -> None:
        """Close idle connections; those in use end with their call."""
        self._closed = True
        while self._idle:
            with contextlib.suppress(*_GONE, TimeoutError):
                await self._idle.pop().connection.close(timeout=CONNECT_SECONDS)
