"""The SQL that standardises a landed table, made of a feed and the table it fills."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.contracts.modes import DELETED, TO
from jutong.contracts.standardising import CodeWritings
from jutong.library.engine.sql import name
from jutong.library.standardise.characters import cleaned, narrowed
from jutong.library.standardise.errors import FeedUnfitError
from jutong.library.standardise.ways import OPEN, way_of
from jutong.standards import code_tables

KEY, CHANGED, PROBLEMS = "_key", "_changed", "_problems"
_CODES = "_codes_"
_HOURS = "INTERVAL '8' HOUR"
"""By how much Beijing is ahead of UTC."""


@dataclass(frozen=True)
class Compiled:
    """What standardises the rows of a landed table.

    ``select`` gives the statement over a table of landed rows; ``codes`` are the tables it joins, by name. ``columns``
    are the columns of the result in order, the fields behind the first three.
    """

    select: Callable[[str], str]
    codes: dict[str, pa.Table]
    fields: tuple[FieldDefinition, ...]
    keyed: Callable[[str], str]
    """The statement over a table of landed rows that gives their keys as ``_key``, null for rows without."""
    current: str
    """The condition that a landed row holds: it is no ended version, and was not missed."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of the result, in order."""
        return (KEY, CHANGED, PROBLEMS, *(field.name for field in self.fields))


def compiled(table: TableDefinition, feed: Feed, landed: pa.Schema, codes: Sequence[CodeWritings] = ()) -> Compiled:
    """Return what standardises a landed table for a feed.

    Args:
        table: what the feed fills.
        feed: which landed column fills which field.
        landed: the columns there are.
        codes: further writings of codes.

    Raises:
        FeedUnfitError: when the feed names a column or field that is not there, or one whose values have no text.
    """
    filled = _filled(table, feed, landed)
    tables = {f"{_CODES}{field.name}": found for field, _ in filled if (found := _codes_of(field, codes)) is not None}
    steps = [_Field(field, landed.field(column), f"{_CODES}{field.name}" in tables) for field, column in filled]
    key, changed = _column(feed, landed, feed.key), None
    if feed.changed:
        stamp = FieldDefinition(name="changed_in_the_register", title="", type="instant")
        changed = _Field(stamp, landed.field(_column(feed, landed, feed.changed)), coded=False)
    current = [f"{name(one)} IS NULL" for one in (TO, DELETED) if one in landed.names]
    holds = " AND ".join(current) or "TRUE"
    where = f" WHERE {holds}"
    key_text = f"nullif(trim(CAST({name(key)} AS VARCHAR)), '')"
    return Compiled(
        lambda source: _select(source, f"{key_text} AS {KEY}", where, steps, changed),
        tables,
        tuple(field for field, _ in filled),
        lambda source: f"SELECT {key_text} AS {KEY} FROM {name(source)}{where}",
        holds,
    )


def _filled(table: TableDefinition, feed: Feed, landed: pa.Schema) -> list[tuple[FieldDefinition, str]]:
    pairs = dict(feed.columns)
    known = {field.name for field in table.fields}
    for field in pairs:
        if field not in known:
            raise FeedUnfitError(feed=feed.name, what=field, allowed="、".join(sorted(known)))
    return [(field, _column(feed, landed, pairs[field.name])) for field in table.fields if field.name in pairs]


def _column(feed: Feed, landed: pa.Schema, column: str) -> str:
    if column not in landed.names:
        raise FeedUnfitError(feed=feed.name, what=column, allowed="、".join(landed.names))
    kind = landed.field(column).type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise FeedUnfitError(feed=feed.name, what=f"{column}（{kind}）", allowed="文本、数值、日期、时间、是否")
    return column


class _Field:
    """One field's columns in every step of the statement: ``r`` raw, ``c`` cleaned, ``v``, ``b``, ``t`` of its way."""

    def __init__(self, field: FieldDefinition, landed: pa.Field[Any], coded: bool) -> None:  # noqa: FBT001 - the only flag
        self.field = field
        self.column = landed.name
        self.coded = coded
        self.kind = landed.type
        self.way = way_of(field, codes=coded)
        self.typed = self._typed()

    def at(self, step: str) -> str:
        return name(f"_{step}_{self.field.name}")

    def codes(self) -> str:
        return name(f"{_CODES}{self.field.name}")

    def _typed(self) -> str:
        """Return SQL of the value where the landed column has its type already; empty where text is to be read."""
        raw, kind = self.at("r"), self.kind
        same = {
            "integer": pa.types.is_integer(kind),
            "boolean": pa.types.is_boolean(kind),
            "date": pa.types.is_date(kind) or pa.types.is_timestamp(kind),
            "instant": pa.types.is_timestamp(kind) and bool(getattr(kind, "tz", None)),
            "decimal": pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind),
        }
        if not same.get(self.field.type, False):
            return ""
        local = f"{raw} + {_HOURS}" if pa.types.is_timestamp(kind) and kind.tz else raw
        return {
            "integer": f"CAST({raw} AS BIGINT)",
            "boolean": raw,
            "date": f"CAST({local} AS DATE)",
            "instant": raw,
            "decimal": f"TRY_CAST({raw} AS DECIMAL({max(self.field.length, 1)}, {self.field.scale}))",
        }[self.field.type]

    def value(self) -> str:
        if self.typed:
            return self.typed
        made = self.way.value(self.at("v"), self.at("b"), self.at("t"))
        return f"CASE WHEN {self.at('p')} IS NULL THEN {made} END"

    def problem(self) -> str:
        if self.typed:
            unfit = f"CASE WHEN {self.at('r')} IS NOT NULL AND {self.typed} IS NULL THEN 'number' END"
            return unfit if self.field.type == "decimal" else "CAST(NULL AS VARCHAR)"
        return f"CAST({self.way.problem(self.at('v'), self.at('b'), self.at('t'))} AS VARCHAR)"


def _select(source: str, key: str, where: str, fields: list[_Field], changed: _Field | None) -> str:
    steps = [*fields, *([changed] if changed else [])]
    read = [one for one in steps if not one.typed]
    carried = [KEY, *(one.at("r") for one in steps if one.typed)]

    def over(inner: str, made: list[str], kept: list[str]) -> str:
        return f"SELECT {', '.join([*kept, *made])} FROM ({inner}) AS _s"

    raw = [f"{name(one.column)} AS {one.at('r')}" for one in steps]
    sql = f"SELECT {', '.join([key, *raw])} FROM {name(source)}{where}"
    texts = [f"{cleaned('CAST(' + one.at('r') + ' AS VARCHAR)')} AS {one.at('c')}" for one in read]
    sql = over(sql, texts, carried)
    sql = over(sql, [f"{one.way.plain(one.at('c'))} AS {one.at('v')}" for one in read], carried)
    sql = _bodies(sql, read, carried)
    carried = [*carried, *(one.at(step) for one in read for step in ("v", "b"))]
    sql = over(sql, [f"{one.way.third(one.at('v'), one.at('b'))} AS {one.at('t')}" for one in read], carried)
    carried = [*carried, *(one.at("t") for one in read)]
    sql = over(sql, [f"{one.problem()} AS {one.at('p')}" for one in steps], carried)
    told = [
        f"CASE WHEN {one.at('p')} IS NOT NULL THEN concat('{one.field.name}:', {one.at('p')}) END" for one in fields
    ]
    problems = f"concat_ws(' ', {', '.join(told)})" if told else "''"
    values = [f"CAST({one.value()} AS {sql_type(one.field)}) AS {name(one.field.name)}" for one in fields]
    when = f"CAST({changed.value() if changed else 'NULL'} AS TIMESTAMPTZ) AS {CHANGED}"
    return f"SELECT {', '.join([KEY, when, f'{problems} AS {PROBLEMS}', *values])} FROM ({sql}) AS _s"


def _bodies(sql: str, read: list[_Field], carried: list[str]) -> str:
    joins = [f"LEFT JOIN {one.codes()} ON _s.{one.at('v')} = {one.codes()}.written" for one in read if one.coded]
    made = [
        f"{one.codes()}.code AS {one.at('b')}" if one.coded else f"{one.way.body(one.at('v'))} AS {one.at('b')}"
        for one in read
    ]
    kept = [f"_s.{one}" for one in [*carried, *(one.at("v") for one in read)]]
    return f"SELECT {', '.join([*kept, *made])} FROM ({sql}) AS _s {' '.join(joins)}"


def sql_type(field: FieldDefinition) -> str:
    """Return the type of a field's column in SQL."""
    if field.type == "decimal":
        return f"DECIMAL({max(field.length, 1)}, {field.scale})"
    return {"text": "VARCHAR", "integer": "BIGINT", "date": "DATE", "instant": "TIMESTAMPTZ", "boolean": "BOOLEAN"}[
        field.type
    ]


@lru_cache(maxsize=1)
def _writings() -> dict[str, dict[str, str]]:
    text = (files("jutong.library.standardise") / "writings.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)["tables"]
    return found


def _codes_of(field: FieldDefinition, lists: Sequence[CodeWritings]) -> pa.Table | None:
    """Return how the codes of a field's table are written, and the code each writing stands for."""
    if not field.codes or field.type != "text":
        return None
    table = {one.key: one for one in code_tables.shipped()}.get(field.codes)
    given = [pair for one in lists if one.table == field.codes for pair in one.pairs]
    if table is None and not given:
        return None
    newest = {span.code: span.name for span in sorted(table.spans if table else (), key=lambda span: span.valid_from)}
    codes_by_name: dict[str, set[str]] = {}
    for code, label in newest.items():
        codes_by_name.setdefault(label, set()).add(code)
    pairs = {label: next(iter(found)) for label, found in codes_by_name.items() if len(found) == 1}
    if field.codes not in OPEN:
        pairs |= {code.lstrip("0"): code for code in newest if code.isdigit() and code.strip("0")}
    pairs |= _writings().get(field.codes, {})
    pairs |= dict(given) | {code: code for code in [*newest, *(code for _, code in given)]}
    plain = {narrowed(written): code for written, code in pairs.items()}
    return pa.table(
        {"written": pa.array(list(plain), pa.string()), "code": pa.array(list(plain.values()), pa.string())}
    )
