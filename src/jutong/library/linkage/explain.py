"""Why two records weigh what they weigh, comparison by comparison, as a clerk reads it and as it is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from jutong.contracts.linkage import LinkModel, LinkSpec
from jutong.library.engine.sql import literal
from jutong.library.linkage.levels import MISSING, field_of, words
from jutong.library.linkage.pairs import prior_bits
from jutong.library.linkage.spec import MARK


@dataclass(frozen=True, slots=True)
class Step:
    """What one comparison adds. ``words`` and ``title`` are Chinese; ``total`` is the weight from the prior to here.

    ``share`` is its part of all that speaks for or against, 0 to 1.
    """

    field: str
    title: str
    level: str
    words: str
    weight: float
    total: float
    share: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A pair's weight from what is likely before looking, step by step."""

    prior: float
    steps: tuple[Step, ...]
    weight: float
    probability: float


def explained(spec: LinkSpec, model: LinkModel, levels: str) -> Waterfall:
    """Return the waterfall of a pair from its ``levels`` as ``link_pairs`` has them."""
    found = []
    for comparison, mark in zip(model.comparisons, levels, strict=True):
        level = None if mark == MARK else comparison.levels[int(mark)]
        found.append((comparison.field, level.code if level else MISSING, level.weight if level else 0.0))
    return _waterfall(spec, prior_bits(model), found)


def opened(spec: LinkSpec, stored: str) -> Waterfall:
    """Return the waterfall that is stored with a question."""
    data: dict[str, Any] = json.loads(stored)
    return _waterfall(spec, data["prior"], [(row["field"], row["level"], row["weight"]) for row in data["steps"]])


def waterfall_sql(spec: LinkSpec, model: LinkModel, column: str) -> str:
    """Return the SQL of the JSON stored with a question: ``prior``; ``field``, ``level``, ``weight`` of each step."""
    steps = []
    for at, comparison in enumerate(model.comparisons, start=1):
        cases = " ".join(
            f"WHEN '{place}' THEN {literal(_step(comparison.field, one.code, one.weight))}"
            for place, one in enumerate(comparison.levels)
        )
        steps.append(
            f"CASE substr({column}, {at}, 1) {cases} ELSE {literal(_step(comparison.field, MISSING, 0.0))} END"
        )
    body = " || ',' || ".join(steps)
    opening = f'{{"prior":{prior_bits(model):.3f},"steps":['
    return f"{literal(opening)} || {body} || {literal(']}')}"


def _step(field: str, level: str, weight: float) -> str:
    return json.dumps({"field": field, "level": level, "weight": round(weight, 3)}, separators=(",", ":"))


def _waterfall(spec: LinkSpec, prior: float, found: list[tuple[str, str, float]]) -> Waterfall:
    whole = sum(abs(weight) for _, _, weight in found) or 1.0
    total, steps = prior, []
    for name, code, weight in found:
        field = field_of(spec, name)
        total += weight
        said = words(field.preparation, code)
        steps.append(Step(name, field.title, code, said, weight, total, abs(weight) / whole))
    return Waterfall(prior, tuple(steps), total, 1 / (1 + 2**-total) if total > -1000 else 0.0)  # noqa: PLR2004
