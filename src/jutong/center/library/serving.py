"""Which tables of the library have a copy in a database, and how the order to bring one up is made.

A copy is kept where the library's node may write a schema called ``library``: whoever opens that schema to the node
(``writes`` of a source) asks for the copies, and whoever closes it ends them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.center.fleet.models import Source
from jutong.center.library import steps, works
from jutong.center.library.models import FeedRow, Library, LibraryTable, TableKind, Work
from jutong.center.org.actor import Actor
from jutong.contracts.copies import ServeOrder
from jutong.contracts.envelope import Document

SCHEMA = "library"
KIND = "serve"
ENTITY = "entity_id"


def source_of(library: Library) -> Source | None:
    """Return the database copies of a library's tables are kept in, None where its node has none for that."""
    sources = Source.objects.filter(node=library.node, dialect="postgresql").order_by("name")
    return next((one for one in sources if SCHEMA in one.writes), None)


def target_of(table: LibraryTable) -> str:
    """Return what the copy of a table is called."""
    return f"{table.library.code.lower()}_{table.name}"[:63]


def order_of(table: LibraryTable, feed: FeedRow | None) -> Document | None:
    """Return the order to bring a table's copy up; None where there is no table yet, or no place for a copy."""
    if feed is not None or table.version is None or table.kind == TableKind.RECORD:
        return None
    source = source_of(table.library)
    if source is None:
        return None
    definition: dict[str, Any] = table.definition
    named, entity = tuple(definition["keys"]), table.kind == TableKind.ENTITY
    return ServeOrder(
        library=table.library.code,
        table=table.name,
        zone="fused",
        source=source.name,
        schema_name=SCHEMA,
        target=target_of(table),
        keys=(ENTITY,) if entity else named,
        lookups=(named,) if entity else (),
        titles=tuple((field["name"], field["title"]) for field in definition["fields"]),
    )


def erased(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Have copies brought up at once when somebody was erased: a copy would be all that is left of them."""
    if result.get("kind") != "erase":
        return
    for table in LibraryTable.objects.select_related("library__node").filter(library__node=work.node):
        steps.take(KIND, table, by=by, now=now)


def define() -> None:
    """Make it a step of the chain, and one that follows an erasure."""
    steps.define(KIND, order_of)
    works.listen("care", erased)
