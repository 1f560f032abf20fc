"""The raw way into a PostgreSQL table: COPY's own bytes from one server to the other, never looked at on the way.

Both servers speak through one event loop of this process. The bytes are proven by both servers: each counts its rows,
and each adds up the server's own hash of every row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import asyncpg
from psycopg import sql

from jutong.node.connectors.limits import CONNECT_SECONDS
from jutong.node.exchange.errors import SourceLostError
from jutong.node.sources import SourceConfig

SILENT_SECONDS = 600
"""After so long without a byte either side counts as gone."""

BLOCK_BYTES = 2 * 1024 * 1024
"""What is gathered before it is passed on."""

AHEAD = 2
"""Blocks that may wait, on either side of what looks into them."""

LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises, the last when a connection ends between two of its states."""

SCHEME = "pgh1"
Result = TypeVar("Result")
Told = Callable[[int], None]


@dataclass(frozen=True)
class Question:
    """One side's rows of a chunk: the relation and condition as SQL, and the columns, quoted."""

    rows: str
    columns: Sequence[str]

    def copy(self) -> str:
        """Return what is copied."""
        return f"SELECT {', '.join(self.columns)} {self.rows}"

    def sums(self) -> str:
        """Return the query of count and hash. The hash is by the types' own hash functions, seed 0."""
        hashed = f"coalesce(sum(hash_record_extended(ROW({', '.join(self.columns)}), 0)), 0)"
        return f"SELECT count(*), mod({hashed}::numeric, 18446744073709551616) {self.rows}"


def sum_text(rows: int, hashed: int, *, counted: bool) -> str:
    """Return ``pgh1:<rows>:<16 hex digits>``, or ``count:<rows>``."""
    return f"count:{rows}" if counted else f"{SCHEME}:{rows}:{hashed % 2**64:016x}"


def added(texts: Sequence[str], *, counted: bool) -> str:
    """Return the sum of several chunks."""
    parts = [text.split(":") for text in texts]
    hashed = 0 if counted else sum(int(part[2], 16) for part in parts)
    return sum_text(sum(int(part[1]) for part in parts), hashed, counted=counted)


class Between(Protocol):
    """What looks into the rows on their way; in a thread of its own, so that neither server waits for it."""

    def pass_on(self, block: bytes) -> bytes:
        """Return what of the bytes goes on, and how."""

    def finish(self) -> bytes:
        """Return what ends them."""


@dataclass(frozen=True)
class Flow:
    """Where a pipe begins: the source, what bounds its session, the columns written, and how much goes at once."""

    source: SourceConfig
    columns: tuple[str, ...]
    bounds: tuple[str, ...] = ()
    block_bytes: int = BLOCK_BYTES


class Pipe:
    """Two connections and what flows between them.

    Args:
        begin: the source, and the target's columns in the order of the source's.
        target: the address to write to.
        staging: schema and table to write.
    """

    def __init__(self, begin: Flow, target: str, staging: tuple[str, str]) -> None:
        source = begin.source
        self._name = source.name
        self._bounds = begin.bounds
        self._block_bytes = begin.block_bytes
        self._addresses = (source.dsn, target)
        self._staging = staging
        self._columns = list(begin.columns)
        self._block = 0
        self._runner = asyncio.Runner()
        self._source: asyncpg.Connection[Any] | None = None
        self._target: asyncpg.Connection[Any] | None = None

    def _lost(self, error: Exception) -> SourceLostError:
        state = getattr(error, "sqlstate", None)
        return SourceLostError(source=self._name, rows=0, reason=f"SQLSTATE {state}" if state else "connection broken")

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)

    def close(self) -> None:
        """End both connections; what was not committed is gone."""
        for connection in (self._source, self._target):
            if connection is not None:
                connection.terminate()
        self._source = self._target = None
        self._runner.close()

    def begin(self) -> None:
        """Begin a chunk's transaction; the source's snapshot is taken once."""
        self._run(self._begin())

    async def _begin(self) -> None:
        if self._target is None:
            self._source, self._target = [
                await asyncpg.connect(address, timeout=CONNECT_SECONDS, server_settings={"application_name": "jutong"})
                for address in self._addresses
            ]
            await self._source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            for bound in self._bounds:
                await self._source.execute(bound)
        await self._target.execute("BEGIN")
        pages = await self._target.fetchval(
            "SELECT pg_relation_size(($1 || '.' || $2)::regclass) / current_setting('block_size')::bigint",
            *(sql.Identifier(name).as_string(None) for name in self._staging),
        )
        self._block = max(int(pages) - 1, 0)

    def copy(self, question: Question, told: Told, between: Between | None = None) -> tuple[int, int]:
        """Send a chunk, and return how many rows the source says it sent and the target that it took.

        Args:
            question: the source's rows.
            told: is told the bytes of every block; it may raise, and the copy ends.
            between: looks into the rows; without it as many must come as go.

        Raises:
            ConnectionError: when one side falls silent, or the two count differently.
            asyncpg.PostgresError: as either server says.
        """
        return self._run(self._copy(question, told, between))

    async def _copy(self, question: Question, told: Told, between: Between | None) -> tuple[int, int]:
        assert self._target is not None  # noqa: S101 - begin() comes first
        blocks, looked = _Belt(), _Belt()
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(self._read(question, blocks))
                if between is not None:
                    group.create_task(_look(blocks, looked, between))
                writing = group.create_task(
                    self._target.copy_to_table(
                        self._staging[1], schema_name=self._staging[0], columns=self._columns,
                        source=_told(looked, None) if between else _told(blocks, told), format="binary",
                    )
                )  # fmt: skip
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several
        read_rows, written_rows = (int(str(one.result()).split()[-1]) for one in (reading, writing))
        if between is None and read_rows != written_rows:
            raise ConnectionError(f"{read_rows} rows were sent, {written_rows} taken")
        return read_rows, written_rows

    async def _read(self, question: Question, blocks: _Belt) -> str:
        # When this fails the group ends the other side, which has then not seen the end of the rows.
        assert self._source is not None  # noqa: S101 - begin() comes first
        gathered: list[bytes] = []
        size = 0

        async def put(block: bytes) -> None:
            nonlocal size
            gathered.append(bytes(block))
            size += len(block)
            if size >= self._block_bytes:
                await hand_over()

        async def hand_over() -> None:
            nonlocal size
            joined, size = b"".join(gathered), 0
            gathered.clear()
            await blocks.put(joined)

        try:
            said = str(await self._source.copy_from_query(question.copy(), output=put, format="binary"))
        except (*LOST, OSError) as error:
            raise self._lost(error) from error
        await hand_over()
        await blocks.put(None)
        return said

    def sent(self, question: Question) -> tuple[int, str]:
        """Return how many rows the source has, and their sum as text."""
        ((rows, hashed),) = self.ask_source(question.sums())
        return int(rows), sum_text(int(rows), int(hashed), counted=False)

    def found(self, rows: int) -> str:
        """Return the sum of what this chunk's transaction wrote, as text.

        Args:
            rows: as many as there should be. They lie behind what was there before, unless a try that was rolled back
                left room further in front: then everything is searched.
        """
        columns = [sql.Identifier(name).as_string(None) for name in self._columns]
        table = sql.Identifier(*self._staging).as_string(None)
        for block in (self._block, 0):
            written = f"FROM {table} WHERE ctid >= '({block},0)'::tid AND xmin = (SELECT pg_current_xact_id()::xid)"
            ((counted_rows, hashed),) = self.ask_target(Question(written, columns).sums())
            if counted_rows == rows:
                break
        return sum_text(int(counted_rows), int(hashed), counted=False)

    def ask_target(self, query: str) -> list[Any]:
        """Return what the target answers."""
        assert self._target is not None  # noqa: S101 - begin() comes first
        return list(self._run(self._target.fetch(query)))

    def ask_source(self, query: str, *values: object) -> list[Any]:
        """Return what the source answers, in the snapshot everything is read in."""
        assert self._source is not None  # noqa: S101 - begin() comes first
        try:
            return list(self._run(self._source.fetch(query, *values)))
        except (*LOST, OSError) as error:
            raise self._lost(error) from error

    def commit(self, entry: str) -> bool:
        """Commit the chunk with its line in the book; False when the book does not take it, and nothing is kept."""
        taken = bool(self.ask_target(entry))
        assert self._target is not None  # noqa: S101 - begin() comes first
        self._run(self._target.execute("COMMIT" if taken else "ROLLBACK"))
        return taken


class _Belt(asyncio.Queue["bytes | None"]):
    """Blocks on their way; None behind the last."""

    def __init__(self) -> None:
        super().__init__(AHEAD)

    async def every(self) -> AsyncIterator[bytes]:
        """Yield every block; neither side may fall silent."""
        while True:
            async with asyncio.timeout(SILENT_SECONDS):
                block = await self.get()
            if block is None:
                return
            yield block


async def _told(blocks: _Belt, told: Told | None) -> AsyncIterator[bytes]:
    async for block in blocks.every():
        if told is not None:
            told(len(block))
        yield block


async def _look(blocks: _Belt, looked: _Belt, between: Between) -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="look") as thread:  # one: each keeps memory of its own
        run = partial(asyncio.get_running_loop().run_in_executor, thread)
        async for block in blocks.every():
            await looked.put(await run(between.pass_on, block))
        await looked.put(await run(between.finish))
    await looked.put(None)
