"""Chunks of Arrow batches into a PostgreSQL table, as binary COPY that is put together whole columns at a time.

Where both sides are compared by count. Encoding and sending happen in a thread of its own, so that the next batch is
read and checked meanwhile. One connection, one transaction and one COPY a chunk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import sql

from jutong.node.exchange.lanes.sums import CountOnly
from jutong.node.exchange.pgcopy import writing
from jutong.node.exchange.pgcopy.cutting import HEADER, TRAILER
from jutong.node.exchange.targets.pgingest import Sent, as_sent
from jutong.node.exchange.targets.pgtypes import Way

SEND_ROWS = 32_768
SEND_BYTES = 4 * 1024 * 1024
"""What is encoded at once."""


def is_written(ways: Sequence[Way]) -> bool:
    """Tell whether all columns are of types that are written here."""
    return bool(ways) and all(not way.through and writing.is_written(way.send) for way in ways)


class Writer:
    """Writes chunks into a staging table, and takes the server's word for how many rows it took.

    Args:
        address: of the database.
        staging: schema and table.
        ways: how each column gets in; all of types that are written here.
    """

    def __init__(self, address: str, staging: tuple[str, str], ways: Sequence[Way]) -> None:
        self._ways = ways
        columns = sql.SQL(", ").join(sql.Identifier(way.taker.name) for way in ways)
        self._statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(*staging), columns)
        self._held: list[pa.RecordBatch] = []
        self._pending: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._connection = psycopg.connect(address, autocommit=True)
        self._cursor = self._connection.cursor()
        self._copying = contextlib.ExitStack()
        self._copy: psycopg.Copy | None = None

    def close(self) -> None:
        """End the connection; what was not committed is gone."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._connection.close()

    def begin(self) -> None:
        """Begin a chunk's transaction."""
        self._held = []
        self._connection.execute("BEGIN")

    def write(self, batch: pa.RecordBatch) -> None:
        """Take rows; they are sent when there are enough."""
        self._held.append(batch)
        rows = sum(held.num_rows for held in self._held)
        if rows >= SEND_ROWS or sum(held.nbytes for held in self._held) >= SEND_BYTES:
            self._send()

    def _send(self) -> None:
        held, self._held = [batch for batch in self._held if batch.num_rows], []
        self._wait()
        if held:
            self._pending = self._thread.submit(self._encode, held)

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _encode(self, held: list[pa.RecordBatch]) -> None:
        if self._copy is None:
            self._copy = self._copying.enter_context(self._cursor.copy(self._statement))
            self._copy.write(HEADER)
        for batch in held:
            columns: list[Any] = [as_sent(batch.column(way.column), way) for way in self._ways]
            self._copy.write(writing.rows_of(columns))

    def finish(self) -> Sent:
        """Send the rest; return how many rows the server says it took."""
        self._send()
        self._wait()
        taken = 0
        if self._copy is not None:
            self._copy.write(TRAILER)
            self._copy = None
            self._copying.close()
            taken = self._cursor.rowcount
        counted = CountOnly(taken)
        return Sent(counted.rows, counted.text())

    def commit(self, entry: str) -> bool:
        """Commit the chunk with its line in the book; False when the book does not take it, and nothing is kept."""
        taken = self._connection.execute(entry.encode()).fetchone() is not None
        self._connection.execute("COMMIT" if taken else "ROLLBACK")
        return taken
