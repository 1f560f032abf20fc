"""What entries refer to: which codes exist, and from where their sources are themselves taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import Entry, EntryClass, Item

LONGEST_CHAIN = 20
"""Sources of sources that are followed; a chain this long is past any that means something."""


def codes_named(fields: EntryFields, items: Iterable[ItemFields]) -> frozenset[str]:
    """Return every resource code an entry refers to."""
    return frozenset({*fields.related_codes, *(item.source_code for item in items if item.source_code)})


def existing(codes: Iterable[str]) -> frozenset[str]:
    """Return those of some codes that a published entry has, as its own or in a further class."""
    wanted = list(codes)
    if not wanted:
        return frozenset()
    own = Entry.objects.filter(code__in=wanted, published__isnull=False).values_list("code", flat=True)
    further = EntryClass.objects.filter(code__in=wanted, entry__published__isnull=False).values_list("code", flat=True)
    return frozenset({*own, *further})


def upstream(sources: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return for each source code the codes its entry is itself taken from, at any remove.

    Published entries only: what a draft says is nobody's source yet.
    """
    starts = frozenset(sources)
    links: defaultdict[str, set[str]] = defaultdict(set)
    asked: set[str] = set()
    frontier = set(starts)
    for _ in range(LONGEST_CHAIN):
        frontier -= asked
        if not frontier:
            break
        rows = Item.objects.filter(version__published_for__code__in=frontier).exclude(source_code="")
        asked |= frontier
        frontier = set()
        for code, source in rows.values_list("version__entry__code", "source_code").distinct():
            links[code].add(source)
            frontier.add(source)
    return {start: _reach(start, links) for start in starts}


def _reach(start: str, links: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    frontier = set(links.get(start, ()))
    while frontier:
        found |= frontier
        frontier = {code for at in frontier for code in links.get(at, ())} - found
    return frozenset(found)
