"""How the tables of the library are kept, from their definitions, and when they are taken care of."""

from __future__ import annotations

from datetime import datetime

from jutong.center.library import steps
from jutong.center.library.definitions import definition_of
from jutong.center.library.models import FeedRow, LibraryTable, TableKind, WorkCause
from jutong.center.org.actor import platform_actor
from jutong.contracts.library_care import CareOrder, Keeping, TidyTask

BESIDE = ("links", "provenance", "conflicts", "review", "history", "prepared", "pairs", "model", "decisions")
"""Tables beside a fused one; see ``jutong.library.fusion``."""


def order_for(table: LibraryTable, feed: FeedRow | None) -> CareOrder | None:
    """Return the order to take care of what a table consists of; None while it has no rows."""
    if feed is not None or table.rows is None:
        return None
    days = definition_of(table).retention_days
    keepings = [
        Keeping.model_validate({"zone": zone, "code": code, "table": name, "keep_days": max(days, 1)})
        for zone, code, name in _places(table)
    ]
    return CareOrder(task=TidyTask(tables=tuple(keepings)))


def _places(table: LibraryTable) -> list[tuple[str, str, str]]:
    """Return where a table lies: its registers as landed and standardised, itself, and what stands beside it."""
    own = ("fused", table.library.code, table.name)
    found = {own} | {
        tuple(place.split("/")) for place in table.table_versions.values_list("place", flat=True).distinct()
    }
    for row in table.feeds.select_related("organisation"):
        found |= {("landed", row.organisation.code, row.landed), ("standardised", row.organisation.code, row.name)}
    if table.kind == TableKind.ENTITY:
        found |= {("fused", table.library.code, f"{table.name}_{name}") for name in BESIDE}
    return sorted((zone, code, name) for zone, code, name in found)


def care_for_all(now: datetime) -> int:
    """Order the care of every table that has rows; one that waits already is not ordered twice. Returns how many."""
    by = platform_actor("library care")
    tables = LibraryTable.objects.filter(rows__isnull=False).select_related("library__node")
    return sum(steps.take("care", table, by=by, now=now, cause=WorkCause.SCHEDULE) is not None for table in tables)
