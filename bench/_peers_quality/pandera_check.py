"""The plain rules by pandera on polars: ``pandera_check.py TABLE.parquet RULES.json``.

All checks are of the frame, each returning its own column of answers: that is how pandera counts failures by rule.
"""

# ruff: noqa: ICN001, PTH123, SIM115 - one run from top to bottom
# mypy: ignore-errors

from __future__ import annotations

import datetime
import json
import resource
import sys
import time

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors


def checks_of(rules: dict, schema: pl.Schema) -> dict[str, pl.Expr]:
    found = {}
    for name in rules["required"]:
        column = pl.col(name)
        found[f"required-{name}"] = (
            column.is_not_null() if schema[name] == pl.Date else (column.fill_null("").str.strip_chars() != "")
        )
    for name, pattern in rules["patterns"].items():
        found[f"pattern-{name}"] = pl.col(name).is_null() | pl.col(name).str.contains(f"^(?:{pattern})$")
    for name, values in rules["codes"].items():
        found[f"codes-{name}"] = pl.col(name).is_null() | pl.col(name).is_in(values)
    for name, (least, most) in rules["ranges"].items():
        bounds = [datetime.date.fromisoformat(one) if isinstance(one, str) else one for one in (least, most)]
        found[f"range-{name}"] = pl.col(name).is_null() | pl.col(name).is_between(*bounds)
    for name, (least, most) in rules["lengths"].items():
        found[f"length-{name}"] = pl.col(name).is_null() | pl.col(name).str.len_chars().is_between(least, most)
    for one, other in rules["compare"]:
        name = "compare-born" if other == "died" else "compare-seen"
        found[name] = pl.col(one).is_null() | pl.col(other).is_null() | (pl.col(one) <= pl.col(other))
    found["unique-key"] = pl.col(rules["unique"]).is_first_distinct()
    return found


def main() -> None:
    rules = json.loads(open(sys.argv[2]).read())
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    table = pl.read_parquet(sys.argv[1])
    checks = checks_of(rules, table.schema)
    schema = pa.DataFrameSchema(
        {},
        checks=[pa.Check(lambda data, ask=ask: data.lazyframe.select(ask), name=name) for name, ask in checks.items()],
    )
    counts = dict.fromkeys(checks, 0)
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as problem:
        for row in problem.failure_cases.group_by("check").len().iter_rows():
            counts[row[0]] = row[1]
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"counts": counts, "wall": wall, "cpu": cpu, "rows": table.height}))


main()
