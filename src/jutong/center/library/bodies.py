"""How the orders of standardising, fusing and deriving are made from definitions and feeds."""

from __future__ import annotations

from jutong.center.library import feeds, steps
from jutong.center.library.definitions import definition_of
from jutong.center.library.models import FeedRow, FeedState, LibraryTable, TableKind
from jutong.contracts.derive import DeriveInput, DeriveOrder
from jutong.contracts.fusion import FuseOrder
from jutong.contracts.standardising import StandardiseOrder
from jutong.library.derive.specs import order_for, reads, spec_for
from jutong.library.fusion import rules as fusion


def standardise(table: LibraryTable, feed: FeedRow | None) -> StandardiseOrder | None:
    """Return the order to standardise a feed that has landed."""
    if feed is None or feed.state != FeedState.ON or feed.moved_at is None:
        return None
    return StandardiseOrder(table=definition_of(table), feed=feeds.feed_of(feed))


def fuse(table: LibraryTable, feed: FeedRow | None) -> FuseOrder | None:
    """Return the order to fuse the feeds of an entity's table that are standardised."""
    if feed is not None or table.kind != TableKind.ENTITY:
        return None
    rows = table.feeds.select_related("organisation", "entry", "table__library")
    fed = rows.filter(state=FeedState.ON, standardised_at__isnull=False)
    told = tuple(feeds.feed_of(row) for row in fed)
    return fusion.order_for(table.library.code, definition_of(table), told) if told else None


def derive(table: LibraryTable, feed: FeedRow | None) -> DeriveOrder | None:
    """Return the order to make a derived table; None while none of what it grows out of has rows."""
    if feed is not None or table.kind != TableKind.DERIVED:
        return None
    rows = LibraryTable.objects.select_related("library").filter(rows__isnull=False)
    there = {(row.library.code, row.name): row for row in rows}

    def given(code: str, name: str) -> DeriveInput | None:
        row = there.get((code, name))
        if row is None:
            return None
        on = row.feeds.select_related("organisation", "entry", "table__library")
        told = on.filter(state=FeedState.ON, standardised_at__isnull=False) if row.kind == TableKind.RECORD else ()
        return DeriveInput(part=name, definition=definition_of(row), feeds=tuple(map(feeds.feed_of, told)))

    order = order_for(table.library.code, definition_of(table), given)
    if order is None:
        return None
    needed = {source.part for source in order.spec.sources if not source.optional}
    return order if needed <= {one.part for one in order.inputs} else None


def grows_out_of(derived: LibraryTable, table: LibraryTable) -> bool:
    """Tell whether a derived table is made from another."""
    spec = spec_for(derived.library.code, derived.name)
    return spec is not None and reads(spec, table.library.code, table.name)


def define_all() -> None:
    """Say how the orders of these steps are made."""
    steps.define("standardise", standardise)
    steps.define("fuse", fuse)
    steps.define("derive", derive)
    steps.define_reading(grows_out_of)
