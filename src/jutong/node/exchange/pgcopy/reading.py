"""From the fields of binary COPY to the types the library holds, whole columns at a time.

What comes out is what ``readers.postgresql`` delivers of the same value, or the same error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from jutong.node.exchange import convert
from jutong.node.exchange.errors import ValueUnfitError
from jutong.node.exchange.pgcopy.cutting import PAD, Bytes, Cells, buffer_of
from jutong.node.exchange.plan import Array, PlannedColumn

pc: Any = pyarrow.compute
EPOCH_DAYS = 10_957
"""PostgreSQL counts from 2000-01-01, Arrow from 1970."""

EPOCH_US = EPOCH_DAYS * 86_400_000_000
INLINE = 12
"""Up to so many bytes a value of Arrow's view types lies in the view itself."""

EXACT_DIGITS = 18
"""As many decimal digits as are sure to fit 64 bits."""

GROUP = 4
_POSITIVE, NEGATIVE = 0x0000, 0x4000
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_DASHES = (8, 13, 18, 23)
_UUID_CHARS = 36
Read = Callable[[Bytes, Cells, PlannedColumn], Array]


def reader_of(column: PlannedColumn) -> Read | None:
    """Return what reads a column's fields, or None for a type that is not read here."""
    bare = re.sub(r"\(\d+\)", "", column.type)
    if found := _NUMERIC.fullmatch(column.type):
        return partial(_numeric, scale=int(found[2])) if int(found[1]) <= EXACT_DIGITS >= int(found[2]) else None
    return _READERS.get(bare)


def _valid(cells: Cells) -> pa.Buffer | None:
    there = cells.sizes >= 0
    return None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little").tobytes())


def _words(data: Bytes, cells: Cells, dtype: str) -> npt.NDArray[Any]:
    """Return values of a fixed width in this machine's order; 0 for a null."""
    kind = np.dtype(dtype)
    if not ((cells.sizes == kind.itemsize) | (cells.sizes < 0)).all():
        raise ValueError("width")
    last = data.size - kind.itemsize
    every = np.ndarray((last + 1,), dtype=kind, buffer=data.data, strides=(1,))
    words = every[np.minimum(cells.starts, last)].astype(kind.newbyteorder("="))
    words[cells.sizes < 0] = 0
    return words


def _fixed(data: Bytes, cells: Cells, column: PlannedColumn, dtype: str) -> Array:
    words = _words(data, cells, dtype)
    found: Array = pa.Array.from_buffers(column.mapping.arrow, words.size, [_valid(cells), buffer_of(words)])
    return found


def _boolean(data: Bytes, cells: Cells, column: PlannedColumn) -> Array:
    bits = pa.py_buffer(np.packbits(_words(data, cells, "u1") != 0, bitorder="little").tobytes())
    found: Array = pa.Array.from_buffers(pa.bool_(), cells.sizes.size, [_valid(cells), bits])
    return found


def _instant(data: Bytes, cells: Cells, column: PlannedColumn, dtype: str, epoch: int) -> Array:
    words = _words(data, cells, dtype)
    limits = np.iinfo(words.dtype)
    there = words[cells.sizes >= 0]
    if there.size and (there.min() == limits.min or there.max() > limits.max - epoch):
        raise _unfit(column, "infinity, or a date outside the calendar")
    words += words.dtype.type(epoch)
    found: Array = pa.Array.from_buffers(column.mapping.arrow, words.size, [_valid(cells), buffer_of(words)])
    return found


def gathered(data: Bytes, cells: Cells, kind: pa.DataType, skip: int = 0) -> Array:
    """Return the bytes of fields as an array of texts or bytes.

    Args:
        data: the block.
        cells: its fields.
        kind: text or bytes.
        skip: bytes to leave out at the beginning of each.
    """
    there = cells.sizes >= 0
    sizes = np.maximum(cells.sizes - np.int32(skip), 0)
    begins, told = (cells.starts + skip)[there], sizes[there]
    least, most = (int(told.min()), int(told.max())) if told.size else (0, 0)
    if least > INLINE and least < most:
        return viewed(data, np.where(there, cells.starts + skip, 0), sizes, _valid(cells)).cast(kind)
    offsets = np.zeros(sizes.size + 1, dtype=np.int32)
    np.cumsum(sizes, out=offsets[1:])
    if most > PAD and least < most:
        places = begins.astype(np.int32) - (offsets[1:][there] - told)
        found = data[np.arange(offsets[-1], dtype=np.int32) + np.repeat(places, told)]
    else:  # every value with all that follows it, as far as the longest goes
        every = np.ndarray((data.size - most + 1,), dtype=f"V{most}", buffer=data.data, strides=(1,))
        found = every[begins].view(np.uint8) if most else data[:0]
        if least < most:
            found = found.reshape(-1, most)[np.arange(most, dtype=np.int32) < told[:, None]]
    buffers = [_valid(cells), buffer_of(offsets), buffer_of(found)]
    made: Array = pa.Array.from_buffers(kind, sizes.size, buffers)
    return made


def viewed(
    data: Bytes, starts: npt.NDArray[np.int64], sizes: npt.NDArray[Any], valid: pa.Buffer | None = None
) -> Array:
    """Return stretches of a block, each longer than ``INLINE`` or a null, without a copy.

    Args:
        data: the block.
        starts: where each begins.
        sizes: its bytes.
        valid: which are no nulls.
    """
    every = np.ndarray((data.size - 3,), dtype="<u4", buffer=data.data, strides=(1,))
    views = np.zeros((starts.size, 4), dtype="<u4")
    views[:, 0], views[:, 1], views[:, 3] = sizes, every[starts], starts
    buffers = [valid, buffer_of(views), buffer_of(data)]
    found: Array = pa.Array.from_buffers(pa.binary_view(), starts.size, buffers)
    return found


def _text(data: Bytes, cells: Cells, column: PlannedColumn, skip: int = 0) -> Array:
    return convert.text(gathered(data, cells, pa.string(), skip), column)


def _padded(data: Bytes, cells: Cells, column: PlannedColumn) -> Array:
    found: Array = pc.utf8_rtrim(_text(data, cells, column), characters=" ")
    return found


def _bytes(data: Bytes, cells: Cells, column: PlannedColumn) -> Array:
    return gathered(data, cells, pa.binary())


def _uuid(data: Bytes, cells: Cells, column: PlannedColumn) -> Array:
    raw = np.zeros((cells.sizes.size, 16), dtype=np.uint8)
    there = np.flatnonzero(cells.sizes >= 0)
    raw[there] = data[cells.starts[there][:, None] + np.arange(16)]
    digits = np.stack([_HEX[raw >> 4], _HEX[raw & 15]], axis=2).reshape(-1, 32)
    texts = np.full((raw.shape[0], _UUID_CHARS), ord("-"), dtype=np.uint8)
    texts[:, [place for place in range(_UUID_CHARS) if place not in _DASHES]] = digits
    offsets = np.arange(raw.shape[0] + 1, dtype=np.int32) * _UUID_CHARS
    buffers = [_valid(cells), buffer_of(offsets), buffer_of(texts)]
    found: Array = pa.Array.from_buffers(pa.string(), raw.shape[0], buffers)
    return found


def _numeric(data: Bytes, cells: Cells, column: PlannedColumn, scale: int) -> Array:
    """Read numbers of at most ``EXACT_DIGITS`` digits: groups of four decimal digits, the first's weight in front."""
    every = np.ndarray((data.size - 1,), dtype=">i2", buffer=data.data, strides=(1,))
    null = cells.sizes < 0
    starts = np.where(null, 0, cells.starts)
    groups, weights = (np.where(null, 0, every[starts + place].astype(np.int64)) for place in (0, 2))
    signs = np.where(null, _POSITIVE, every[starts + 4].astype(np.int64) & 0xFFFF)
    if not ((signs == _POSITIVE) | (signs == NEGATIVE)).all():
        raise _unfit(column, "NaN, infinity, no number, or more digits than declared")
    found = np.zeros(null.size, dtype=np.int64)
    for number in range(int(groups.max(initial=0))):
        rows = np.flatnonzero(groups > number)
        digits = every[starts[rows] + 8 + 2 * number].astype(np.int64)
        power = GROUP * (weights[rows] - number) + scale
        if (power < -GROUP).any() or (power > EXACT_DIGITS).any():
            raise _unfit(column, "NaN, infinity, no number, or more digits than declared")
        found[rows] += np.where(power >= 0, digits * 10 ** np.maximum(power, 0), digits // 10 ** np.maximum(-power, 0))
    found = np.where(signs == NEGATIVE, -found, found)
    pairs = np.stack([found, found >> 63], axis=1)
    made: Array = pa.Array.from_buffers(column.mapping.arrow, null.size, [_valid(cells), buffer_of(pairs)])
    return made


def _unfit(column: PlannedColumn, problem: str) -> ValueUnfitError:
    return ValueUnfitError(column=column.name, kind=column.type, problem=problem)


_READERS: dict[str, Read] = {
    "boolean": _boolean,
    "smallint": partial(_fixed, dtype=">i2"),
    "integer": partial(_fixed, dtype=">i4"),
    "bigint": partial(_fixed, dtype=">i8"),
    "real": partial(_fixed, dtype=">f4"),
    "double precision": partial(_fixed, dtype=">f8"),
    "date": partial(_instant, dtype=">i4", epoch=EPOCH_DAYS),
    "timestamp without time zone": partial(_instant, dtype=">i8", epoch=EPOCH_US),
    "timestamp with time zone": partial(_instant, dtype=">i8", epoch=EPOCH_US),
    "bytea": _bytes,
    "character": _padded,
    "jsonb": partial(_text, skip=1),
    "uuid": _uuid,
    **dict.fromkeys(("text", "character varying", "name", "json", "xml"), _text),
}
