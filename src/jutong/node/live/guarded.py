"""One source behind its bounds: so many calls at once, so many waiting, none while it keeps failing.

Whatever a source does, it holds up nothing but its own callers, and of those a bounded number for a bounded time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jutong.node.errors import SourceSlowError, SourceUnavailableError
from jutong.node.live.breaker import Breaker
from jutong.node.live.errors import SourceBusyError
from jutong.node.live.source import BulkSource, LiveSource, PointQuery, ProbedTable, RangeQuery, Row

Result = TypeVar("Result")
MOST_WAITING = 112
"""Together with those under way about as many as a source in good health answers in a tenth of a second."""

LONGEST_WAIT_SECONDS = 2.0


@dataclass
class Load:
    """How many calls are at sources, under way or waiting."""

    at_sources: int = 0


class GuardedSource:
    """A source and its bounds; a source itself.

    Args:
        source: what is guarded.
        places: how many calls it works on at once.
        load: counts calls at all sources of the node.
        breaker: when to leave the source alone.
        most_waiting: how many calls wait for a place; one more is refused with 429.
        longest_wait: seconds after which a waiting call is refused likewise.
    """

    def __init__(
        self,
        source: LiveSource,
        *,
        places: int,
        load: Load,
        breaker: Breaker | None = None,
        most_waiting: int = MOST_WAITING,
        longest_wait: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        self.source = source
        self.name = source.name
        self.breaker = breaker or Breaker(source.name)
        self._free = places
        self._load = load
        self._most_waiting = most_waiting
        self._longest_wait = longest_wait
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        """Return at most ``query.limit`` rows; see ``LiveSource``.

        Raises:
            SourceBusyError: if too many calls wait already, or this one did for too long.
            SourceRestingError: if the source is left alone.
        """
        return await self._run(self.source.fetch, query, values)

    async def _run(self, ask: Callable[..., Awaitable[Result]], *arguments: object) -> Result:
        tried = self.breaker.check()
        self._load.at_sources += 1
        try:
            await self._enter()
            try:
                found = await ask(*arguments)
            except (SourceSlowError, SourceUnavailableError):
                self.breaker.bad(tried=tried)
                raise
            finally:
                self._leave()
            self.breaker.good()
            return found
        finally:
            self._load.at_sources -= 1
            if tried:
                self.breaker.end_try()

    async def _enter(self) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        if len(self._waiting) >= self._most_waiting:
            raise SourceBusyError(source=self.name)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait_for(turn, self._longest_wait)
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._leave()  # the turn came with the end of the wait: it is somebody else's
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise SourceBusyError(source=self.name) from error
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def probe(self, schema: str, table: str) -> ProbedTable:
        """Describe a table; see ``LiveSource``. Asked whatever calls do, and an answer ends a rest."""
        found = await self.source.probe(schema, table)
        self.breaker.good()
        return found

    async def close(self) -> None:
        """Let go of every connection."""
        await self.source.close()


class GuardedBulkSource(GuardedSource):
    """The same for a source that also reads for many keys and by stretches of rows."""

    def __init__(
        self, source: LiveSource, bulk: BulkSource, *, places: int, load: Load, breaker: Breaker | None = None
    ) -> None:
        super().__init__(source, places=places, load=load, breaker=breaker)
        self._bulk = bulk

    async def fetch_many(self, query: PointQuery, keys: Sequence[Sequence[str]]) -> Sequence[tuple[int, Row]]:
        """Return rows with the number of the key each belongs to; see ``BulkSource``."""
        return await self._run(self._bulk.fetch_many, query, keys)

    async def scan(self, query: RangeQuery) -> Sequence[Row]:
        """Return rows in the order of ``query.order``; see ``BulkSource``."""
        return await self._run(self._bulk.scan, query)


def guarded(source: LiveSource, *, places: int, load: Load) -> GuardedSource:
    """Return a source behind its bounds, able to do what it is able to."""
    if isinstance(source, BulkSource):
        return GuardedBulkSource(source, source, places=places, load=load)
    return GuardedSource(source, places=places, load=load)
