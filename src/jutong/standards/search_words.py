"""The words search knows: a dictionary of long ones, and groups that name one thing. Data in ``data/search``."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jutong.standards.shipped import read_json

LEAST_LENGTH = 3
"""A dictionary word is longer than the pairs every text is cut into."""


@dataclass(frozen=True, slots=True)
class SearchWords:
    """What search knows of the language.

    Attributes:
        dictionary: words that are one term of the index.
        lengths: the first three characters of each to the lengths of the words that begin so.
        synonyms: each word to the others of its groups, lower case.
        edition: changes with the dictionary, so that an index made with another one is made anew.
    """

    dictionary: frozenset[str]
    lengths: Mapping[str, tuple[int, ...]]
    synonyms: Mapping[str, tuple[str, ...]]
    edition: str


@lru_cache(maxsize=1)
def search_words() -> SearchWords:
    """Return the shipped words."""
    text = (files("jutong.standards") / "data" / "search" / "dictionary.txt").read_text(encoding="utf-8")
    groups: Any = read_json("search/synonyms.json")["groups"]
    return compile_words(text, groups)


def compile_words(dictionary: str, groups: list[list[str]]) -> SearchWords:
    """Put words and groups into the form search reads.

    Raises:
        ValueError: for a dictionary word that is too short, or a group of one.
    """
    lines = [line for line in dictionary.splitlines() if not line.startswith("#")]
    words = frozenset(word for line in lines for word in line.split())
    if short := sorted(word for word in words if len(word) < LEAST_LENGTH):
        raise ValueError(f"shorter than {LEAST_LENGTH}: {', '.join(short)}")
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for word in words:
        lengths[word[:LEAST_LENGTH]].add(len(word))
    others: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for group in groups:
        names = [name.lower() for name in group]
        if len(set(names)) < 2:  # noqa: PLR2004 - two make a group
            raise ValueError(f"not a group: {group}")
        for name in names:
            others[name].update(dict.fromkeys(other for other in names if other != name))
    return SearchWords(
        dictionary=words,
        lengths={head: tuple(sorted(found)) for head, found in lengths.items()},
        synonyms={name: tuple(found) for name, found in others.items()},
        edition=hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()[:8],
    )
