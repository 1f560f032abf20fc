"""Live PostgreSQL: a small pool of read-only connections that keep their prepared statements.

asyncpg's own pool resets a connection with a round trip after each use; our connections never carry anything from
one call to the next (read-only, autocommit, no settings changed), so there is nothing to reset.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import asyncpg

from jutong.node.errors import KeyUnfitError, SourceChangedError, SourceSlowError, SourceUnavailableError
from jutong.node.live.source import CONNECT_SECONDS, STATEMENT_SECONDS, PointQuery, ProbedTable, Row
from jutong.node.live.statement import LIKE_ESCAPE, Dialect, Statement, build
from jutong.node.sources import SourceConfig

POOL_SIZE = 16
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


class PostgresSource:
    """A department's PostgreSQL database."""

    def __init__(self, config: SourceConfig, *, size: int = POOL_SIZE, seconds: float = STATEMENT_SECONDS) -> None:
        self.name = config.name
        self._config = config
        self._seconds = seconds
        self._places = asyncio.Semaphore(size)
        self._idle: list[_Slot] = []
        self._compiled: dict[PointQuery, Statement] = {}
        self._closed = False

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
        if good and not self._closed and not slot.connection.is_closed() and len(slot.statements) < MOST_STATEMENTS:
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
            types = await self._types(slot, query.schema, query.table)
            if not types.keys() >= {*query.columns, *query.lookup, *(one.column for one in query.conditions)}:
                raise SourceChangedError(source=self.name)
            found = build(query, Dialect(quote, partial(_compare, types), _prefix, "${}".format))
            if len(self._compiled) >= MOST_STATEMENTS:
                self._compiled.clear()
            self._compiled[query] = found
        return found

    async def _types(self, slot: _Slot, schema: str, table: str) -> dict[str, str]:
        rows = await slot.connection.fetch(_TYPES, f"{quote(schema)}.{quote(table)}", timeout=self._seconds)
        return dict(rows)

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows; see ``LiveSource``."""
        slot, fresh = await self._acquire()
        while True:
            good = False
            try:
                rows: Sequence[Row] = await self._run(slot, query, values)
                good = True
            except (KeyUnfitError, SourceChangedError, SourceSlowError):
                good = not slot.connection.is_closed()
                raise
            except (*_GONE, asyncpg.InvalidCachedStatementError, asyncpg.FeatureNotSupportedError) as error:
                # An idle connection may have died, or its statement aged by a changed table: once more, afresh.
                if fresh:
                    raise SourceUnavailableError(source=self.name) from error
            finally:
                if good or fresh:
                    self._release(slot, good=good)
            if good:
                return rows
            slot.connection.terminate()
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
            rows: Sequence[Row] = await fetch(*values, *constants, timeout=self._seconds)
        except asyncpg.QueryCanceledError as error:
            raise SourceSlowError(source=self.name, seconds=int(self._seconds)) from error
        except TimeoutError as error:
            slot.connection.terminate()
            raise SourceSlowError(source=self.name, seconds=int(self._seconds)) from error
        except asyncpg.DataError as error:
            raise KeyUnfitError from error
        except _CHANGED as error:
            self._compiled.pop(query, None)
            raise SourceChangedError(source=self.name) from error
        else:
            return rows

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
