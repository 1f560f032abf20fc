"""Reports every call to the center, exactly the calls the log holds, whatever kills the process in between.

Calls are noted in memory as they become durable; the cursor, their receipts and the quota counts then move on in one
transaction. What memory has lost, by a crash or a call whose caller hung up, is read back from the log's records.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jutong.contracts.receipts import AccessSummary
from jutong.kernel.keys import Signer
from jutong.node import records
from jutong.node.agent.sealing import seal_plain
from jutong.node.gateway.nonces import KEEP_SECONDS, NonceMemory
from jutong.node.gateway.quota import Quotas, day_of
from jutong.node.gateway.recorder import NONE, OK
from jutong.node.state import Cursor, State

MOST_CALLS = 500
"""Calls in one receipt."""

MOST_NOTED = 200_000
SLACK_MS = 3_600_000
"""How much earlier than the cursor a record may have got its id: far more than a call takes."""

CALL_KINDS = frozenset({"query", "verify", "batch", "page", "changes", "file", "address"})
_ABSENT: Mapping[str, Any] = {"took_ms": -1, "newest_ms": 0, "marks": ()}
"""What a summary says where a record was written before such things were."""
_SUMMARY = tuple(name for name in AccessSummary.model_fields if name != "leaf_index")


class Served:
    """Durable calls on their way to the center.

    Args:
        state: holds cursor and outbox.
        store: the log's record store.
        size: how many leaves are durable.
        published: how many of them the record store holds.
        signer: the node's key.
        node: the node's name.
        index: takes note of every record besides.
    """

    def __init__(
        self,
        state: State,
        store: Path,
        *,
        size: Callable[[], int],
        published: Callable[[], int],
        signer: Signer,
        node: str,
        index: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._index = index
        self._state = state
        self._store = store
        self._size = size
        self._published = published
        self._signer = signer
        self._node = node
        self._cursor = state.cursor()
        self._noted: dict[int, Mapping[str, Any]] = {}

    def note(self, index: int, record: Mapping[str, Any]) -> None:
        """Take note of the record at a leaf; any other leaf is noted with an empty one.

        When the disk of the outbox refuses for long, memory stops growing: the log's records hold everything.
        """
        if len(self._noted) < MOST_NOTED:
            self._noted[index] = record
        if self._index is not None:
            self._index(record)

    @property
    def next_leaf(self) -> int:
        """The first leaf that has not been reported."""
        return self._cursor.leaf

    @property
    def waiting(self) -> int:
        """How many durable leaves have not been reported."""
        return self._size() - self._cursor.leaf

    def flush(self, now_ms: int) -> int:
        """Put receipts of everything noted without a gap into the outbox and return how many calls they tell of.

        Raises:
            sqlite3.Error: if the disk refuses; the calls stay noted.
        """
        leaf = self._cursor.leaf
        found: list[tuple[int, Mapping[str, Any]]] = []
        while leaf in self._noted:
            found.append((leaf, self._noted[leaf]))
            leaf += 1
        return self._report(found, leaf, now_ms)

    def catch_up(self, now_ms: int) -> int:
        """Read what memory does not know back from the published records and report it.

        A leaf without a record is no call, or its record was erased; it is passed over.

        Raises:
            sqlite3.Error: if the disk refuses.
        """
        end = self._published()
        if end <= self._cursor.leaf:
            return 0
        since = records.since(self._store, self._cursor.time_ms - SLACK_MS)
        rows = sorted((index, record) for index, record in since if self._cursor.leaf <= index < end)
        return self._report(rows, end, now_ms)

    def _report(self, rows: Sequence[tuple[int, Mapping[str, Any]]], end: int, now_ms: int) -> int:
        if end <= self._cursor.leaf:
            return 0
        calls = [(index, record) for index, record in rows if record.get("kind") in CALL_KINDS]
        latest = max((record["time_ms"] for _, record in calls), default=self._cursor.time_ms)
        cursor = Cursor(end, max(latest, self._cursor.time_ms))
        summaries = [_summary(index, record) for index, record in calls if record["grant_id"] != NONE]
        day = day_of(now_ms)
        answered: Counter[str] = Counter()
        for _, record in calls:
            if record["outcome"] == OK and day_of(record["time_ms"]) == day:
                answered[record["grant_id"]] += record.get("keys", 1)
        self._state.report(cursor, self._sealed(summaries, now_ms), answered, day)
        for index in range(self._cursor.leaf, end):
            self._noted.pop(index, None)
        self._cursor = cursor
        return len(summaries)

    def _sealed(self, summaries: Iterable[dict[str, Any]], now_ms: int) -> list[tuple[str, str]]:
        remaining = iter(summaries)
        receipts = []
        while part := list(itertools.islice(remaining, MOST_CALLS)):
            body = {"calls": part}
            cover = {"signer": self._signer, "issuer": self._node, "audience": "center"}
            receipts.append(seal_plain("served", body, now_ms=now_ms, **cover))  # type: ignore[arg-type]
        return receipts


def _summary(index: int, record: Mapping[str, Any]) -> dict[str, Any]:
    summary = {name: record[name] if name in record else _ABSENT[name] for name in _SUMMARY}
    summary["leaf_index"] = index
    return summary


def restore(store: Path, nonces: NonceMemory, now_ms: int) -> None:
    """Fill replay protection from the records of the last ten minutes and a little more.

    Raises:
        sqlite3.Error: if the record store cannot be read.
    """
    start = now_ms - 2 * KEEP_SECONDS * 1000
    marks = ((int(record["replay_mark"], 16), record["created"]) for _, record in records.since(store, start)
             if "replay_mark" in record)  # fmt: skip
    nonces.restore(marks)


def restore_quotas(state: State, quotas: Quotas, now_ms: int) -> None:
    """Fill the day's counts from what has been reported; call it after ``catch_up``."""
    for grant_id, calls in state.answered(day_of(now_ms)).items():
        quotas.restore(grant_id, now_ms, calls)
