"""Lines of fixed width: each column at its own bytes or characters, spaces around it taken off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from jutong.node.files.arrival import Arrived
from jutong.node.files.encodings import MARK
from jutong.node.files.lines import BATCH_ROWS, numbered
from jutong.node.files.mapping import FileTable
from jutong.node.files.rows import LONGEST_TOLD, NO_TEXT, SHORT, FileRows, Refusal, pc, screened
from jutong.node.files.scan import Piece, Scan


def rows(
    arrived: Arrived, found: Scan, table: FileTable, piece: Piece, columns: Mapping[str, tuple[int, int]]
) -> Iterator[FileRows]:
    """Yield the rows of a piece of a file.

    Args:
        arrived: the file.
        found: what its first pass found.
        table: its mapping.
        piece: which lines.
        columns: where each column begins (from 0) and ends.
    """
    return screened(_parts(arrived, found, table, piece, columns), nul=found.nul, damaged=found.damaged)


def _parts(
    arrived: Arrived, found: Scan, table: FileTable, piece: Piece, columns: Mapping[str, tuple[int, int]]
) -> Iterator[FileRows]:
    stream = found.opened(arrived, piece)
    needed = max(end for _, end in table.places.values())
    try:
        every = numbered(stream, arrived.name, piece.first)
        while block := list(islice(every, BATCH_ROWS)):
            mine = [pair for pair in block if pair[1] and pair[0] > table.above]
            yield _rows(mine, found.encoding if table.unit == "bytes" else "", columns, needed)
    finally:
        stream.close()


def _rows(
    block: list[tuple[int, bytes]], encoding: str, columns: Mapping[str, tuple[int, int]], needed: int
) -> FileRows:
    """Cut lines into columns. With an ``encoding`` places are bytes in it, else characters."""
    texts = [line.decode("utf-8", "replace") for _, line in block]
    wide: list[Any] = [text.encode(encoding, "replace") for text in texts] if encoding else texts
    least = _least(columns, needed)
    # Where bytes are no text, nobody knows at which byte a column begins.
    why = [
        NO_TEXT if encoding and MARK in text else SHORT if len(line) < least else ""
        for text, line in zip(texts, wide, strict=True)
    ]  # fmt: skip
    lines = pa.array(
        [line for line, reason in zip(wide, why, strict=True) if not reason], pa.binary() if encoding else None
    )
    if not encoding:
        lines = lines.cast(pa.string())
    arrays = [_column(lines, first, end, encoding) for first, end in columns.values()]
    refused = [
        Refusal(number, reason, value=text[:LONGEST_TOLD].replace(MARK, "\ufffd"))
        for (number, _), text, reason in zip(block, texts, why, strict=True)
        if reason
    ]  # fmt: skip
    numbers = np.array([number for (number, _), reason in zip(block, why, strict=True) if not reason], np.int64)
    return FileRows(pa.RecordBatch.from_arrays(arrays, names=list(columns)), numbers, refused)


def _least(columns: Mapping[str, tuple[int, int]], needed: int) -> int:
    """Return how long a line is at least: the last column may do without the spaces at its end, but not be missing."""
    last = max(first for first, _ in columns.values())
    return min(needed, last + 1)


def _column(lines: Any, first: int, end: int, encoding: str) -> Any:
    if encoding:
        cut = pc.binary_slice(lines, first, end).to_pylist()
        text = pa.array([cell.decode(encoding, "jutong.mark").strip(" ") for cell in cut], pa.string())
    else:
        text = pc.utf8_trim(pc.utf8_slice_codeunits(lines, first, end), characters=" ")
    return pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)
