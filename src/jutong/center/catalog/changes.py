"""The catalog's change feed: what indexes and cascading nodes follow with a cursor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from jutong.center.catalog.enums import ChangeKind
from jutong.center.catalog.models import Entry, EntryChange

_LOCK = 0x6A75_746F
"""Advisory lock under which lines are numbered: a reader past a number can be sure no smaller one appears later."""


def tell(entries: Iterable[Entry], kind: ChangeKind, now: datetime) -> int:
    """Append a line per entry to the feed, inside the caller's transaction. Returns how many.

    Writers wait for each other from here to the end of their transactions, so call it last.
    """
    rows = [
        EntryChange(entry=entry, kind=kind, version=entry.published.number if entry.published else 0, at=now)
        for entry in entries
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        EntryChange.objects.bulk_create(rows, batch_size=1000)
    return len(rows)


def newest() -> int:
    """Return the number of the newest line, 0 while there is none."""
    found = EntryChange.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    return found or 0
