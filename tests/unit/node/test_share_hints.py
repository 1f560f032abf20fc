from __future__ import annotations

import json
from typing import Any

import pytest

from jutong.node.shares.hints import may_match

BOUNDS = {"age": (10, 20, 0), "name": ("b", "d", 3)}
ROWS = 3


def column(name: str) -> dict[str, Any]:
    return {"op": "column", "name": name, "valueType": "int"}


def asked(op: str, name: str, *values: Any, kind: str = "int") -> dict[str, Any]:
    literals = [{"op": "literal", "value": str(value), "valueType": kind} for value in values]
    return {"op": op, "children": [column(name), *literals]}


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (asked("equal", "age", 15), True),
        (asked("equal", "age", 21), False),
        (asked("lessThan", "age", 10), False),
        (asked("lessThanOrEqual", "age", 10), True),
        (asked("greaterThan", "age", 20), False),
        (asked("greaterThanOrEqual", "age", 20), True),
        (asked("in", "age", 1, 2), False),
        (asked("in", "age", 1, 11), True),
        (asked("equal", "name", "a", kind="string"), False),
        ({"op": "and", "children": [asked("equal", "age", 15), asked("equal", "age", 21)]}, False),
        ({"op": "or", "children": [asked("equal", "age", 15), asked("equal", "age", 21)]}, True),
        ({"op": "isNull", "children": [column("age")]}, False),
        ({"op": "not", "children": [{"op": "isNull", "children": [column("name")]}]}, False),
        # What cannot be understood leaves no file out, beside what can as well.
        ({"op": "not", "children": [asked("equal", "age", 21)]}, True),
        ({"op": "and", "children": [{"op": "odd"}, asked("equal", "age", 21)]}, False),
        ({"op": "or", "children": [{"op": "odd"}, asked("equal", "age", 21)]}, True),
        (asked("equal", "unknown", 1), True),
        (asked("equal", "age", "x", kind="string"), True),
        ([1], True),
    ],
)
def test_a_file_is_left_out_only_where_nothing_in_it_can_fit(hint: Any, expected: bool) -> None:
    assert may_match(json.dumps(hint), BOUNDS, ROWS) is expected
    assert may_match("{", BOUNDS, ROWS)
