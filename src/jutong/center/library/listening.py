"""What results of works mean for tables and feeds, and which step follows which.

Results are read by the names their documents have; counts only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.center.jobs.models import Job
from jutong.center.library import steps
from jutong.center.library.models import OPEN, FeedRow, FeedState, LibraryTable, TableKind, TableVersion, Work
from jutong.center.org.actor import Actor

PERMILLE = 1000


def moved(job: Job, by: Actor, now: datetime) -> None:
    """Take up the feeds of a table that has been moved."""
    steps.landed(organisation_id=job.entry.organisation_id, target=job.target, read_at=job.ordered_at, by=by, now=now)


def standardised(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Keep what standardising a feed counted; its rows are checked and meet those of the others."""
    feed = work.feed
    if feed is None:
        return
    feed.standardised_at, feed.rows = now, result["rows"]
    feed.repeats, feed.problems = result.get("repeated", 0), result.get("with_problems", 0)
    feed.save(update_fields=["standardised_at", "rows", "repeats", "problems"])
    place = f"standardised/{feed.organisation.code}/{feed.name}"
    _keep_version(feed.table, place, result["version"], rows=result["rows"], work=work, now=now)
    steps.take("check", feed.table, feed=feed, by=by, now=now)
    if feed.table.kind != TableKind.ENTITY:
        _fill(feed.table, rows=_rows_of_feeds(feed.table), version=None, filled=None, work=work, now=now)
        _follow(feed.table, by, now)


def settled(work: Work, by: Actor, now: datetime) -> None:
    """Fuse what was standardised, once the last of the table's feeds that are being standardised has ended, however."""
    if work.kind != "standardise" or work.feed is None or work.feed.table.kind != TableKind.ENTITY:
        return
    table = work.feed.table
    under_way = Work.objects.filter(kind="standardise", library=table.library_id, table=table.name, state__in=OPEN)
    if under_way.exists():
        return
    fusions = Work.objects.filter(kind="fuse", library=table.library_id, table=table.name)
    last = fusions.order_by("-ordered_at").first()
    fresh = table.feeds.filter(standardised_at__isnull=False)
    if last is not None and last.state not in OPEN:
        fresh = fresh.filter(standardised_at__gte=last.ordered_at)
    if fresh.exists():
        steps.take("fuse", table, by=by, now=now)


def fused(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Keep what a fusion counted; what grows out of its table follows."""
    table = table_of(work)
    if table is None:
        return
    rows = int(result["entities"])
    counts = [int(count) for _, count in result["filled"]]
    filled = PERMILLE * sum(counts) // (rows * len(counts)) if rows and counts else None
    _fill(table, rows=rows, version=result["version"], filled=filled, work=work, now=now)
    place = f"fused/{table.library.code}/{table.name}"
    _keep_version(table, place, result["version"], rows=rows, work=work, now=now)
    steps.take("check", table, by=by, now=now)
    _follow(table, by, now)


def derived(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
    """Keep what deriving a table counted; it is checked and served."""
    table = table_of(work)
    if table is None:
        return
    _fill(table, rows=result["rows"], version=result["version"], filled=None, work=work, now=now)
    place = f"fused/{table.library.code}/{table.name}"
    _keep_version(table, place, result["version"], rows=result["rows"], work=work, now=now)
    steps.take("check", table, by=by, now=now)
    steps.take("serve", table, by=by, now=now)


def table_of(work: Work) -> LibraryTable | None:
    """Return the table a work is about, if it is defined still."""
    rows = LibraryTable.objects.select_related("library__node")
    return rows.filter(library=work.library_id, name=work.table).first()


def _follow(table: LibraryTable, by: Actor, now: datetime) -> None:
    """Order what stands on a table: the derived tables of all libraries that read it, and its serving copy."""
    for other in LibraryTable.objects.select_related("library__node").filter(kind=TableKind.DERIVED):
        if steps.reads(other, table):
            steps.take("derive", other, by=by, now=now)
    steps.take("serve", table, by=by, now=now)


def _fill(
    table: LibraryTable, *, rows: int, version: int | None, filled: int | None, work: Work, now: datetime
) -> None:
    """Keep how a table stands. It is as fresh as the oldest of what fills it."""
    read = [feed.moved_at for feed in table.feeds.filter(state=FeedState.ON) if feed.moved_at is not None]
    table.rows, table.version, table.filled_permille, table.changed_at = rows, version, filled, now
    table.fresh_at = min(read) if read else work.ordered_at
    table.save(update_fields=["rows", "version", "filled_permille", "changed_at", "fresh_at"])


def _rows_of_feeds(table: LibraryTable) -> int:
    found = FeedRow.objects.filter(table=table, state=FeedState.ON).values_list("rows", flat=True)
    return sum(rows or 0 for rows in found)


def _keep_version(table: LibraryTable, place: str, version: int, *, rows: int, work: Work, now: datetime) -> None:
    TableVersion.objects.get_or_create(
        place=place, version=version, defaults={"table": table, "rows": rows, "work": work, "made_at": now}
    )
