"""Characters that are written in several ways and mean one thing, as lists for SQL.

The meaning is that of the step ``standardise`` of a move: nothing is done that makes another name or number of it.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from jutong.library.engine.sql import literal

DOT = "\u00b7"
_DOTS = "\u2022\u2027\u2219\u22c5\u2024\u30fb\uff65\u0387"
_BLANKS = "\t\n\v\f\r\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_UNSEEN = "".join(map(chr, (*range(1, 9), *range(14, 32), 0x7F, 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF)))
_WIDE = range(0xFF01, 0xFF5F)
_TO_NARROW = 0xFEE0
_POINTS, _PLAIN_POINTS = "\u3002\u2014\u2013\u2212", ".---"
_HAN = f"([\\p{{Han}}{DOT}])"
_BOTH = "\\1\\2"
_RADICALS = (range(0x2E80, 0x2FE0), range(0xF900, 0xFB00))


@lru_cache(maxsize=1)
def _letters() -> tuple[str, str]:
    """Return wide letters and digits, and character forms that stand for a character, with what they stand for."""
    pairs = {chr(point): chr(point - _TO_NARROW) for point in _WIDE if chr(point - _TO_NARROW).isalnum()}
    for block in _RADICALS:
        for point in block:
            same = unicodedata.normalize("NFKC", chr(point))
            if len(same) == 1 and same != chr(point):
                pairs[chr(point)] = same
    return "".join(pairs), "".join(pairs.values())


@lru_cache(maxsize=8)
def _listed(points: str) -> str:
    """Return characters as a class of a regular expression in the form both engines' dialects share."""
    codes = sorted(set(map(ord, points)))
    spans: list[list[int]] = []
    for code in codes:
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"\\x{{{low:X}}}-\\x{{{high:X}}}" for low, high in spans)


def cleaned(text: str) -> str:
    """Return SQL for a text with narrow letters and digits, plain blanks and nothing unseen, trimmed; '' is null."""
    wide, narrow = _letters()
    # Looked for first: to exchange characters costs a table a value, and most values have none to exchange.
    strange = literal(f"[{_listed(wide + _BLANKS + _UNSEEN)}]")
    exchanged = f"translate({text}, {literal(wide + _BLANKS + _UNSEEN)}, {literal(narrow + ' ' * len(_BLANKS))})"
    return f"nullif(trim(CASE WHEN regexp_matches({text}, {strange}) THEN {exchanged} ELSE {text} END), '')"


def narrow(text: str) -> str:
    """Return SQL for a cleaned text with narrow punctuation too and without blanks, as codes and numbers have it."""
    wide, to = _punctuation()
    exchanged = f"translate({text}, {literal(wide + ' ')}, {literal(to)})"
    return f"CASE WHEN regexp_matches({text}, {literal(f'[ {_listed(wide)}]')}) THEN {exchanged} ELSE {text} END"


def narrowed(text: str) -> str:
    """Return a text as :func:`cleaned` and :func:`narrow` would make it, in capital letters."""
    return text.translate(_narrowing()).upper()


@lru_cache(maxsize=1)
def _narrowing() -> dict[int, str | None]:
    wide, to = _punctuation()
    return {**{ord(one): other for one, other in zip(wide, to, strict=True)}, ord(" "): None}


@lru_cache(maxsize=1)
def _punctuation() -> tuple[str, str]:
    wide = "".join(map(chr, _WIDE)) + _POINTS
    return wide, "".join(chr(point - _TO_NARROW) for point in _WIDE) + _PLAIN_POINTS


def named(text: str) -> str:
    """Return SQL for a cleaned name: one kind of dot, no blanks between Han characters, else one."""
    dotted = f"translate({text}, {literal(_DOTS)}, {literal(DOT * len(_DOTS))})"
    for _ in range(2):  # the second time for blanks one character apart
        dotted = f"regexp_replace({dotted}, {literal(_HAN + ' +' + _HAN)}, {literal(_BOTH)}, 'g')"
    single = f"regexp_replace({dotted}, ' +', ' ', 'g')"
    strange = literal(f"[ {_listed(_DOTS)}]")
    return f"CASE WHEN regexp_matches({text}, {strange}) THEN {single} ELSE {text} END"
