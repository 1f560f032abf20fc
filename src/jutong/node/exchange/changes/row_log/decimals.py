"""Decimals of a row log: groups of up to nine digits, each as a number of its own, greatest first."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from jutong.node.exchange.changes.row_log.images import Bytes, Cells, Flags, decimal_groups
from jutong.node.exchange.plan import Array

pc: Any = pyarrow.compute
Numbers = npt.NDArray[Any]
_MOST_DIGITS = 38
"""More than these are given as text, as the server writes them."""


def gathered(data: Bytes, cells: Cells, width: int) -> npt.NDArray[np.uint8]:
    """Return so many bytes of every value."""
    found: Bytes = data[np.minimum(cells.starts[:, None] + np.arange(width), max(data.size - 1, 0))]
    return found


def valid(cells: Cells) -> pa.Buffer | None:
    """Return which values there are, as Arrow has it; None when all are."""
    return pa.py_buffer(np.packbits(~cells.nulls, bitorder="little").tobytes()) if cells.nulls.any() else None


def as_array(kind: pa.DataType, cells: Cells, values: Numbers) -> Array:
    """Return numbers of a type as an array."""
    made: Array = pa.Array.from_buffers(kind, cells.nulls.size, [valid(cells), pa.py_buffer(values.tobytes())])
    return made


def digits_of(numbers: Numbers, width: int) -> Array:
    """Return numbers as texts of so many digits."""
    made: Array = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return made


def decimal(data: Bytes, cells: Cells, meta: int) -> Array:
    """Return decimals in the type they land in.

    Args:
        data: the bytes of all values.
        cells: where they lie.
        meta: precision and scale, as the log has them.
    """
    precision, scale, groups = decimal_groups(meta)
    raw = gathered(data, cells, sum(groups))
    negative = raw[:, 0] & 0x80 == 0
    raw = raw ^ np.where(negative, 0xFF, 0).astype(np.uint8)[:, None]
    raw[:, 0] ^= 0x80
    digits = [(precision - scale) % 9] if (precision - scale) % 9 else []
    digits += [9] * ((precision - scale) // 9 + scale // 9) + ([scale % 9] if scale % 9 else [])
    parts, place = [], 0
    for width in groups:
        part = np.zeros(raw.shape[0], dtype=np.uint64)
        for byte in range(width):
            part = (part << np.uint64(8)) | raw[:, place + byte]
        parts.append(part)
        place += width
    if precision > _MOST_DIGITS:
        return _long_decimal(parts, digits, scale, negative, cells)
    low, high = _joined(parts, digits)
    low, high = _negated(low, high, negative)
    halves = np.stack([low, high], axis=1)
    return as_array(pa.decimal128(precision, scale), cells, halves)


def _joined(parts: list[npt.NDArray[np.uint64]], digits: list[int]) -> tuple[Numbers, Numbers]:
    """Return the number that groups of digits make, as the lower and the upper 64 bits."""
    low = np.zeros(parts[0].size, dtype=np.uint64)
    high = np.zeros(parts[0].size, dtype=np.uint64)
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for part, width in zip(parts, digits, strict=True):
        times = np.uint64(10**width)
        lower, upper = (low & mask) * times, (low >> half) * times
        carried = (upper + (lower >> half)) >> half
        high = high * times + carried
        low = low * times
        low = low + part
        high = high + (low < part).astype(np.uint64)
    return low, high


def _negated(low: Numbers, high: Numbers, negative: Flags) -> tuple[Numbers, Numbers]:
    other = ~low + np.uint64(1)
    carried = ~high + (other == 0).astype(np.uint64)
    return np.where(negative, other, low), np.where(negative, carried, high)


def _long_decimal(parts: list[Numbers], digits: list[int], scale: int, negative: Flags, cells: Cells) -> Array:
    """Return decimals of more digits than a number here may have, as the server writes them."""
    texts = pc.binary_join_element_wise(
        *(digits_of(part, width) for part, width in zip(parts, digits, strict=True)), ""
    )
    whole = pc.utf8_ltrim(pc.utf8_slice_codeunits(texts, 0, sum(digits) - scale), "0")
    whole = pc.if_else(pc.equal(whole, ""), "0", whole)
    if scale:
        whole = pc.binary_join_element_wise(whole, pc.utf8_slice_codeunits(texts, sum(digits) - scale), ".")
    made: Array = pc.if_else(
        pa.array(cells.nulls),
        pa.scalar(None, pa.string()),
        pc.binary_join_element_wise(pc.if_else(pa.array(negative), "-", ""), whole, ""),
    )
    return made  # fmt: skip
