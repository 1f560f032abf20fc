"""What engines deliver, in the types that Delta and Python have for it: the same from each of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa


def plain(kind: pa.DataType) -> pa.DataType:
    """Return the type a Delta table has for one that an engine delivers."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(pa.field("element", plain(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, plain(field.type)) for field in kind])
    return _plain_value(kind)


def _plain_value(kind: pa.DataType) -> pa.DataType:
    text = (pa.types.is_string_view, pa.types.is_large_string, pa.types.is_dictionary, pa.types.is_null)
    if any(one(kind) for one in text):
        return pa.string()
    if pa.types.is_binary_view(kind) or pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC") if kind.tz else pa.timestamp("us")
    return kind


def tuples(table: pa.Table) -> list[tuple[Any, ...]]:
    """Return the rows of a small result. Whole numbers are ``int``, however wide an engine makes them."""
    columns = []
    for column in table.columns:
        values = column.to_pylist()
        if pa.types.is_decimal(column.type) and column.type.scale == 0:
            values = [int(value) if isinstance(value, Decimal) else value for value in values]
        columns.append(values)
    return list(zip(*columns, strict=True))
