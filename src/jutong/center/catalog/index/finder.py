"""Asks one index, or an index and the small one of what is newer, the same question and puts the answers together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tantivy import DocAddress, Query, Searcher

from jutong.center.catalog.index import wanted
from jutong.center.catalog.index.schema import FACETS
from jutong.center.catalog.index.wanted import Word

MOST_VALUES = 100
"""Values of a facet that are counted, the most frequent first."""
_TOTAL = "total"
Choices = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Half:
    """A searcher, and the entries it is not to find because another half knows them better.

    ``as_of`` is the last change a half in memory holds, 0 for one on disk.
    """

    searcher: Searcher
    unwanted: frozenset[str] = frozenset()
    as_of: int = 0

    def only(self, query: Query) -> Query:
        """Return the query less what this half must not find."""
        return wanted.without(query, wanted.terms("id", self.unwanted)) if self.unwanted else query


@dataclass(frozen=True, slots=True)
class Found:
    """A page of entries by id, how many there are, and the counts of every facet's values."""

    ids: tuple[str, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands in the order of a question."""

    tier: int
    order: int
    half: Half
    address: DocAddress

    @property
    def key(self) -> tuple[int, int]:
        return self.tier, -self.order


def top(
    halves: Sequence[Half], scope: str, words: Sequence[Word], chosen: Choices, *, offset: int, limit: int
) -> tuple[str, ...]:
    """Return the ids of one page in the order of the question."""
    filters = _filters(scope, chosen)
    steps = wanted.tiers(words) if words else [wanted.every(filters)]
    if len(halves) == 1:
        places = list(_ranked(halves[0], steps, filters, offset=offset, limit=limit))
    else:
        both = [one for half in halves for one in _ranked(half, steps, filters, offset=0, limit=offset + limit)]
        places = sorted(both, key=lambda one: one.key)[offset : offset + limit]
    return tuple(_id(place) for place in places)


def titled(halves: Sequence[Half], scope: str, words: Sequence[Word], limit: int) -> tuple[str, ...]:
    """Return the ids of entries whose titles hold the words, in the order of the question."""
    steps = wanted.tiers(words)[:-2]
    places = [
        one for half in halves for one in _ranked(half, steps, _filters(scope, {}), offset=0, limit=limit)
    ]  # fmt: skip
    return tuple(_id(place) for place in sorted(places, key=lambda one: one.key)[:limit])


def _ranked(
    half: Half, steps: Sequence[Query], filters: Sequence[Query], *, offset: int, limit: int
) -> Iterator[_Place]:
    """Yield the entries of a page tier by tier; a tier is asked only when those before it did not fill the page."""
    missing = limit
    for tier, step in enumerate(steps):
        better = steps[tier - 1 : tier] if tier else ()
        query = half.only(wanted.without(wanted.every([step, *filters]), *better))
        result = half.searcher.search(query, limit=missing, offset=offset, count=True, order_by_field="order")
        hits = result.hits
        yield from (_Place(tier, int(order), half, address) for order, address in hits)
        missing -= len(hits)
        offset = max(0, offset - _count(result))
        if not missing:
            return


def _count(result: Any) -> int:
    return int(result.count or 0)


def _id(place: _Place) -> str:
    return str(place.half.searcher.doc(place.address).get_first("id"))


def count(
    halves: Sequence[Half], scope: str, words: Sequence[Word], chosen: Choices, wished: Collection[str] = FACETS
) -> tuple[dict[str, Counter[str]], int]:
    """Return the counts of the facets' values and the total.

    A facet's own choice does not hide its other values: each chosen one is counted under the choices of the others.
    """
    found: dict[str, Counter[str]] = {name: Counter() for name in wished}
    open_ones = [name for name in wished if name not in chosen]
    total = 0
    for half in halves:
        total += _gather(half, _question(scope, words, chosen), open_ones, found)
        for name in chosen.keys() & set(wished):
            others = {other: values for other, values in chosen.items() if other != name}
            question = _question(scope, words, others)
            _gather(half, question, [name], found)
            for value in chosen[name] - found[name].keys():
                found[name][value] += how_many(half, wanted.every([question, wanted.terms(name, [value])]))
    return found, total


def _gather(half: Half, query: Query, names: Iterable[str], found: Mapping[str, Counter[str]]) -> int:
    asked: dict[str, Any] = {name: {"terms": {"field": name, "size": MOST_VALUES}} for name in names}
    answer = half.searcher.aggregate(half.only(query), {**asked, _TOTAL: {"value_count": {"field": "order"}}})
    for name in asked:
        for bucket in answer[name]["buckets"]:
            found[name][str(bucket["key"])] += int(bucket["doc_count"])
    return int(answer[_TOTAL]["value"])


def how_many(half: Half, query: Query) -> int:
    """Return how many entries a query finds in one half."""
    return _count(half.searcher.search(half.only(query), limit=1, count=True, order_by_field="order"))


def how_many_asked(half: Half, scope: str, words: Sequence[Word], chosen: Choices) -> int:
    """Return how many entries of one half a whole question finds."""
    return how_many(half, _question(scope, words, chosen))


def _question(scope: str, words: Sequence[Word], chosen: Choices) -> Query:
    parts = _filters(scope, chosen)
    return wanted.every([wanted.matching(words), *parts] if words else parts)


def _filters(scope: str, chosen: Choices) -> list[Query]:
    """Return the queries of who may see what and of the facets; they decide inside the index, not after it."""
    return [wanted.terms("scope", [scope]), *(wanted.terms(name, values) for name, values in sorted(chosen.items()))]
