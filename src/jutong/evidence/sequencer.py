"""Group commit for asyncio: callers wait together for one sync of the disk.

While one batch is on its way to the disk the next one gathers, so the batch grows with the load and a lone caller
waits for nobody. ``window`` may hold the first caller back a little longer to gather more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from jutong.evidence.errors import EntryNotFoundError, EntryTooLargeError, LogClosedError, LogOverloadedError
from jutong.evidence.log import EvidenceLog
from jutong.evidence.receipt import Receipt
from jutong.evidence.tiles import LARGEST_ENTRY
from jutong.kernel.errors import JutongError

LOGGER = logging.getLogger(__name__)

MOST_IN_BATCH = 1000
PUBLISH_EVERY = 1.0
PUBLISH_GAP = 0.1
REOPEN_EVERY = 1.0


@dataclass(frozen=True)
class _Waiter:
    leaf: bytes
    attachment: bytes
    done: asyncio.Future[int]


class Sequencer:
    """The one way asyncio code appends to a log. Start and close it on the loop that uses it."""

    def __init__(
        self,
        log: EvidenceLog,
        *,
        window: float = 0.0,
        publish_every: float = PUBLISH_EVERY,
        most_waiting: int = 50_000,
    ) -> None:
        """Prepare a sequencer over an open log; the caller closes the log afterwards.

        Args:
            log: the log.
            window: seconds the first entry of a batch waits for company while the disk is idle (at most 0.005), if
                the batch before had any: a lone caller waits for nobody.
            publish_every: seconds between checkpoints while entries come in.
            most_waiting: how many entries may wait before further ones are refused.
        """
        self._log = log
        self._window = min(window, 0.005)
        self._publish_every = publish_every
        self._most_waiting = most_waiting
        self._waiting: list[_Waiter] = []
        self._receipts: list[asyncio.Future[None]] = []
        self._busy = False
        self._company = False
        self._running = False
        self._reopen_at = 0.0

    async def start(self) -> None:
        """Start the threads and the publishing task."""
        self._loop = asyncio.get_running_loop()
        self._idle = asyncio.Event()
        self._idle.set()
        self._wanted = asyncio.Event()
        self._committer = ThreadPoolExecutor(1, "evidence-commit")
        self._publisher = ThreadPoolExecutor(1, "evidence-publish")
        self._running = True
        self._task = self._loop.create_task(self._publish_often())

    async def close(self) -> None:
        """Finish what was handed in, publish it and stop. The log stays open."""
        if not self._running:
            return
        self._running = False
        await self._idle.wait()
        self._wanted.set()
        await self._task
        await self._publish()
        self._committer.shutdown()
        self._publisher.shutdown()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def append(self, leaf: bytes, attachment: bytes = b"") -> int:
        """Return the entry's index once leaf and attachment are durable together.

        Raises:
            LogUnwritableError, LogStoppedError: nothing was recorded; do not release the data.
            LogOverloadedError: too many wait already.
            LogClosedError: the sequencer does not run.
        """
        if not self._running:
            raise LogClosedError
        if len(leaf) > LARGEST_ENTRY:
            raise EntryTooLargeError(size=len(leaf), limit=LARGEST_ENTRY)
        if len(self._waiting) >= self._most_waiting:
            raise LogOverloadedError(waiting=len(self._waiting), limit=self._most_waiting)
        waiter = _Waiter(leaf, attachment, self._loop.create_future())
        self._waiting.append(waiter)
        if not self._busy:
            self._busy = True
            self._idle.clear()
            if self._window and self._company:
                self._loop.call_later(self._window, self._commit_next)
            else:
                self._loop.call_soon(self._commit_next)
        return await waiter.done

    def _commit_next(self) -> None:
        batch = [waiter for waiter in self._waiting[:MOST_IN_BATCH] if not waiter.done.cancelled()]
        del self._waiting[:MOST_IN_BATCH]
        if not batch:
            self._busy = bool(self._waiting)
            if self._busy:
                self._loop.call_soon(self._commit_next)
            else:
                self._idle.set()
            return
        self._company = len(batch) > 1
        job = self._loop.run_in_executor(self._committer, self._commit, batch)
        job.add_done_callback(lambda done: self._committed(done, batch))

    def _commit(self, batch: list[_Waiter]) -> int:
        self._revive()
        return self._log.append([(waiter.leaf, waiter.attachment) for waiter in batch])

    def _committed(self, job: asyncio.Future[int], batch: list[_Waiter]) -> None:
        problem = job.exception()
        first = -1 if problem else job.result()
        for at, waiter in enumerate(batch):
            if waiter.done.done():
                continue
            if problem is None:
                waiter.done.set_result(first + at)
            else:
                waiter.done.set_exception(_copy(problem))
        self._commit_next()

    def _revive(self) -> None:
        """Reopen a stopped log, at most once a second."""
        if not self._log.failed:
            return
        if time.monotonic() < self._reopen_at:
            return
        self._reopen_at = time.monotonic() + REOPEN_EVERY
        self._log.reopen()
        LOGGER.warning("the evidence log is open again at %d entries", self._log.size)

    async def receipt(self, index: int) -> Receipt:
        """Return the receipt of an appended entry, publishing it first if need be.

        Raises:
            EntryNotFoundError: if nothing was appended at the index.
            LogUnwritableError, LogStoppedError: if it cannot be published now.
        """
        if not 0 <= index < self._log.size:
            raise EntryNotFoundError(index=index, size=self._log.size)
        while index >= self._log.published_size:
            await self.publish()
        return await self._loop.run_in_executor(self._publisher, self._log.receipt, index)

    async def publish(self) -> None:
        """Wait until everything appended before this call is published.

        Raises:
            LogUnwritableError, LogStoppedError: if the disk refuses.
            LogClosedError: the sequencer does not run.
        """
        if not self._running:
            raise LogClosedError
        done: asyncio.Future[None] = self._loop.create_future()
        self._receipts.append(done)
        self._wanted.set()
        await done

    async def _publish_often(self) -> None:
        """Publish every second at most, sooner when someone waits, never more often than ten times a second."""
        while self._running:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), self._publish_every)
            self._wanted.clear()
            await self._publish()
            if self._running:
                await asyncio.sleep(PUBLISH_GAP)

    async def _publish(self) -> None:
        waiting, self._receipts = self._receipts, []
        problem: Exception | None = None
        try:
            await self._loop.run_in_executor(self._publisher, self._publish_now)
        except JutongError as named:
            LOGGER.error("the evidence log could not publish: %s", named)  # noqa: TRY400 - named, no trace needed
            problem = named
        except Exception as unnamed:  # this task must outlive whatever happens in the thread
            LOGGER.exception("the evidence log could not publish")
            problem = unnamed
        for done in waiting:
            if done.done():
                continue
            if problem is None:
                done.set_result(None)
            else:
                done.set_exception(_copy(problem))

    def _publish_now(self) -> None:
        self._revive()
        self._log.publish()


def _copy(problem: BaseException) -> BaseException:
    """Give every waiter an exception of its own: one raised from many tasks would gather all their tracebacks."""
    if isinstance(problem, JutongError):
        fresh = type(problem)(**problem.fields)
        fresh.__cause__ = problem.__cause__
        return fresh
    return problem
