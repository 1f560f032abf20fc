"""From Arrow columns to the fields of binary COPY, joined behind what a row has already, whole blocks at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from jutong.node.exchange.pgcopy.cutting import Bytes, Cells, buffer_of
from jutong.node.exchange.pgcopy.reading import (
    EPOCH_DAYS,
    EPOCH_US,
    EXACT_DIGITS,
    GROUP,
    INLINE,
    NEGATIVE,
    gathered,
    viewed,
)
from jutong.node.exchange.plan import Array

pc: Any = pyarrow.compute
_LENGTH = 4

_WIDE: dict[Any, tuple[str, int]] = {
    pa.int16(): (">i2", 0),
    pa.int32(): (">i4", 0),
    pa.int64(): (">i8", 0),
    pa.float32(): (">f4", 0),
    pa.float64(): (">f8", 0),
    pa.date32(): (">i4", EPOCH_DAYS),
    pa.timestamp("us"): (">i8", EPOCH_US),
    pa.timestamp("us", tz="UTC"): (">i8", EPOCH_US),
}
"""How PostgreSQL writes a type of fixed width, and how far its beginning of time lies behind Arrow's."""


def is_written(kind: pa.DataType) -> bool:
    """Tell whether a type is written here."""
    exact = pa.types.is_decimal128(kind) and kind.precision <= EXACT_DIGITS and 0 <= kind.scale <= kind.precision
    return exact or kind in _WIDE or kind in {pa.string(), pa.binary(), pa.bool_()}


def rows_of(columns: Sequence[Array]) -> bytes:
    """Return rows of columns, all of types that are written here."""
    head = np.full(len(columns[0]), len(columns), dtype=">i2")
    return behind(_of_width(head, head.itemsize), columns)


def behind(heads: Array, columns: Sequence[Array]) -> bytes:
    """Return rows: what each begins with, and behind it a field of every column.

    Args:
        heads: bytes, one a row, with the number of all columns in front.
        columns: of types that are written here.
    """
    pieces = [heads]
    for column in columns:
        pieces += _pieces(column)
    joined = pc.binary_join_element_wise(*pieces, b"", null_handling="replace", null_replacement=b"")
    _, offsets, content = joined.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[joined.offset : joined.offset + len(joined) + 1]
    return bytes(memoryview(content)[int(ends[0]) : int(ends[-1])]) if len(joined) else b""


def heads(data: Bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> Array:
    """Return stretches of a block as bytes; all of them together are copied by Arrow."""
    sizes = ends - starts
    if sizes.min(initial=INLINE + 1) > INLINE:
        return viewed(data, starts, sizes).cast(pa.binary())
    return gathered(data, Cells(starts, sizes.astype(np.int32)), pa.binary())


def _pieces(column: Array) -> list[Array]:
    """Return a field's length and its value, in one array where no value is null."""
    kind = column.type
    if kind in {pa.string(), pa.binary()}:
        sizes = pc.fill_null(pc.binary_length(column), -1)
        return [_of_width(np.asarray(sizes).astype(">i4"), _LENGTH), column.cast(pa.binary())]
    values = _values(column)
    width = values.dtype.itemsize
    if column.null_count:
        there = np.asarray(column.is_valid())
        sizes = np.where(there, width, -1).astype(">i4")
        return [_of_width(sizes, _LENGTH), _of_width(values, width, there)]
    both = np.empty(len(column), dtype=[("size", ">i4"), ("value", values.dtype)])
    both["size"], both["value"] = width, values
    return [_of_width(both, _LENGTH + width)]


def _values(column: Array) -> npt.NDArray[Any]:
    if column.type == pa.bool_():
        return np.asarray(pc.fill_null(column, False)).astype("u1")
    if pa.types.is_decimal128(column.type):
        return _numerics(column)
    dtype, epoch = _WIDE[column.type]
    native = np.dtype(dtype).newbyteorder("=")
    content: Any = column.buffers()[1]
    plain: npt.NDArray[Any] = np.frombuffer(content, dtype=native)[column.offset : column.offset + len(column)]
    return np.asarray(plain - native.type(epoch) if epoch else plain).astype(dtype)


def _numerics(column: Array) -> npt.NDArray[Any]:
    """Return decimals as PostgreSQL has them: how many groups of four digits, the first's weight, sign, scale, groups.

    Every value of a column gets as many groups as its type may have, zeros in front and behind; the server drops them.
    """
    kind: Any = column.type
    content: Any = column.buffers()[1]
    values = np.frombuffer(content, dtype=np.int64)[2 * column.offset : 2 * (column.offset + len(column)) : 2]
    before, after = -(-(kind.precision - kind.scale) // GROUP), -(-kind.scale // GROUP)
    made = np.empty(len(column), dtype=[("head", ">u2", 4), ("groups", ">i2", before + after)])
    made["head"] = [before + after, (before - 1) & 0xFFFF, 0, kind.scale]
    made["head"][:, 2] = np.where(values < 0, NEGATIVE, 0)
    left, last = np.abs(values), kind.scale - GROUP * (after - 1)  # digits of the last group behind the point
    for place in reversed(range(before + after)):
        digits = last if place == before + after - 1 and after else GROUP
        left, group = np.divmod(left, 10**digits)
        made["groups"][:, place] = group * 10 ** (GROUP - digits)
    return made


def _of_width(values: npt.NDArray[Any], width: int, there: npt.NDArray[np.bool_] | None = None) -> Array:
    offsets = np.arange(values.size + 1, dtype=np.int32) * np.int32(width)
    valid = None if there is None else pa.py_buffer(np.packbits(there, bitorder="little").tobytes())
    buffers = [valid, buffer_of(offsets), buffer_of(np.ascontiguousarray(values).view(np.uint8))]
    found: Array = pa.Array.from_buffers(pa.binary(), values.size, buffers)
    return found
