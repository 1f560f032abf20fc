"""Which records carry which tag: an index beside the record store, made from it and made again when it is lost.

It finds every access to what one value looked up, or to a row one value is the key of. Values are in neither: a tag is
keyed with the node's own secret.
"""

from __future__ import annotations

import base64
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from jutong.node import records

TAG_BYTES = 8
SLACK_MS = 3_600_000
"""How much earlier than the newest record seen another may have got its id: far more than a call takes."""
MOST_NOTED = 200_000
_PART = 10_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tag (tag BLOB NOT NULL, record BLOB NOT NULL, PRIMARY KEY (tag, record))
STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (name TEXT PRIMARY KEY, ms INTEGER NOT NULL) STRICT;
"""
_NOT_INDEXED = frozenset({"explain", "moved", "reconciled", "tried"})


def tags_of(record: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the tags a record carries: of keys, of filters, of the rows that went out."""
    if record.get("kind") in _NOT_INDEXED:
        return
    for one in record.get("lookup", ()):
        yield bytes.fromhex(one["tag"])[:TAG_BYTES]
    for one in record.get("filters", ()):
        for tag in one["tags"]:
            yield bytes.fromhex(tag)[:TAG_BYTES]
    yield from _cut(base64.b64decode(record.get("row_tags", "")))


def _cut(tags: bytes) -> Iterator[bytes]:
    for at in range(0, len(tags), TAG_BYTES):
        yield tags[at : at + TAG_BYTES]


class TagIndex:
    """A SQLite file. ``note`` belongs to the event loop, everything else may run in a thread.

    Args:
        path: the index.
        store: the record store it is made from.
        extracts: where the tags of files' rows lie.
    """

    def __init__(self, path: Path, store: Path, extracts: Path) -> None:
        """Open or create the index.

        Raises:
            OSError, sqlite3.Error: if the disk refuses.
        """
        self._store = store
        self._extracts = extracts
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        self._noted: list[Mapping[str, Any]] = []
        self._flushing = Lock()
        self._lost = True  # whatever was served and not indexed before this start

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def note(self, record: Mapping[str, Any]) -> None:
        """Take note of a durable record; it is indexed at the next ``flush``."""
        if len(self._noted) < MOST_NOTED:
            self._noted.append(record)
        else:
            self._lost = True

    def flush(self) -> int:
        """Index what was noted and return how many records it was.

        Raises:
            sqlite3.Error: if the disk refuses; the records stay noted.
        """
        with self._flushing:
            count = len(self._noted)
            if self._lost:
                self._lost = False
                try:
                    self.catch_up()
                except BaseException:
                    self._lost = True
                    raise
            part = self._noted[:count]
            if part:
                self._insert(part)
                del self._noted[:count]
            return count

    def catch_up(self) -> int:
        """Index every record of the store that may not be, from a little before the newest one that is.

        Raises:
            sqlite3.Error: if the disk refuses or the store cannot be read.
        """
        with self._lock:
            row = self._db.execute("SELECT ms FROM seen WHERE name = 'newest'").fetchone()
        count, part = 0, []
        if not self._store.exists():
            return 0
        for _, record in records.since(self._store, (row[0] if row else 0) - SLACK_MS):
            part.append(record)
            count += 1
            if len(part) == _PART:
                self._insert(part)
                part = []
        self._insert(part)
        return count

    def _insert(self, found: Sequence[Mapping[str, Any]]) -> None:
        newest = max((record.get("time_ms", 0) for record in found), default=0)
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT OR IGNORE INTO tag VALUES (?, ?)", self._rows(found))
                self._db.execute(
                    "INSERT INTO seen VALUES ('newest', ?) ON CONFLICT (name) DO UPDATE SET ms = max(ms, excluded.ms)",
                    (newest,),
                )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[bytes, bytes]]:
        for record in found:
            identity = uuid.UUID(record["record_id"]).bytes
            for tag in tags_of(record):
                yield tag, identity
            if record.get("kind") == "file":
                for tag in _cut(self._of_file(record["record_id"])):
                    yield tag, identity

    def _of_file(self, record_id: str) -> bytes:
        """Return the tags of a file's rows, which lie beside it: they may be a million."""
        try:
            return (self._extracts / f"{record_id}.tags").read_bytes()
        except FileNotFoundError:
            return b""

    def find(self, tag: str, since_ms: int = 0) -> list[str]:
        """Return the ids of records that carry a tag (in hexadecimal), the newest first."""
        first = uuid.UUID(records.first_id(since_ms).replace("-", "").ljust(32, "0")).bytes
        with self._lock:
            rows = self._db.execute(
                "SELECT record FROM tag WHERE tag = ? AND record >= ? ORDER BY record DESC",
                (bytes.fromhex(tag)[:TAG_BYTES], first),
            ).fetchall()
        return [str(uuid.UUID(bytes=row[0])) for row in rows]
