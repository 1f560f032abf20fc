"""Live MariaDB and MySQL: read-only sessions on a few threads.

MySQL compares loosely: a text against a number column is cut to its leading digits, and most collations ignore case
and trailing blanks. A key must fit exactly or not at all, so numbers and dates are checked before they are sent and
texts are compared a second time byte by byte.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import pymysql

from jutong.kernel.errors import JutongError
from jutong.node.errors import KeyUnfitError, SourceChangedError, SourceSlowError, SourceUnavailableError
from jutong.node.live.ranges import build_cases, build_range, columns_of
from jutong.node.live.source import CONNECT_SECONDS, STATEMENT_SECONDS, PointQuery, ProbedTable, RangeQuery, Row
from jutong.node.live.statement import LIKE_ESCAPE, Dialect, Statement, build
from jutong.node.live.threads import ThreadConnections
from jutong.node.sources import SourceConfig

Result = TypeVar("Result")
Session: TypeAlias = "pymysql.connections.Connection[pymysql.cursors.Cursor]"

CHANGED = {1051, 1054, 1109, 1142, 1143, 1146, 1356}
SLOW = {1317, 1969, 3024}
STALE = {2006, 2013, 2055}
MOST_STATEMENTS = 512

_NUMBERS = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "year", "bit"}
_DATES = {"date", "datetime", "timestamp"}
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,30})?")
_COLUMNS = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
_INDEXED = (
    "SELECT DISTINCT column_name FROM information_schema.statistics"
    " WHERE table_schema = %s AND table_name = %s AND seq_in_index = 1"
)
_SIZE = "SELECT table_rows, table_type FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"


def quote(name: str) -> str:
    """Return a quoted identifier, for a statement that still goes through the driver's formatting.

    Raises:
        ValueError: for a name MySQL cannot have.
    """
    if not name or "\0" in name:
        raise ValueError("no identifier")
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def _dialect(types: dict[str, str]) -> Dialect:
    def compare(column: str, sign: str, mark: str) -> str:
        name = quote(column)
        if sign != "=":
            return f"{name} {sign} {mark}"
        if types[column] in _NUMBERS | _DATES:
            return f"({name} = {mark} AND {name} = {mark})"
        return f"({name} = {mark} AND CAST(CONVERT({name} USING utf8mb4) AS BINARY) = CAST({mark} AS BINARY))"

    def prefix(column: str, mark: str) -> str:
        return f"CONVERT({quote(column)} USING utf8mb4) COLLATE utf8mb4_bin LIKE {mark} ESCAPE '{LIKE_ESCAPE}'"

    return Dialect(quote, compare, prefix, lambda _: "%s", repeats=2)


def _fits(kind: str, value: str) -> bool:
    if kind in _NUMBERS:
        return _NUMBER.fullmatch(value) is not None
    if kind in _DATES:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
    return True


class MysqlSource:
    """A department's MariaDB or MySQL database."""

    def __init__(self, config: SourceConfig, *, seconds: float = STATEMENT_SECONDS) -> None:
        self.name = config.name
        self._options = config.mysql_options()
        self._seconds = seconds
        self._threads = ThreadConnections(config.name, self._connect, _close)
        self._compiled: dict[PointQuery, tuple[Statement, tuple[str, ...]]] = {}

    def _connect(self) -> Session:
        session: Session = pymysql.connect(
            **self._options, charset="utf8mb4", autocommit=True,
            connect_timeout=int(CONNECT_SECONDS), read_timeout=self._seconds + 1, write_timeout=self._seconds + 1,
        )  # fmt: skip
        with session.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SELECT version()")
            if "MariaDB" in str(cursor.fetchone()):
                cursor.execute("SET SESSION max_statement_time = %s", (self._seconds,))
            else:
                cursor.execute("SET SESSION max_execution_time = %s", (int(self._seconds * 1000),))
        return session

    def _compile(self, session: Session, query: PointQuery) -> tuple[Statement, tuple[str, ...]]:
        found = self._compiled.get(query)
        if found is None:
            types = _types(session, query.schema, query.table)
            if not types.keys() >= {*query.columns, *query.lookup, *(one.column for one in query.conditions)}:
                raise SourceChangedError(source=self.name)
            kinds = tuple(types[column] for column in query.lookup)
            if len(self._compiled) >= MOST_STATEMENTS:
                self._compiled.clear()
            found = self._compiled[query] = (build(query, _dialect(types)), kinds)
        return found

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows; see ``LiveSource``."""

        def work(session: Session) -> Sequence[Row]:
            statement, kinds = self._compile(session, query)
            if not all(value is None or _fits(kind, value) for kind, value in zip(kinds, values, strict=True)):
                raise KeyUnfitError
            with session.cursor() as cursor:
                cursor.execute(statement.sql, statement.arguments(values))
                return cursor.fetchall()

        return await self._guarded(work)

    def _checked(self, session: Session, query: PointQuery | RangeQuery) -> dict[str, str]:
        types = _types(session, query.schema, query.table)
        if not types.keys() >= columns_of(query):
            raise SourceChangedError(source=self.name)
        return types

    async def fetch_many(self, query: PointQuery, keys: Sequence[Sequence[str]]) -> Sequence[tuple[int, Row]]:
        """Return rows with the number of their key; see ``BulkSource``."""

        def work(session: Session) -> Sequence[Row]:
            types = self._checked(session, query)
            kinds = [types[column] for column in query.lookup]
            if not all(_fits(kind, value) for key in keys for kind, value in zip(kinds, key, strict=True)):
                raise KeyUnfitError
            if not keys:
                return ()
            return _rows(session, build_cases(query, _dialect(types), keys))

        return [(int(row[0]), row[1:]) for row in await self._guarded(work)]

    async def scan(self, query: RangeQuery) -> Sequence[Row]:
        """Return a stretch of rows; see ``BulkSource``."""

        def work(session: Session) -> Sequence[Row]:
            types = self._checked(session, query)
            given = [
                (one.column, value) for one in query.conditions if one.operator != "prefix" for value in one.values
            ]
            if not all(_fits(types[column], value) for column, value in given):
                raise KeyUnfitError
            return _rows(session, build_range(query, _dialect(types)))

        return await self._guarded(work)

    async def _guarded(self, work: Callable[[Session], Result]) -> Result:
        return await self._threads.run(lambda: self._twice(work))

    def _twice(self, work: Callable[[Session], Result]) -> Result:
        """Run ``work``, once more on a fresh session when the kept one turns out to be dead."""
        try:
            return work(self._threads.current())
        except pymysql.Error as error:
            if not error.args or error.args[0] not in STALE:
                raise self._named(error) from error
        self._threads.drop()
        try:
            return work(self._threads.current())
        except pymysql.Error as error:
            self._threads.drop()
            raise self._named(error) from error

    def _named(self, error: pymysql.Error) -> JutongError:
        number = error.args[0] if error.args else 0
        if number in CHANGED:
            return SourceChangedError(source=self.name)
        if number in SLOW:
            return SourceSlowError(source=self.name, seconds=int(self._seconds))
        if isinstance(error, pymysql.err.DataError):
            return KeyUnfitError()
        return SourceUnavailableError(source=self.name)

    async def probe(self, schema: str, table: str) -> ProbedTable:
        """Describe a table; see ``LiveSource``."""

        def work(session: Session) -> ProbedTable:
            types = _types(session, schema, table)
            with session.cursor() as cursor:
                cursor.execute(_INDEXED, (schema, table))
                indexed = frozenset(str(row[0]) for row in cursor.fetchall())
                cursor.execute(_SIZE, (schema, table))
                size = cursor.fetchone()
            if not types or size is None:
                raise SourceChangedError(source=self.name)
            return ProbedTable(frozenset(types), indexed, int(size[0] or 0), is_view="VIEW" in str(size[1]))

        return await self._guarded(work)

    async def close(self) -> None:
        """Close every thread's session."""
        self._threads.close()


def _rows(session: Session, statement: Statement) -> Sequence[Row]:
    with session.cursor() as cursor:
        cursor.execute(statement.sql, statement.constants)
        return cursor.fetchall()


def _types(session: Session, schema: str, table: str) -> dict[str, str]:
    with session.cursor() as cursor:
        cursor.execute(_COLUMNS, (schema, table))
        return {str(row[0]): str(row[1]).lower() for row in cursor.fetchall()}


def _close(session: Any) -> None:
    with contextlib.suppress(pymysql.Error, OSError):
        session.close()
