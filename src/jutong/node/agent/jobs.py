"""Follows a bulk move to its end and puts its result on record: one leaf in the log, one final receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import orjson

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.evidence import record as evidence_record
from jutong.evidence.errors import RecordNotFoundError
from jutong.evidence.log import EvidenceLog
from jutong.kernel.clock import Clock
from jutong.kernel.errors import JutongError
from jutong.kernel.settings import Settings
from jutong.node.agent.center import Center
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.live.pool import Sources
from jutong.node.sources import pick
from jutong.node.state import State, Task

LOOK_SECONDS = 0.5
TELL_EVERY = 10
"""Looks at a running job between two progress receipts."""

LIBRARY = "library"
"""Who receives what a job moves: the city's library, not one department."""


class Handle(Protocol):
    """A move under way, as the exchange runs it."""

    def poll(self) -> MovedReceipt | None:
        """Return news, the final receipt among them, or None."""

    def close(self) -> None:
        """End the process."""


class Jobs:
    """Carries out job orders.

    Args:
        settings: the instance, for its home folder.
        state: takes receipts and finishes tasks.
        center: seals receipts.
        sources: the configured sources.
        log: the evidence log, to find a leaf that a crash left without its receipt.
        sequencer: appends to it.
        reports: told that a leaf is no call.
        clock: the present instant.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        center: Center,
        sources: Sources,
        *,
        log: EvidenceLog,
        sequencer: Appends,
        reports: Reports,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._state = state
        self._center = center
        self._sources = sources
        self._log = log
        self._sequencer = sequencer
        self._reports = reports
        self._clock = clock

    async def run(self, task: Task) -> None:
        """Run one job order to its end.

        Raises:
            JutongError: if its end cannot be put on record now; the task stays open and is taken up again.
        """
        order = JobOrder.model_validate_json(orjson.dumps(orjson.loads(task.body)["body"]))
        try:
            handle = await asyncio.to_thread(self._start, order)
        except JutongError as error:
            final = MovedReceipt(job_id=order.job_id, state="failed", problem=error.explain()[:500])
        else:
            try:
                final = await self._follow(handle)
            finally:
                await asyncio.shield(asyncio.to_thread(handle.close))
        await self.record_moved(task, order, final)

    def _start(self, order: JobOrder) -> Handle:
        # The exchange brings Arrow and Delta with it; a node that only answers calls does without.
        from jutong.node.exchange import runner  # noqa: PLC0415

        return runner.start(order, home=self._settings.home, source=pick(self._sources.configs, order.source))

    async def _follow(self, handle: Handle) -> MovedReceipt:
        looks = 0
        while True:
            news = await asyncio.to_thread(handle.poll)
            if news is not None and news.state != "running":
                return news
            if news is not None and looks % TELL_EVERY == 0:
                sealed = self._center.seal("moved", news, self._clock())
                await asyncio.to_thread(self._state.queue, sealed)
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def record_moved(self, task: Task, order: JobOrder, final: MovedReceipt) -> int:
        """Append the leaf of a finished job, queue its receipt with the leaf's index and finish the task.

        The record carries the job's id, so that a crash between leaf and receipt does not make a second leaf.

        Raises:
            LogUnwritableError, LogStoppedError: nothing is on record and nothing is reported yet.
        """
        index = await asyncio.to_thread(self._known, order.job_id)
        if index is None:
            record = self._record(order, final)
            leaf, attachment = evidence_record.build(record, self._clock())
            index = await self._sequencer.append(leaf, attachment)
            self._reports.note(index, record)
        receipt = final.model_copy(update={"leaf_index": index})
        sealed = self._center.seal("moved", receipt, self._clock())
        await asyncio.to_thread(self._state.finish_task, task.order_id, sealed)
        return index

    def _known(self, job_id: str) -> int | None:
        try:
            return self._log.find_record(job_id)[0]
        except RecordNotFoundError:
            return None

    def _record(self, order: JobOrder, final: MovedReceipt) -> Mapping[str, Any]:
        config = self._sources.configs.get(order.source)
        return {
            "record_id": order.job_id,
            "kind": "moved",
            "agreement_id": order.job_id,
            "actor_dept": LIBRARY,
            "provider_dept": config.organisation_code if config else "-",
            "source": order.source,
            "table": f"{order.schema_name}.{order.table}",
            "columns": list(order.columns),
            "target": order.target,
            "state": final.state,
            "rows": final.rows_written,
            "rows_read": final.rows_read,
            "rows_quarantined": final.rows_quarantined,
            "rows_skipped": final.rows_skipped,
            "rules": [f"{count.id} {count.kind} {count.action} {count.rows}" for count in final.rules],
            "masks": [f"{mask.column} {mask.mask}" for mask in order.masks],
            "source_digest": final.source_digest,
            "target_digest": final.target_digest,
            "delta_version": final.delta_version,
            "problem": final.problem,
        }
