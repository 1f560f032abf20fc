"""Values as the texts they are delivered as: every digit, dates as 2026-01-31, instants with Beijing's offset."""

from __future__ import annotations

import base64
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.string()
_SECONDS = "%Y-%m-%d %H:%M:%S"
_BEIJING = "Etc/GMT-8"
"""Eight hours ahead at all times: with the offset written beside it the instant is exact, summer time or not."""


def texts_of(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with every column as text; no value stays none."""
    return pa.RecordBatch.from_arrays([text_of(column) for column in batch.columns], names=batch.schema.names)


def text_of(column: pa.Array[Any]) -> Any:
    """Return a column as text."""
    kind = column.type
    if kind == TEXT:
        return column
    if pa.types.is_timestamp(kind):
        return _moments(column)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        values = column.to_pylist()
        return pa.array([None if one is None else base64.b64encode(one).decode("ascii") for one in values], TEXT)
    texts: Any = column.cast(TEXT)
    return _plain(column, texts) if pa.types.is_decimal(kind) else texts


def _plain(column: Any, texts: Any) -> Any:
    """Write out decimals that Arrow shortens to a power of ten."""
    short = pc.fill_null(pc.match_substring(texts, "E"), False)
    if not pc.any(short).as_py():
        return texts
    return pa.array([None if one is None else format(one, "f") for one in column.to_pylist()], TEXT)


def _moments(column: Any) -> Any:
    zoned = column.type.tz is not None
    kept = column.cast(pa.timestamp(column.type.unit, _BEIJING)) if zoned else column
    texts = pc.replace_substring_regex(pc.strftime(kept, format=_SECONDS), pattern=r"\.0+$", replacement="")
    return pc.binary_join_element_wise(texts, pa.scalar("+08:00"), "") if zoned else texts
