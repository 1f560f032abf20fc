"""Blocks of binary COPY cut into rows and fields, all rows of a block in step.

Nothing in the form tells where a row begins but the length of every field before it. So every place that looks like a
beginning (the number of columns, and a first field of a likely length) is followed through its fields at once; where
each ends at the next one, these are the rows and nothing else. A value that looks like a beginning breaks the chain,
and of such a block the rows are found one after the other.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
HEADER = SIGNATURE + bytes(8)
TRAILER = b"\xff\xff"
PAD = 64
"""Bytes behind the last row, so that so many can be read from every place of it."""

_LENGTH = 4
_U16, _I32 = struct.Struct(">H"), struct.Struct(">i")


class UnreadableError(Exception):
    """The bytes are not what the protocol says."""


@dataclass(frozen=True)
class Cells:
    """The values of one column: where each begins, and how many bytes it has, -1 for a null."""

    starts: Places
    sizes: npt.NDArray[np.int32]

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Cells:
        """Return the values of some rows."""
        return Cells(self.starts[rows], self.sizes[rows])


@dataclass(frozen=True)
class Rows:
    """The whole rows of a block; ``data`` is their own and may be written to, with ``PAD`` bytes behind them."""

    data: Bytes
    starts: Places
    ends: Places
    cells: tuple[Cells, ...]

    def bytes_of(self, kept: Flags | None = None) -> bytes:
        """Return rows as they are, all of them or those that are kept."""
        if not self.starts.size:
            return b""
        content = memoryview(self.data.data)
        if kept is None or kept.all():
            return bytes(content[int(self.starts[0]) : int(self.ends[-1])])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], kept, [False]])))
        begins, lasts = self.starts[edges[::2]].tolist(), self.ends[edges[1::2] - 1].tolist()
        return b"".join([content[begin:last] for begin, last in zip(begins, lasts, strict=True)])


def buffer_of(values: npt.NDArray[Any]) -> pa.Buffer:
    """Return an array's bytes as Arrow takes them, without a copy."""
    content: Any = values
    return pa.py_buffer(content)


def _chained(starts: Places, ends: Places) -> npt.NDArray[np.intp] | slice | None:
    """Return which of the places are rows, each beginning where the one before ends; None where that leads nowhere."""
    if starts.size and starts[0] != 0:
        return None
    apart = np.flatnonzero(ends[:-1] != starts[1:])
    if not apart.size:
        return slice(None)
    none: set[int] = set()
    for row in apart.tolist():
        if row in none:
            continue
        after = row + 1
        while after < starts.size and starts[after] < ends[row]:  # these lie inside of the row
            none.add(after)
            after += 1
        if after < starts.size and starts[after] != ends[row]:
            return None
    return np.delete(np.arange(starts.size), sorted(none))


class Cutter:
    """Cuts the blocks of one COPY.

    Args:
        columns: how many it has.
        width: bytes of the first column's values where all have as many and none is null, else 0.
    """

    def __init__(self, columns: int, width: int = 0) -> None:
        self._columns = columns
        self._width = width
        self._rest = b""
        self._begun = False
        self.rows = 0

    def feed(self, block: bytes) -> Rows:
        """Return the rows that are whole by now.

        Raises:
            UnreadableError: when it is not binary COPY of so many columns.
        """
        block = self._rest + block
        if not self._begun:
            if len(block) < len(HEADER):
                self._rest = block
                block = b""
            elif not block.startswith(HEADER):
                raise UnreadableError("header")
            else:
                self._begun, block = True, block[len(HEADER) :]
        data = np.zeros(len(block) + PAD, dtype=np.uint8)
        data[: len(block)] = np.frombuffer(block, dtype=np.uint8)
        starts = self._candidates(data[: len(block)])
        cells, ends = self._walk(data, starts)
        picked = _chained(starts, ends)
        if picked is not None:
            starts, ends, cells = starts[picked], ends[picked], tuple(one.take(picked) for one in cells)
            whole = starts.size - bool(starts.size and ends[-1] > len(block))
        else:
            starts = self._one_by_one(block, dict(zip(starts.tolist(), ends.tolist(), strict=True)))
            whole = starts.size
            cells, ends = self._walk(data, starts)
        if self._begun:
            self._rest = block[int(ends[whole - 1]) if whole else 0 :]
        self.rows += whole
        return Rows(data, starts[:whole], ends[:whole], tuple(Cells(c.starts[:whole], c.sizes[:whole]) for c in cells))

    def finish(self) -> None:
        """Make sure that the last row was the last.

        Raises:
            UnreadableError: when the rows broke off.
        """
        if self._rest != TRAILER:
            raise UnreadableError("end")

    def _candidates(self, data: Bytes) -> Places:
        """Return every place at which a row may begin."""
        high, low = self._columns >> 8, self._columns & 255
        found: Places = np.flatnonzero(data[1:-2] == low) if data.size > _LENGTH else np.zeros(0, dtype=np.int64)
        found = found[data[found] == high]
        third = data[found + 2]
        found = found[((third == 0) | (third == 255)) & (data[found + 3] == third)]  # noqa: PLR2004
        if self._width:
            found = found[found < data.size - _LENGTH - 1]
            found = found[(data[found + 4] == 0) & (data[found + 5] == self._width)]
        return found

    def _walk(self, data: Bytes, starts: Places) -> tuple[tuple[Cells, ...], Places]:
        """Follow the fields of rows that begin at some places."""
        last = data.size - _LENGTH
        # One length beginning at every byte: a field of all rows is read in one step.
        lengths = np.ndarray((last + 1,), dtype=">i4", buffer=data.data, strides=(1,))
        at, found = starts + 2, []
        for _ in range(self._columns):
            sizes = lengths[np.minimum(at, last)].astype(np.int32)
            at = at + _LENGTH
            found.append(Cells(at, sizes))
            at = at + np.maximum(sizes, 0)
        return tuple(found), at

    def _one_by_one(self, block: bytes, ends: dict[int, int]) -> Places:
        """Return where the whole rows begin, following one to the next."""
        found, at = [], 0
        while at < len(block) and block[at : at + 2] != TRAILER:
            end = ends.get(at) or self._end_of(block, at)
            if end is None or end > len(block):
                break
            found.append(at)
            at = end
        return np.array(found, dtype=np.int64)

    def _end_of(self, block: bytes, at: int) -> int | None:
        """Return where the row at a place ends; None when it is not whole."""
        if len(block) < at + 2:
            return None
        if _U16.unpack_from(block, at)[0] != self._columns:
            raise UnreadableError("columns")
        at += 2
        for _ in range(self._columns):
            if len(block) < at + _LENGTH:
                return None
            at += _LENGTH + max(_I32.unpack_from(block, at)[0], 0)
        return at
