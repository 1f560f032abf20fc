"""From PostgreSQL's text output to what its reader delivers, whole columns at a time.

The session writes dates as ISO, instants in UTC, bytes as hex and floating point exactly. What comes out has the types
``readers.postgresql`` asks its driver for, so that a row that changed looks like one that was read from the table.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from jutong.node.exchange.changes.pgoutput import TEXT, Bytes, Cells
from jutong.node.exchange.errors import ValueUnfitError
from jutong.node.exchange.plan import Array, PlannedColumn

SETTINGS = {
    "datestyle": "ISO, YMD", "timezone": "UTC", "bytea_output": "hex", "extra_float_digits": "3",
    "client_encoding": "UTF8",
}  # fmt: skip
"""What the session must be set to."""

pc: Any = pyarrow.compute
_HEX = np.full(256, 255, dtype=np.uint8)
_HEX[np.frombuffer(b"0123456789abcdef", dtype=np.uint8)] = np.arange(16)
_WHEN = re.compile(r"(\d{4,})(-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?))?( BC)?")


def array(data: Bytes, cells: Cells, column: PlannedColumn) -> Array:
    """Return a column's values in the type its reader delivers.

    Raises:
        ValueUnfitError: when a value has no faithful form.
    """
    told = cells.kinds == TEXT
    sizes = np.where(told, cells.sizes, 0)
    ends = np.cumsum(sizes)
    offsets = np.concatenate([[0], ends])
    picked = np.arange(ends[-1] if ends.size else 0) + np.repeat(cells.starts - offsets[:-1], sizes)
    nulls = None if told.all() else pa.py_buffer(np.packbits(told, bitorder="little").tobytes())
    values = pa.py_buffer(data[picked].tobytes())
    found = pa.LargeStringArray.from_buffers(told.size, pa.py_buffer(offsets.astype(np.int64).tobytes()), values, nulls)
    return of_text(found.cast(pa.string()), column)


def of_text(texts: Array, column: PlannedColumn) -> Array:
    """Return values in the type a column's reader delivers.

    Raises:
        ValueUnfitError: when a value has no faithful form.
    """
    kind = column.mapping.read_as
    try:
        texts.validate(full=True)
        if pa.types.is_string(kind):
            return _as_cast(texts, column.type)
        if pa.types.is_boolean(kind):
            flags: Array = pc.equal(texts, "t")
            return flags
        if pa.types.is_binary(kind):
            return _bytes(texts)
        if pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
            return _times(texts, kind)
        return texts.cast(kind)
    except (pa.ArrowInvalid, ValueError, OverflowError) as error:
        # Arrow's own message repeats the value, which may be somebody's.
        problem = "infinity, or no value of its column"
        raise ValueUnfitError(column=column.name, kind=column.type, problem=problem) from error


def _as_cast(texts: Array, kind: str) -> Array:
    """Return what ``::text`` makes of a value, where that is not what the server sends."""
    made = texts
    if kind.startswith(("character(", '"char"')) or kind == "character":
        made = pc.utf8_rtrim(texts, characters=" ")
    if kind == "inet":
        whole = pc.if_else(pc.match_substring(texts, ":"), "/128", "/32")
        made = pc.if_else(pc.match_substring(texts, "/"), texts, pc.binary_join_element_wise(texts, whole, ""))
    return made


def _bytes(texts: Array) -> Array:
    """Read bytes that are written as a backslash, an x and two hexadecimal digits each."""
    filled = pc.fill_null(texts, "\\x")
    joined = "".join(filled.to_pylist()).encode()
    digits = np.frombuffer(joined, dtype=np.uint8)
    sizes = np.asarray(pc.binary_length(filled), dtype=np.int64)
    begins = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    head = np.zeros(digits.size, dtype=np.bool_)
    head[begins], head[begins + 1] = True, True
    values = _HEX[digits[~head]]
    if (values == 255).any() or (sizes % 2).any():  # noqa: PLR2004 - the mark in _HEX of what is no digit
        raise ValueError("hex")
    packed = ((values[::2] << 4) | values[1::2]).astype(np.uint8)
    offsets = np.concatenate([[0], np.cumsum((sizes - 2) // 2)]).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(packed.tobytes())]
    found: Array = pa.Array.from_buffers(pa.binary(), len(texts), buffers)
    made: Array = pc.if_else(pc.is_valid(texts), found, pa.scalar(None, pa.binary()))
    return made


def _times(texts: Array, kind: pa.DataType) -> Array:
    """Read dates and instants; those before the year 1 and behind 9999 one by one."""
    if pa.types.is_timestamp(kind) and kind.tz:
        texts = pc.replace_substring(texts, "+00", "")
    plain = pa.date32() if pa.types.is_date32(kind) else pa.timestamp("us")
    odd = np.asarray(
        pc.fill_null(pc.or_(pc.match_substring(texts, "BC"), pc.match_substring_regex(texts, "^[0-9]{5}")), False)
    )
    if not odd.any():
        return texts.cast(plain).cast(kind)
    usual = pc.if_else(pa.array(odd), pa.scalar(None, pa.string()), texts).cast(plain)
    unit = "D" if pa.types.is_date32(kind) else "us"
    numbers = [_number(text.as_py(), unit) if strange else None for text, strange in zip(texts, odd, strict=True)]
    width = pa.int32() if pa.types.is_date32(kind) else pa.int64()
    made: Array = pc.coalesce(usual, pa.array(numbers, width).cast(plain)).cast(kind)
    return made


def _number(text: str, unit: str) -> int:
    found = _WHEN.fullmatch(text)
    if found is None:
        raise ValueError("date")
    year = 1 - int(found[1]) if found[4] else int(found[1])
    told = f"{year:+06d}{found[2]}" + (f"T{found[3]}" if found[3] else "")
    return int(np.datetime64(told, unit).astype(np.int64))  # type: ignore[call-overload]
