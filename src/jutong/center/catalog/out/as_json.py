"""The catalog as one JSON document, written entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import orjson

from jutong.center.catalog.out.records import ItemRecord, Record

FORMAT = "jutong-catalog"
EDITION = 1
_NOTHING: tuple[Any, ...] = (None, "", (), {})
_ENTRY = tuple(
    name for name in Record.__dataclass_fields__ if name not in {"items", "organisation_code", "organisation_name"}
)
_ITEM = tuple(ItemRecord.__dataclass_fields__)


def to_json(found: Iterable[Record], *, now: datetime) -> Iterator[bytes]:
    """Yield a document ``{"format", "edition", "written_at", "entries": [...]}``, one entry a line."""
    head = {"format": FORMAT, "edition": EDITION, "written_at": now.isoformat(timespec="seconds")}
    yield orjson.dumps(head)[:-1] + b',"entries":[\n'
    between = b""
    for record in found:
        yield between + orjson.dumps(entry_document(record))
        between = b",\n"
    yield b"\n]}\n"


def entry_document(record: Record) -> dict[str, Any]:
    """Return an entry as JSON has it: every field of the record that says something."""
    told = _said(record, _ENTRY)
    told["organisation"] = {"code": record.organisation_code, "name": record.organisation_name}
    told["items"] = [_said(item, _ITEM) for item in record.items]
    return told


def _said(row: Record | ItemRecord, names: tuple[str, ...]) -> dict[str, Any]:
    found = ((name, getattr(row, name)) for name in names)
    return {name: _plain(value) for name, value in found if value not in _NOTHING}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
