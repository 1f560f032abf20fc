"""What may be read of the libraries: by every department, in counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from jutong.center.library.models import OPEN, FeedRow, Library, LibraryTable, TableVersion, Work, WorkState
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.kernel.errors import NotFoundError
from jutong.standards.agreement import standard_text

MOST_WORKS = 50
MOST_VERSIONS = 30
"""Versions of a table that its page shows."""


@dataclass(frozen=True)
class TableLine:
    """A table with what is going on in it."""

    table: LibraryTable
    feeds_on: int
    feeds_proposed: int
    open_works: int
    failed: Work | None
    late_hours: int

    @property
    def filled(self) -> str:
        """How full its fields are, in per cent with one digit."""
        permille = self.table.filled_permille
        return "" if permille is None else f"{permille / 10:.1f}"


@dataclass(frozen=True)
class LibraryCard:
    """A library with its tables."""

    library: Library
    lines: list[TableLine]

    @property
    def rows(self) -> int:
        """Rows of all its tables."""
        return sum(line.table.rows or 0 for line in self.lines)

    @property
    def filled_tables(self) -> int:
        """How many of its tables have rows."""
        return sum(line.table.rows is not None for line in self.lines)

    @property
    def late(self) -> int:
        """How many of its tables are older than promised."""
        return sum(line.late_hours > 0 for line in self.lines)


def overview(actor: Actor, now: datetime) -> list[LibraryCard]:
    """Return every library with its tables."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    tables: dict[UUID, list[LibraryTable]] = {}
    for table in LibraryTable.objects.select_related("library"):
        tables.setdefault(table.library_id, []).append(table)
    lines = _lines([table for rows in tables.values() for table in rows], now)
    return [
        LibraryCard(library, [lines[table.id] for table in tables.get(library.id, [])])
        for library in Library.objects.all()
    ]


def table_named(actor: Actor, code: str, name: str) -> LibraryTable:
    """Return one table.

    Raises:
        NotFoundError: if there is none of that name.
    """
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = LibraryTable.objects.select_related("library__node")
    found = rows.filter(library__code=code, name=name).first()
    if found is None:
        raise NotFoundError(what=f"{code}/{name}")
    return found


def line_of(actor: Actor, table: LibraryTable, now: datetime) -> TableLine:
    """Return a table with what is going on in it."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    return _lines([table], now)[table.id]


def _lines(tables: list[LibraryTable], now: datetime) -> dict[UUID, TableLine]:
    feeds: dict[UUID, list[str]] = {}
    for table_id, state in FeedRow.objects.filter(table__in=tables).values_list("table_id", "state"):
        feeds.setdefault(table_id, []).append(state)
    places = {(table.library_id, table.name): table.id for table in tables}
    under_way: dict[UUID, int] = {}
    for place in Work.objects.filter(state__in=OPEN, library__isnull=False).values_list("library_id", "table"):
        if place in places:
            under_way[places[place]] = under_way.get(places[place], 0) + 1
    last: dict[UUID, Work] = {}
    ended = Work.objects.filter(library__in={table.library_id for table in tables}).exclude(state__in=OPEN)
    newest = ended.order_by("library_id", "table", "kind", "feed_id", "-ordered_at").distinct(
        "library_id", "table", "kind", "feed_id"
    )
    for work in newest:
        found = next(
            (table for table in tables if (table.library_id, table.name) == (work.library_id, work.table)), None
        )
        if found is not None and work.state == WorkState.FAILED:
            last[found.id] = work
    return {
        table.id: TableLine(
            table, feeds.get(table.id, []).count("on"), feeds.get(table.id, []).count("proposed"),
            under_way.get(table.id, 0), last.get(table.id), late_hours(table, now),
        )
        for table in tables
    }  # fmt: skip


def late_hours(table: LibraryTable, now: datetime) -> int:
    """Return by how many hours a table is older than its cycle allows; 0 where it is not, or nothing is known."""
    hours = standard_text().freshness_by_cycle.get(table.cycle, 0)
    if not hours or table.fresh_at is None:
        return 0
    over = now - table.fresh_at - timedelta(hours=hours)
    return max(0, -(-int(over.total_seconds()) // 3600))


def feeds(actor: Actor, table: LibraryTable) -> list[FeedRow]:
    """Return what fills a table or could."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    return list(table.feeds.select_related("organisation", "entry"))


def feed(actor: Actor, feed_id: UUID) -> FeedRow:
    """Return one feed.

    Raises:
        NotFoundError: if there is none.
    """
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = FeedRow.objects.select_related("organisation", "entry", "table__library__node")
    found = rows.filter(id=feed_id).first()
    if found is None:
        raise NotFoundError(what=str(feed_id))
    return found


def to_confirm(actor: Actor) -> list[FeedRow]:
    """Return the feeds of the own department that wait for a steward."""
    rows = FeedRow.objects.select_related("organisation", "entry", "table__library")
    return list(rows.filter(organisation_id=actor.organisation_id or org.NOBODY, state="proposed"))


def feeds_seen(actor: Actor) -> list[FeedRow]:
    """Return the feeds of a steward's department, those of all departments for everybody else; proposed ones first."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = FeedRow.objects.select_related("organisation", "entry", "table__library")
    if actor.role == Role.STEWARD:
        rows = rows.filter(organisation_id=actor.organisation_id or org.NOBODY)
    order = {"proposed": 0, "on": 1, "off": 2}
    return sorted(rows, key=lambda row: (order[row.state], row.organisation.code, row.name))


def versions(actor: Actor, table: LibraryTable) -> list[TableVersion]:
    """Return the newest versions of the Delta tables that stand behind a table."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    return list(table.table_versions.select_related("work")[:MOST_VERSIONS])


def works(
    actor: Actor,
    *,
    table: LibraryTable | None = None,
    state: str = "",
    kind: str = "",
    after: str = "",
    limit: int = MOST_WORKS,
) -> Page[Work]:
    """Return works, the newest first."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = Work.objects.select_related("library", "feed__organisation", "node")
    if table is not None:
        rows = rows.filter(library=table.library_id, table=table.name)
    if state in WorkState.values:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind[:32])
    return newest_first(rows, "ordered_at", after=after, limit=limit)


def work(actor: Actor, work_id: UUID) -> Work:
    """Return one work.

    Raises:
        NotFoundError: if there is none.
    """
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = Work.objects.select_related("library__node", "feed__organisation", "node", "ordered_by")
    found = rows.filter(id=work_id).first()
    if found is None:
        raise NotFoundError(what=str(work_id))
    return found
