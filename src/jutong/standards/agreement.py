"""The standard text of agreements and undertakings: articles with typed blanks, as versioned data.

There is no article for terms of one's own: a condition nobody's law knows is what 条例 15 forbids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from jutong.standards.shipped import read_json

Value = int | str


@dataclass(frozen=True, slots=True)
class Term:
    """One blank the parties may fill: its type, its limits and which way of changing it serves the requester."""

    name: str
    label: str
    label_en: str
    type: Literal["integer", "choice", "text"]
    usual: Value
    side: Literal["provider", "requester"]
    note: str
    note_en: str
    least: int = 0
    most: int = 0
    better: str = ""
    """``more`` or ``less``: which change gives the requester more than before."""
    choices: Mapping[str, str] = field(default_factory=dict)
    choices_en: Mapping[str, str] = field(default_factory=dict)

    def fits(self, value: object) -> bool:
        """Tell whether a value may stand in the blank."""
        if self.type == "integer":
            return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
        if self.type == "choice":
            return value in self.choices
        return isinstance(value, str) and len(value) <= self.most and value.isprintable()

    @property
    def allowed(self) -> str:
        """What may stand there, for people."""
        if self.type == "integer":
            return f"{self.least}-{self.most}"
        return "/".join(self.choices) if self.type == "choice" else f"<= {self.most}"


@dataclass(frozen=True, slots=True)
class Article:
    """One article: paragraphs with named blanks, the clause it rests on, and the kinds of document it is part of."""

    key: str
    heading: str
    clause: str
    kinds: tuple[str, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandardText:
    """One version of the text."""

    key: str
    name: str
    terms: Mapping[str, Term]
    articles: tuple[Article, ...]
    freshness_by_cycle: Mapping[str, int]
    """Hours the newest row may be old, by update cycle; 0 where the cycle promises nothing."""

    def usual(self) -> dict[str, Value]:
        """Return what stands in the blanks where nobody chose."""
        return {name: term.usual for name, term in self.terms.items()}


@lru_cache(maxsize=1)
def standard_text() -> StandardText:
    """Return the text in force."""
    read = read_json("agreement.json")
    return StandardText(
        key=read["key"],
        name=read["name"],
        terms=MappingProxyType({row["name"]: Term(**row) for row in read["terms"]}),
        articles=tuple(
            Article(row["key"], row["heading"], row["clause"], tuple(row["kinds"]), tuple(row["paragraphs"]))
            for row in read["articles"]
        ),
        freshness_by_cycle=MappingProxyType(read["freshness_by_cycle"]),
    )
