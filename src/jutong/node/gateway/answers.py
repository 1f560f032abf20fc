"""Answers and what they are made of: rows under their masks, and the value that keeps digests from being guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from jutong.node.gateway.leaves import random_bytes
from jutong.node.gateway.verification import as_text
from jutong.node.grants import Column
from jutong.node.live.source import Row

BLIND_BYTES = 16


@dataclass(frozen=True, slots=True)
class Served:
    """An answer whose record is durable: the record's id, the answer's body, and what is in it."""

    record_id: str
    body: bytes
    rows: tuple[dict[str, Any], ...] = ()
    answer: str = ""
    marks: tuple[str, ...] = ()
    """Corrections whose marks it shows."""


def blind() -> str:
    """Return a fresh random value for an answer."""
    return random_bytes(BLIND_BYTES).hex()


def shown(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    """Return a row as the grant shows it; the row has exactly these columns."""
    return {
        column.item: value if column.mask is None or value is None else column.mask(as_text(value))
        for column, value in zip(columns, row, strict=True)
    }


def encoded(content: dict[str, Any]) -> bytes:
    """Return the JSON of an answer."""
    return orjson.dumps(content, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)
