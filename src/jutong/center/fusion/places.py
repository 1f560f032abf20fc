"""Where the rows of a conflict stand: the entry behind a feed, its item, and who may have read what was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jutong.center.catalog.models import Binding, Entry
from jutong.center.catalog.queries import open_binding
from jutong.center.fleet.models import Node, Source
from jutong.center.fusion.errors import ConflictPlaceError
from jutong.center.library.definitions import definition_of
from jutong.center.library.models import FeedRow, LibraryTable

ZONES = ("fused", "service", "library")
"""Schemas under which tables of a library are read: zones of the lake, and the serving copy in a database."""


@dataclass(frozen=True)
class RowPlace:
    """Where the row of a feed stands in its department's database, as the catalog has it."""

    entry: Entry
    item: str
    key_column: str
    node: Node | None


def row_place(feed: FeedRow, field: str) -> RowPlace:
    """Return the entry and item of a field of a feed.

    Raises:
        ConflictPlaceError: if the feed has no published entry, or the field no item.
    """
    column = next((landed for name, landed in feed.columns if name == field), "")
    binding = open_binding(feed.entry) if feed.entry is not None else None
    items = {landed: item for item, landed in (binding.columns if binding is not None else {}).items()}
    if feed.entry is None or feed.entry.published is None or binding is None or column not in items:
        title = next((one.title for one in definition_of(feed.table).fields if one.name == field), field)
        raise ConflictPlaceError(organisation=feed.organisation.short_name, field=title)
    source = Source.objects.select_related("node").filter(name=binding.source).first() if binding.is_table else None
    return RowPlace(feed.entry, items[column], feed.key, source.node if source is not None else None)


def made_of(table: LibraryTable) -> Iterator[tuple[Entry, Node]]:
    """Yield the entries whose data is a library table, each with the node that serves it."""
    names = {table.name, f"{table.library.code.lower()}_{table.name}"}
    rows = Binding.objects.filter(ended_at=None, schema_name__in=ZONES, table__in=names).select_related("entry")
    sources = {row.name: row for row in Source.objects.select_related("node", "organisation")}
    for binding in rows.order_by("entry__code"):
        source = sources.get(binding.source)
        if source is not None and source.node_id == table.library.node_id:
            yield binding.entry, source.node
