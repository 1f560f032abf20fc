"""Searching the index from any process: the folder in force, and beside it what the feed says since its cursor."""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import tantivy

from jutong.center.catalog.index import cards, finder, schema
from jutong.center.catalog.index.faults import IndexBrokenError, told_apart
from jutong.center.catalog.index.finder import Choices, Found, Half
from jutong.center.catalog.index.store import Store, created, cursor_of, is_of_this_registry, opened, store
from jutong.center.catalog.index.wanted import Word
from jutong.center.catalog.index.writer import readable
from jutong.center.catalog.models import EntryChange

logger = logging.getLogger(__name__)
MOST_NEWER = 400
"""Changes that are answered from memory; with more to catch up on, the registry's own search answers."""
_KEPT_COUNTS = 256
_NEVER = (-1, -1)
_SMALLEST_HEAP = 15_000_000
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """An index on disk as of one commit."""

    folder: Path
    committed: tuple[int, int]
    searcher: tantivy.Searcher
    cursor: int


@dataclass(frozen=True, slots=True)
class _Newer:
    """The entries of a stretch of the feed, indexed in memory."""

    after: int
    up_to: int
    half: Half
    ids: frozenset[str]


@dataclass(slots=True)
class Reader:
    """What one process keeps open of an index. Threads may share it."""

    store: Store
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _opened: _Opened | None = None
    _index: tantivy.Index | None = None
    _stamp: tuple[int, int] = _NEVER
    _newer: _Newer | None = None
    _counts: OrderedDict[_Key, tuple[dict[str, Counter[str]], int]] = field(default_factory=OrderedDict)

    def find(self, scope: str, words: Sequence[Word], chosen: Choices, *, offset: int, limit: int) -> Found | None:
        """Return a page, or None when the registry has to answer."""
        now_open = self._current()
        if now_open is None:
            return None
        try:
            with told_apart():
                halves = self._halves(now_open)
                if halves is None:
                    return None
                facets, total = self._count(now_open, halves, scope, words, chosen)
                page = finder.top(halves, scope, words, chosen, offset=offset, limit=limit) if total > offset else ()
        except IndexBrokenError as error:
            self._doubt(now_open.folder, error)
            return None
        return Found(page, total, facets)

    def titles(self, scope: str, words: Sequence[Word], limit: int) -> tuple[str, ...] | None:
        """Return the ids of the first entries whose titles hold the words, or None when the registry has to answer."""
        now_open = self._current()
        if now_open is None:
            return None
        try:
            with told_apart():
                halves = self._halves(now_open)
                return None if halves is None else finder.titled(halves, scope, words, limit)
        except IndexBrokenError as error:
            self._doubt(now_open.folder, error)
            return None

    def forget(self) -> None:
        """Drop the remembered counts and what was read of newer changes, so that the next question starts afresh."""
        with self._lock:
            self._newer = None
            self._counts.clear()

    def cursor(self) -> int | None:
        """Return how far the feed went into the index in force, None while there is none."""
        now_open = self._current()
        return now_open.cursor if now_open else None

    def _current(self) -> _Opened | None:
        """Return the index in force as of its last commit; opened anew only when one of both changed."""
        with self._lock:
            try:
                with told_apart():
                    return self._refreshed()
            except IndexBrokenError as error:
                folder = self.store.current()
                self._opened = self._index = None
                self._stamp = _NEVER
                if folder is not None:
                    self._doubt(folder, error)
                return None

    def _refreshed(self) -> _Opened | None:
        stamp = self.store.stamp()
        if stamp != self._stamp or self._index is None or self._opened is None:
            folder = self.store.current()
            self._opened = self._index = None
            self._stamp = stamp
            if folder is None:
                return None
            index = opened(folder)
            index.config_reader("manual")
            if not is_of_this_registry(cursor_of(index.searcher())):
                return None  # the writer will see it too and make another
            self._index = index
            return self._reopened(folder, index)
        if _committed(self._opened.folder) != self._opened.committed:
            return self._reopened(self._opened.folder, self._index)
        return self._opened

    def _reopened(self, folder: Path, index: tantivy.Index) -> _Opened:
        committed = _committed(folder)  # read first: a commit in between is then seen again, not missed
        index.reload()
        searcher = index.searcher()
        self._opened = _Opened(folder, committed, searcher, cursor_of(searcher))
        return self._opened

    def _halves(self, now_open: _Opened) -> list[Half] | None:
        rows = EntryChange.objects.filter(sequence__gt=now_open.cursor).order_by("sequence")
        newer = list(rows.values_list("sequence", "entry_id")[: MOST_NEWER + 1])
        if not newer:
            return [Half(now_open.searcher)]
        if len(newer) > MOST_NEWER:
            return None
        overlay = self._indexed(now_open.cursor, newer[-1][0], {row[1] for row in newer})
        return [Half(now_open.searcher, overlay.ids), overlay.half]

    def _indexed(self, after: int, up_to: int, ids: set[UUID]) -> _Newer:
        with self._lock:
            kept = self._newer
        if kept is None or (kept.after, kept.up_to) != (after, up_to):
            kept = _Newer(after, up_to, small(ids, up_to), frozenset(map(str, ids)))
            with self._lock:
                self._newer = kept
        return kept

    def _count(
        self, now_open: _Opened, halves: list[Half], scope: str, words: Sequence[Word], chosen: Choices
    ) -> tuple[dict[str, Counter[str]], int]:
        """Count, or remember: pages of one question, and the questions everyone asks, are counted once a commit."""
        choice = tuple(sorted((name, tuple(sorted(values))) for name, values in chosen.items()))
        key: _Key = (now_open.folder, now_open.committed, halves[-1].as_of, scope, tuple(words), choice)
        with self._lock:
            known = self._counts.get(key)
            if known is not None:
                self._counts.move_to_end(key)
                return known
        counted = finder.count(halves, scope, words, chosen)
        with self._lock:
            self._counts[key] = counted
            while len(self._counts) > _KEPT_COUNTS:
                self._counts.popitem(last=False)
        return counted

    def _doubt(self, folder: Path, error: Exception) -> None:
        """Give an index up that cannot be read; where it can, the question was at fault."""
        logger.error("search index did not answer: %s", error)
        if not readable(folder):
            self.store.condemn(folder)
            with self._lock:
                self._stamp = _NEVER


def small(ids: Iterable[UUID], as_of: int = 0) -> Half:
    """Return a searcher over some entries as the registry has them now, in memory."""
    index = created()
    writer = index.writer(_SMALLEST_HEAP, 1)
    for card in cards.cards_of(list(ids)):
        writer.add_document(schema.document(card))
    writer.commit()
    index.reload()
    return Half(index.searcher(), as_of=as_of)


def _committed(folder: Path) -> tuple[int, int]:
    """Return what changes with each commit, because it puts another file in the place of the old one."""
    found = (folder / "meta.json").stat()
    return found.st_mtime_ns, found.st_ino


_READERS: dict[Path, Reader] = {}


def reader() -> Reader:
    """Return this process's reader of the instance's index."""
    kept = store()
    return _READERS.setdefault(kept.path, Reader(kept))


__all__ = ["MOST_NEWER", "Reader", "reader", "small"]
