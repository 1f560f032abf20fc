"""What a reader hands over at a time: rows, and of files also where they stand and which lines were no rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.node.exchange.rules.sieve import POSITION

FILE_RULE = "(file)"
"""Stands for a rule in what is told of lines that are no rows. No rule of an order can have parentheses in its name."""


@dataclass(frozen=True)
class Part:
    """Rows as they were read.

    ``lines`` are where they stand in a file, ``aside`` and ``findings`` what is no row there, as the quarantine has it.
    """

    rows: pa.RecordBatch
    lines: npt.NDArray[np.int64] | None = None
    aside: pa.RecordBatch | None = None
    findings: pa.Table | None = None

    @property
    def unread(self) -> int:
        """How many lines were no rows."""
        return self.aside.num_rows if self.aside is not None else 0

    def first(self, read: int) -> int:
        """Return the position to count the rows from, when so many were read before."""
        return read + 1 if self.lines is None else 0

    def refused(self, aside: pa.RecordBatch, findings: pa.Table) -> tuple[pa.RecordBatch, pa.Table]:
        """Return what is to be kept of the part: what rules refused, at its lines, and what was no row, in order.

        Args:
            aside: refused rows, positions in front, counted from ``first``.
            findings: why.
        """
        if self.lines is None:
            return aside, findings
        mine, said = _placed(aside, self.lines), _placed(findings, self.lines)
        rows, found = pa.Table.from_batches([mine], aside.schema), said
        if self.aside is not None and self.findings is not None:
            rows = pa.concat_tables([rows, pa.Table.from_batches([self.aside])]).sort_by(POSITION)
            found = pa.concat_tables([found, self.findings]).sort_by(POSITION)
        batches = rows.combine_chunks().to_batches()
        return (batches[0] if batches else mine), found


def _placed(rows: Any, lines: npt.NDArray[np.int64]) -> Any:
    """Put the lines in the place of what was counted from 0."""
    if rows.num_rows == 0:
        return rows
    column = rows.column(0)
    counted = np.asarray(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)
    return rows.set_column(0, rows.schema.field(0), pa.array(lines[counted]))
