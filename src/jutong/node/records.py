"""Reads the log's records in the order of time, for what has to be rebuilt after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

_SINCE = "SELECT leaf_index, attachment FROM record WHERE record_id >= ? ORDER BY record_id"


def first_id(ms: int) -> str:
    """Return the smallest UUIDv7 of a moment: record ids sort by their time."""
    digits = f"{max(ms, 0):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def since(path: Path, ms: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield leaf index and record of every record made at or after a moment, in order of time.

    Args:
        path: the record store.
        ms: milliseconds since 1970 UTC.

    Raises:
        sqlite3.Error: if the store cannot be read.
    """
    address = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)) as connection:
        for index, attachment in connection.execute(_SINCE, (first_id(ms),)):
            yield index, orjson.loads(attachment)["record"]
