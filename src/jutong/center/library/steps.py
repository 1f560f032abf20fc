"""What follows on what: landed → standardised → checked → fused → derived → served, each where it is defined.

A step is described by whoever brings its kind of work: :func:`define` says how its order is made for a table, or that
there is none. Steps are ordered in the transaction of the receipt that makes them due. One that has not begun covers
what becomes due meanwhile; one under way is ordered once more behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from jutong.center.library import works
from jutong.center.library.models import OPEN, FeedRow, FeedState, LibraryTable, Work, WorkCause
from jutong.center.org.actor import Actor
from jutong.contracts.envelope import Document

Maker = Callable[[LibraryTable, FeedRow | None], Document | None]
CLOCKS_APART = timedelta(seconds=10)
"""How far the node's clock may be from the center's when we ask which was first."""
_makers: dict[str, Maker] = {}
_readers: list[Callable[[LibraryTable, LibraryTable], bool]] = []


def define(kind: str, maker: Maker) -> None:
    """Say how the order of a step is made. It gets a table, with a feed where the step is about one register.

    It returns None where the step is not defined for this table, or there is nothing to do yet.
    """
    _makers[kind] = maker


def define_reading(reads_: Callable[[LibraryTable, LibraryTable], bool]) -> None:
    """Say how it is known that a derived table (the first) is computed from another."""
    if reads_ not in _readers:
        _readers.append(reads_)


def reads(derived: LibraryTable, table: LibraryTable) -> bool:
    """Tell whether a derived table is computed from another table."""
    return any(asked(derived, table) for asked in _readers)


def possible(table: LibraryTable, feed: FeedRow | None = None) -> list[str]:
    """Return the kinds of work that could be ordered for a table now."""
    return [kind for kind, maker in sorted(_makers.items()) if maker(table, feed) is not None]


@transaction.atomic
def take(
    kind: str,
    table: LibraryTable,
    *,
    by: Actor,
    now: datetime,
    feed: FeedRow | None = None,
    cause: str = WorkCause.CHAIN,
) -> Work | None:
    """Order a step of a table if there is one; return the work that will do it, or None where there is nothing."""
    maker = _makers.get(kind)
    body = maker(table, feed) if maker else None
    if body is None:
        return None
    # Two receipts at once must not both find nothing under way.
    LibraryTable.objects.select_for_update().get(id=table.id)
    open_ = Work.objects.select_for_update().filter(
        kind=kind, library=table.library_id, table=table.name, feed=feed, state__in=OPEN
    )
    under_way = open_.first()
    if under_way is not None:
        under_way.again_at = now
        under_way.save(update_fields=["again_at"])
        return under_way
    return works.order_work(
        kind=kind, body=body, node=table.library.node, library=table.library, table=table.name, feed=feed,
        cause=cause, by=by, now=now,
    )  # fmt: skip


def once_more(work: Work, by: Actor, now: datetime) -> None:
    """Order a work again that was asked for while it was open, now that it has ended.

    One that began after it was asked for the last time, by an order that would be the same now, has done it already.
    """
    table = work.library.tables.filter(name=work.table).first() if work.library and work.again_at else None
    if table is None or work.again_at is None:
        return
    maker = _makers.get(work.kind)
    body = maker(table, work.feed) if maker else None
    if body is None:
        return
    began_after = work.started_at is not None and work.started_at > work.again_at + CLOCKS_APART
    if not began_after or body.model_dump(mode="json") != work.body:
        take(work.kind, table, feed=work.feed, by=by, now=now)


def landed(*, organisation_id: UUID, target: str, read_at: datetime, by: Actor, now: datetime) -> int:
    """Take up the feeds of a table that was moved into the library. Returns how many there are."""
    feeds = FeedRow.objects.select_related("table__library__node", "organisation").filter(
        organisation_id=organisation_id, landed=target, state=FeedState.ON
    )
    for feed in feeds:
        feed.moved_at = max(read_at, feed.moved_at or read_at)
        feed.save(update_fields=["moved_at"])
        take("standardise", feed.table, feed=feed, by=by, now=now)
    return len(feeds)
