from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jutong.demo.registers import Register
    from jutong.demo.stores import Stamp
    from jutong.demo.tables import Row, Table


@dataclass(frozen=True)
class SqliteStore:
    """A register in one file, readable by its owner only and written by nobody once it stands."""

    path: Path

    def stands(self, stamp: Stamp) -> bool:
        """Tell whether the file is there and of this stamp."""
        if not self.path.is_file():
            return False
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self.path))}?mode=ro", uri=True)) as connection:
                return bool(connection.execute("PRAGMA user_version").fetchone()[0] == stamp.number)
        except sqlite3.DatabaseError:
            return False

    def load(self, register: Register, stamp: Stamp) -> None:
        """Fill a new file beside the old one and put it in its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            for table, rows in register.contents:
                _fill(connection, table, rows)
            connection.execute(f"PRAGMA user_version = {stamp.number:d}")
            connection.execute("COMMIT")
            connection.execute("ANALYZE")
        fresh.chmod(0o400)
        _flush(fresh)
        fresh.replace(self.path)
        _flush(self.path.parent)


def _fill(connection: sqlite3.Connection, table: Table, rows: list[Row]) -> None:
    for statement in table.create("sqlite"):
        connection.execute(statement)
    marks = ", ".join("?" * len(table.columns))
    # the name is the program's own
    connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", _texts(rows))  # noqa: S608
    for statement in table.index():
        connection.execute(statement)


def _texts(rows: list[Row]) -> Iterator[Row]:
    """Give days and instants as ISO texts, the way SQLite's own date functions read them."""
    for row in rows:
        yield tuple(
            value.isoformat(sep=" ")
            if isinstance(value, datetime)
            else value.isoformat()
            if isinstance(value, date)
            else value
            for value in row
        )


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
