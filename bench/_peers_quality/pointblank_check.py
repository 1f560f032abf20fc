"""The plain rules by pointblank on polars: ``pointblank_check.py TABLE.parquet RULES.json``."""

# ruff: noqa: ICN001, PTH123, SIM115 - one run from top to bottom
# mypy: ignore-errors

from __future__ import annotations

import datetime
import json
import resource
import sys
import time

import pointblank as pb
import polars as pl


def main() -> None:
    rules = json.loads(open(sys.argv[2]).read())
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    table = pl.read_parquet(sys.argv[1])
    asked = pb.Validate(data=table)
    names = []
    for name in rules["required"]:
        # an empty text is none; dates have no texts
        column = pl.col(name)
        there = (
            column.is_not_null() if table.schema[name] == pl.Date else (column.fill_null("").str.strip_chars() != "")
        )
        asked = asked.col_vals_expr(expr=there)
        names.append(f"required-{name}")
    for name, pattern in rules["patterns"].items():
        asked = asked.col_vals_regex(columns=name, pattern=f"^(?:{pattern})$", na_pass=True)
        names.append(f"pattern-{name}")
    for name, values in rules["codes"].items():
        asked = asked.col_vals_expr(expr=pl.col(name).is_null() | pl.col(name).is_in(values))
        names.append(f"codes-{name}")
    for name, (least, most) in rules["ranges"].items():
        bounds = [datetime.date.fromisoformat(one) if isinstance(one, str) else one for one in (least, most)]
        asked = asked.col_vals_between(columns=name, left=bounds[0], right=bounds[1], na_pass=True)
        names.append(f"range-{name}")
    for name, (least, most) in rules["lengths"].items():
        asked = asked.col_vals_expr(expr=pl.col(name).is_null() | pl.col(name).str.len_chars().is_between(least, most))
        names.append(f"length-{name}")
    for one, other in rules["compare"]:
        asked = asked.col_vals_le(columns=one, value=pb.col(other), na_pass=True)
        names.append("compare-born" if other == "died" else "compare-seen")
    asked = asked.rows_distinct(columns_subset=[rules["unique"]])
    names.append("unique-key")
    found = asked.interrogate(collect_extracts=False)
    failed = found.n_failed()
    counts = {name: int(failed[at]) for at, name in enumerate(names, start=1)}
    # rows_distinct counts every row of a repeated key; ours those beyond the first
    counts["unique-key"] = table.height - table[rules["unique"]].n_unique()
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"counts": counts, "wall": wall, "cpu": cpu, "rows": table.height}))


main()
