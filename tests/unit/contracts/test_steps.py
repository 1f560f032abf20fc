"""An order's steps as data: they travel as they are, say which columns they make, and refuse what means nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from jutong.contracts import rules as rule
from jutong.contracts.orders import JobOrder
from jutong.contracts.steps import Step, StepUnfit, counted, origins

EVERY: tuple[dict[str, Any], ...] = (
    {"kind": "standardise", "column": "a"},
    {"kind": "as-text", "column": "n", "pad": 6},
    {"kind": "translate", "column": "n", "table": "gbt2260", "from_day": "1995-12-31", "to_day": "2022-12-31"},
    {"kind": "time-zone", "column": "t"},
    {"kind": "cast", "column": "b", "to": "integer"},
    {"kind": "arithmetic", "column": "b", "operator": "add", "other": "m", "into": "sum"},
    {"kind": "concat", "columns": ["a", "n"], "into": "both"},
    {"kind": "substring", "column": "a", "into": "head", "length": 2},
    {"kind": "coalesce", "columns": ["a", "both"], "into": "some"},
    {"kind": "date-part", "column": "t", "into": "year", "part": "year"},
    {"kind": "identity-part", "column": "a", "into": "born", "part": "birth-date"},
    {"kind": "constant", "into": "from", "value": "x"},
    {"kind": "rename", "column": "both", "to": "whole"},
    {"kind": "drop", "column": "a"},
)
KINDS: TypeAdapter[tuple[Step, ...]] = TypeAdapter(tuple[Step, ...])


def steps_of(*rows: dict[str, Any]) -> tuple[Step, ...]:
    text = json.dumps([{"id": f"s{place}", **row} for place, row in enumerate(rows)])
    return KINDS.validate_json(text)


def test_every_step_travels_and_a_plain_order_stays_as_it_was() -> None:
    steps = steps_of(*EVERY)
    plain = JobOrder(job_id="j", source="s", schema_name="", table="t", columns=("a",), target="x")
    assert set(plain.model_dump(mode="json")) == {"job_id", "source", "schema_name", "table", "columns", "target"}
    masks = (rule.ColumnMask(column="a", mask="name"), rule.ColumnMask(column="b", mask="pseudonym", agreement="J"))
    asked = (rule.Unique(id="u", column="a"), rule.Unique(id="v", column="a", over="job"))
    order = plain.model_copy(update={"steps": steps, "rules": asked, "masks": masks})
    text = order.model_dump_json()
    assert JobOrder.model_validate_json(text) == order
    # What a node of an earlier version takes has nothing it does not know.
    told = json.loads(text)
    assert [("over" in row, "agreement" in mask) for row, mask in zip(told["rules"], told["masks"], strict=True)] == [
        (False, False), (True, True),
    ]  # fmt: skip
    assert [one.id for one in counted(steps)] == ["s2", "s3", "s4", "s5", "s10"]


def test_columns_are_known_by_what_they_are_made_of() -> None:
    assert origins(("a", "n", "t", "b", "m"), steps_of(*EVERY)) == {
        "n": ("n",), "t": ("t",), "b": ("b",), "m": ("m",), "sum": ("b", "m"), "whole": ("a", "n"), "head": ("a",),
        "some": ("a", "n"), "year": ("t",), "born": ("a",), "from": (),
    }  # fmt: skip
    for wrong in ({"kind": "drop", "column": "z"}, {"kind": "rename", "column": "a", "to": "b"}):
        with pytest.raises(StepUnfit) as caught:
            origins(("a", "b"), steps_of(wrong))
        assert (caught.value.step, caught.value.column) == ("s0", wrong.get("to", "z"))


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "translate", "column": "a"},
        {"kind": "translate", "column": "a", "table": "gbt2260"},
        {"kind": "translate", "column": "a", "table": "gbt2260", "from_day": "2020-01-01"},
        {"kind": "translate", "column": "a", "table": "x", "from_day": "2020-01-02", "to_day": "2020-01-01"},
        {"kind": "translate", "column": "a", "pairs": [["1", "2", "3"]]},
        {"kind": "arithmetic", "column": "a", "operator": "add", "into": "b"},
        {"kind": "arithmetic", "column": "a", "operator": "add", "into": "b", "other": "c", "amount": "1"},
        {
            "kind": "arithmetic",
            "column": "a",
            "operator": "add",
            "into": "b",
            "amount": "1",
            "precision": 2,
            "scale": 3,
        },
        {"kind": "arithmetic", "column": "a", "operator": "divide", "into": "b", "amount": "1"},
        {"kind": "sql", "column": "a"},
        {"kind": "concat", "columns": [], "into": "b"},
        {"kind": "constant", "into": "a\u0000", "value": "x"},
    ],
)
def test_steps_that_mean_nothing_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        steps_of(row)


def test_an_agreement_belongs_to_a_pseudonym_and_only_there() -> None:
    for mask, agreement in (("pseudonym", ""), ("name", "J")):
        with pytest.raises(ValidationError):
            rule.ColumnMask.model_validate({"column": "a", "mask": mask, "agreement": agreement})
