"""SQLite: a file opened read-only, described by its own schema table."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import quote

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.node.connectors.errors import SourceTooLargeError, SourceUnreachableError
from jutong.node.connectors.limits import (
    CONNECT_SECONDS,
    LOOK_SECONDS,
    MAX_TABLES,
    ROWS_UNKNOWN,
    Listed,
    gather,
)
from jutong.node.sources import SourceConfig

SCHEMA = "main"
_STEPS_BETWEEN_LOOKS = 10_000
_TABLES = """
SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
 ORDER BY name LIMIT ?
"""
_REFERENCES = 'SELECT "from", "table", coalesce("to", \'\') FROM pragma_foreign_key_list(?) ORDER BY id DESC'
_COLUMNS = 'SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid'


def uri(source: SourceConfig) -> str:
    """Return the address under which the file opens read-only, whatever characters its name has."""
    return f"file:{quote(str(source.file))}?mode=ro"


@contextmanager
def session(source: SourceConfig, seconds: int = LOOK_SECONDS) -> Iterator[sqlite3.Connection]:
    """Open the file read-only; a statement that runs longer than ``seconds`` is broken off.

    Raises:
        SourceUnreachableError: when the file is missing, locked, or no database.
    """
    deadline = time.monotonic() + seconds
    try:
        connection = sqlite3.connect(uri(source), uri=True, timeout=CONNECT_SECONDS, isolation_level=None)
        try:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
            connection.execute("PRAGMA query_only = 1")
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise SourceUnreachableError(source=source.name, reason=_reason(error)) from error


def _reason(error: sqlite3.DatabaseError) -> str:
    name = getattr(error, "sqlite_errorname", "")
    return {
        "SQLITE_CANTOPEN": "no such file",
        "SQLITE_NOTADB": "not a SQLite database",
        "SQLITE_CORRUPT": "the file is damaged",
        "SQLITE_BUSY": "locked by another program",
        "SQLITE_INTERRUPT": "timed out",
    }.get(name, name or "unreadable")


def probe(source: SourceConfig) -> None:
    """Read the schema's head; opening alone would not notice a file that is no database."""
    with session(source) as connection:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """List tables and views. SQLite keeps no comments; row estimates are those of ANALYZE or the highest row id."""
    with session(source) as connection:
        found = connection.execute(_TABLES, (MAX_TABLES + 1,)).fetchall()
        if len(found) > MAX_TABLES:
            raise SourceTooLargeError(source=source.name, what="表", limit=MAX_TABLES)
        return gather(source.name, _listed(connection, found, _analysed(connection)))


def _listed(
    connection: sqlite3.Connection, found: list[tuple[str, Literal["table", "view"]]], estimates: dict[str, int]
) -> Iterator[Listed]:
    for table, kind in found:
        rows = ROWS_UNKNOWN if kind == "view" else estimates.get(table)
        estimate = _highest_rowid(connection, table) if rows is None else rows
        references = _references(connection, table)
        for name, declared, required, key in _columns(connection, table):
            column = ColumnInfo(
                name=name, type=declared, nullable=not required and not key, key=bool(key),
                refers_to=references.get(name, ""),
            )  # fmt: skip
            yield (SCHEMA, table, "", estimate, kind), column


def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str, int, int]]:
    """Return name, declared type, whether required and place in the key; nothing for a view that no longer works."""
    try:
        return connection.execute(_COLUMNS, (table,)).fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return []


def _references(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Return ``table.column`` by column; a reference that names no column means the other table's key."""
    found = {}
    for own, other, column in connection.execute(_REFERENCES, (table,)).fetchall():
        keys = [row[0] for row in _columns(connection, other) if row[3]]
        target = column or (keys[0] if len(keys) == 1 else "")
        found[own] = f"{other}.{target}" if target else other
    return found


def _analysed(connection: sqlite3.Connection) -> dict[str, int]:
    try:
        rows = connection.execute("SELECT tbl, stat FROM sqlite_stat1").fetchall()
    except sqlite3.OperationalError:
        return {}
    return {table: int(str(stat).split(maxsplit=1)[0]) for table, stat in rows if stat}


def _highest_rowid(connection: sqlite3.Connection, table: str) -> int:
    try:
        row = connection.execute(f"SELECT max(rowid) FROM {quoted(table)}").fetchone()  # noqa: S608 - from the schema
    except sqlite3.OperationalError:
        return ROWS_UNKNOWN  # a table without row ids
    return int(row[0] or 0)


def quoted(name: str) -> str:
    """Return a name the schema table gave us as an identifier."""
    return '"' + name.replace('"', '""') + '"'
