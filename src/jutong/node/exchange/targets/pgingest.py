"""Chunks of Arrow batches into a PostgreSQL table by binary COPY, and out of it again to see what lies there.

Encoding and sending happen in a thread of the driver's own, so that the next batch is read and checked meanwhile. One
connection, one transaction a chunk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_postgresql import StatementOptions, dbapi  # type: ignore[import-untyped]
from psycopg import sql

from jutong.library.digest import ContentDigest
from jutong.node.exchange.lanes.sums import CountOnly
from jutong.node.exchange.targets.pgtypes import Way

SEND_ROWS = 32_768
SEND_BYTES = 4 * 1024 * 1024
"""What is encoded at once: all that is held in memory, twice."""

OURS = "(SELECT pg_current_xact_id()::xid)"
ASIDE = "jutong_chunk"
"""The temporary table rows go through when the server has to cast some of their columns."""


@dataclass(frozen=True)
class Sent:
    """What lies in the table of a chunk."""

    rows: int
    digest: str


class Ingest:
    """Writes chunks into a staging table.

    Args:
        address: of the database.
        staging: schema and table.
        ways: how each column gets in and is read back.
        schema: of what lands.
        counted: only count what lies there, instead of reading it.
    """

    def __init__(
        self, address: str, staging: tuple[str, str], ways: Sequence[Way], schema: pa.Schema, *, counted: bool
    ) -> None:
        self._ways = ways
        self._schema = schema
        self._staging = staging
        self._counted = counted
        self._through = any(way.through for way in ways)
        self._sent_as = pa.schema([pa.field(way.taker.name, way.send) for way in ways])
        self._held: list[pa.RecordBatch] = []
        self._rows = self._taken = 0
        self._block = 0
        self._pending: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest")
        self._connection = dbapi.connect(address)

    def close(self) -> None:
        """End the connection; what was not committed is gone."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        with contextlib.suppress(adbc_driver_manager.Error):  # it is broken already
            self._connection.close()

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def _do(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def begin(self) -> None:
        """Begin a chunk's transaction."""
        self._held, self._rows, self._taken = [], 0, 0
        table = _quoted(*self._staging)
        ((pages,),) = self._ask(
            f"SELECT pg_relation_size('{table.replace(chr(39), chr(39) * 2)}'::regclass)"
            " / current_setting('block_size')::bigint"
        )
        self._block = max(int(pages) - 1, 0)
        if self._through:
            columns = ", ".join(
                f"{_quoted(way.taker.name)} text" if way.through else f"{_quoted(way.taker.name)} {way.taker.type}"
                for way in self._ways
            )
            self._do(f"CREATE TEMPORARY TABLE {ASIDE} ({columns}) ON COMMIT DROP")

    def write(self, batch: pa.RecordBatch) -> None:
        """Take rows; they are sent when there are enough."""
        self._held.append(batch)
        self._rows += batch.num_rows
        rows = sum(held.num_rows for held in self._held)
        if rows >= SEND_ROWS or sum(held.nbytes for held in self._held) >= SEND_BYTES:
            self._send()

    def _send(self) -> None:
        held, self._held = self._held, []
        self._wait()
        if sum(batch.num_rows for batch in held):
            self._pending = self._thread.submit(self._copy, held)

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _copy(self, held: list[pa.RecordBatch]) -> None:
        batches = [
            pa.RecordBatch.from_arrays(
                [as_sent(batch.column(way.column), way) for way in self._ways], schema=self._sent_as
            )
            for batch in held
        ]
        reader = pa.RecordBatchReader.from_batches(self._sent_as, batches)
        with self._connection.cursor() as cursor:
            schema, table = ("pg_temp", ASIDE) if self._through else self._staging
            self._taken += cursor.adbc_ingest(table, reader, mode="append", db_schema_name=schema)

    def finish(self) -> Sent:
        """Send the rest, and look at what lies in the table."""
        self._send()
        self._wait()
        if self._through:
            names = ", ".join(_quoted(way.taker.name) for way in self._ways)
            casts = ", ".join(
                f"{_quoted(way.taker.name)}::{way.taker.type}" if way.through else _quoted(way.taker.name)
                for way in self._ways
            )
            self._do(f"INSERT INTO {_quoted(*self._staging)} ({names}) SELECT {casts} FROM {ASIDE}")  # noqa: S608
        if self._counted:  # by the server, as it took them; and once more before the last commit
            counted = CountOnly(self._taken)
            return Sent(counted.rows, counted.text())
        # Rows go behind those that were there, unless a try that was rolled back left room before them.
        found = self._read_back(self._block)
        if found.rows != self._rows and self._block:
            found = self._read_back(0)
        return Sent(found.rows, found.text())

    def _ours(self, block: int) -> str:
        return f" FROM {_quoted(*self._staging)} WHERE ctid >= '({block},0)'::tid AND xmin = {OURS}"

    def _read_back(self, block: int) -> ContentDigest:
        digest = ContentDigest(self._schema)
        by_name = {way.column: way for way in self._ways}
        ways = [by_name[name] for name in self._schema.names]
        columns = ", ".join(f"{way.back.format(_quoted(way.taker.name))} AS c{place}" for place, way in enumerate(ways))
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(SEND_BYTES)})
            cursor.execute(f"SELECT {columns}{self._ours(block)}")
            with cursor.fetch_record_batch() as reader:
                for batch in reader:
                    arrays = [as_landed(array, way) for array, way in zip(batch.columns, ways, strict=True)]
                    digest.update(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        return digest

    def commit(self, entry: str) -> bool:
        """Commit the chunk with its line in the book; False when the book does not take it, and nothing is kept."""
        if not self._ask(entry):
            self._connection.rollback()
            return False
        self._connection.commit()
        return True


def as_sent(array: pa.Array[Any], way: Way) -> pa.Array[Any]:
    """Return a column in the type it is sent as."""
    return array if array.type == way.send else array.cast(way.send, safe=True)


def as_landed(array: pa.Array[Any], way: Way) -> pa.Array[Any]:
    """Return a column that was read back as it landed."""
    plain = array.storage if isinstance(array, pa.ExtensionArray) else array
    return plain if plain.type == way.lands else plain.cast(way.lands, safe=True)


def _quoted(*names: str) -> str:
    return sql.Identifier(*names).as_string(None)
