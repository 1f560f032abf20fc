"""How well data is kept (GB/T 36344): dimensions, indicators with their formulas, and what follows from counts.

A score is never a bare number: every step from the counts of rules over indicators and dimensions to the whole is
returned with what went into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from jutong.standards.shipped import read_json

WHOLE = 10_000
"""Scores are counted in parts of ten thousand, so that they add up the same everywhere."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One of the six. ``says`` is what it asks in a few words."""

    code: str
    name: str
    name_en: str
    weight: int
    says: str
    says_en: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """One sub-indicator: ``a`` over ``b``, and the kinds of rules whose counts go into it."""

    code: str
    dimension: str
    name: str
    name_en: str
    formula: str
    a: str
    a_en: str
    b: str
    b_en: str
    weight: int
    better: str
    clause: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scheme:
    """The published way to score, in one version."""

    version: str
    effective_from: date
    source: str
    note: str
    pass_mark: int
    floor: int
    most_failing_permille: int
    partial_code_tables: frozenset[str]
    """Shipped code tables without their lower levels, against which nothing can be checked."""
    rows_shown: str
    """The highest grade that is seen as it is among failing rows, and with a reason on record."""
    rows_revealed: str
    dimensions: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...]
    by_rule: Mapping[str, Indicator]
    """The indicator each kind of rule counts for."""
    in_order: tuple[tuple[str, str], ...]
    """Pairs of data elements of which the first is dated no later than the second."""
    not_after_today: Mapping[str, int]
    """Data elements dated no later than the check, with the days they may lie back."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one rule counted."""

    kind: str
    evaluated: int
    failed: int


@dataclass(frozen=True, slots=True)
class Scored:
    """One indicator's figures: A of B, in parts of ten thousand; ``score`` is -1 where nothing was looked at."""

    indicator: Indicator
    a: int
    b: int
    score: int


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """A dimension's score as the weighted mean of its indicators that have figures; -1 where none has."""

    dimension: Dimension
    indicators: tuple[Scored, ...]
    score: int


@dataclass(frozen=True, slots=True)
class Score:
    """The whole: the weighted mean of the dimensions that have a score; -1 where none has."""

    dimensions: tuple[DimensionScore, ...]
    score: int


@lru_cache(maxsize=1)
def scheme() -> Scheme:
    """Return the shipped way to score."""
    read = read_json("quality.json")
    indicators = tuple(Indicator(**{**row, "rules": tuple(row["rules"])}) for row in read["indicators"])
    return Scheme(
        version=read["version"],
        effective_from=date.fromisoformat(read["effective_from"]),
        source=read["source"],
        note=read["note"],
        pass_mark=read["pass_mark"],
        floor=read["floor"],
        most_failing_permille=read["most_failing_permille"],
        partial_code_tables=frozenset(read["partial_code_tables"]),
        rows_shown=read["rows"]["shown"],
        rows_revealed=read["rows"]["revealed"],
        dimensions=tuple(Dimension(**row) for row in read["dimensions"]),
        indicators=indicators,
        by_rule=MappingProxyType({kind: row for row in indicators for kind in row.rules}),
        in_order=tuple((one, other) for one, other in read["in_order"]),
        not_after_today=MappingProxyType(read["not_after_today"]),
    )


def score(counts: Iterable[Counted], readable: tuple[int, int] = (0, 0), by: Scheme | None = None) -> Score:
    """Return the score that follows from what rules counted.

    Args:
        counts: of every rule.
        readable: how many of the checks ordered lately could read the table, and how many there were.
        by: the way to score, the shipped one where it is left out.
    """
    way = by or scheme()
    sums: dict[str, list[int]] = {row.code: [0, 0] for row in way.indicators}
    sums["accessible-read"] = list(readable)
    for one in counts:
        pair = sums[way.by_rule[one.kind].code]
        pair[0] += one.evaluated - one.failed
        pair[1] += one.evaluated
    scored = [Scored(row, a, b, _share(a, b)) for row in way.indicators for a, b in [sums[row.code]]]
    dimensions = []
    for dimension in way.dimensions:
        mine = tuple(row for row in scored if row.indicator.dimension == dimension.code)
        mean = _mean((row.score, row.indicator.weight) for row in mine)
        dimensions.append(DimensionScore(dimension, mine, mean))
    return Score(tuple(dimensions), _mean((row.score, row.dimension.weight) for row in dimensions))


def mean(parts: Iterable[tuple[int, int]]) -> int:
    """Return the weighted mean of scores; parts without a score are left out, -1 where none has one."""
    return _mean(parts)


def _share(a: int, b: int) -> int:
    return a * WHOLE // b if b else -1


def _mean(parts: Iterable[tuple[int, int]]) -> int:
    known = [(value, weight) for value, weight in parts if value >= 0 and weight > 0]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) // total if total else -1
