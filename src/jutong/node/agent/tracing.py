"""Finds every access to what somebody looked up, for a person who asks who used their data (条例 37)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from jutong.contracts.orders import TraceOrder
from jutong.contracts.receipts import TraceReceipt
from jutong.evidence.errors import RecordNotFoundError
from jutong.kernel.clock import Clock
from jutong.kernel.keys import Ed25519Signer
from jutong.kernel.sealing import UnreadableBoxError, open_with
from jutong.node.agent.center import Center
from jutong.node.agent.marking import FindRecord
from jutong.node.state import State, Task
from jutong.node.tags import TagIndex

MOST_RECORDS = 10_000
MOST_VALUES = 50
UNREADABLE = "the sealed part cannot be read"


@dataclass
class Tracing:
    """Carries trace orders out.

    Attributes:
        state: finishes tasks.
        center: seals receipts.
        signer: the node's key, which opens what is sealed for it.
        index: finds records by tag.
        find_record: returns leaf index and record of an id; blocking.
        tag: returns the keyed tag of a value.
        clock: the present instant.
    """

    state: State
    center: Center
    signer: Ed25519Signer
    index: TagIndex
    find_record: FindRecord
    tag: Callable[[str], str]
    clock: Clock

    async def carry_out(self, task: Task) -> None:
        """Search and tell the center.

        Raises:
            sqlite3.Error: if the index cannot be read; the task stays open.
        """
        order = TraceOrder.model_validate_json(orjson.dumps(orjson.loads(task.body)["body"]))
        receipt = await asyncio.to_thread(self._trace, order)
        sealed = self.center.seal("trace", receipt, self.clock())
        await asyncio.to_thread(self.state.finish_task, task.order_id, sealed)

    def _trace(self, order: TraceOrder) -> TraceReceipt:
        values = self._values(order)
        if values is None:
            return TraceReceipt(trace_id=order.trace_id, record_ids=(), complete=False, problem=UNREADABLE)
        self.index.flush()
        # Record ids sort by their time.
        ids = sorted({found for value in values for found in self.index.find(self.tag(value), order.since_ms)})[::-1]
        kept = [record_id for record_id in ids if self._about(record_id, order.entry_code)]
        return TraceReceipt(
            trace_id=order.trace_id, record_ids=tuple(kept[:MOST_RECORDS]), complete=len(kept) <= MOST_RECORDS
        )

    def _values(self, order: TraceOrder) -> list[str] | None:
        try:
            values = orjson.loads(open_with(self.signer, order.sealed))
        except (UnreadableBoxError, ValueError):
            return None
        good = isinstance(values, list) and 0 < len(values) <= MOST_VALUES
        return values if good and all(isinstance(value, str) and value for value in values) else None

    def _about(self, record_id: str, entry_code: str) -> bool:
        try:
            content = self.find_record(record_id)[1]
        except RecordNotFoundError:
            return False  # erased after its time
        return not entry_code or orjson.loads(content)["record"]["entry_code"] == entry_code
