"""What a query asks for: its words, what else may stand for each, and the index queries they become.

Entries are ranked by where the words are found, in tiers that contain one another: the whole title, its beginning,
the title, the title by another word or by pinyin, the items' names, anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tantivy import Occur, Query

from jutong.center.catalog.index import pinyin
from jutong.center.catalog.index.schema import PLACES, schema
from jutong.center.catalog.index.streams import LONGEST_LATIN, LONGEST_START, START, is_latin, words_within
from jutong.center.catalog.tokens import LONGEST_QUERY, normalise
from jutong.standards.search_words import SearchWords, search_words

MOST_WORDS = 12
"""Words of a query that are read."""
MOST_OTHERS = 6
"""Other words that may stand for one word."""
NAME, ITEM, TEXT = PLACES
_LEAST_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Word:
    """One run of a query with the other words that mean the same."""

    text: str
    others: tuple[str, ...] = ()


@lru_cache(maxsize=512)
def words_of(q: str) -> tuple[Word, ...]:
    """Return the words of a query; all of them must be found."""
    known = search_words()
    runs = dict.fromkeys(normalise(q[:LONGEST_QUERY]).split())
    return tuple(Word(run, _others(run, known)) for run in list(runs)[:MOST_WORDS])


def _others(run: str, known: SearchWords) -> tuple[str, ...]:
    """Return what else may be written for a run: its synonyms, or itself with a part exchanged, the longest first."""
    found: dict[str, None] = dict.fromkeys(known.synonyms.get(run, ()))
    if not is_latin(run):
        inside = sorted((key for key in known.synonyms if key in run and key != run), key=lambda key: (-len(key), key))
        for key in inside[:1]:
            # A part that already belongs to the longer word would only repeat it: 公积金 in 住房公积金.
            found.update(dict.fromkeys(run.replace(key, other) for other in known.synonyms[key] if other not in run))
    return tuple(found)[:MOST_OTHERS]


def literal(place: str, text: str) -> Query:
    """Return the query for a normalised text in one place, exact to the character."""
    parts = [_run(place, run) for run in text.split()]
    return parts[0] if len(parts) == 1 else every(parts)


def _run(place: str, run: str) -> Query:
    fields = schema()
    if is_latin(run):
        return Query.term_query(fields, f"{place}_chars", run[:LONGEST_LATIN])
    if len(run) == 1:
        return Query.term_query(fields, f"{place}_chars", run)
    if len(run) == 2:  # noqa: PLR2004 - a pair is one term
        return Query.term_query(fields, f"{place}_pairs", run)
    words = search_words()
    if run in words.dictionary:
        return Query.term_query(fields, f"{place}_words", run)
    starts = [*range(0, len(run) - 1, 2), *([len(run) - 2] if len(run) % 2 else [])]
    exact = Query.phrase_query(fields, f"{place}_pairs", [(at, run[at : at + 2]) for at in starts])
    # The phrase alone decides; a rare word inside it spares reading the places of its common pairs.
    rare = max(words_within(run, words), key=len, default="")
    return every([Query.term_query(fields, f"{place}_words", rare), exact]) if rare else exact


def loose(place: str, word: Word) -> Query:
    """Return the query for a word or anything that may stand for it; Latin letters may be pinyin of the title."""
    found = [literal(place, text) for text in (word.text, *word.others)]
    if is_latin(word.text) and place in {NAME, TEXT}:
        found.extend(pinyin.queries(word.text))
    return either(found)


def every(queries: Iterable[Query]) -> Query:
    """Return the query for what all of them find."""
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def either(queries: Sequence[Query]) -> Query:
    """Return the query for what one of them finds."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def without(query: Query, *unwanted: Query) -> Query:
    """Return the query for what the first finds and none of the others."""
    return Query.boolean_query([(Occur.Must, query), *((Occur.MustNot, one) for one in unwanted)])


def terms(field: str, values: Iterable[str]) -> Query:
    """Return the query for entries with one of some values."""
    return Query.term_set_query(schema(), field, sorted(values))


def matching(words: Sequence[Word]) -> Query:
    """Return the query for everything the words find, wherever they stand."""
    return every([loose(TEXT, word) for word in words])


def tiers(words: Sequence[Word]) -> list[Query]:
    """Return the queries of the tiers, the best first; each finds all the one before it finds, and the last everything.

    The words must not be empty.
    """
    whole = " ".join(word.text for word in words)
    found = [Query.term_query(schema(), "whole", whole)]
    if len(words) == 1 and len(whole) <= LONGEST_START:
        found.append(Query.term_query(schema(), "name_chars", START + whole))
    found.append(every([literal(NAME, word.text) for word in words]))
    if any(word.others or (is_latin(word.text) and len(word.text) >= _LEAST_LETTERS) for word in words):
        found.append(every([loose(NAME, word) for word in words]))
    found.append(every([either([loose(NAME, word), loose(ITEM, word)]) for word in words]))
    found.append(matching(words))
    return found
