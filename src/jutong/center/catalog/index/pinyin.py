"""Latin letters read as pinyin: initials (gjj) or whole syllables (gongjijin), of titles only."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal
from tantivy import Query

from jutong.center.catalog.index.schema import schema

LEAST_LETTERS = 2
MOST_LETTERS = 36
MOST_READINGS = 6
"""Ways of cutting letters into syllables that are tried: xian is 西安 and 县."""
_LETTERS = re.compile(r"[a-z]+")
_COMMON = range(0x4E00, 0x9FA6)


@lru_cache(maxsize=1)
def known_syllables() -> frozenset[str]:
    """Return every syllable a Chinese character is read with, without tones."""
    readings = (PINYIN_DICT[code].split(",")[0] for code in _COMMON if code in PINYIN_DICT)
    plain = {to_normal(reading) for reading in readings}
    return frozenset(one for one in plain if _LETTERS.fullmatch(one))


@lru_cache(maxsize=1024)
def readings(letters: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to cut letters into whole syllables, those with fewer syllables first."""
    found: list[tuple[str, ...]] = []

    def cut(rest: str, before: tuple[str, ...]) -> None:
        if not rest:
            found.append(before)
            return
        for length in range(min(6, len(rest)), 0, -1):
            if len(found) < MOST_READINGS * 4 and rest[:length] in known_syllables():
                cut(rest[length:], (*before, rest[:length]))

    if LEAST_LETTERS <= len(letters) <= MOST_LETTERS and _LETTERS.fullmatch(letters):
        cut(letters, ())
    return tuple(sorted(found, key=lambda one: (len(one), one))[:MOST_READINGS])


def queries(letters: str) -> list[Query]:
    """Return the queries for titles with these initials or these syllables; none for what cannot be pinyin."""
    if not _LETTERS.fullmatch(letters) or not LEAST_LETTERS <= len(letters) <= MOST_LETTERS:
        return []
    beginnings = ["".join(pair) for pair in pairwise(letters)]
    return [_phrase("name_initials", beginnings), *(_phrase("name_syllables", list(one)) for one in readings(letters))]


def _phrase(field: str, terms: list[str]) -> Query:
    if len(terms) == 1:
        return Query.term_query(schema(), field, terms[0])
    return Query.phrase_query(schema(), field, list(terms))
