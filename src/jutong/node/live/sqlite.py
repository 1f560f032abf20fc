"""Live SQLite: a department's file, opened read-only on a few threads."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote as url_quote

from jutong.node.errors import SourceChangedError, SourceSlowError, SourceUnavailableError
from jutong.node.live.ranges import build_json, build_range
from jutong.node.live.source import STATEMENT_SECONDS, PointQuery, ProbedTable, RangeQuery, Row
from jutong.node.live.statement import LIKE_ESCAPE, Dialect, Statement, build
from jutong.node.live.threads import ThreadConnections
from jutong.node.sources import SourceConfig

Result = TypeVar("Result")

CHECK_EVERY = 20_000
"""Virtual machine steps between two looks at the clock."""

MOST_STATEMENTS = 512


def quote(name: str) -> str:
    """Return a quoted identifier. Not in double quotes: SQLite would read an unknown column there as a text.

    Raises:
        ValueError: for a name SQLite cannot have.
    """
    if not name or "\0" in name:
        raise ValueError("no identifier")
    return "`" + name.replace("`", "``") + "`"


def _compare(column: str, sign: str, mark: str) -> str:
    # BINARY: a column declared NOCASE must not answer for another key than the one asked.
    return f"{quote(column)} {sign} {mark}" + (" COLLATE BINARY" if sign == "=" else "")


def _prefix(column: str, mark: str) -> str:
    return f"{quote(column)} LIKE {mark} ESCAPE '{LIKE_ESCAPE}'"


DIALECT = Dialect(quote, _compare, _prefix, lambda _: "?")


class SqliteSource:
    """A department's SQLite file."""

    def __init__(self, config: SourceConfig, *, seconds: float = STATEMENT_SECONDS) -> None:
        self.name = config.name
        self._file = config.file
        self._seconds = seconds
        self._threads = ThreadConnections(config.name, self._connect, _close)
        self._compiled: dict[PointQuery, Statement] = {}

    def _connect(self) -> tuple[sqlite3.Connection, tuple[int, int]]:
        identity = self._identity()
        connection = sqlite3.connect(
            f"file:{url_quote(str(self._file))}?mode=ro",
            uri=True, isolation_level=None, check_same_thread=False, timeout=1.0,
        )  # fmt: skip
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA case_sensitive_like = 1")
        connection.execute("PRAGMA trusted_schema = 0")
        return connection, identity

    def _identity(self) -> tuple[int, int]:
        found = os.stat(self._file)  # noqa: PTH116 - once per call, on the way of an answer
        return found.st_dev, found.st_ino

    def _compile(self, query: PointQuery) -> Statement:
        found = self._compiled.get(query)
        if found is None:
            if len(self._compiled) >= MOST_STATEMENTS:
                self._compiled.clear()
            found = self._compiled[query] = build(query, DIALECT)
        return found

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows; see ``LiveSource``."""
        statement = self._compile(query)
        arguments = statement.arguments(values)

        return await self._guarded(lambda connection: self._timed(connection, statement.sql, arguments))

    async def fetch_many(self, query: PointQuery, keys: Sequence[Sequence[str]]) -> Sequence[tuple[int, Row]]:
        """Return rows with the number of their key; see ``BulkSource``."""
        statement = build_json(query, DIALECT)
        arguments = [json.dumps([list(key) for key in keys]), *statement.constants]
        rows = await self._guarded(lambda connection: self._timed(connection, statement.sql, arguments))
        return [(row[0], row[1:]) for row in rows]

    async def scan(self, query: RangeQuery) -> Sequence[Row]:
        """Return a stretch of rows; see ``BulkSource``."""
        statement = build_range(query, DIALECT)
        return await self._guarded(lambda connection: self._timed(connection, statement.sql, list(statement.constants)))

    def _current(self) -> sqlite3.Connection:
        kept, identity = self._threads.current()
        if identity != self._identity():  # the file was replaced by a newer one
            self._threads.drop()
            kept, _ = self._threads.current()
        return kept

    def _timed(self, connection: sqlite3.Connection, sql: str, arguments: Sequence[Any]) -> list[Row]:
        until = time.monotonic() + self._seconds
        connection.set_progress_handler(lambda: time.monotonic() > until, CHECK_EVERY)
        try:
            return connection.execute(sql, arguments).fetchall()
        finally:
            connection.set_progress_handler(None, 0)

    async def _guarded(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            return await self._threads.run(lambda: work(self._current()))
        except sqlite3.OperationalError as error:
            raise self._named(error) from error
        except (sqlite3.Error, OSError) as error:
            raise SourceUnavailableError(source=self.name) from error

    def _named(self, error: sqlite3.OperationalError) -> Exception:
        text = str(error)
        if text.startswith(("no such table", "no such column")):
            return SourceChangedError(source=self.name)
        if text == "interrupted":
            return SourceSlowError(source=self.name, seconds=int(self._seconds))
        return SourceUnavailableError(source=self.name)

    async def probe(self, schema: str, table: str) -> ProbedTable:
        """Describe a table; see ``LiveSource``."""
        place = quote(schema or "main")

        found = await self._guarded(lambda connection: _look(connection, place, table))
        if not found.columns:
            raise SourceChangedError(source=self.name)
        return found

    async def close(self) -> None:
        """Close every thread's connection."""
        self._threads.close()


def _look(connection: sqlite3.Connection, place: str, table: str) -> ProbedTable:
    columns = connection.execute(f"PRAGMA {place}.table_info({quote(table)})").fetchall()
    indexes = connection.execute(f"PRAGMA {place}.index_list({quote(table)})").fetchall()
    leading = {row[1] for row in columns if row[5] == 1}
    for index in indexes:
        first = connection.execute(f"PRAGMA {place}.index_info({quote(index[1])})").fetchone()
        if first and first[2]:
            leading.add(first[2])
    kind = connection.execute(f"SELECT type FROM {place}.sqlite_master WHERE name = ?", (table,)).fetchone()  # noqa: S608
    size = 0
    if kind == ("table",):
        with contextlib.suppress(sqlite3.OperationalError):  # a table without rowid: its size stays unknown
            size = connection.execute(f"SELECT max(rowid) FROM {place}.{quote(table)}").fetchone()[0] or 0  # noqa: S608
    return ProbedTable(frozenset(row[1] for row in columns), frozenset(leading), size, is_view=kind == ("view",))


def _close(kept: tuple[sqlite3.Connection, tuple[int, int]]) -> None:
    with contextlib.suppress(sqlite3.Error):
        kept[0].close()
