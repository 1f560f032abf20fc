"""Whatever steps an order has: they are refused before the first row, or every batch goes through and none is lost."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from jutong.contracts import rules as rule
from jutong.contracts.rules import ColumnMask
from jutong.contracts.steps import Step
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.rules.sieve import Sieve

KINDS: dict[str, pa.DataType] = {
    "text": pa.string(), "more": pa.string(), "small": pa.int16(), "big": pa.int64(), "exact": pa.decimal128(38, 9),
    "real": pa.float64(), "ok": pa.bool_(), "day": pa.date32(), "naive": pa.timestamp("us"),
    "at": pa.timestamp("us", tz="UTC"), "bytes": pa.binary(),
}  # fmt: skip
SCHEMA = pa.schema(KINDS)
MADE = ("new", "newer")
columns = st.sampled_from((*KINDS, *MADE))
texts = st.sampled_from(("text", "more", "text", "more", "new", "day"))
numeric = st.sampled_from(("small", "big", "exact", "small", "big", "exact", "new", "real"))
dated = st.sampled_from(("day", "naive", "at", "day", "naive", "at", "new", "ok"))
into = st.sampled_from(MADE)
TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["11010519491231002X", "330103850404456", "110221", "男", "２０２０-01-31", "20200230", "-0.5", "\x00"]
    ),
)
numbers = st.sampled_from(["0", "1", "-0.01", "1000000000", "9" * 38, "0." + "1" * 37, "x", ""])
STEPS = st.one_of(
    st.fixed_dictionaries({
        "kind": st.just("standardise"), "column": texts, "width": st.sampled_from(["keep", "letters", "all"]),
        "spaces": st.sampled_from(["keep", "trim", "single", "none"]), "variants": st.booleans(),
        "dots": st.booleans(), "invisible": st.booleans(), "letters": st.sampled_from(["keep", "upper", "lower"]),
    }),
    st.fixed_dictionaries({"kind": st.just("as-text"), "column": columns, "pad": st.integers(0, 64)}),
    st.fixed_dictionaries({
        "kind": st.just("translate"), "column": texts, "into": st.one_of(st.none(), into),
        "pairs": st.just([["男", "1"], ["110221", ""]]), "otherwise": st.sampled_from(["refuse", "keep", "null"]),
    }),
    st.fixed_dictionaries({"kind": st.just("time-zone"), "column": dated,
                           "zone": st.sampled_from(["Asia/Shanghai", "America/New_York"])}),
    st.fixed_dictionaries({"kind": st.just("concat"), "columns": st.lists(columns, min_size=1, max_size=3),
                           "into": into, "separator": st.sampled_from(["", "-"]),
                           "nulls": st.sampled_from(["null", "skip"])}),
    st.fixed_dictionaries({"kind": st.just("substring"), "column": texts, "into": into,
                           "start": st.integers(1, 9), "length": st.integers(1, 9)}),
    st.fixed_dictionaries({"kind": st.just("coalesce"), "columns": st.lists(texts, min_size=1, max_size=2),
                           "into": into}),
    st.fixed_dictionaries({"kind": st.just("date-part"), "column": dated, "into": into,
                           "part": st.sampled_from(["year", "quarter", "month", "day", "weekday", "hour"])}),
    st.fixed_dictionaries({"kind": st.just("identity-part"), "column": texts, "into": into,
                           "part": st.sampled_from(["birth-date", "sex", "division"])}),
    st.fixed_dictionaries({"kind": st.just("arithmetic"), "column": numeric, "into": into, "amount": numbers,
                           "operator": st.sampled_from(["add", "subtract", "multiply"]),
                           "precision": st.sampled_from([1, 9, 38]), "scale": st.sampled_from([0, 1, 9, 38]),
                           "rounds": st.booleans()}),
    st.fixed_dictionaries({"kind": st.just("arithmetic"), "column": numeric, "into": into, "other": numeric,
                           "operator": st.sampled_from(["add", "subtract", "multiply"]),
                           "precision": st.just(38), "scale": st.sampled_from([0, 12, 38]),
                           "rounds": st.booleans()}),
    st.fixed_dictionaries({"kind": st.just("cast"), "column": texts,
                           "to": st.sampled_from(["integer", "decimal", "date"])}),
    st.fixed_dictionaries({"kind": st.just("constant"), "into": into, "value": st.just("民政")}),
    st.fixed_dictionaries({"kind": st.just("rename"), "column": columns, "to": into}),
    st.fixed_dictionaries({"kind": st.just("drop"), "column": columns}),
)  # fmt: skip
ROWS: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS, "more": TEXTS, "small": st.integers(-(2**15), 2**15 - 1), "big": st.integers(-(2**63), 2**63 - 1),
    "exact": st.decimals(-(10**28), 10**28, places=9), "real": st.floats(), "ok": st.booleans(),
    "day": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "naive": st.one_of(st.datetimes(datetime(1, 1, 2)), st.just(datetime(1986, 5, 4, 2, 30))),  # noqa: DTZ001
    "at": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001
    "bytes": st.binary(max_size=4),
}  # fmt: skip
rows = st.lists(st.fixed_dictionaries({name: st.one_of(st.none(), one) for name, one in ROWS.items()}), max_size=4)
ANY: TypeAdapter[Step] = TypeAdapter(Step)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=3), rows, rows)
def test_steps_are_refused_at_once_or_carried_through(
    asked: list[dict[str, Any]], first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    steps = []
    for place, row in enumerate(asked):
        try:
            steps.append(ANY.validate_python({"id": f"s{place}", **row}))
        except ValidationError:
            return
    rules = (rule.NotNull(id="filled", column=asked[0].get("column", "text")),) if asked else ()
    try:
        sieve = Sieve(rules, (), SCHEMA, steps)
    except OrderUnfitError:
        return
    masks = [ColumnMask(column=name, mask="all") for name in sieve.lands_as.names if name in MADE]
    masks = [mask for mask in masks if sieve.lands_as.field(mask.column).type != pa.binary()]
    sieve = Sieve(rules, masks, SCHEMA, steps)
    sieve.begin_chunk(0, len(first) + len(second))
    for given_rows in (first, second):
        batch = pa.RecordBatch.from_arrays(
            [pa.array([row[name] for row in given_rows], kind) for name, kind in KINDS.items()], schema=SCHEMA
        )
        sifted = sieve.sift(batch, 1)
        sifted.kept.validate(full=True)
        assert sifted.kept.schema.equals(sieve.lands_as)
        assert sifted.kept.num_rows + sifted.aside.num_rows + sifted.skipped == batch.num_rows
        assert set(sifted.findings["column"].to_pylist()) <= {*KINDS}
