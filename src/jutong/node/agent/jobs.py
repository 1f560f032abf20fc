"""Follows a bulk move to its end and puts its result on record: one leaf in the log, one final receipt.

A job waits for a free place, for the hours it may read in and for its next try; it stops when somebody pauses it and
ends when somebody cancels it. Each is told to the center once, and again now and then, so that its silence means that
nothing is known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

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
from jutong.node.agent.places import WEIGHTS, Places, load_weights
from jutong.node.exchange.jobs import JobFolder, write_whole
from jutong.node.exchange.retry import MOST_TRIES
from jutong.node.exchange.workers.assigned import Assigned, assign
from jutong.node.exchange.workers.roster import Roster
from jutong.node.extract.extracts import EXTRACTS
from jutong.node.gateway.decide import within
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.live.pool import Sources
from jutong.node.sources import pick
from jutong.node.state import State, Task

LOOK_SECONDS = 0.5
TELL_SECONDS = 5.0
"""Between two progress receipts of a running job."""

TELL_AGAIN_SECONDS = 300.0
"""Between two receipts that say the same."""

LIBRARY = "library"
"""Who receives what a job moves: the city's library, not one department."""


class Handle(Protocol):
    """A move under way, as the exchange runs it."""

    def poll(self) -> MovedReceipt | None:
        """Return news, the final receipt among them, or None."""

    def cancel(self) -> None:
        """End the job; its final receipt comes by ``poll``."""

    def hold(self) -> MovedReceipt | None:
        """End the process with what is finished kept; return the final receipt if there is one by now."""

    def close(self) -> None:
        """End the process."""


@dataclass
class _Course:
    """A job on its way: its process, if one is at work, and what the center was told last."""

    order: JobOrder
    handle: Handle | None = None
    cancelling: bool = False
    told: MovedReceipt | None = None
    told_at: float = 0.0


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
        self._roster = Roster(settings.home)
        self._here: set[str] = set()
        self._places = Places(weights=lambda: load_weights(settings.path(WEIGHTS)), more=self._room_elsewhere)

    async def run(self, task: Task) -> None:
        """Run one job order to its end.

        Raises:
            JutongError: if its end cannot be put on record now; the task stays open and is taken up again.
        """
        order = JobOrder.model_validate_json(orjson.dumps(orjson.loads(task.body)["body"]))
        course = _Course(order)
        try:
            final = await self._follow(course)
        except JutongError as error:
            final = MovedReceipt(job_id=order.job_id, state="failed", problem=error.explain()[:500])
        finally:
            self._leave(order.job_id)
            if course.handle is not None and not self._goes_on_elsewhere(course.handle):
                await asyncio.shield(asyncio.to_thread(course.handle.close))
        await self.record_moved(task, order, final)

    def _start(self, order: JobOrder, *, cancelling: bool) -> Handle:
        # The exchange brings Arrow and Delta with it; a node that only answers calls does without.
        from jutong.node.exchange import runner  # noqa: PLC0415

        source = pick(self._sources.configs, order.source)
        home, most = self._settings.home, self._places.most
        elsewhere = None
        if order.job_id not in self._here and not cancelling:
            free = most - len(self._here)
            elsewhere = assign(order, home=home, roster=self._roster, free_here=free, most_tries=MOST_TRIES)
        if elsewhere is not None:
            return elsewhere
        self._here.add(order.job_id)
        return runner.start(order, home=home, source=source, most_tries=MOST_TRIES, cancelling=cancelling)

    def _room_elsewhere(self) -> int:
        return sum(member.places for member in self._roster.living())

    def _leave(self, job_id: str) -> None:
        self._here.discard(job_id)
        self._places.leave(job_id)

    @staticmethod
    def _goes_on_elsewhere(handle: Handle) -> bool:
        """Tell whether a worker has the job: it goes on while the node is away, and is found again."""
        return isinstance(handle, Assigned) and not handle.lost

    async def _follow(self, course: _Course) -> MovedReceipt:
        final = await asyncio.to_thread(JobFolder(self._settings.home, course.order.job_id).result)
        while final is None:
            final = await self._look(course)
            if final is None:
                await asyncio.sleep(LOOK_SECONDS)
        return final

    async def _look(self, course: _Course) -> MovedReceipt | None:
        """Do what is due now; return the final receipt when the job has ended."""
        order = course.order
        wish = await asyncio.to_thread(self._state.wish, order.job_id)
        if wish == "cancel":
            await self._cancel(course)
        else:
            standing = await asyncio.to_thread(self._standing, order, wish)
            if standing is not None:
                return await self._rest(course, standing)
            if course.handle is None and not self._enter(order):
                await self._tell(course, self._so_far(order, "waiting", "queued"))
                return None
        if course.handle is None:
            course.handle = await asyncio.to_thread(self._start, order, cancelling=course.cancelling)
        news = await asyncio.to_thread(course.handle.poll)
        if news is None and isinstance(course.handle, Assigned) and course.handle.lost:
            course.handle = None  # its worker is silent: begun elsewhere at the next look
            return None
        if news is None or news.state == "running":
            if news is not None:
                await self._tell(course, news)
            return None
        return await self._rest(course, news) if news.state == "waiting" else news

    def _enter(self, order: JobOrder) -> bool:
        config = self._sources.configs.get(order.source)
        department = config.organisation_code if config else ""
        return self._places.enter(order.job_id, order.source, order.priority, department)

    async def _cancel(self, course: _Course) -> None:
        if not course.cancelling:
            course.cancelling = True
            if course.handle is not None:
                await asyncio.to_thread(course.handle.cancel)

    async def _rest(self, course: _Course, standing: MovedReceipt) -> MovedReceipt | None:
        """Stop the process and give its place back; return the final receipt if the job has ended by now."""
        final = None
        handle, course.handle = course.handle, None
        if handle is not None:
            final = await asyncio.shield(asyncio.to_thread(handle.hold))
        self._leave(course.order.job_id)
        if final is None:
            await self._tell(course, standing)
        return final

    def _standing(self, order: JobOrder, wish: str) -> MovedReceipt | None:
        """Return why a job must not be at work now, as its receipt says it."""
        if wish == "pause":
            return self._so_far(order, "paused", "")
        now_ms = int(self._clock().timestamp() * 1000)
        if order.care and order.care.hours and not any(within(hours, now_ms) for hours in order.care.hours):
            return self._so_far(order, "waiting", "hours")
        folder = JobFolder(self._settings.home, order.job_id)
        return folder.waiting() if folder.tries().not_before_ms > now_ms else None

    def _so_far(
        self, order: JobOrder, state: Literal["waiting", "paused"], phase: Literal["", "queued", "hours"]
    ) -> MovedReceipt:
        receipt = JobFolder(self._settings.home, order.job_id).progress()
        return receipt.model_copy(update={"state": state, "phase": phase, "rows_per_second": 0})

    async def _tell(self, course: _Course, receipt: MovedReceipt) -> None:
        """Tell the center what is new, a running job's progress not too often, and what is not new now and then."""
        now, before = time.monotonic(), course.told
        since = now - course.told_at
        if before is not None:
            same = (before.state, before.phase, before.chunks_done) == (
                receipt.state,
                receipt.phase,
                receipt.chunks_done,
            )
            moving = receipt.state == "running" and receipt.rows_read != before.rows_read
            if same and since < (TELL_SECONDS if moving else TELL_AGAIN_SECONDS):
                return
            if receipt.state == before.state == "running" and since < LOOK_SECONDS:
                return
        course.told, course.told_at = receipt, now
        sealed = self._center.seal("moved", receipt, self._clock())
        await asyncio.to_thread(self._state.queue, sealed)

    async def record_moved(self, task: Task, order: JobOrder, final: MovedReceipt) -> int:
        """Append the leaf of a finished job, queue its receipt with the leaf's index and finish the task.

        The record carries the job's id, so that a crash between leaf and receipt does not make a second leaf.

        Raises:
            LogUnwritableError, LogStoppedError: nothing is on record and nothing is reported yet.
        """
        if order.fingerprint is not None and final.state == "done" and not order.dry:
            await asyncio.to_thread(self._keep_fingerprint, order, final)
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

    def _keep_fingerprint(self, order: JobOrder, final: MovedReceipt) -> None:
        """Keep for whom the rows stand in their order, beside what is kept of files: a leaked copy is found by it."""
        from jutong.node.exchange.rules.arranged import carrier_of  # noqa: PLC0415 - brings Arrow with it

        mark, into = order.fingerprint, order.into
        assert mark is not None  # noqa: S101 - the caller looked
        carrier = carrier_of(JobFolder(self._settings.home, order.job_id).path)
        landed = f"{into.source}:{into.schema_name}.{into.table}" if into else order.target
        manifest = {
            "record": order.job_id, "kind": "move", "time_ms": final.finished_ms, "agreement": mark.agreement,
            "entry": mark.entry_code, "entry_name": mark.entry_name, "recipient": mark.recipient_code,
            "recipient_name": mark.recipient_name, "target": landed, "rows": final.rows_written, "sha256": "",
            "carrier": dict(into.columns).get(carrier, carrier) if into else carrier,
        }  # fmt: skip
        folder = self._settings.path(*EXTRACTS)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{order.job_id}.json", orjson.dumps(manifest).decode(), durable=True)

    def _known(self, job_id: str) -> int | None:
        try:
            return self._log.find_record(job_id)[0]
        except RecordNotFoundError:
            return None

    def _record(self, order: JobOrder, final: MovedReceipt) -> Mapping[str, Any]:
        config = self._sources.configs.get(order.source)
        return {
            "record_id": order.job_id,
            "kind": "tried" if order.dry else "moved",
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
            **_of_mode(final),
            **({"pulled": [f"{one.node} {one.record}" for one in final.pulled]} if final.pulled else {}),
        }


_MODE = ("mode", "rows_inserted", "rows_updated", "rows_deleted", "rows_unchanged", "table_rows", "table_digest")


def _of_mode(final: MovedReceipt) -> dict[str, Any]:
    """Return what the record says of a job that met rows of its target."""
    return {name: getattr(final, name) for name in _MODE} if final.mode else {}
