"""What a call over many rows answers, row by row, and what its record has to say of them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from jutong.node.connectors.moments import to_ms
from jutong.node.gateway.answers import Served, shown
from jutong.node.gateway.calls import Call
from jutong.node.gateway.marks import Mark, TableMarks, told
from jutong.node.gateway.narrow import BulkPermit
from jutong.node.gateway.recorder import OK, Outcome
from jutong.node.gateway.verification import as_text
from jutong.node.live.source import Row

FEW_ROWS = 200
"""Rows up to which masking is done on the event loop; beyond, other calls would feel it."""
ROW_TAG_BYTES = 8
UNFIT = "unfit"


@dataclass(frozen=True)
class Stretch:
    """Rows as they came, the marks their table had when they were read, and where the last row stands."""

    found: Sequence[Row]
    table: TableMarks | None
    order: int
    last: list[Any] | None
    more: bool

    async def rows(self, tag: Callable[[str], str], permit: BulkPermit) -> tuple[BulkAnswer, list[dict[str, Any]]]:
        """Return the rows as the grant shows them, off the event loop where they are many."""
        made = BulkAnswer(tag, permit, self.table)
        if len(self.found) <= FEW_ROWS:
            return made, made.placed(self.found, self.order)
        return made, await asyncio.to_thread(made.placed, self.found, self.order)


NO_ROWS = Stretch((), None, 0, None, more=False)


class BulkAnswer:
    """Puts an answer together row by row and remembers what its record has to say.

    Args:
        tag: returns the keyed tag of a value.
        permit: what was decided.
        table: the marks the table had when the rows were read.
    """

    def __init__(self, tag: Callable[[str], str], permit: BulkPermit, table: TableMarks | None) -> None:
        self._grant = permit.grant
        self._items = permit.items
        self._columns = [permit.grant.visible[item] for item in permit.items]
        self.table = table
        self.tag = tag
        self._count = 0
        self._newest = 0
        self._found: list[tuple[int, Mark]] = []
        self._tags = bytearray()

    def _row(self, row: Row, found: list[tuple[int, Mark]], number: int) -> dict[str, Any]:
        width = len(self._columns)
        marked = 0
        if self.table is not None:
            marked = len(self.table.columns)
            found += [(number, mark) for mark in self.table.of(row[width : width + marked])]
        if self._grant.fresh:
            self._newest = max(self._newest, to_ms(row[width + marked]))
        self._count += 1
        return shown(self._columns, row[:width])

    def of_key(self, rows: Sequence[Row] | None) -> dict[str, Any]:
        """Return what one key of a batch found."""
        if rows is None:
            return {"outcome": UNFIT, "rows": []}
        if len(rows) > self._grant.order.max_rows:
            return {"outcome": "too-many", "rows": []}
        found: list[tuple[int, Mark]] = []
        answered = [self._row(tuple(row), found, number) for number, row in enumerate(rows)]
        self._found += found
        marks = {"marks": told(found, self._grant)} if found else {}
        return {"outcome": "found" if rows else "none", "rows": answered, **marks}

    def placed(self, rows: Sequence[Row], order: int) -> list[dict[str, Any]]:
        """Return the rows of a stretch; a tag of each key value in them goes into the record."""
        answered = []
        keys = len(self._grant.lookup_columns)
        for number, given in enumerate(rows):
            row = tuple(given)
            answered.append(self._row(row, self._found, number))
            end = len(row) - order
            for value in row[end - keys : end]:
                if value is not None:
                    self._tags += bytes.fromhex(self.tag(as_text(value)))[:ROW_TAG_BYTES]
        return answered

    def take_found(self) -> list[tuple[int, Mark]]:
        """Return the marks found since the last time, by row."""
        found, self._found = self._found, []
        return found

    def take_tags(self) -> bytes:
        """Return the tags of the rows since the last time, eight bytes each."""
        tags, self._tags = bytes(self._tags), bytearray()
        return tags

    def tags(self) -> str:
        """Return the tags of the rows, eight bytes each, in base64."""
        return base64.b64encode(self._tags).decode()

    def marks(self) -> dict[str, Any]:
        """Return the marks of the rows as a member of the answer, or nothing."""
        return {"marks": told(self._found, self._grant)} if self._found else {}

    def _corrections(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mark.correction for _, mark in self._found))

    def served(self, record_id: str, body: bytes) -> Served:
        """Return the answer."""
        return Served(record_id, body, marks=self._corrections())

    def outcome(self, body: bytes, more: Mapping[str, Any]) -> Outcome:
        """Return how the call is recorded."""
        digest = "sha256:" + sha256(body).hexdigest()
        return Outcome(OK, self._items, self._count, digest, self._newest, self._corrections(), more)


def told_filters(call: Call, tag: Callable[[str], str]) -> dict[str, Any]:
    """Return what a record says of a caller's filters: values only as tags."""
    if not call.bulk.filters:
        return {}
    narrowed = [
        {"item": one.item, "operator": one.operator, "tags": [tag(value) for value in one.values]}
        for one in call.bulk.filters
    ]
    return {"filters": narrowed}
