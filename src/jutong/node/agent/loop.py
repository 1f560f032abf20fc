"""The agent's loops: poll and obey, report and deliver, tell of health. Each goes on by itself whatever happens."""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable

from jutong.contracts.envelope import ContractError
from jutong.contracts.receipts import HealthReceipt
from jutong.kernel.clock import Clock
from jutong.kernel.errors import JutongError
from jutong.node.agent.arriving import Arrivals
from jutong.node.agent.center import Center, CenterUnreachableError, Feed
from jutong.node.agent.nightly import Nightly
from jutong.node.agent.orders import TASKS, Orders
from jutong.node.agent.replays import Replays
from jutong.node.agent.served import Served
from jutong.node.agent.tasks import Tasks
from jutong.node.agent.watching import Watcher
from jutong.node.freshness import Freshness
from jutong.node.state import AlreadyAppliedError, State
from jutong.node.tags import TagIndex

LOGGER = logging.getLogger(__name__)
POLL_SECONDS = 1.0
REPORT_SECONDS = 1.0
HEALTH_SECONDS = 60.0
LONGEST_BACKOFF = 30.0
BATCH = 20
Health = Callable[[], Awaitable[HealthReceipt]]


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row, with jitter."""
    return min(0.5 * 2.0 ** min(failures, 10), LONGEST_BACKOFF) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


class Agent:
    """Runs the loops on the event loop of the gateway.

    Args:
        center: the center's door.
        state: sequence and outbox.
        orders: applies orders.
        tasks: runs what takes a while.
        watcher: checks what stands behind entries.
        nightly: reads everything that was moved again.
        arrivals: looks for files that came.
        replays: puts on record what people put right.
        served: reports calls.
        index: finds records by the tags in them.
        freshness: renewed by every complete feed.
        health: makes a health report.
        clock: the present instant.
    """

    def __init__(
        self,
        *,
        center: Center,
        state: State,
        orders: Orders,
        tasks: Tasks,
        watcher: Watcher,
        replays: Replays,
        nightly: Nightly,
        arrivals: Arrivals,
        served: Served,
        index: TagIndex,
        freshness: Freshness,
        health: Health,
        clock: Clock,
    ) -> None:
        self._center = center
        self._state = state
        self._orders = orders
        self._tasks = tasks
        self._watcher = watcher
        self._replays = replays
        self._nightly = nightly
        self._arrivals = arrivals
        self._served = served
        self._index = index
        self._freshness = freshness
        self._health = health
        self._clock = clock
        self._loops: list[asyncio.Task[None]] = []
        self._failures = 0
        self._gap_since: tuple[int, float] = (-1, 0.0)

    async def start(self) -> None:
        """Start the loops."""
        steps: tuple[tuple[Callable[[], Awaitable[float]], str], ...] = (
            (self.poll_once, "poll"),
            (self.probe_once, "probe"),
            (self._watcher.watch_once, "watch"),
            (self._replays.sweep_once, "replays"),
            (self._nightly.look_once, "nightly"),
            (self._arrivals.look_once, "arrivals"),
            (self.report_once, "report"),
            (self.index_once, "index"),
            (self.deliver_once, "deliver"),
            (self.health_once, "health"),
        )
        loop = asyncio.get_running_loop()
        self._loops = [loop.create_task(self._forever(step, name), name=name) for step, name in steps]

    async def close(self) -> None:
        """Stop the loops, put what was served into the outbox and try to deliver it once."""
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._tasks.close()
        try:
            await self.report_once()
            await asyncio.wait_for(self.deliver_once(), 2.0)
        except (JutongError, sqlite3.Error, TimeoutError) as error:
            LOGGER.warning("left in the outbox at the end: %s", error)

    async def _forever(self, step: Callable[[], Awaitable[float]], name: str) -> None:
        while True:
            try:
                pause = await step()
            except Exception:
                LOGGER.exception("agent step %s failed", name)
                pause = POLL_SECONDS * 5
            await asyncio.sleep(pause)

    async def poll_once(self) -> float:
        """Pull and obey orders once; return the seconds until the next time."""
        asked_at = time.monotonic()
        after = await asyncio.to_thread(self._state.sequence)
        try:
            feed = await self._center.poll(after, self._clock())
            complete = await self._obey(after, feed, asked_at)
        except (JutongError, AlreadyAppliedError, sqlite3.Error) as error:
            self._failures += 1
            if self._failures in {1, 10} or self._failures % 100 == 0:
                LOGGER.warning("no good answer from the center (%d in a row): %s", self._failures, error)
            # A center that is down must not be knocked at slower than the lease runs out by much.
            return min(backoff(self._failures), 3.0)
        self._failures = 0
        return POLL_SECONDS if complete else 0.0

    async def _obey(self, after: int, feed: Feed, asked_at: float) -> bool:
        reached = after + len(feed.orders)
        if reached > feed.heartbeat.last_sequence and not feed.orders:
            raise ContractError(issuer="center", kind="heartbeat", reason=f"the feed ends before order {after}")
        for envelope in feed.orders:
            await self._orders.apply(envelope, self._clock())
        if any(envelope.kind in TASKS for envelope in feed.orders):
            await self._tasks.start_open()
        if reached < feed.heartbeat.last_sequence:
            return not feed.orders  # more to come at once, unless the center withholds them
        now_ms = int(self._clock().timestamp() * 1000)
        if not self._freshness.confirm(issued_ms=feed.issued_ms, now_ms=now_ms, asked_at=asked_at):
            LOGGER.warning("heartbeat refused: its time is %d ms from this node's clock", now_ms - feed.issued_ms)
        return True

    async def probe_once(self) -> float:
        """Try grants that have not been tried, and open tasks that failed before."""
        waiting = await self._orders.probe_pending(self._clock())
        await self._tasks.start_open()
        return 5.0 if waiting else 0.5

    async def report_once(self) -> float:
        """Put receipts for what was served into the outbox."""
        now_ms = int(self._clock().timestamp() * 1000)
        await asyncio.to_thread(self._served.flush, now_ms)
        leaf = self._served.next_leaf
        if not self._served.waiting:
            self._gap_since = (-1, 0.0)
        elif self._gap_since[0] != leaf:
            self._gap_since = (leaf, time.monotonic())
        elif time.monotonic() - self._gap_since[1] > 3 * REPORT_SECONDS:
            # Nothing was noted for this leaf: its caller hung up, or memory was short. The log knows.
            await asyncio.to_thread(self._served.catch_up, now_ms)
        return REPORT_SECONDS

    async def index_once(self) -> float:
        """Index what was served."""
        await asyncio.to_thread(self._index.flush)
        return REPORT_SECONDS

    async def deliver_once(self) -> float:
        """Hand in receipts; return the seconds until the next time."""
        pending = await asyncio.to_thread(self._state.outbox, BATCH)
        for receipt_id, envelope in pending:
            try:
                await self._center.deliver(envelope)
            except CenterUnreachableError as error:
                await asyncio.to_thread(self._state.failed, receipt_id)
                LOGGER.warning("receipt %s not delivered: %s", receipt_id, error)
                return backoff(3)
            await asyncio.to_thread(self._state.sent, receipt_id)
        return 0.0 if len(pending) == BATCH else 0.3

    async def health_once(self) -> float:
        """Put a health report into the outbox."""
        receipt = await self._health()
        sealed = self._center.seal("health", receipt, self._clock())
        await asyncio.to_thread(self._state.queue, sealed)
        return HEALTH_SECONDS
