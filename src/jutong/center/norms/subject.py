"""What the executable norms look at: an entry or a table as plain frozen data, and the world around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jutong.standards.elements import ElementMatch, Matcher


@dataclass(frozen=True, slots=True)
class Part:
    """An item of an entry or a column of a table. ``family`` is of ``elements.FAMILIES``'s values or empty."""

    name: str
    english_name: str = ""
    column: str = ""
    comment: str = ""
    data_type: str = ""
    family: str = ""
    length: int | None = None
    element: str = ""
    code_table: str = ""
    grade: str = ""
    widest_mode: str = ""
    is_key: bool = False
    is_personal: bool = False
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """What stands behind an entry, as the last probe left it."""

    kind: str
    checked: bool
    """Whether a probe has looked yet."""
    problems: frozenset[str] = frozenset()
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """Counts of a bounded sample of a table; no value is in it."""

    sampled: int
    filled: Mapping[str, int]
    patterns: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Subject:
    """An entry's version or a table."""

    name: str
    parts: tuple[Part, ...]
    summary: str = ""
    grade: str = ""
    share_attribute: str = ""
    share_way: str = ""
    is_open: bool = False
    is_published: bool = False
    bound: Bound | None = None
    comment: str = ""
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class World:
    """What rules look at outside the subject: the library of elements and the code tables that are there."""

    matcher: Matcher
    code_tables: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that breaks a rule. Texts are Chinese source wording without placeholders."""

    place: str
    """Name of the item or column; empty for the whole."""
    found: str
    message: str
    way_out: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule saw: how many things it looked at and which of them break it. Nothing looked at counts nothing."""

    checked: int
    hits: tuple[Hit, ...] = ()


Parameters = Mapping[str, Any]


def verdict(checked: int, hits: list[Hit]) -> Verdict:
    """Return a verdict over a list of hits."""
    return Verdict(checked, tuple(hits))


def recognised(part: Part, world: World, sure: float) -> ElementMatch | None:
    """Return the element an item's name is beyond doubt; so general ones as 名称 or 类型 tell nothing."""
    found = world.matcher.match(part.name)
    if not found or found[0].confidence < sure:
        return None
    element = world.matcher.element(found[0].code)
    return None if element is None or element.general else found[0]
