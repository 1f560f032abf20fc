"""What a PostgreSQL's log said of one table between two places: see ``window``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from typing_extensions import override

from jutong.node.exchange.changes import pgoutput, texts
from jutong.node.exchange.changes.pgoutput import UNCHANGED, Decoded, Relation, Rows
from jutong.node.exchange.changes.window import MOST_BYTES, MOST_MESSAGES, Kept, Window
from jutong.node.exchange.errors import ColumnsChangedError
from jutong.node.exchange.plan import MovePlan


class LogWindow(Window):
    """Takes messages in the order of the log."""

    def __init__(self, folder: Path, plan: MovePlan, identity: Sequence[str]) -> None:
        super().__init__(folder, plan, identity)
        self._relation: Relation | None = None
        self._places: list[int] = []
        self._messages: list[bytes] = []
        self._bytes = 0

    def take(self, message: bytes) -> bool:
        """Take a message; return whether rows were decoded just now.

        Raises:
            pgoutput.UnreadableError: when it is not what the protocol says.
            ColumnsChangedError: when the table no longer has a column.
            ValueUnfitError: when a value has no faithful form.
        """
        letter = message[0]
        if letter in (pgoutput.INSERT, pgoutput.UPDATE, pgoutput.DELETE):
            if self._relation is None or pgoutput.number_of(message) != self._relation.number:
                return False  # another table of the same publication
            self._messages.append(message)
            self._bytes += len(message)
            self.changes += 1
            if len(self._messages) >= MOST_MESSAGES or self._bytes >= MOST_BYTES:
                self.flush()
                return True
        elif letter == pgoutput.RELATION:
            self._meet(pgoutput.relation(message))
        elif letter == pgoutput.TRUNCATE:
            self._truncate(pgoutput.truncated(message))
        return False

    def _meet(self, found: Relation) -> None:
        if (found.schema_name, found.table) != (self._plan.schema_name, self._plan.table):
            return
        if self._relation is not None and found == self._relation:
            return
        self.flush()
        self._wait()
        if gone := [column.name for column in self._plan.columns if column.name not in found.columns]:
            table = f"{found.schema_name}.{found.table}"
            raise ColumnsChangedError(source=self._plan.source, table=table, change=f"-{', -'.join(gone)}")
        self._relation = found
        self._places = [found.columns.index(column.name) for column in self._plan.columns]

    def _truncate(self, numbers: Sequence[int]) -> None:
        if self._relation is None or self._relation.number not in numbers:
            return
        self._messages, self._bytes = [], 0
        self._empty()

    @override
    def flush(self) -> None:
        messages, self._messages, self._bytes = self._messages, [], 0
        if messages and self._relation is not None:
            first = 2 * (self.changes - len(messages))
            self._later(self._cut, messages, len(self._relation.columns), first)

    def _cut(self, messages: list[bytes], columns: int, first: int) -> None:
        decoded = pgoutput.decode(messages, columns)
        # What an update takes away comes before what it brings.
        self._keep_rows(self._gone, decoded, decoded.gone, first)
        self._keep_rows(self._there, decoded, decoded.there, first + 1)

    def _keep_rows(self, kept: Kept, decoded: Decoded, rows: Rows, first: int) -> None:
        partial = np.zeros(rows.messages.size, dtype=np.bool_)
        arrays = []
        for place, column in zip(self._places, self._plan.columns, strict=True):
            cells = rows.columns[place]
            partial |= cells.kinds == UNCHANGED
            arrays.append(texts.array(decoded.data, cells, column))
        read_as = pa.schema([pa.field(column.name, column.mapping.read_as) for column in self._plan.columns])
        batch = self._plan.convert(pa.RecordBatch.from_arrays(arrays, schema=read_as))
        turns = first + 2 * rows.messages.astype(np.int64)
        self._keep(kept, batch, turns, partial)
