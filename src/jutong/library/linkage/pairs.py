"""Pairs that may be of one entity, and what the evidence weighs: one statement for each block.

A pair is looked for where one of its records has no valid number, where both have different ones and a block asks for
that, and where a stray meets the number it bears. It weighs the prior and, for each comparison, the logarithm of how
much likelier its level is among records of one entity.
"""

# ruff: noqa: S608 - names come from checked rules

from __future__ import annotations

import math
from dataclasses import dataclass

from jutong.contracts.linkage import LinkBlock, LinkModel, LinkSpec
from jutong.library.engine import Engine
from jutong.library.linkage.certain import STRAYS
from jutong.library.linkage.levels import field_of, identity_column, levels, missing
from jutong.library.linkage.spec import MARK

PAIRS = "link_pairs"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many pairs were weighed, and how many groups were too large to look into."""

    pairs: int
    passed_over: int


def prior_bits(model: LinkModel) -> float:
    """Return the weight every pair begins with."""
    return math.log2(model.prior / (1 - model.prior))


def level_columns(spec: LinkSpec) -> list[str]:
    """Return the SQL of each comparison's level of ``L`` and ``R``, as one character."""
    found = []
    for comparison in spec.comparisons:
        steps = levels(spec, comparison)
        cases = " ".join(f"WHEN {one.condition} THEN '{at}'" for at, one in enumerate(steps) if one.condition)
        field = field_of(spec, comparison.field)
        found.append(f"CASE WHEN {missing(field)} THEN '{MARK}' {cases} ELSE '{len(steps) - 1}' END")
    return found


def weight(model: LinkModel, columns: list[str]) -> str:
    """Return the SQL of a pair's weight from its levels."""
    parts = [f"{prior_bits(model):.6f}"]
    for column, comparison in zip(columns, model.comparisons, strict=True):
        cases = " ".join(f"WHEN '{at}' THEN {one.weight:.6f}" for at, one in enumerate(comparison.levels))
        parts.append(f"CASE {column} {cases} ELSE 0.0 END")
    return "CAST(" + " + ".join(f"({part})" for part in parts) + " AS DOUBLE)"


def find_pairs(engine: Engine, spec: LinkSpec, model: LinkModel, prepared: str, changed: str = "") -> Compared:
    """Keep ``link_pairs`` with all pairs whose weight reaches the review threshold.

    Columns: ``l`` and ``r`` (the smaller uid first), ``l_number``, ``r_number``, ``weight``, ``levels``.

    Args:
        engine: where.
        spec: the rules.
        model: the weights.
        prepared: all records, prepared.
        changed: a table like it with some of them; only pairs with one of these are looked for. Empty for all.
    """
    number = identity_column(spec)
    every = f"SELECT * FROM {prepared}" + (f" WHERE {number} IS NULL" if number else "")
    engine.keep("link_loose", every)
    sides = [("link_loose", prepared)]
    if changed:
        engine.keep("link_loose_changed", f"SELECT * FROM {changed}" + (f" WHERE {number} IS NULL" if number else ""))
        sides = [("link_loose_changed", prepared), ("link_loose", changed)]
    found: list[str] = []
    compared, passed = 0, 0
    for at, block in enumerate(spec.blocks):
        groups = f"link_groups_{at}"
        passed += _groups(engine, block, changed or "link_loose", prepared, groups)
        for side, (left, right) in enumerate(sides):
            kept = f"link_found_{at}_{side}"
            _weigh(engine, spec, model, _joined(block, left, right, groups), kept)
            compared += _count(engine, block, left, groups)
            found.append(kept)
        if number and block.identities:
            kept = f"link_twins_{at}"
            _weigh(
                engine,
                spec,
                model,
                _two_numbers(engine, block, number, prepared, changed=changed, kept=f"link_numbers_{at}"),
                kept,
            )
            found.append(kept)
    if number:
        for at, (left, right) in enumerate(
            [(prepared, changed or prepared), (changed, prepared)][: 2 if changed else 1]
        ):
            strays = f"(SELECT P.* FROM {left} P JOIN {STRAYS} S ON S.uid = P.uid)"
            join = f"FROM {strays} L JOIN {right} R ON L.{number} = R.{number} AND L.uid <> R.uid"
            _weigh(engine, spec, model, join, f"link_found_strays_{at}", least=-1e9)
            found.append(f"link_found_strays_{at}")
    engine.keep(PAIRS, " UNION ".join(f"SELECT * FROM {one}" for one in found))
    return Compared(compared, passed)


def _agree(block: LinkBlock, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{one} = {right}.{one}" for one in block.columns)


def _there(block: LinkBlock) -> str:
    return " AND ".join(f"{one} IS NOT NULL" for one in block.columns)


def _groups(engine: Engine, block: LinkBlock, asked: str, prepared: str, kept: str) -> int:
    """Keep how many records the groups of a block have that are asked for; return how many are too large."""
    columns = ", ".join(block.columns)
    picked = ", ".join(f"P.{one}" for one in block.columns)
    wanted = f"(SELECT DISTINCT {columns} FROM {asked} WHERE {_there(block)})"
    engine.keep(
        kept,
        f"SELECT {picked}, count(*) AS n FROM {prepared} P JOIN {wanted} W ON {_agree(block, 'P', 'W')} "
        f"GROUP BY {picked}",
    )
    return int(engine.rows(f"SELECT count(*) FROM {kept} WHERE n > {block.largest}")[0][0])


def _count(engine: Engine, block: LinkBlock, left: str, groups: str) -> int:
    found = engine.rows(
        f"SELECT sum(G.n - 1) FROM {left} L JOIN {groups} G ON {_agree(block, 'L', 'G')} AND G.n <= {block.largest}"
    )
    return int(found[0][0] or 0)


def _joined(block: LinkBlock, left: str, right: str, groups: str) -> str:
    return (
        f"FROM {left} L JOIN {groups} G ON {_agree(block, 'L', 'G')} AND G.n BETWEEN 2 AND {block.largest} "
        f"JOIN {right} R ON {_agree(block, 'L', 'R')} AND L.uid <> R.uid"
    )


def _two_numbers(engine: Engine, block: LinkBlock, number: str, prepared: str, *, changed: str, kept: str) -> str:
    """Return the join of records that agree in a block and have different numbers, each number once a group."""
    columns = ", ".join(block.columns)
    wanted = f"SELECT {columns} FROM {prepared} WHERE {_there(block)} AND {number} IS NOT NULL"
    if changed:
        asked = f"(SELECT DISTINCT {columns} FROM {changed} WHERE {_there(block)} AND {number} IS NOT NULL) C"
        picked = ", ".join(f"P.{one}" for one in block.columns)
        wanted = (
            f"SELECT {picked} FROM {prepared} P JOIN {asked} ON {_agree(block, 'P', 'C')} WHERE P.{number} IS NOT NULL"
        )
    grouped = columns if not changed else ", ".join(f"P.{one}" for one in block.columns)
    column = number if not changed else f"P.{number}"
    groups = f"{wanted} GROUP BY {grouped} HAVING min({column}) <> max({column}) AND count(*) <= {block.largest}"
    engine.keep(
        kept,
        f"SELECT P.* FROM {prepared} P JOIN ({groups}) G ON {_agree(block, 'P', 'G')} WHERE P.{number} IS NOT NULL",
    )
    if not changed:
        return f"FROM {kept} L JOIN {kept} R ON {_agree(block, 'L', 'R')} AND L.{number} < R.{number}"
    mine = f"(SELECT * FROM {changed} WHERE {number} IS NOT NULL)"
    return f"FROM {mine} L JOIN {kept} R ON {_agree(block, 'L', 'R')} AND L.{number} <> R.{number}"


def _weigh(
    engine: Engine, spec: LinkSpec, model: LinkModel, source: str, kept: str, *, least: float | None = None
) -> None:
    """Keep the pairs of a join that weigh enough."""
    number = identity_column(spec)
    names = [f"g{at}" for at in range(len(spec.comparisons))]
    picked = ", ".join(f"{sql} AS {one}" for sql, one in zip(level_columns(spec), names, strict=True))
    numbers = (
        f"L.{number} AS ln, R.{number} AS rn" if number else "CAST(NULL AS VARCHAR) AS ln, CAST(NULL AS VARCHAR) AS rn"
    )
    inner = f"SELECT L.uid AS lu, R.uid AS ru, {numbers}, {picked} {source}"
    turned = "lu > ru"
    engine.keep(
        kept,
        f"SELECT DISTINCT CASE WHEN {turned} THEN ru ELSE lu END AS l, CASE WHEN {turned} THEN lu ELSE ru END AS r, "
        f"CASE WHEN {turned} THEN rn ELSE ln END AS l_number, CASE WHEN {turned} THEN ln ELSE rn END AS r_number, "
        f"weight, levels FROM (SELECT *, {weight(model, names)} AS weight, {' || '.join(names)} AS levels "
        f"FROM ({inner}) I) W WHERE weight >= {spec.review if least is None else least}",
    )
