"""Predicate hints: which files of a view can be left out because no row of theirs can fit.

A hint narrows nothing by itself: the client filters the rows it gets. What cannot be understood lets every file pass.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

Bounds = tuple[Any, Any, int]
"""Least value, greatest value and how many are null, of one column of a file."""
LONGEST = 64 * 1024
_DEEPEST = 20
_MAKERS: Mapping[str, Callable[[str], Any]] = {
    "int": int, "long": int, "integer": int, "string": str, "date": dt.date.fromisoformat,
}  # fmt: skip


class _Unclear(Exception):  # noqa: N818 - no error of anybody's
    """A hint, or a part of it, that means nothing here."""


def may_match(hint: str, bounds: Mapping[str, Bounds], rows: int) -> bool:
    """Tell whether a file with these bounds can have a row that fits a JSON predicate."""
    try:
        if len(hint) > LONGEST:
            return True
        return _may(json.loads(hint), bounds, rows, 0)
    except (_Unclear, ValueError, TypeError, KeyError, IndexError, RecursionError):
        return True


def _may(node: Any, bounds: Mapping[str, Bounds], rows: int, depth: int) -> bool:
    if depth > _DEEPEST:
        raise _Unclear
    op, children = node["op"], node.get("children", [])
    if op == "and":
        return all(_lenient(child, bounds, rows, depth + 1) for child in children)
    if op == "or":
        return any(_lenient(child, bounds, rows, depth + 1) for child in children)
    if op == "isNull":
        return _bounds(children[0], bounds)[2] > 0
    if op == "not":
        # Only "is not null" can be told from bounds; of any other the opposite of "may" is not "may not".
        if children[0]["op"] != "isNull":
            raise _Unclear
        return _bounds(children[0]["children"][0], bounds)[2] < rows
    if op == "in":
        return any(_compares("equal", children[0], one, bounds) for one in children[1:])
    return _compares(op, children[0], children[1], bounds)


def _lenient(node: Any, bounds: Mapping[str, Bounds], rows: int, depth: int) -> bool:
    try:
        return _may(node, bounds, rows, depth)
    except (_Unclear, ValueError, TypeError, KeyError, IndexError):
        return True


def _compares(op: str, column: Any, literal: Any, bounds: Mapping[str, Bounds]) -> bool:
    if column["op"] != "column" or literal["op"] != "literal":
        raise _Unclear
    least, greatest, _ = _bounds(column, bounds)
    value = _MAKERS[literal["valueType"]](literal["value"])
    if least is None or greatest is None or type(value) is not type(least):
        raise _Unclear
    found: dict[str, bool] = {
        "equal": least <= value <= greatest,
        "lessThan": least < value,
        "lessThanOrEqual": least <= value,
        "greaterThan": greatest > value,
        "greaterThanOrEqual": greatest >= value,
    }
    return found[op]


def _bounds(column: Any, bounds: Mapping[str, Bounds]) -> Bounds:
    if column["op"] != "column":
        raise _Unclear
    return bounds[column["name"]]
