"""Computes a question's cells with an engine, together with what they share with questions asked before.

One statement goes over the table once. Of each cell it counts the rows of this question, of each former question, and
of both; from that follows how many rows two answers differ by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from jutong.contracts.statistics import GroupBy, Measure, StatFilter, StatisticsQuery
from jutong.library.engine import Engine
from jutong.library.engine.sql import Value, literal, name
from jutong.library.statistics.errors import StatisticsFieldError, TooManyCellsError

TABLE = "counted"
_DIGITS = {"province": 2, "city": 4, "county": 6}
_SIGNS = {"eq": "=", "ge": ">=", "le": "<="}
_PARTS = ("total", "told", "largest", "size", "least", "greatest")


@dataclass(frozen=True)
class Former:
    """A question asked before: its conditions, and whether its cells are those of the question at hand."""

    filters: tuple[StatFilter, ...]
    same_cells: bool


@dataclass(frozen=True)
class Figure:
    """What a measure adds up to in a cell; ``largest`` is the greatest share of one row, ``size`` that of all."""

    total: Decimal | None
    told: int
    largest: Decimal | None
    size: Decimal | None
    least: Any
    greatest: Any


@dataclass
class Cell:
    """One cell. ``near`` is the smallest number of rows it differs by from an answer given before, if by any."""

    keys: tuple[str | None, ...]
    count: int
    figures: tuple[Figure, ...]
    near: int = 0


@dataclass
class Counted:
    """All cells with rows; ``near`` is as of a cell, of all rows together."""

    cells: list[Cell] = field(default_factory=list)
    total: int = 0
    near: int = 0


def compute(
    engine: Engine, query: StatisticsQuery, schema: pa.Schema, formers: Sequence[Former], most_cells: int
) -> Counted:
    """Return the cells of a question over the table attached as ``counted``.

    Raises:
        StatisticsFieldError: when a field is not there or not of a type that can be asked so.
        TooManyCellsError: when there are too many cells.
    """
    rows = engine.rows(statement(query, schema, formers, most_cells + 1))
    found = [row for row in rows if row[len(query.groups)]]
    if len(found) > most_cells or len(rows) > most_cells:
        raise TooManyCellsError(found=most_cells + 1, limit=most_cells)
    return _counted(query, rows, formers)


def statement(query: StatisticsQuery, schema: pa.Schema, formers: Sequence[Former], limit: int) -> str:
    """Return the one statement of a question."""
    asked = _Asked(query, schema)
    inner = [f"{asked.group(one)} AS g{at}" for at, one in enumerate(query.groups)]
    inner += [f"{_flag(asked.condition(query.filters))} AS here"]
    inner += [f"{_flag(asked.condition(one.filters))} AS f{at}" for at, one in enumerate(formers)]
    for at, measure in enumerate(query.measures):
        if measure.kind != "count":
            inner.append(f"{asked.measured(measure)} AS m{at}")
    outer = [f"g{at}" for at in range(len(query.groups))]
    outer.append(_sum("here", "n"))
    for at, measure in enumerate(query.measures):
        if measure.kind == "count":
            continue
        value = f"CASE WHEN here = 1 THEN m{at} ELSE NULL END"
        if asked.is_number(measure):
            outer.append(f"CAST(sum({value}) AS DECIMAL(38, 4)) AS total{at}")
            outer.append(f"CAST(count({value}) AS BIGINT) AS told{at}")
            outer.append(f"CAST(max(abs({value})) AS DECIMAL(38, 4)) AS largest{at}")
            outer.append(f"CAST(sum(abs({value})) AS DECIMAL(38, 4)) AS size{at}")
        else:
            outer.append(f"NULL AS total{at}")
            outer.append(f"CAST(count({value}) AS BIGINT) AS told{at}")
            outer += [f"NULL AS largest{at}", f"NULL AS size{at}"]
        outer += [f"min({value}) AS least{at}", f"max({value}) AS greatest{at}"]
    for at in range(len(formers)):
        outer += [_sum(f"f{at}", f"q{at}"), _sum(f"f{at} * here", f"x{at}")]
    groups = ", ".join(f"g{at}" for at in range(len(query.groups)))
    behind = f" GROUP BY {groups} LIMIT {limit}" if groups else ""
    return f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {TABLE}) AS asked{behind}"  # noqa: S608


def _sum(what: str, called: str) -> str:
    return f"CAST(coalesce(sum({what}), 0) AS BIGINT) AS {called}"


def _flag(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END" if condition else "1"


def _counted(query: StatisticsQuery, rows: Sequence[tuple[Any, ...]], formers: Sequence[Former]) -> Counted:
    width, found = len(query.groups), Counted()
    measured = [measure for measure in query.measures if measure.kind != "count"]
    start = width + 1 + len(_PARTS) * len(measured)
    sizes = [sum(row[start + 2 * at] for row in rows) for at in range(len(formers))]
    shared = [sum(row[start + 2 * at + 1] for row in rows) for at in range(len(formers))]
    found.total = sum(row[width] for row in rows)
    apart = [found.total + size - 2 * both for size, both in zip(sizes, shared, strict=True)]
    found.near = _least(apart)
    for row in rows:
        count = row[width]
        near = [count + size - 2 * row[start + 2 * at + 1] for at, size in enumerate(sizes)]
        near += [
            count + row[start + 2 * at] - 2 * row[start + 2 * at + 1]
            for at, former in enumerate(formers)
            if former.same_cells
        ]
        if count:
            figures = tuple(
                Figure(*row[width + 1 + at * len(_PARTS) : width + 1 + (at + 1) * len(_PARTS)])
                for at in range(len(measured))
            )
            found.cells.append(Cell(tuple(row[:width]), count, figures, _least(near)))
    return found


def _least(differences: Sequence[int]) -> int:
    return min((one for one in differences if one > 0), default=0)


class _Asked:
    """Writes the parts of a statement for a table's columns."""

    def __init__(self, query: StatisticsQuery, schema: pa.Schema) -> None:
        self._table = f"{query.library}.{query.table}"
        self._kinds: dict[str, pa.DataType] = {one.name: one.type for one in schema}

    def _unfit(self, column: str) -> StatisticsFieldError:
        return StatisticsFieldError(table=self._table, field=column)

    def _kind(self, column: str) -> pa.DataType:
        if column not in self._kinds:
            raise self._unfit(column)
        return self._kinds[column]

    def group(self, one: GroupBy) -> str:
        kind, column = self._kind(one.field), name(one.field)
        if one.by in {"year", "month"}:
            if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind)):
                raise self._unfit(one.field)
            return f"substr(CAST(CAST({column} AS DATE) AS VARCHAR), 1, {4 if one.by == 'year' else 7})"
        if one.by in _DIGITS:
            if not pa.types.is_string(kind):
                raise self._unfit(one.field)
            return f"substr({column}, 1, {_DIGITS[one.by]})"
        if one.by == "band":
            if not self._number(kind) or one.width < 1:
                raise self._unfit(one.field)
            return f"CAST(CAST(floor(CAST({column} AS DOUBLE) / {one.width}) * {one.width} AS BIGINT) AS VARCHAR)"
        return f"CAST({column} AS VARCHAR)"

    @staticmethod
    def _number(kind: pa.DataType) -> bool:
        return pa.types.is_integer(kind) or pa.types.is_decimal(kind)

    def is_number(self, measure: Measure) -> bool:
        return self._number(self._kind(measure.field))

    def measured(self, measure: Measure) -> str:
        kind = self._kind(measure.field)
        dated = pa.types.is_date(kind) and measure.kind in {"least", "greatest"}
        if not (self._number(kind) or dated):
            raise self._unfit(measure.field)
        return f"CAST({name(measure.field)} AS DECIMAL(38, 4))" if self._number(kind) else name(measure.field)

    def condition(self, filters: Sequence[StatFilter]) -> str:
        return " AND ".join(f"({self._one(one)})" for one in filters)

    def _one(self, one: StatFilter) -> str:
        kind, column = self._kind(one.field), name(one.field)
        if one.operator == "prefix":
            if not pa.types.is_string(kind) or any(not value.isalnum() for value in one.values):
                raise self._unfit(one.field)
            return " OR ".join(f"substr({column}, 1, {len(value)}) = {literal(value)}" for value in one.values)
        values = [literal(self._value(one.field, kind, value)) for value in one.values]
        if one.operator == "in":
            return f"{column} IN ({', '.join(values)})"
        if len(values) != 1:
            raise self._unfit(one.field)
        return f"{column} {_SIGNS[one.operator]} {values[0]}"

    def _value(self, column: str, kind: pa.DataType, text: str) -> Value:
        try:
            if pa.types.is_string(kind):
                return text
            if pa.types.is_integer(kind):
                return int(text)
            if pa.types.is_decimal(kind):
                return Decimal(text)
            if pa.types.is_date(kind):
                return date.fromisoformat(text)
            if pa.types.is_boolean(kind) and text in {"true", "false"}:
                return text == "true"
        except (ValueError, InvalidOperation) as error:
            raise self._unfit(column) from error
        raise self._unfit(column)
