"""The rows a count stands for, a page at a time. They never leave the node but to the person with a ticket."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jutong.contracts import quality as contract
from jutong.contracts.quality import CheckOrder, QualityRule
from jutong.library.engine import Engine
from jutong.library.engine.sql import name
from jutong.library.quality import counting
from jutong.library.quality.check import KEYS, TABLE, attach, columns_of
from jutong.library.quality.compile import Columns, compiled, filled
from jutong.library.quality.errors import RuleWithoutRowsError


def failing(
    engine: Engine, order: CheckOrder, library: Path, *, rule_id: str, span: tuple[int, int], now: datetime
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and a page of rows that break a rule; ``span`` is how many are left out, and how many told.

    Raises:
        RuleWithoutRowsError: if the rule speaks of no rows, or is not in the order.
        RuleUncompilableError: if it does not fit the table.
        TableUnknownError: when the table is not in the library any more.
    """
    rule = next((one for one in order.rules if one.id == rule_id), None)
    if rule is None or rule.kind in contract.OF_TABLE:
        raise RuleWithoutRowsError(rule=rule_id)
    attach(engine, order.model_copy(update={"rules": (rule,)}), library)
    columns = columns_of(engine, order.table, now)
    shown = [key for key in KEYS if key in columns.schema.names]
    shown += [field.name for field in order.fields if field.name in columns.schema.names]
    listed = ", ".join(f"CAST(t.{name(one)} AS VARCHAR) AS {name(one)}" for one in shown)
    skip, most = span
    sql = f"SELECT {listed} FROM {_broken(rule, columns)} ORDER BY 1 LIMIT {most} OFFSET {skip}"
    return shown, engine.rows(sql)


def _broken(rule: QualityRule, columns: Columns) -> str:
    """Return the rows that break a rule as table ``t``, as what follows FROM."""
    if isinstance(rule, contract.Reference):
        return counting.missing_rows(rule, columns, TABLE)
    if isinstance(rule, contract.Agrees):
        rows, breaks = counting.joined(rule, columns, TABLE)
        return f"{rows} WHERE {breaks}"
    if isinstance(rule, contract.Unique):
        keys = [columns.column(rule, field) for field in rule.fields]
        some = " AND ".join(filled(key) for key in keys)
        inside = f"SELECT {', '.join(keys)} FROM {TABLE} WHERE {some} GROUP BY {', '.join(keys)} HAVING COUNT(*) > 1"
        same = " AND ".join(f"t.{key} = d.{key}" for key in keys)
        return f"{TABLE} AS t JOIN ({inside}) AS d ON {same}"
    found = compiled(rule, columns)
    assert found is not None  # noqa: S101 - the kinds without conditions are the ones above
    return f"(SELECT * FROM {counting.prepared([found], TABLE)} WHERE {found.speaks} AND {found.breaks}) AS t"
