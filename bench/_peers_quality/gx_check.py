"""The plain rules by Great Expectations on pandas: ``gx_check.py TABLE.parquet RULES.json``."""

# ruff: noqa: C901, ICN001, PLR0912, PTH123, SIM115 - one run from top to bottom
# mypy: ignore-errors

from __future__ import annotations

import datetime
import json
import logging
import resource
import sys
import time

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd

logging.disable(logging.WARNING)


def main() -> None:
    rules = json.loads(open(sys.argv[2]).read())
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    table = pd.read_parquet(sys.argv[1])
    for name in ("born", "died", "changed"):
        table[name] = pd.to_datetime(table[name])
    for name in rules["required"]:
        # Great Expectations knows null but no empty text
        if name != "born":
            table[f"{name}__filled"] = table[name].where(table[name].fillna("").str.strip() != "", None)
    context = gx.get_context(mode="ephemeral")
    suite = gx.ExpectationSuite(name="plain")
    names = []

    def ask(name: str, expectation: object) -> None:
        names.append(name)
        suite.add_expectation(expectation)

    for name in rules["required"]:
        column = name if name == "born" else f"{name}__filled"
        ask(f"required-{name}", gxe.ExpectColumnValuesToNotBeNull(column=column))
    for name, pattern in rules["patterns"].items():
        ask(f"pattern-{name}", gxe.ExpectColumnValuesToMatchRegex(column=name, regex=f"^(?:{pattern})$"))
    for name, values in rules["codes"].items():
        ask(f"codes-{name}", gxe.ExpectColumnValuesToBeInSet(column=name, value_set=values))
    for name, (least, most) in rules["ranges"].items():
        bounds = [datetime.datetime.fromisoformat(one) if isinstance(one, str) else one for one in (least, most)]
        ask(f"range-{name}", gxe.ExpectColumnValuesToBeBetween(column=name, min_value=bounds[0], max_value=bounds[1]))
    for name, (least, most) in rules["lengths"].items():
        ask(f"length-{name}", gxe.ExpectColumnValueLengthsToBeBetween(column=name, min_value=least, max_value=most))
    for one, other in rules["compare"]:
        ask(
            "compare-born" if other == "died" else "compare-seen",
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=other, column_B=one, or_equal=True, ignore_row_if="either_value_is_missing"
            ),
        )
    ask("unique-key", gxe.ExpectColumnValuesToBeUnique(column=rules["unique"]))
    batch = context.data_sources.add_pandas("p").add_dataframe_asset("t").add_batch_definition_whole_dataframe("b")
    found = batch.get_batch(batch_parameters={"dataframe": table}).validate(suite, result_format="BASIC")
    # The results stand in an order of their own.
    by_key = {}
    for row in found.results:
        kwargs = row.expectation_config.kwargs
        by_key[row.expectation_config.type, kwargs.get("column") or (kwargs["column_B"], kwargs["column_A"])] = (
            row.result
        )
    kinds = {
        "required": "expect_column_values_to_not_be_null", "pattern": "expect_column_values_to_match_regex",
        "codes": "expect_column_values_to_be_in_set", "range": "expect_column_values_to_be_between",
        "length": "expect_column_value_lengths_to_be_between", "unique": "expect_column_values_to_be_unique",
    }  # fmt: skip
    counts = {}
    for name in names:
        kind, _, field = name.partition("-")
        if kind == "compare":
            other = "died" if field == "born" else "changed"
            result = by_key["expect_column_pair_values_a_to_be_greater_than_b", ("born", other)]
        elif kind == "required" and field != "born":
            result = by_key[kinds[kind], f"{field}__filled"]
        else:
            result = by_key[kinds[kind], rules["unique"] if kind == "unique" else field]
        counts[name] = int(result["unexpected_count"])
    # every row of a repeated key is unexpected there; ours counts those beyond the first
    counts["unique-key"] = int(table[rules["unique"]].duplicated().sum())
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"counts": counts, "wall": wall, "cpu": cpu, "rows": len(table)}))


main()
