"""Keeps the index in step with the registry. Whoever writes may be killed at any moment: a commit is whole or not.

The cursor is committed together with the entries it stands for, so a repeated batch changes nothing.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import tantivy

from jutong.center.catalog import changes
from jutong.center.catalog.index import cards, schema
from jutong.center.catalog.index.faults import IndexBrokenError, told_apart
from jutong.center.catalog.index.store import (
    Status,
    Store,
    created,
    cursor_of,
    entries_in,
    is_of_this_registry,
    opened,
    store,
)
from jutong.center.catalog.models import EntryChange

logger = logging.getLogger(__name__)
BATCH = 2000
"""Lines of the change feed that go into one commit."""
REST = timedelta(seconds=30)
"""How long the writer rests after a failure such as a full disk."""
_SMALL_HEAP = 32 * 1024 * 1024
_LARGE_HEAP = 192 * 1024 * 1024
_BUILDERS = 2
_KEEP_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a comparison with the registry found: entries that were missing or differed, and those that were gone."""

    checked: int
    different: int
    gone: int

    @property
    def drift(self) -> int:
        """How many entries the index had wrong."""
        return self.different + self.gone


def follow(now: datetime) -> int:
    """Take over what the change feed says since the last time; make the index where there is none.

    Never raises for what is wrong with disk or index: that is noted in the status, and the old index stays.

    Returns:
        How many changes, or how many entries a new index has; 0 while another process writes.
    """
    kept = store()
    if _rests(kept.status(), now):
        return 0
    with kept.writing(wait=False) as mine:
        if not mine:
            return 0
        folder = kept.current()
        try:
            if folder is None:
                return _make(kept, now)
            return _take_over(kept, folder, now)
        except IndexBrokenError as error:
            _note(kept, folder, error, now)
            return 0


def rebuild(now: datetime) -> Status:
    """Make the index anew while the old one answers and follows, then put it in force.

    Raises:
        IndexBrokenError: if it cannot be written; the old one stays in force.
    """
    kept = store()
    with kept.writing(wait=True):
        try:
            _make(kept, now)
        except IndexBrokenError as error:
            _note(kept, kept.current(), error, now)
            raise
    return kept.status()


def reconcile(now: datetime) -> Reconciled:
    """Compare every entry with the registry and put right what differs.

    Raises:
        IndexBrokenError: if the index cannot be read or written.
    """
    kept = store()
    with kept.writing(wait=True):
        folder = kept.current()
        if folder is None:
            made = _make(kept, now)
            found = Reconciled(checked=made, different=0, gone=0)
        else:
            _take_over(kept, folder, now)
            with told_apart():
                found = _compare(opened(kept.current() or folder))
        kept.tell(reconciled_at=now.isoformat(), drift=found.drift)
    if found.drift:
        logger.warning("search index drift: %d different, %d gone", found.different, found.gone)
    return found


def _rests(said: Status, now: datetime) -> bool:
    return bool(said.problem and said.failed_at) and now < datetime.fromisoformat(said.failed_at) + REST


def _note(kept: Store, folder: Path | None, error: Exception, now: datetime) -> None:
    """Keep an index that still can be read; condemn one that cannot, so that the next round makes another."""
    logger.error("search index: %s", error)
    kept.tell(problem=str(error)[:300], failed_at=now.isoformat())
    if folder is not None and not readable(folder):
        kept.condemn(folder)


def readable(folder: Path) -> bool:
    """Tell whether the index in a folder answers at all."""
    try:
        with told_apart():
            searcher = opened(folder).searcher()
            cursor_of(searcher)
            names: dict[str, object] = {name: {"terms": {"field": name, "size": 1}} for name in schema.FACETS}
            everything = tantivy.Query.all_query()
            searcher.aggregate(everything, names)
            hits = searcher.search(everything, limit=1, order_by_field="order").hits
            return all(searcher.doc(address) for _, address in hits)
    except IndexBrokenError:
        return False


def _take_over(kept: Store, folder: Path, now: datetime) -> int:
    with told_apart():
        index = opened(folder)
        if not is_of_this_registry(cursor_of(index.searcher())):
            logger.warning("search index is not of this registry")
            kept.condemn(folder)
            return _make(kept, now)
        taken, cursor, entries = _follow(index)
    said = kept.status()
    if taken or said.problem or _is_old(said, now):
        kept.tell(entries=entries, cursor=cursor, followed_at=now.isoformat(), problem="", failed_at="")
    return taken


def _is_old(said: Status, now: datetime) -> bool:
    return not said.followed_at or now - datetime.fromisoformat(said.followed_at) > timedelta(minutes=1)


def _follow(index: tantivy.Index) -> tuple[int, int, int]:
    """Return how many lines were taken over, the new cursor, and how many entries the index has."""
    cursor = cursor_of(index.searcher())
    taken = 0
    writer: tantivy.IndexWriter | None = None
    while rows := _newer(cursor):
        writer = writer or index.writer(_SMALL_HEAP, 1)
        cursor = rows[-1][0]
        _replace(writer, {row[1] for row in rows}, cursor)
        taken += len(rows)
    if writer is not None:
        writer.wait_merging_threads()
        index.reload()
    return taken, cursor, entries_in(index.searcher())


def _newer(cursor: int) -> list[tuple[int, UUID]]:
    rows = EntryChange.objects.filter(sequence__gt=cursor).order_by("sequence")
    return list(rows.values_list("sequence", "entry_id")[:BATCH])


def _replace(writer: tantivy.IndexWriter, ids: Iterable[UUID], cursor: int) -> None:
    wanted = list(ids)
    for one in wanted:
        writer.delete_documents_by_term("id", str(one))
    for card in cards.cards_of(wanted):
        writer.add_document(schema.document(card))
    writer.delete_documents_by_term("id", schema.CURSOR_ID)
    writer.add_document(schema.cursor_document(cursor))
    writer.commit()


def _make(kept: Store, now: datetime) -> int:
    """Make a new index beside the one in force. Returns how many entries it has."""
    started = time.monotonic()
    old = kept.current()
    with told_apart():
        kept.clean(old)
        folder = kept.new_folder(now)
    try:
        with told_apart():
            _fill(created(folder), _while_making(old))
            _, cursor, entries = _follow(opened(folder))
            kept.put_in_force(folder, now)
    except IndexBrokenError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    seconds = round(time.monotonic() - started, 2)
    kept.tell(
        entries=entries, cursor=cursor, followed_at=now.isoformat(), built_at=now.isoformat(), build_seconds=seconds,
        problem="", failed_at="",
    )  # fmt: skip
    logger.info("search index made: %d entries", entries)
    return entries


def _fill(index: tantivy.Index, keep_up: Callable[[], None]) -> None:
    cursor = changes.newest()
    writer = index.writer(_LARGE_HEAP, _BUILDERS)
    known = cards.levels()
    for batch in cards.all_cards(known):
        for card in batch:
            writer.add_document(schema.document(card))
        keep_up()
    writer.add_document(schema.cursor_document(cursor))
    writer.commit()
    writer.wait_merging_threads()


def _while_making(old: Path | None) -> Callable[[], None]:
    """Return what lets the index in force follow the feed while another one is made."""
    last = time.monotonic()

    def keep_up() -> None:
        nonlocal last
        if old is not None and time.monotonic() - last > _KEEP_UP_SECONDS:
            _follow(opened(old))
            last = time.monotonic()

    return keep_up


def _compare(index: tantivy.Index) -> Reconciled:
    searcher = index.searcher()
    cursor = cursor_of(searcher)
    everyone = tantivy.Query.term_query(schema.schema(), "scope", schema.EVERYBODY)
    limit = max(1, searcher.num_docs)
    hits = searcher.search(everyone, limit=limit, count=False, order_by_field="print").hits
    indexed: dict[int, tantivy.DocAddress] = {int(told): address for told, address in hits}
    checked, different = 0, set[str]()
    for batch in cards.all_cards():
        checked += len(batch)
        for card in batch:
            if indexed.pop(card.print, None) is None:
                different.add(card.id)
    gone = {str(searcher.doc(address).get_first("id")) for address in indexed.values()} - different
    moving = {str(one) for _, one in _newer(cursor)}
    wrong = (different | gone) - moving
    if wrong:
        writer = index.writer(_SMALL_HEAP, 1)
        _replace(writer, {UUID(one) for one in wrong}, cursor)
        writer.wait_merging_threads()
    return Reconciled(checked, len(different - moving), len(gone - moving))


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the index is behind: changes not taken over yet, and how old the oldest of them is, in seconds."""

    changes: int
    seconds: float


def lag(now: datetime) -> Lag | None:
    """Return how far the index in force is behind the registry, None while there is no index.

    What is behind is found all the same: searches read it from the feed.
    """
    folder = store().current()
    if folder is None:
        return None
    try:
        with told_apart():
            cursor = cursor_of(opened(folder).searcher())
    except IndexBrokenError:
        return None
    waiting = EntryChange.objects.filter(sequence__gt=cursor)
    oldest = waiting.order_by("sequence").values_list("at", flat=True).first()
    return Lag(waiting.count(), max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
