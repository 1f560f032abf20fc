"""Checks what stands behind entries, a few at a time, each once an interval, and reports what it finds."""

from __future__ import annotations

import asyncio
import logging

from jutong.contracts.orders import WatchedBinding
from jutong.contracts.receipts import BindingCheck, BindingReceipt
from jutong.kernel.clock import Clock
from jutong.kernel.i18n import gettext_noop
from jutong.node.agent.center import Center
from jutong.node.live.pool import Sources
from jutong.node.state import State

LOGGER = logging.getLogger(__name__)
FAILED = gettext_noop("节点检查时出错，详见节点日志")
AT_ONCE = 2
"""Checks side by side: looking must not crowd out the calls the node is there for."""
ROUND = 10
"""Checks in one receipt."""
IDLE_SECONDS = 2.0


class Watcher:
    """Runs the checks that are due. The list and the times are in the state, so that a restart goes on with them.

    Args:
        state: holds the watched bindings and takes receipts.
        center: seals receipts.
        sources: the configured sources.
        clock: the present instant.
    """

    def __init__(self, state: State, center: Center, sources: Sources, clock: Clock) -> None:
        self._state = state
        self._center = center
        self._sources = sources
        self._clock = clock

    async def watch_once(self) -> float:
        """Check what is due; return the seconds until the next time."""
        due = await asyncio.to_thread(self._state.due_bindings, self._now_ms(), ROUND)
        if not due:
            return IDLE_SECONDS
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(binding: WatchedBinding) -> BindingCheck:
            async with gate:
                return await asyncio.to_thread(self._check, binding)

        receipt = BindingReceipt(checks=tuple(await asyncio.gather(*map(one, due))))
        sealed = self._center.seal("binding", receipt, self._clock())
        await asyncio.to_thread(self._state.checked, due, self._now_ms(), sealed)
        return 0.0

    def _check(self, binding: WatchedBinding) -> BindingCheck:
        # The drivers are heavy and a node that watches nothing does not need them.
        from jutong.node.connectors.check import check  # noqa: PLC0415

        now = self._clock()
        try:
            return check(self._sources.configs, binding, now)
        except Exception:
            # One binding that cannot even be looked at must not keep the others from it.
            LOGGER.exception("check of binding %s failed", binding.binding_id)
            checked_ms = int(now.timestamp() * 1000)
            return BindingCheck(binding_id=binding.binding_id, alive=False, problem=FAILED, checked_ms=checked_ms)

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)
