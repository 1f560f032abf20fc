"""The catalog as one JSON document, written entry by entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import orjson

from jutong.center.catalog.out.records import Record

FORMAT = "jutong-catalog"
EDITION = 1


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
    items = [_said(asdict(item)) for item in record.items]
    told = {name: getattr(record, name) for name in record.__slots__ if name != "items"}
    organisation = {"code": told.pop("organisation_code"), "name": told.pop("organisation_name")}
    return {**_said(told), "organisation": organisation, "items": items}


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if value not in (None, "", (), {})}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
