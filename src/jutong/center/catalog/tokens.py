"""Words of Chinese and Latin text for search: what is stored beside an entry and what a query asks for.

Chinese is cut into single characters and pairs of neighbours, so that words of one and two characters are found by
the index alone and longer phrases by their pairs, checked again on the text. Latin words and numbers are stored with
their beginnings, so that they are found by prefix.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_RUN = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]+")
_LATIN = re.compile(r"[0-9a-z]+")
LONGEST_PREFIX = 12
"""Beginnings of Latin words are stored up to here; longer ones are checked on the text."""
LONGEST_QUERY = 100
"""Characters of a query that are read."""


def normalise(text: str) -> str:
    """Return text in one form: NFKC, so that full and half width are one, lower case, runs apart by one blank."""
    return " ".join(_RUN.findall(unicodedata.normalize("NFKC", text).lower()))


def tokens(text: str) -> list[str]:
    """Return the sorted tokens to store for a text that ``normalise`` returned."""
    found: set[str] = set()
    for run in text.split():
        found.update(_prefixes(run) if _LATIN.fullmatch(run) else _grams(run))
    return sorted(found)


def _grams(run: str) -> Iterable[str]:
    yield from run
    yield from map("".join, pairwise(run))


def _prefixes(word: str) -> Iterable[str]:
    return (word[:length] for length in range(1, min(len(word), LONGEST_PREFIX) + 1))


@dataclass(frozen=True, slots=True)
class Phrase:
    """One run of a query: the tokens an entry must have, and the text to check again where they do not suffice."""

    text: str
    tokens: tuple[str, ...]
    is_word: bool
    needs_recheck: bool


def phrases(query: str) -> list[Phrase]:
    """Return the runs of a query; all of them must be found."""
    seen = dict.fromkeys(normalise(query[:LONGEST_QUERY]).split())
    return [_phrase(run) for run in seen]


def _phrase(run: str) -> Phrase:
    if _LATIN.fullmatch(run):
        return Phrase(run, (run[:LONGEST_PREFIX],), is_word=True, needs_recheck=len(run) > LONGEST_PREFIX)
    wanted = (run,) if len(run) == 1 else tuple(dict.fromkeys(map("".join, pairwise(run))))
    return Phrase(run, wanted, is_word=False, needs_recheck=len(run) > len(wanted[0]))


def same_name_key(name: str) -> str:
    """Return what two names share when they differ only in width, case, blanks, punctuation or a number at the end.

    It is what 1272号 platforms call a duplicate name (VC-06).
    """
    together = normalise(name).replace(" ", "")
    return together.rstrip("0123456789") or together
