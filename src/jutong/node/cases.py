"""Rows in dispute in the node's own database: which are marked, and which corrections which grant has to hear of.

The order is kept as it came, its values closed; open are only the columns and the keyed tags of the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from jutong.contracts.envelope import Envelope
from jutong.contracts.orders import MarkOrder
from jutong.node.gateway.marks import Mark
from jutong.node.state import State

OPEN, CORRECTED = "open", "corrected"


@dataclass(frozen=True)
class Told:
    """A correction one grant's holder hears of: its place in the feed and the order that tells of it."""

    place: int
    order: MarkOrder


class Cases:
    """Marks and corrections, durable.

    Args:
        state: the node's database.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def put(self, order_id: str, order: MarkOrder, mark: Mark, task: str) -> None:
        """Apply a mark order, and note the task of finding out whom it concerns."""
        key, columns = orjson.dumps(mark.key).decode(), orjson.dumps(mark.columns).decode()
        with self._state.transaction() as db:
            self._state.step(order_id)
            db.execute(
                "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?)",
                (order.correction_number, order.state, order.model_dump_json(), key, columns),
            )
            db.execute("INSERT INTO task VALUES (?, 'mark', ?)", (order_id, task))

    def queue(self, receipt: Envelope) -> None:
        """Put a receipt into the outbox."""
        self._state.queue(receipt)

    def open(self) -> list[Mark]:
        """Return every mark that is shown."""
        with self._state.transaction() as db:
            rows = db.execute("SELECT body, key, columns FROM mark WHERE state = ?", (OPEN,)).fetchall()
        return [_mark(*row) for row in rows]

    def finish(self, order_id: str, order: MarkOrder, grants: Iterable[str], receipt: Envelope) -> None:
        """Note a mark order as carried out, with its receipt; a correction goes into the feeds of these grants."""
        with self._state.transaction() as db:
            if order.state == CORRECTED:
                db.executemany(
                    "INSERT OR IGNORE INTO told (grant_id, correction, body) VALUES (?, ?, ?)",
                    [(grant_id, order.correction_number, order.model_dump_json()) for grant_id in grants],
                )
            db.execute("DELETE FROM task WHERE order_id = ?", (order_id,))
            self._state.put_receipt(receipt)

    def fail(self, order_id: str, order: MarkOrder, receipt: Envelope) -> None:
        """Note a mark order as impossible, with the receipt that says why; its mark is shown no more."""
        with self._state.transaction() as db:
            db.execute("UPDATE mark SET state = 'failed' WHERE correction = ?", (order.correction_number,))
            db.execute("DELETE FROM task WHERE order_id = ?", (order_id,))
            self._state.put_receipt(receipt)

    def due(self, grant_id: str, after: int, limit: int) -> list[Told]:
        """Return corrections behind a place in a grant's feed, the oldest first."""
        with self._state.transaction() as db:
            rows = db.execute(
                "SELECT place, body FROM told WHERE grant_id = ? AND place > ? ORDER BY place LIMIT ?",
                (grant_id, after, limit),
            ).fetchall()
        return [Told(place, MarkOrder.model_validate_json(body)) for place, body in rows]

    def unfetched(self, grant_id: str, up_to: int) -> list[str]:
        """Return the corrections up to a place whose fetching nobody has noted yet."""
        with self._state.transaction() as db:
            rows = db.execute(
                "SELECT correction FROM told WHERE grant_id = ? AND place <= ? AND fetched_ms = 0", (grant_id, up_to)
            ).fetchall()
        return [str(row[0]) for row in rows]

    def fetched(self, grant_id: str, corrections: Sequence[str], now_ms: int, receipts: Iterable[Envelope]) -> None:
        """Note corrections as fetched, with the receipts that say so."""
        with self._state.transaction() as db:
            db.executemany(
                "UPDATE told SET fetched_ms = ? WHERE grant_id = ? AND correction = ?",
                [(now_ms, grant_id, one) for one in corrections],
            )
            for receipt in receipts:
                self._state.put_receipt(receipt)


def _mark(body: str, key: str, columns: str) -> Mark:
    order = MarkOrder.model_validate_json(body)
    place = (order.source, order.schema_name, order.table)
    tags = tuple((column, tag) for column, tag in orjson.loads(key))
    return Mark(order.correction_number, place, tags, tuple(orjson.loads(columns)), order.since_ms)
