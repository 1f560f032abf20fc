"""Obeys orders: each exactly once, in the order of the feed, durable before it counts as applied."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from jutong.contracts.envelope import ContractError, Document, Envelope, unseal
from jutong.contracts.logs import ReleaseLogOrder
from jutong.contracts.orders import (
    ArrivalsOrder,
    GrantOrder,
    GrantStateOrder,
    IntrospectOrder,
    JobControlOrder,
    JobOrder,
    MarkOrder,
    ProfileOrder,
    TraceOrder,
    WatchOrder,
)
from jutong.contracts.receipts import GrantReceipt
from jutong.contracts.works import WorkControlOrder, WorkOrder
from jutong.kernel.errors import JutongError
from jutong.node.agent.center import Center
from jutong.node.agent.probe import probe
from jutong.node.errors import SourceSlowError, SourceUnavailableError
from jutong.node.grants import Grant, GrantBook, KeyConflictError
from jutong.node.live.pool import Sources
from jutong.node.state import State

LOGGER = logging.getLogger(__name__)
Apply = Callable[[Envelope, datetime], Awaitable[None]]
TASKS: dict[str, type[Document]] = {
    "introspect": IntrospectOrder,
    "job": JobOrder,
    "profile": ProfileOrder,
    "mark": MarkOrder,
    "trace": TraceOrder,
    "release-log": ReleaseLogOrder,
    "work": WorkOrder,
}
"""Orders that take a while, noted when they come and carried out afterwards."""


class Orders:
    """Applies orders to the durable state and to the gateway's memory.

    Args:
        state: the durable state.
        book: the gateway's grants.
        center: seals the receipts.
        sources: the live databases, for probing.
        mark: applies mark orders.
    """

    def __init__(self, state: State, book: GrantBook, center: Center, sources: Sources, mark: Apply) -> None:
        self._state = state
        self._book = book
        self._center = center
        self._sources = sources
        self._kinds: dict[str, Apply] = {
            "grant": self._grant,
            "grant-state": self._grant_state,
            "job-control": self._job_control,
            "work-control": self._work_control,
            "watch": self._watch,
            "arrivals": self._arrivals,
            **dict.fromkeys(TASKS, self._task),
            "mark": mark,
        }

    async def apply(self, envelope: Envelope, now: datetime) -> None:
        """Apply one checked order.

        An order of an unknown kind, or with a body this version cannot read, is passed over: stopping there would
        keep every later suspension from arriving.

        Raises:
            AlreadyAppliedError: if the feed repeats an order.
            sqlite3.Error: if the disk refuses; nothing is applied.
        """
        apply = self._kinds.get(envelope.kind, self._unknown)
        try:
            await apply(envelope, now)
        except (ContractError, KeyConflictError) as error:
            LOGGER.error("order %s passed over: %s", envelope.id, error)  # noqa: TRY400 - named, no trace needed
            await asyncio.to_thread(self._state.skip, envelope.id)

    async def _unknown(self, envelope: Envelope, now: datetime) -> None:
        raise ContractError(issuer=envelope.issuer, kind=envelope.kind, reason="kind")

    async def _grant(self, envelope: Envelope, now: datetime) -> None:
        order = unseal(envelope, GrantOrder)
        problem = self._conflict(order)
        if problem:
            receipt = GrantReceipt(grant_id=order.grant_id, state="failed", problem=problem)
            await asyncio.to_thread(self._state.queue, self._center.seal("grant", receipt, now))
            raise KeyConflictError(problem)
        grant = await asyncio.to_thread(self._state.put_grant, envelope.id, order)
        self._book.put(grant)

    def _conflict(self, order: GrantOrder) -> str:
        try:
            self._book.check(Grant(order))
        except ValueError as error:
            return f"{type(error).__name__}: {error}"
        return ""

    async def _grant_state(self, envelope: Envelope, now: datetime) -> None:
        order = unseal(envelope, GrantStateOrder)
        former = self._book.by_id.get(order.grant_id)
        if former is not None and order.state != "active" and former.state != "revoked":
            # Memory first: a call that is being decided right now must already see the stop.
            self._book.put(Grant(former.order, order.state, order.reason, former.probe))
        grant = await asyncio.to_thread(
            self._state.set_grant_state, envelope.id, order.grant_id, order.state, order.reason
        )
        if grant is None:
            state, problem = "failed", "unknown grant"
        else:
            self._book.put(grant)
            state, problem = ("ready" if grant.state == "active" else grant.state), ""
        receipt = GrantReceipt(grant_id=order.grant_id, state=state, problem=problem)  # type: ignore[arg-type]
        if grant is None or grant.state != "active" or grant.probe == "ready":
            await asyncio.to_thread(self._state.queue, self._center.seal("grant", receipt, now))

    async def _task(self, envelope: Envelope, now: datetime) -> None:
        unseal(envelope, TASKS[envelope.kind])
        body = envelope.model_dump_json(include={"body"})
        await asyncio.to_thread(self._state.put_task, envelope.id, envelope.kind, body)

    async def _job_control(self, envelope: Envelope, now: datetime) -> None:
        await asyncio.to_thread(self._state.put_wish, envelope.id, unseal(envelope, JobControlOrder))

    async def _work_control(self, envelope: Envelope, now: datetime) -> None:
        order = JobControlOrder(job_id=unseal(envelope, WorkControlOrder).work_id, action="cancel")
        await asyncio.to_thread(self._state.put_wish, envelope.id, order)

    async def _watch(self, envelope: Envelope, now: datetime) -> None:
        await asyncio.to_thread(self._state.put_watch, envelope.id, unseal(envelope, WatchOrder))

    async def _arrivals(self, envelope: Envelope, now: datetime) -> None:
        await asyncio.to_thread(self._state.put_arrivals, envelope.id, unseal(envelope, ArrivalsOrder))

    async def probe_pending(self, now: datetime) -> int:
        """Try every grant that has not been tried; return how many still wait for their database."""
        waiting = 0
        for grant in [grant for grant in self._book.by_id.values() if grant.probe == "pending"]:
            try:
                problem = await probe(grant, self._sources)
            except (SourceUnavailableError, SourceSlowError):
                waiting += 1
                continue
            except JutongError as error:
                problem = error.explain()
            await self._probed(grant, problem, now)
        return waiting

    async def _probed(self, grant: Grant, problem: str, now: datetime) -> None:
        order = grant.order
        receipt = GrantReceipt(grant_id=order.grant_id, state="failed" if problem else "ready", problem=problem[:500])
        sealed = self._center.seal("grant", receipt, now)
        probed = "failed" if problem else "ready"
        current = await asyncio.to_thread(self._state.set_probe, order.grant_id, order, probed, sealed)
        if current is not None:
            self._book.put(current)
