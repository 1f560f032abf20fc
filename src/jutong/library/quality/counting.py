"""Counts what breaks rules: one statement for all rules on single rows, one each for pairs and other tables."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from jutong.contracts import quality as contract
from jutong.contracts.quality import QualityRule, RuleCount, TableAddress
from jutong.kernel.i18n import gettext_noop
from jutong.library.engine import Engine
from jutong.library.engine.errors import EngineRefusedError
from jutong.library.engine.sql import literal, name
from jutong.library.quality.compile import (
    MOST_LISTED,
    Columns,
    Condition,
    bucket,
    compiled,
    filled,
    listed,
    lookup,
    whole,
)

ONE_IN = 64
"""One bucket of so many is looked at where uniqueness is estimated."""


def conditions(rules: Iterable[QualityRule], columns: Columns) -> list[Condition]:
    """Return the rules that speak of single rows, compiled.

    Raises:
        RuleUncompilableError: naming the first that does not fit.
    """
    return [found for rule in rules if (found := compiled(rule, columns)) is not None]


def row_statement(found: Sequence[Condition], table: str, counts: Sequence[str] = ()) -> str:
    """Return the one statement that counts all rules on single rows.

    Its result is the number of rows, then the ``counts``, then for each condition how many rows it speaks of and how
    many break it.
    """
    parts = ["COUNT(*)", *counts]
    for one in found:
        parts.append("COUNT(*)" if one.speaks == "TRUE" else f"COUNT(*) FILTER (WHERE {one.speaks})")
        parts.append(f"COUNT(*) FILTER (WHERE {one.breaks})")
    asked = ", ".join(f"{part} AS c{number}" for number, part in enumerate(parts))
    return f"SELECT {asked} FROM {prepared(found, table)}"


def prepared(found: Sequence[Condition], table: str) -> str:
    """Return the rows the conditions are asked of, as what follows FROM: with what is given and what was looked up."""
    given = "".join(f", {expression} AS {name(alias)}" for one in found for alias, expression in one.given)
    joins = "".join(
        f" LEFT JOIN {code} ON {table}.{name(one.codes)} = {code}.{code}"
        for one in found
        if one.codes and isinstance(one.rule, contract.Codes)
        for code in [name(lookup(one.rule))]
    )
    return f"(SELECT *{given} FROM {table}{joins}) AS p" if given or joins else table


def count_alone(engine: Engine, one: Condition, table: str) -> RuleCount:
    """Count a rule on single rows in a statement of its own: what looks codes up would slow all the others down."""
    _, speaks, breaks = engine.rows(row_statement([one], table))[0]
    return RuleCount(rule=one.rule.id, evaluated=int(speaks), failed=int(breaks))


def attach_codes(engine: Engine, rules: Iterable[QualityRule]) -> None:
    """Make the long lists of codes readable as tables."""
    for rule in rules:
        if isinstance(rule, contract.Codes) and len(listed(rule)) > MOST_LISTED:
            engine.attach_rows(lookup(rule), pa.table({lookup(rule): pa.array(listed(rule), pa.string())}))


def require_patterns(engine: Engine, rules: Iterable[QualityRule], columns: Columns) -> None:
    """Let the engine read every pattern once, so that one it refuses is told by its rule.

    Raises:
        RuleUncompilableError: naming the rule.
    """
    for rule in rules:
        if isinstance(rule, contract.TextPattern):
            try:
                engine.rows(f"SELECT REGEXP_MATCHES('', {literal(whole(rule.pattern))})")
            except EngineRefusedError as error:
                raise columns.refuse(rule, rule.field, gettext_noop("引擎读不懂这个写法")) from error


def alias(address: TableAddress) -> str:
    """Return the name under which another table is readable."""
    return f"other_{address.zone}_{address.code.lower()}_{address.name}"


def count_unique(engine: Engine, rule: contract.Unique, columns: Columns, table: str, *, exact: bool) -> RuleCount:
    """Count the rows beyond the first of each value, or estimate them from one bucket in 64.

    Raises:
        RuleUncompilableError: if the table lacks a field.
    """
    keys = [columns.column(rule, field) for field in rule.fields]
    condition = " AND ".join(filled(key) for key in keys)
    if not exact:
        text = keys[0] if columns.is_text(rule.fields[0]) else f"CAST({keys[0]} AS VARCHAR)"
        condition += f" AND {bucket(text)} % {ONE_IN} = 0"
    groups = f"SELECT COUNT(*) AS n FROM {table} WHERE {condition} GROUP BY {', '.join(keys)}"
    seen, beyond = _two(engine, f"SELECT COALESCE(SUM(n), 0), COALESCE(SUM(n - 1), 0) FROM ({groups}) AS g")
    if exact:
        return RuleCount(rule=rule.id, evaluated=seen, failed=beyond)
    every, _ = _two(engine, f"SELECT COUNT({keys[0]}), 0 FROM {table}")
    failed = min(round(beyond * every / seen), every) if seen else 0
    return RuleCount(rule=rule.id, evaluated=every, failed=failed, exact=False)


def count_reference(engine: Engine, rule: contract.Reference, columns: Columns, table: str) -> RuleCount:
    """Count the values that stand nowhere in another table.

    Raises:
        RuleUncompilableError: if the table lacks the field.
    """
    column = columns.column(rule, rule.field)
    evaluated = engine.rows(f"SELECT COUNT({column}) FROM {table}")[0][0]
    failed = engine.rows(f"SELECT COUNT(*) FROM {missing_rows(rule, columns, table)}")[0][0]
    return RuleCount(rule=rule.id, evaluated=int(evaluated), failed=int(failed))


def _missing(rule: contract.Reference, column: str) -> str:
    key = name(rule.in_field)
    inside = f"SELECT 1 FROM {name(alias(rule.other))} AS o WHERE o.{key} = t.{column}"
    return f"t.{column} IS NOT NULL AND NOT EXISTS ({inside})"


def joined(rule: contract.Agrees, columns: Columns, table: str) -> tuple[str, str]:
    """Return the rows that are in both tables, as what follows FROM, and the condition that they disagree.

    Raises:
        RuleUncompilableError: if the table lacks a field.
    """
    column, key = columns.column(rule, rule.field), columns.column(rule, rule.key)
    other, theirs = name(rule.other_key), name(rule.other_field)
    values = f"MIN({theirs}) AS least, MAX({theirs}) AS most"
    inside = f"SELECT {other} AS k, {values} FROM {name(alias(rule.other))} GROUP BY {other}"
    breaks = f"(t.{column} IS DISTINCT FROM o.least OR t.{column} IS DISTINCT FROM o.most)"
    return f"{table} AS t JOIN ({inside}) AS o ON t.{key} = o.k", breaks


def count_agrees(engine: Engine, rule: contract.Agrees, columns: Columns, table: str) -> RuleCount:
    """Count the rows whose value another table does not share.

    Raises:
        RuleUncompilableError: if the table lacks a field.
    """
    rows, breaks = joined(rule, columns, table)
    evaluated, failed = _two(engine, f"SELECT COUNT(*), COUNT(*) FILTER (WHERE {breaks}) FROM {rows}")
    return RuleCount(rule=rule.id, evaluated=evaluated, failed=failed)


def missing_rows(rule: contract.Reference, columns: Columns, table: str) -> str:
    """Return the rows whose value stands nowhere in another table, as what follows FROM.

    Raises:
        RuleUncompilableError: if the table lacks the field.
    """
    return f"{table} AS t WHERE {_missing(rule, columns.column(rule, rule.field))}"


def _two(engine: Engine, sql: str) -> tuple[int, int]:
    one, other = engine.rows(sql)[0]
    return int(one), int(other)
