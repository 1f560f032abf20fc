"""What the weights are, learnt from the data itself with Splink: no pair has to be labelled.

How often two records agree by chance comes from records picked by chance, and for plain agreement from the exact
shares of the values; how often records of one entity agree comes from expectation maximisation among pairs that agree
in a training block, once for each block, each time on a sample of whole groups. Samples are picked by digests, so the
same data and seed give the same model on every engine.
"""

# ruff: noqa: S608 - names come from checked rules

from __future__ import annotations

import logging
import math
import re
import warnings
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from jutong.contracts.linkage import LinkModel, LinkSpec, ModelComparison, ModelLevel
from jutong.library.engine import Engine
from jutong.library.linkage.certain import name_columns
from jutong.library.linkage.errors import LinkUntrainableError
from jutong.library.linkage.levels import columns, field_of, identity_column, levels, missing

_LEAST, _LEAST_M = 1e-7, 1e-4
"""No probability is below these: a level nobody met says much, but not everything."""
RANDOM_PAIRS = 5e6
START = "start"
FEWEST = 0.02
"""How many pairs of one entity there are for each record, at least."""
_BUCKETS = 16**7


def train(
    engine: Engine, spec: LinkSpec, prepared: str, *, trained_at: str, trained_on: tuple[tuple[str, int], ...]
) -> LinkModel:
    """Learn a model from all prepared records, or take what holds until there is enough to learn from.

    Raises:
        LinkUntrainableError: when there is not enough, and the rules say nothing for that case.
    """
    records = int(engine.rows(f"SELECT count(*) FROM {prepared}")[0][0])
    prior = _prior(engine, spec, prepared, records)
    found = _learn(engine, spec, prepared, records, prior) if records >= spec.enough else ()
    if not found and not spec.start:
        raise LinkUntrainableError(records=records)
    return LinkModel(
        spec=spec.code, spec_version=spec.version, version=f"{spec.version}-{trained_at}", trained_at=trained_at,
        trained_on=trained_on, records=records, seed=spec.seed, prior=prior, comparisons=found or spec.start,
        tool=f"splink {version('splink')}" if found else START,
    )  # fmt: skip


def _learn(engine: Engine, spec: LinkSpec, prepared: str, records: int, prior: float) -> tuple[ModelComparison, ...]:
    """Return the comparisons' levels as learnt; nothing where nothing agrees in any training block."""
    by_chance = _by_chance(engine, spec, prepared, records)
    learnt = [
        found
        for block in spec.training
        if (found := _learnt(engine, spec, prepared, records, block=block, by_chance=by_chance))
    ]
    if not learnt:
        return ()
    start = {one.field: one for one in spec.start}
    comparisons = []
    for comparison in spec.comparisons:
        f, steps = comparison.field, levels(spec, comparison)
        m = [_mean([one[f][at] for one in learnt if f in one]) for at in range(len(steps))]
        if not sum(m) and comparison.field in start:
            comparisons.append(start[comparison.field])
            continue
        total = sum(m) or 1.0
        listed = tuple(_level(step.code, m[at] / total, by_chance[f][at], prior) for at, step in enumerate(steps))
        comparisons.append(ModelComparison(field=f, levels=listed))
    return tuple(comparisons)


def _level(code: str, m: float, u: float, prior: float) -> ModelLevel:
    """Return a level's weight; one that was never met among records of one entity speaks against them at most."""
    # agreement by chance was counted among all pairs, of which some are no chance
    chance = max(u - prior * m, u / 20, _LEAST)
    share = max(m, _LEAST_M)
    bits = math.log2(share / chance)
    # sums of many shares differ in their last digits by the order in which threads come
    return ModelLevel(
        code=code, m=float(f"{share:.9g}"), u=float(f"{chance:.9g}"), weight=round(bits if m else min(bits, 0.0), 6)
    )


def _mean(values: list[float]) -> float:
    """Return the mean of what several training blocks say; 0 where none could."""
    return sum(values) / len(values) if values else 0.0


def _prior(engine: Engine, spec: LinkSpec, prepared: str, records: int) -> float:
    """Return how likely two records picked by chance are of one entity.

    Counted among the records with a number, or, without one, among those that agree in a training block, which are
    taken for seven in ten of all.
    """
    number = identity_column(spec)
    column, recall = (number, 1.0) if number else (" || '/' || ".join(spec.training[0]), 0.7)
    there = engine.rows(
        f"SELECT sum(n), sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM {prepared} WHERE {column} IS NOT NULL "
        f"GROUP BY {column}) G"
    )[0]
    asked = float(there[0] or 0)
    possible = asked * (asked - 1) / 2 if number else records * (records - 1) / 2
    share = float(there[1] or 0) / recall / possible if possible else 0.0
    # registers that are brought together have some people in common, even if no number shows it
    return min(max(share, FEWEST / max(records, 1)), 0.5)


def _sample(engine: Engine, spec: LinkSpec, prepared: str, share: float, by: tuple[str, ...]) -> pa.Table:
    """Return the records whose columns ``by`` fall into the sample: whole groups, the same on every engine."""
    wanted = ", ".join(["uid AS unique_id", *name_columns(spec)])
    text = " || '/' || ".join(by)
    prefix = f"substr(md5('{spec.seed}/' || {text}), 1, 7)"
    edge = f"{int(_BUCKETS * share):07x}"
    limit = f" AND {prefix} < '{edge}'" if share < 1 else ""
    query = f"SELECT {wanted} FROM {prepared} WHERE {' AND '.join(f'{one} IS NOT NULL' for one in by)}{limit}"
    return engine.batches(f"{query} ORDER BY unique_id").read_all()


def _by_chance(engine: Engine, spec: LinkSpec, prepared: str, records: int) -> dict[str, list[float]]:
    """Return how often each level is met among records picked by chance."""
    share = min(1.0, spec.sample / max(records, 1))
    linker = _linker(_sample(engine, spec, prepared, share, ("uid",)), spec, {}, None)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=spec.seed, min_count_per_level=None)
    found = _read(linker, "u_probability")
    for comparison in spec.comparisons:
        steps = levels(spec, comparison)
        shares = found.setdefault(comparison.field, [0.0] * len(steps))
        for at, exact in _exact(engine, spec, comparison.field, prepared, comparison.rarity).items():
            shares[at] = exact
        found[comparison.field] = [max(one, _LEAST) for one in shares]
    return found


def _exact(engine: Engine, spec: LinkSpec, f: str, prepared: str, rarity: bool) -> dict[int, float]:  # noqa: FBT001
    """Return the exact share of agreement by chance, by the place of its level."""
    field = field_of(spec, f)
    if field.preparation in {"address", "text"}:
        return {}
    column = columns(field)[0]
    band = f"{f}_band" if rarity else "0"
    found = engine.rows(
        f"SELECT band, sum(CAST(n AS DOUBLE) * n), sum(n) FROM (SELECT {band} AS band, count(*) AS n FROM {prepared} "
        f"WHERE {column} IS NOT NULL GROUP BY {column}{f', {band}' if rarity else ''}) G GROUP BY band ORDER BY band"
    )
    total = float(sum(row[2] for row in found)) or 1.0
    # records agree with themselves, which says nothing about two
    return {int(row[0]): max(float(row[1]) - float(row[2]), 0.0) / total / max(total - 1, 1.0) for row in found}


def _learnt(
    engine: Engine,
    spec: LinkSpec,
    prepared: str,
    records: int,
    *,
    block: tuple[str, ...],
    by_chance: dict[str, list[float]],
) -> dict[str, list[float]]:
    """Return how often each level is met among records of one entity, of the fields the block leaves free."""
    from splink import block_on  # noqa: PLC0415 - see train
    from splink.internals.exceptions import EMTrainingException  # noqa: PLC0415 - see train

    sample = _sample(engine, spec, prepared, min(1.0, spec.sample / max(records, 1)), block)
    held = {one.name for one in spec.fields if set(columns(one)) & set(block)}
    free = [one for one in spec.comparisons if one.field not in held]
    linker = _linker(sample, spec, by_chance, [one.field for one in free])
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*block),
            fix_u_probabilities=True,
            estimate_without_term_frequencies=True,
            record_sample_proportion=1.0,
        )
    except EMTrainingException:
        return {}
    return _read(linker, "m_probability")


def _linker(sample: pa.Table, spec: LinkSpec, by_chance: dict[str, list[float]], only: list[str] | None) -> Any:
    """Return a Splink linker over a sample with the rules' comparisons."""
    import duckdb  # noqa: PLC0415 - see train
    from splink import DuckDBAPI, Linker, SettingsCreator  # noqa: PLC0415 - see train

    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            _comparison(spec, at, by_chance.get(one.field))
            for at, one in enumerate(spec.comparisons)
            if only is None or one.field in only
        ],
        probability_two_random_records_match=0.001,
        retain_matching_columns=False,
        max_iterations=20,
    )
    api = DuckDBAPI(connection=duckdb.connect(":memory:", config={"threads": 2}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linker = Linker(api.register(sample, dataset_display_name="records"), settings)
    logging.getLogger("splink").setLevel(logging.ERROR)  # a new linker turns its telling on
    return linker


def _comparison(spec: LinkSpec, at: int, chance: list[float] | None) -> dict[str, Any]:
    comparison = spec.comparisons[at]
    steps = levels(spec, comparison)
    rows: list[dict[str, Any]] = [
        {"sql_condition": _two_sided(missing(field_of(spec, comparison.field))), "is_null_level": True,
         "label_for_charts": "missing"}
    ]  # fmt: skip
    for place, step in enumerate(steps):
        row: dict[str, Any] = {
            "sql_condition": _two_sided(step.condition) if step.condition else "ELSE",
            "label_for_charts": step.code,
        }
        if chance is not None:
            row["u_probability"] = chance[place]
        rows.append(row)
    return {"output_column_name": comparison.field, "comparison_levels": rows}


def _two_sided(condition: str) -> str:
    """Return a condition of ``L`` and ``R`` as Splink writes the two records of a pair."""
    return re.sub(r"\b([LR])\.(\w+)", lambda found: f'"{found[2]}_{found[1].lower()}"', condition)


def _read(linker: Any, what: str) -> dict[str, list[float]]:
    """Return a linker's probabilities by field, best level first."""
    found: dict[str, list[float]] = {}
    for comparison in linker.misc.save_model_to_json(out_path=None)["comparisons"]:
        rows = [row for row in comparison["comparison_levels"] if not row.get("is_null_level")]
        values = [row.get(what) for row in rows]
        found[comparison["output_column_name"]] = [
            float(one) if isinstance(one, int | float) else 0.0 for one in values
        ]
    return found
