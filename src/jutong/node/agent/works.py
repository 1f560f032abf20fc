"""Follows a work of the library to its end and puts its result on record: one leaf in the log, one final receipt.

One heavy work is carried out at a time, in the order they came, so that memory is bounded and no two meet at a table;
a light one has a place of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from jutong.contracts.works import WorkOrder, WorkReceipt
from jutong.evidence import record as evidence_record
from jutong.evidence.errors import RecordNotFoundError
from jutong.evidence.log import EvidenceLog
from jutong.kernel.canonical import canonical_json
from jutong.kernel.clock import Clock
from jutong.kernel.errors import JutongError
from jutong.kernel.settings import Settings
from jutong.node.agent.center import Center
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.state import State, Task

LOOK_SECONDS = 0.3
TELL_SECONDS = 3.0
"""Between two progress receipts of a running work."""
TELL_AGAIN_SECONDS = 300.0
"""Between two receipts that say the same."""
LIBRARY = "library"
LONGEST_FACT = 120
"""Characters of a text of the result that the record repeats."""


class Handle(Protocol):
    """A work under way, as its runner has it."""

    def poll(self) -> WorkReceipt | None:
        """Return news, the final receipt among them, or None."""

    def cancel(self) -> None:
        """End the work; its final receipt comes by ``poll``."""

    def close(self) -> None:
        """End the process."""


@dataclass
class _Course:
    """A work on its way: its process, if one is at work, and what the center was told last."""

    order: WorkOrder
    lane: str
    handle: Handle | None = None
    cancelling: bool = False
    told: WorkReceipt | None = None
    told_at: float = 0.0


class Works:
    """Carries out orders of the kind ``work``.

    Args:
        settings: the instance, for its home folder.
        state: takes receipts and finishes tasks.
        center: seals receipts.
        log: the evidence log, to find a leaf that a crash left without its receipt.
        sequencer: appends to it.
        reports: told that a leaf is no call.
        clock: the present instant.
        start: begins a work; by default in a process of its own.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        center: Center,
        *,
        log: EvidenceLog,
        sequencer: Appends,
        reports: Reports,
        clock: Clock,
        start: Callable[[WorkOrder], Handle] | None = None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._center = center
        self._log = log
        self._sequencer = sequencer
        self._reports = reports
        self._clock = clock
        self._begin = start or self._start
        self._lanes: dict[str, list[str]] = {"heavy": [], "light": []}

    async def run(self, task: Task) -> None:
        """Run one work to its end.

        Raises:
            JutongError: if its end cannot be put on record now; the task stays open and is taken up again.
        """
        order = WorkOrder.model_validate_json(orjson.dumps(orjson.loads(task.body)["body"]))
        course = _Course(order, await asyncio.to_thread(_lane, order.kind))
        lane = self._lanes[course.lane]
        lane.append(order.work_id)
        try:
            final = await self._follow(course)
        except JutongError as error:
            final = WorkReceipt(
                work_id=order.work_id, kind=order.kind, state="failed", problem=error.explain()[:480],
                problem_code=error.code,
            )  # fmt: skip
        finally:
            if course.handle is not None:
                await asyncio.shield(asyncio.to_thread(course.handle.close))
            lane.remove(order.work_id)
        await self._record(task, order, final)

    def _start(self, order: WorkOrder) -> Handle:
        from jutong.node.works import runner  # noqa: PLC0415 - brings the library with it

        return runner.start(order, home=self._settings.home)

    async def _follow(self, course: _Course) -> WorkReceipt:
        from jutong.node.works.folder import WorkFolder  # noqa: PLC0415 - as above

        folder = WorkFolder(self._settings.home, course.order.work_id)
        final = await asyncio.to_thread(folder.result)
        while final is None:
            final = await self._look(course)
            if final is None:
                await asyncio.sleep(LOOK_SECONDS)
        return final

    async def _look(self, course: _Course) -> WorkReceipt | None:
        """Do what is due now; return the final receipt when the work has ended."""
        order = course.order
        if await asyncio.to_thread(self._state.wish, order.work_id) == "cancel" and not course.cancelling:
            course.cancelling = True
            if course.handle is not None:
                await asyncio.to_thread(course.handle.cancel)
        if course.handle is None and not course.cancelling and self._lanes[course.lane][0] != order.work_id:
            await self._tell(course, WorkReceipt(work_id=order.work_id, kind=order.kind, state="waiting"))
            return None
        if course.handle is None:
            course.handle = await asyncio.to_thread(self._begin, order)
            if course.cancelling:
                await asyncio.to_thread(course.handle.cancel)
        news = await asyncio.to_thread(course.handle.poll)
        if news is None or news.state != "running":
            return news
        await self._tell(course, news)
        return None

    async def _tell(self, course: _Course, receipt: WorkReceipt) -> None:
        """Tell the center what is new, progress not too often, and what is not new now and then."""
        now, before = time.monotonic(), course.told
        if before is not None:
            same = (before.state, before.phase) == (receipt.state, receipt.phase)
            wait = TELL_AGAIN_SECONDS if before == receipt else TELL_SECONDS
            if same and now - course.told_at < wait:
                return
        course.told, course.told_at = receipt, now
        sealed = self._center.seal("worked", receipt, self._clock())
        await asyncio.to_thread(self._state.queue, sealed)

    async def _record(self, task: Task, order: WorkOrder, final: WorkReceipt) -> None:
        """Append the leaf of an ended work, queue its receipt with the leaf's index and finish the task.

        The record carries the work's id, so that a crash between leaf and receipt does not make a second leaf.

        Raises:
            LogUnwritableError, LogStoppedError: nothing is on record and nothing is reported yet.
        """
        index = await asyncio.to_thread(self._known, order.work_id)
        if index is None:
            record = record_of(order, final)
            leaf, attachment = evidence_record.build(record, self._clock())
            index = await self._sequencer.append(leaf, attachment)
            self._reports.note(index, record)
        sealed = self._center.seal("worked", final.model_copy(update={"log_leaf": index}), self._clock())
        await asyncio.to_thread(self._state.finish_task, task.order_id, sealed)

    def _known(self, work_id: str) -> int | None:
        try:
            return self._log.find_record(work_id)[0]
        except RecordNotFoundError:
            return None


def _lane(kind: str) -> str:
    from jutong.node.works import KINDS  # noqa: PLC0415 - brings the library with it

    found = KINDS.get(kind)
    return "light" if found is None or found.light else "heavy"


def record_of(order: WorkOrder, final: WorkReceipt) -> Mapping[str, Any]:
    """Return what the log keeps of a work: what was ordered and what came of it, by digest and in plain facts."""
    facts = {
        name: value
        for name, value in final.result.items()
        if isinstance(value, int) or (isinstance(value, str) and len(value) <= LONGEST_FACT)
    }
    rows = facts.get("rows", 0)
    return {
        "record_id": order.work_id,
        "kind": "worked",
        "agreement_id": order.work_id,
        "actor_dept": LIBRARY,
        "provider_dept": LIBRARY,
        "rows": max(rows, 0) if type(rows) is int else 0,
        "work": order.kind,
        "order_sha256": hashlib.sha256(canonical_json(order.body)).hexdigest(),
        "result_sha256": hashlib.sha256(canonical_json(final.result)).hexdigest(),
        "state": final.state,
        "problem": final.problem_code,
        "facts": facts,
    }
