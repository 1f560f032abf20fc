"""What of a text goes into the index.

A run of Chinese becomes pairs of neighbours, one a position, its last character on the position after them: the
place of a pair is then the place of its first character, and a phrase is exact even when only every second pair is
asked for. Single characters and beginnings of Latin words need no positions and stand in a field of their own, and
so do the dictionary's words.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from pypinyin import Style, lazy_pinyin

from jutong.center.catalog.tokens import normalise
from jutong.standards.search_words import LEAST_LENGTH, SearchWords, search_words

START = "^"
"""Marks a beginning of the whole text among the terms; no run holds it."""
LONGEST_START = 12
LONGEST_LATIN = 40
"""Latin words are found by their beginnings up to here, which holds every code there is."""
_CACHED_RUNS = 50_000


def is_latin(run: str) -> bool:
    """Tell whether a run of normalised text is a Latin word or a number; no run of anything else holds such letters."""
    return run.isascii()


def pairs(text: str) -> str:
    """Return the terms of a normalised text that have positions, apart by blanks."""
    return " ".join(map(_pairs_of, text.split()))


@lru_cache(maxsize=_CACHED_RUNS)
def _pairs_of(run: str) -> str:
    return run if is_latin(run) else " ".join([*map("".join, pairwise(run)), run[-1]])


def characters(text: str, *, starts: bool = False) -> str:
    """Return the single characters and Latin beginnings of a normalised text, apart by blanks.

    Args:
        text: what ``normalise`` returned.
        starts: whether the beginnings of the text itself are wanted too.
    """
    found: set[str] = set()
    runs = text.split()
    for run in runs:
        found.update(_beginnings(run, LONGEST_LATIN) if is_latin(run) else run)
    if starts and runs:
        found.update(START + beginning for beginning in _beginnings(runs[0], LONGEST_START))
    return " ".join(found)


def _beginnings(run: str, longest: int) -> Iterable[str]:
    return (run[:length] for length in range(1, min(len(run), longest) + 1))


def dictionary_words(text: str) -> str:
    """Return every dictionary word a normalised text holds, apart by blanks."""
    found: set[str] = set()
    for run in text.split():
        found.update(_words_of(run))
    return " ".join(found)


@lru_cache(maxsize=_CACHED_RUNS)
def _words_of(run: str) -> tuple[str, ...]:
    return () if is_latin(run) else tuple(words_within(run, search_words()))


def words_within(run: str, words: SearchWords) -> Iterable[str]:
    """Yield the dictionary words inside one run, wherever they begin."""
    for begin in range(len(run) - LEAST_LENGTH + 1):
        for length in words.lengths.get(run[begin : begin + LEAST_LENGTH], ()):
            word = run[begin : begin + length]
            if word in words.dictionary:
                yield word


@lru_cache(maxsize=_CACHED_RUNS)
def syllables_of(run: str) -> tuple[str, ...]:
    """Return the pinyin of a run of Chinese, a syllable for each character; ``?`` where there is none."""
    spelt = lazy_pinyin(run, style=Style.NORMAL, errors="ignore")
    if len(spelt) == len(run):
        return tuple(spelt)
    return tuple("".join(lazy_pinyin(one, style=Style.NORMAL, errors="ignore")) or "?" for one in run)


def syllables(text: str) -> str:
    """Return the pinyin of a normalised text, a term a character, runs apart by a term nobody asks for."""
    return " ".join(" ".join((*syllables_of(run), "|")) for run in text.split() if not is_latin(run))


def initials(text: str) -> str:
    """Return pairs of neighbouring pinyin initials of a normalised text, placed like ``pairs``."""
    terms: list[str] = []
    for run in text.split():
        if not is_latin(run):
            letters = "".join(one[0] for one in syllables_of(run))
            terms.extend(map("".join, pairwise(letters)))
            terms.append("|")
    return " ".join(terms)


__all__ = [
    "LONGEST_LATIN",
    "LONGEST_START",
    "START",
    "characters",
    "dictionary_words",
    "initials",
    "is_latin",
    "normalise",
    "pairs",
    "syllables",
    "syllables_of",
    "words_within",
]
