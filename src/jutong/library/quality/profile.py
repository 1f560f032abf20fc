"""Looks what is in the fields of a table: how much is filled, which types, forms and values, and how they spread.

Nulls and different values are counted over all rows, the rest over a bounded part of them. What fewer rows than the
floor share is not told, and values themselves only where the field's grade allows it: a profile leaves the node.
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from string import ascii_lowercase, ascii_uppercase, digits

import pyarrow as pa

from jutong.contracts.quality import CheckedField, FieldProfile, Share
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name
from jutong.library.quality.compile import bucket

SAMPLE = 50_000
MOST_SHARES = 20
MOST_FORMS = 12
LONGEST_FORM = 40
SAMPLED = "quality_sample"
_HAN = "一-鿿㐀-䶿"
_RUNS = re.compile(r"(.)\1{2,}")
_TYPES = (
    ("integer", r"^[+-]?[0-9]{1,18}\z"),
    ("decimal", r"^[+-]?[0-9]+[.][0-9]+\z"),
    ("date", r"^(19|20)[0-9]{2}[-/.年]?(0?[1-9]|1[0-2])[-/.月]?(0?[1-9]|[12][0-9]|3[01])日?\z"),
)
"""What a text may be the written form of; an eight-digit number that is a date counts as a date."""
_LEAST_SHARE = 1e-4


def counts(fields: Iterable[CheckedField]) -> list[str]:
    """Return what is counted of the fields over all rows, two counts each: filled, and different values."""
    return [
        part
        for field in fields
        for part in (f"COUNT({name(field.name)})", f"APPROX_COUNT_DISTINCT({name(field.name)})")
    ]


def take_sample(engine: Engine, table: str, rows: int, key: str) -> None:
    """Keep at most :data:`SAMPLE` rows under the name :data:`SAMPLED`, chosen by the end of their key."""
    stride = rows // SAMPLE + 1
    text = f"CAST({name(key)} AS VARCHAR)"
    where = f"WHERE {bucket(text)} % {stride} = 0" if stride > 1 else ""
    engine.keep(SAMPLED, f"SELECT * FROM {table} {where} LIMIT {SAMPLE}")


def profile(engine: Engine, field: CheckedField, kind: pa.DataType, counted: Sequence[int], floor: int) -> FieldProfile:
    """Return what is in a field.

    Args:
        engine: with the sample in it.
        field: which.
        kind: its type in the table.
        counted: rows of the table, rows with a value, different values.
        floor: fewest rows a share may have to be told.
    """
    column = name(field.name)
    rows, some, distinct = counted
    sampled = int(engine.rows(f"SELECT COUNT({column}) FROM {SAMPLED}")[0][0])
    text = _is_text(kind)
    by, classes = _spread(field, kind, column)
    return FieldProfile(
        name=field.name,
        nulls=rows - some,
        distinct=min(distinct, some),
        sampled=sampled,
        types=_types(engine, column, floor) if text else (),
        forms=_forms(engine, column, floor) if text else (),
        spread_by=by,  # type: ignore[arg-type]  # one of the listed words
        spread=_shares(engine, classes, column, floor) if by else (),
    )


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _spread(field: CheckedField, kind: pa.DataType, column: str) -> tuple[str, str]:
    if pa.types.is_boolean(kind):
        return "values", f"CAST({column} AS VARCHAR)"
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "years", f"CAST(EXTRACT(YEAR FROM {column}) AS VARCHAR)"
    if _is_text(kind):
        return ("values", column) if field.open else ("lengths", f"CAST(LENGTH({column}) AS VARCHAR)")
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return "powers", _powers(column)
    return "", ""


def _powers(column: str) -> str:
    bounds = [(10**power, f"{10 ** (power - 1)}-{10**power}") for power in range(1, 13)]
    arms = " ".join(f"WHEN {column} < {bound} THEN {literal(label)}" for bound, label in bounds)
    return f"CASE WHEN {column} < 0 THEN '<0' WHEN {column} < 1 THEN '0-1' {arms} ELSE '>=1000000000000' END"


def _shares(engine: Engine, classes: str, column: str, floor: int, most: int = MOST_SHARES) -> tuple[Share, ...]:
    grouped = f"SELECT {classes} AS label, COUNT(*) AS n FROM {SAMPLED} WHERE {column} IS NOT NULL GROUP BY 1"
    top = f"SELECT label, n FROM ({grouped}) AS g WHERE n >= {floor} ORDER BY n DESC, label LIMIT {most}"
    return tuple(Share(label=str(label)[:200], rows=int(n)) for label, n in engine.rows(top))


def _types(engine: Engine, column: str, floor: int) -> tuple[Share, ...]:
    arms = " ".join(
        f"WHEN REGEXP_MATCHES({column}, {literal(pattern)}) THEN '{kind}'" for kind, pattern in reversed(_TYPES)
    )
    return _shares(engine, f"CASE {arms} ELSE 'text' END", column, floor)


def _forms(engine: Engine, column: str, floor: int) -> tuple[Share, ...]:
    form = f"TRANSLATE({column}, '{ascii_lowercase}{ascii_uppercase}{digits}', '{'a' * 26}{'A' * 26}{'9' * 10}')"
    form = f"REGEXP_REPLACE({form}, '[{_HAN}]', '汉', 'g')"
    form = f"REGEXP_REPLACE({form}, '[^汉aA9 .,:/()（）·_-]', '?', 'g')"
    shares = _shares(engine, f"SUBSTR({form}, 1, {LONGEST_FORM})", column, floor, MOST_FORMS)
    return tuple(Share(label=_RUNS.sub(_run, share.label), rows=share.rows) for share in shares)


def _run(match: re.Match[str]) -> str:
    return f"{match[1]}{{{len(match[0])}}}"


def drift_permille(before: FieldProfile, after: FieldProfile) -> int | None:
    """Return the population stability index between two profiles of a field in per mille; None where it has none."""
    if not before.spread or not after.spread or before.spread_by != after.spread_by:
        return None
    old, new = _part(before), _part(after)
    total = 0.0
    for label in sorted(old.keys() | new.keys()):
        one, other = max(old.get(label, 0.0), _LEAST_SHARE), max(new.get(label, 0.0), _LEAST_SHARE)
        total += (other - one) * math.log(other / one)
    return round(total * 1000)


def _part(found: FieldProfile) -> dict[str, float]:
    told = sum(share.rows for share in found.spread)
    parts = {share.label: share.rows / found.sampled for share in found.spread}
    if found.sampled > told:
        parts[""] = (found.sampled - told) / found.sampled
    return parts
