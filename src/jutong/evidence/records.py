"""The erasable half: records with their salts, found by id. Filled from the write-ahead log, rebuilt on recovery.

It lies outside the log folder, because the folder is copied and published while records are personal data, and
because nothing in it is evidence: the leaf's commitment is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

import orjson

from jutong.evidence import files

BUSY_SECONDS = 5.0
"""How long another program may hold the store up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    record_id TEXT PRIMARY KEY,
    leaf_index INTEGER NOT NULL,
    attachment BLOB NOT NULL
) STRICT, WITHOUT ROWID
"""


def record_id_of(attachment: bytes) -> str | None:
    """Return the id inside an attachment; None where there is none."""
    try:
        found = orjson.loads(attachment)["record"]["record_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


class RecordStore:
    """A SQLite file. Deleted content is overwritten (``secure_delete``). Safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the store.

        Raises:
            OSError, sqlite3.Error: if the disk refuses.
        """
        files.make_folder(path.parent)
        path.parent.chmod(0o700)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute(_SCHEMA)
        except BaseException:
            self._db.close()
            raise

    def insert(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Take in attachments by leaf index; those without a record id are of no use here and skipped."""
        found = [(record_id, index, data) for index, data in rows if (record_id := record_id_of(data))]
        if not found:
            return
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", found)
                self._db.execute("COMMIT")
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def get(self, record_id: str) -> tuple[int, bytes] | None:
        """Return leaf index and attachment of a record."""
        with self._lock:
            row = self._db.execute(
                "SELECT leaf_index, attachment FROM record WHERE record_id = ?", (record_id,)
            ).fetchone()
        return (row[0], row[1]) if row else None

    def erase(self, record_id: str) -> bool:
        """Remove a record; it is gone for good once ``sync`` says so. Tells that."""
        with self._lock:
            self._db.execute("DELETE FROM record WHERE record_id = ?", (record_id,))
        return self.sync()

    def sync(self) -> bool:
        """Make everything durable and leave no older content in the store's own journal.

        Returns:
            Whether that was possible; not while another program reads the store.
        """
        with self._lock:
            busy: int = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
