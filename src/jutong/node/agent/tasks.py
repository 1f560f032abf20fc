"""Carries out the orders that take a while: looks at a source in a thread, bulk moves in a process of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import orjson

from jutong.contracts.envelope import Document
from jutong.contracts.orders import IntrospectOrder, ProfileOrder
from jutong.contracts.receipts import InventoryReceipt, ProfileReceipt, TableInfo
from jutong.kernel.clock import Clock
from jutong.kernel.errors import JutongError
from jutong.node.agent.center import Center
from jutong.node.live.pool import Sources
from jutong.node.state import State, Task

LOGGER = logging.getLogger(__name__)
RETRY_SECONDS = 30.0
RunTask = Callable[[Task], Awaitable[None]]
LARGEST_INVENTORY = 1_500_000
"""Bytes of tables one receipt may hold; the center reads documents of 2 MiB."""


class Tasks:
    """Runs every open task once at a time.

    Args:
        state: knows the open tasks and takes their receipts.
        center: seals receipts.
        sources: the configured sources.
        runs: carries out orders of a kind to their end, the final receipt included.
        clock: the present instant.
    """

    def __init__(
        self, state: State, center: Center, sources: Sources, runs: Mapping[str, RunTask], clock: Clock
    ) -> None:
        self._state = state
        self._center = center
        self._sources = sources
        self._runs = runs
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}

    async def start_open(self) -> None:
        """Start what is open and does not run yet, after a restart everything that was interrupted."""
        for task in await asyncio.to_thread(self._state.tasks):
            if task.order_id not in self._running:
                job = asyncio.get_running_loop().create_task(self._run(task))
                self._running[task.order_id] = job
                job.add_done_callback(lambda _, order_id=task.order_id: self._running.pop(order_id, None))  # type: ignore[misc]

    async def close(self) -> None:
        """Stop what runs; it is open still at the next start."""
        for job in list(self._running.values()):
            job.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, task: Task) -> None:
        try:
            if task.kind == "introspect":
                await self._finish(task, "inventory", self._introspect)
            elif task.kind == "profile":
                await self._finish(task, "profile", self._profile)
            else:
                await self._runs[task.kind](task)
        except Exception:
            LOGGER.exception("order %s (%s) failed; it is tried again", task.order_id, task.kind)
            await asyncio.sleep(RETRY_SECONDS)

    async def _finish(self, task: Task, kind: str, look: Callable[[str], Document]) -> None:
        receipt = await asyncio.to_thread(look, orjson.dumps(orjson.loads(task.body)["body"]).decode())
        sealed = self._center.seal(kind, receipt, self._clock())
        await asyncio.to_thread(self._state.finish_task, task.order_id, sealed)

    def _introspect(self, body: str) -> InventoryReceipt:
        return self._inventory(IntrospectOrder.model_validate_json(body).source)

    def _profile(self, body: str) -> ProfileReceipt:
        from jutong.node.connectors.profile import profile  # noqa: PLC0415
        from jutong.node.sources import pick  # noqa: PLC0415

        order = ProfileOrder.model_validate_json(body)
        try:
            return profile(pick(self._sources.configs, order.source), order)
        except JutongError as error:
            return ProfileReceipt(
                source=order.source, schema_name=order.schema_name, table=order.table, ok=False,
                problem=error.explain()[:500],
            )  # fmt: skip

    def _inventory(self, name: str) -> InventoryReceipt:
        # The drivers are heavy and a node without such an order does not need them.
        from jutong.node.connectors.introspect import inventory  # noqa: PLC0415
        from jutong.node.sources import pick  # noqa: PLC0415

        try:
            tables: tuple[TableInfo, ...] = tuple(inventory(pick(self._sources.configs, name)))
        except JutongError as error:
            return InventoryReceipt(source=name, ok=False, problem=error.explain())
        receipt = InventoryReceipt(source=name, ok=True, tables=tables)
        if len(receipt.model_dump_json()) > LARGEST_INVENTORY:
            problem = f"{len(tables)} tables do not fit into one receipt"
            return InventoryReceipt(source=name, ok=False, problem=problem)
        return receipt
