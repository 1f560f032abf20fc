"""Lets go of the log that a source keeps for jobs that were given up: as soon as no job uses it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import orjson

from jutong.contracts.logs import ReleaseLogOrder
from jutong.contracts.orders import JobOrder
from jutong.kernel.errors import JutongError
from jutong.node.live.pool import Sources
from jutong.node.state import State, Task

LOGGER = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
AGAIN_SECONDS = 60.0


class Releasing:
    """Carries out orders of the kind ``release-log``.

    Args:
        home: the instance's data folder.
        state: knows the open jobs.
        sources: the configured sources.
    """

    def __init__(self, home: Path, state: State, sources: Sources) -> None:
        self._home = home
        self._state = state
        self._sources = sources

    async def run(self, task: Task) -> None:
        """Let go of a log; a source that is away is tried again until it is back, or no longer configured."""
        order = ReleaseLogOrder.model_validate_json(orjson.dumps(orjson.loads(task.body)["body"]))
        while True:
            if await asyncio.to_thread(self._tried, task, order):
                break
            await asyncio.sleep(LOOK_SECONDS if await asyncio.to_thread(self._busy, task, order) else AGAIN_SECONDS)
        await asyncio.to_thread(self._state.end_task, task.order_id)

    def _tried(self, task: Task, order: ReleaseLogOrder) -> bool:
        # The driver comes with the exchange; a node that only answers calls does without.
        from jutong.node.exchange.changes.released import release  # noqa: PLC0415

        source = self._sources.configs.get(order.source)
        if source is None or source.dialect != "postgresql":
            return True
        if self._busy(task, order):
            return False
        try:
            release(source, order.target, self._home)
        except JutongError as error:
            LOGGER.warning("log of %s not let go yet: %s", order.target, error)
            return False
        return True

    def _busy(self, task: Task, order: ReleaseLogOrder) -> bool:
        """Tell whether a job that was ordered before is still to be done."""
        for other in self._state.tasks():
            if other.order_id == task.order_id:
                return False
            if other.kind == "job":
                job = JobOrder.model_validate_json(orjson.dumps(orjson.loads(other.body)["body"]))
                if (job.source, job.target) == (order.source, order.target):
                    return True
        return False
