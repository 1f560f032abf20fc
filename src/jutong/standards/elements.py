"""Data elements (数据元): the shipped library, and which element a name, a column or a comment stands for.

Matching is by name, synonym, ending and likeness, in this order, and always says why. It is pure: whoever has
elements of their own builds a :class:`Matcher` over them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

from jutong.kernel.i18n import gettext_noop
from jutong.standards.shipped import read_json

How = Literal["name", "synonym", "abbreviation", "ending", "likeness"]
_Seen = tuple[float, How, str]
"""How sure, why, and by which word."""
REASONS: dict[How, str] = {
    "name": gettext_noop("名称与数据元相同"),
    "synonym": gettext_noop("名称是数据元的同义词"),
    "abbreviation": gettext_noop("列名是数据元常用的缩写"),
    "ending": gettext_noop("名称以数据元的名称或同义词结尾"),
    "likeness": gettext_noop("名称与数据元的用字相近"),
}
"""Why a match was proposed, in Chinese source wording."""
FAMILIES = {**dict.fromkeys("CMG", "text"), **dict.fromkeys("NYBIF", "number"), **dict.fromkeys("DT", "date"), "L": "L"}
"""Types of 信息项 (1272号) that hold the same sort of value."""
LEAST = 0.5
"""Matches below are not told."""
MOST = 5
"""Matches told of one name."""
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_OTHER = re.compile(r"[\W_]+")
_ASCII = re.compile(r"[0-9a-z]+")
_REMEMBERED = 20_000
"""Names whose matches are remembered; catalogs repeat the same few thousand."""
_OTHER_TYPE = 0.85
_AGREED = 0.05
_MOST_SURE = 0.99
_GENERAL = 0.75
_LIKENESS = 0.6
_SHORTEST_ENDING = 2
_SHORTEST_ABBREVIATION = 3


@dataclass(frozen=True, slots=True)
class Element:
    """One data element in the form the library ships and governance publishes."""

    code: str
    name: str
    english_name: str
    definition: str
    data_type: str
    """A type of 信息项 (1272号): ``C``, ``N``, ``D`` ..."""
    length: int | None = None
    precision: int | None = None
    pattern: str = ""
    """Regular expression every value follows; empty where the standard sets none."""
    code_table: str = ""
    """Id of the code table its values come from."""
    standard: str = ""
    """Number of the standard it is taken from; empty for the platform's own."""
    synonyms: tuple[str, ...] = ()
    general: bool = False
    """Whether it is so general (名称, 类型) that a longer name ending in it tells little."""


@dataclass(frozen=True, slots=True)
class ElementMatch:
    """One element a name may stand for. ``confidence`` is 0 to 1, ``reason`` a sentence of ``REASONS``."""

    code: str
    name: str
    confidence: float
    reason: str
    via: str = ""
    """The name or synonym that was recognised."""
    data_type: str = ""
    length: int | None = None
    code_table: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the shipped library."""

    code: str
    name: str


@lru_cache(maxsize=1)
def shipped() -> tuple[Element, ...]:
    """Return the elements that come with the platform."""
    return tuple(_element(row) for row in read_json("elements.json")["elements"])


@lru_cache(maxsize=1)
def groups() -> tuple[Group, ...]:
    """Return the groups of the shipped library; a code's third and fourth characters name its group."""
    return tuple(Group(row["code"], row["name"]) for row in read_json("elements.json")["groups"])


def _element(row: dict[str, Any]) -> Element:
    general = row["code"].startswith("DE13")
    return Element(**{**row, "synonyms": tuple(row.get("synonyms", ())), "general": general})


def key(text: str) -> str:
    """Return what is compared: one width, lower case, without brackets' content, blanks, underscores, punctuation."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return _OTHER.sub("", _BRACKETS.sub("", plain)) or _OTHER.sub("", plain)


class Matcher:
    """Finds the elements a name may stand for; built once, asked thousands of times."""

    def __init__(self, elements: Iterable[Element]) -> None:
        self._elements: dict[str, Element] = {}
        self._keys: dict[str, list[tuple[str, How, str]]] = defaultdict(list)
        self._grams: dict[str, set[str]] = defaultdict(set)
        self._seen: dict[tuple[str, str, str], tuple[ElementMatch, ...]] = {}
        for element in elements:
            self._add(element)

    def _add(self, element: Element) -> None:
        self._elements[element.code] = element
        self._learn(element.code, element.name, "name")
        for word in element.synonyms:
            self._learn(element.code, word, "abbreviation" if _ASCII.fullmatch(key(word)) else "synonym")
        self._learn(element.code, element.english_name, "abbreviation")

    def _learn(self, code: str, word: str, how: How) -> None:
        found = key(word)
        if found and code not in {known for known, _, _ in self._keys[found]}:
            self._keys[found].append((code, how, word))
            if not _ASCII.fullmatch(found):
                for gram in _grams(found):
                    self._grams[gram].add(found)

    def element(self, code: str) -> Element | None:
        """Return an element by its code."""
        return self._elements.get(code)

    def match(self, name: str, *, comment: str = "", data_type: str = "") -> list[ElementMatch]:
        """Return the elements a name may stand for, the surest first; empty where nothing is near.

        Args:
            name: a name people read, or a column's.
            comment: what the database says of the column.
            data_type: type of 信息项, empty for unknown; another sort of value makes a match less sure.
        """
        asked = (name, comment, data_type)
        if asked not in self._seen:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[asked] = tuple(self._matches(name, comment, data_type))
        return list(self._seen[asked])

    def _matches(self, name: str, comment: str, data_type: str) -> list[ElementMatch]:
        best = self._best(key(name))
        if key(comment) != key(name):
            for code, row in self._best(key(comment)).items():
                best[code] = _agreed(best[code], row) if code in best else row
        rows = [self._told(code, *row, data_type) for code, row in best.items()]
        return sorted((row for row in rows if row.confidence >= LEAST), key=lambda row: (-row.confidence, row.code))[
            :MOST
        ]

    def _best(self, text: str) -> dict[str, _Seen]:
        best: dict[str, _Seen] = {}
        for code, confidence, how, via in self._candidates(text) if text else ():
            if code not in best or confidence > best[code][0]:
                best[code] = (confidence, how, via)
        return best

    def _told(self, code: str, confidence: float, how: How, via: str, data_type: str) -> ElementMatch:
        element = self._elements[code]
        if data_type and FAMILIES.get(data_type) != FAMILIES.get(element.data_type):
            confidence *= _OTHER_TYPE
        return ElementMatch(
            code,
            element.name,
            round(confidence, 2),
            REASONS[how],
            via,
            element.data_type,
            element.length,
            element.code_table,
        )

    def _candidates(self, text: str) -> Iterator[tuple[str, float, How, str]]:
        whole = self._keys.get(text, ())
        for code, how, word in whole:
            yield code, _sure(how, text), how, word
        if whole or _ASCII.fullmatch(text):
            return
        for code, word, share in self._endings(text):
            weight = _GENERAL if self._elements[code].general else 1.0
            yield code, (0.6 + 0.3 * share) * weight, "ending", word
        yield from self._alike(text)

    def _endings(self, text: str) -> Iterator[tuple[str, str, float]]:
        """Give the longest known ending: 申请人姓名 is a 姓名, whatever else ends in the same character."""
        for start in range(1, len(text) - _SHORTEST_ENDING + 1):
            found = self._keys.get(text[start:])
            if found:
                yield from ((code, word, (len(text) - start) / len(text)) for code, _, word in found)
                return

    def _alike(self, text: str) -> Iterator[tuple[str, float, How, str]]:
        wanted = _grams(text)
        shared: dict[str, int] = defaultdict(int)
        for gram in wanted:
            for known in self._grams.get(gram, ()):
                shared[known] += 1
        for known, count in shared.items():
            likeness = 2 * count / (len(wanted) + len(_grams(known)))
            if likeness >= _LIKENESS:
                for code, _, word in self._keys[known]:
                    yield code, 0.35 + 0.4 * likeness, "likeness", word


def _agreed(first: _Seen, second: _Seen) -> _Seen:
    """Return what name and comment together make of a match that either proposes."""
    confidence, how, via = max(first, second)
    return max(confidence, min(confidence + _AGREED, _MOST_SURE)), how, via


def _sure(how: How, text: str) -> float:
    if how == "name":
        return 1.0
    if how == "synonym":
        return 0.95
    return 0.85 if len(text) >= _SHORTEST_ABBREVIATION else 0.6


def _grams(text: str) -> set[str]:
    return set(map("".join, pairwise(text))) or {text}


@lru_cache(maxsize=1)
def shipped_matcher() -> Matcher:
    """Return the matcher over the shipped library."""
    return Matcher(shipped())
