"""Rows as messages: one JSON object each, and nothing in it that a reader would have to guess.

Numbers that JSON has no room for are texts: decimals with every digit. Dates and instants are ISO 8601, bytes base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from jutong.node.files.rows import pc

LONGEST_SCHEMA = 16_384
"""Bytes of a header: what a message's columns are must stand in one."""


def written(batch: pa.RecordBatch, names: Sequence[str]) -> list[bytes]:
    """Return the rows of a batch, under other names."""
    columns = [column.to_pylist() for column in batch.columns]
    return [orjson.dumps(dict(zip(names, row, strict=True)), _plain) for row in zip(*columns, strict=True)]


def endless(batch: pa.RecordBatch) -> str:
    """Return a column with a number that JSON has not, NaN or infinity; empty where there is none."""
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if pa.types.is_floating(field.type) and not pc.all(pc.is_finite(column), min_count=0).as_py():
            return str(field.name)
    return ""


def schema_of(schema: pa.Schema, names: Sequence[str]) -> str:
    """Return what the columns of a message are, as a header of it says: name to type, in order."""
    return json.dumps(dict(zip(names, (str(kind) for kind in schema.types), strict=True)), separators=(",", ":"))


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)
