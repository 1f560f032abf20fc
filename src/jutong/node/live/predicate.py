"""Holds the rows of a source that knows no predicate against the grant's own: what does not surely fit stays out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from jutong.contracts.orders import Condition
from jutong.node.gateway.verification import as_text


def fits(row: Mapping[str, Any], conditions: tuple[Condition, ...]) -> bool:
    """Tell whether a row, by column, meets every condition. Nothing compares with an empty value."""
    return all(_meets(row.get(one.column), one) for one in conditions)


def same(value: Any, text: str) -> bool:
    """Tell whether a value is the one a look-up text stands for."""
    if value is None:
        return False
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        found = _number(value)
        return found is not None and found == _number(text)
    return as_text(value) == text


def _meets(value: Any, condition: Condition) -> bool:
    if value is None:
        return False
    match condition.operator:
        case "eq" | "in":
            return any(same(value, one) for one in condition.values)
        case "prefix":
            return any(as_text(value).startswith(one) for one in condition.values)
        case "ge" | "le":
            return len(condition.values) == 1 and _ordered(value, condition.values[0], condition.operator)


def _ordered(value: Any, bound: str, operator: str) -> bool:
    if isinstance(value, int | float | Decimal):
        number, limit = _number(value), _number(bound)
        if number is None or limit is None:
            return False
        return number >= limit if operator == "ge" else number <= limit
    text = as_text(value)
    return text >= bound if operator == "ge" else text <= bound


def _number(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
