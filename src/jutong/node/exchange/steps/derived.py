"""Columns made of others: texts joined and cut, parts of dates and identity numbers, instants, sums and products."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from jutong.contracts import steps as given
from jutong.node.exchange.rules import digits
from jutong.node.exchange.rules.kernels import Array, Flags, flags, pc

INSTANT = pa.timestamp("us", tz="UTC")
NAIVE = pa.timestamp("us")
BEIJING = "Asia/Shanghai"
MOST_DIGITS = 38
_WIDEST = 76
_TEXT = pa.string()
_NULL_TEXT = pa.scalar(None, _TEXT)


def as_text(array: Array) -> Array:
    """Return any values but bytes as text."""
    return array if array.type == _TEXT else array.cast(_TEXT)


def padded(step: given.AsText, array: Array) -> Array:
    """Return values as texts, with zeros in front of numbers."""
    text = as_text(array)
    if not step.pad:
        return text
    digits_only = pc.utf8_lpad(pc.utf8_ltrim(text, characters="-"), width=step.pad, padding="0")
    below = pc.starts_with(text, pattern="-")
    longer = pc.binary_join_element_wise("-", pc.utf8_slice_codeunits(digits_only, 1), "")
    shorter = pc.greater_equal(pc.utf8_length(text), step.pad)
    return pc.if_else(shorter, text, pc.if_else(below, longer, digits_only))


def concat(step: given.Concat, arrays: list[Array]) -> Array:
    """Return texts one behind the other."""
    texts = [as_text(array) for array in arrays]
    if step.nulls == "null":
        return pc.binary_join_element_wise(*texts, step.separator)
    # Two at a time: Arrow's own way of leaving nulls out loses the rows that have nothing else.
    joined = texts[0]
    for text in texts[1:]:
        joined = pc.coalesce(pc.binary_join_element_wise(joined, text, step.separator), joined, text)
    return joined


def substring(step: given.Substring, array: Array) -> Array:
    """Return some characters of texts."""
    return pc.utf8_slice_codeunits(as_text(array), step.start - 1, step.start - 1 + step.length)


def date_part(step: given.DatePart, array: Array) -> Array:
    """Return a part of dates or instants, these as the clock in Beijing shows them."""
    local = array
    if array.type == INSTANT:
        local = array.cast(pa.timestamp("us", tz=BEIJING))
    elif array.type == pa.date32():
        local = array.cast(NAIVE)
    if step.part == "weekday":
        return pc.day_of_week(local, count_from_zero=False).cast(pa.int32())
    parts = {"year": pc.year, "quarter": pc.quarter, "month": pc.month, "day": pc.day, "hour": pc.hour}
    return parts[step.part](local).cast(pa.int32())


def instants(zone: str, array: Array) -> tuple[Array, Flags]:
    """Return the instants clocks of a zone showed so, null for an hour that never was, and where that is."""
    try:
        sure = pc.assume_timezone(array, zone, ambiguous="earliest", nonexistent="raise")
        return sure.cast(INSTANT), np.zeros(len(array), dtype=np.bool_)
    except pa.ArrowInvalid:
        pass  # some hour never was: look which
    early, late = (
        pc.assume_timezone(array, zone, ambiguous="earliest", nonexistent=how) for how in ("earliest", "latest")
    )
    never = pc.fill_null(pc.not_equal(early, late), False)
    return pc.if_else(never, pa.scalar(None, early.type), early).cast(INSTANT), flags(never)


def identity_part(step: given.IdentityPart, array: Array) -> tuple[Array, Flags]:
    """Return what identity numbers tell, null for a text that is none, and where that is."""
    wrong = digits.identity_wrong(array)
    number = pc.if_else(pa.array(wrong), _NULL_TEXT, digits.identity_to_18(array))
    if step.part == "division":
        return pc.utf8_slice_codeunits(number, 0, 6), wrong
    if step.part == "birth-date":
        day = pc.strptime(pc.utf8_slice_codeunits(number, 6, 14), format="%Y%m%d", unit="s")
        return day.cast(pa.date32()), wrong
    odd = pc.is_in(pc.utf8_slice_codeunits(number, 16, 17), value_set=pa.array(list("13579")))
    sex = pc.if_else(odd, "1", "2")
    return pc.if_else(number.is_valid(), sex, _NULL_TEXT), wrong


def operand(kind: pa.DataType) -> tuple[int, int] | None:
    """Return precision and scale a number counts with, or None for what is no exact number."""
    if pa.types.is_decimal128(kind):
        return kind.precision, kind.scale
    return (19, 0) if pa.types.is_integer(kind) else None


def amount(text: str) -> pa.Scalar[Any]:
    """Return a number as a decimal of just its own digits.

    Raises:
        pyarrow.ArrowInvalid: when it is none.
    """
    plain = text.strip()
    before, _, behind = plain.lstrip("+-").partition(".")
    if not f"{before}{behind}".isascii() or not f"{before}{behind}".isdigit():
        raise pa.ArrowInvalid("not a number")
    precision = max(len(before) + len(behind), 1)
    return pa.scalar(plain).cast(pa.decimal128(min(precision, MOST_DIGITS), len(behind)))


class Calculation:
    """The arithmetic of a step, fitted to what it counts with.

    Raises:
        pyarrow.ArrowInvalid: when an operand is no exact number, or the exact result would have too many digits.
    """

    def __init__(self, step: given.Arithmetic, left: pa.DataType, right: pa.DataType | None) -> None:
        self._step = step
        self._amount = amount(step.amount) if step.amount is not None else None
        other = right if self._amount is None else self._amount.type
        sizes = [operand(kind) for kind in (left, other) if kind is not None]
        if len(sizes) < 2 or None in sizes:  # noqa: PLR2004 - two sides
            raise pa.ArrowInvalid("not exact numbers")
        (first, first_scale), (second, second_scale) = (size for size in sizes if size is not None)
        whole = max(first - first_scale, second - second_scale) + max(first_scale, second_scale) + 1
        digits_needed = first + second + 1 if step.operator == "multiply" else whole
        if digits_needed > _WIDEST:
            raise pa.ArrowInvalid("too many digits")
        self._wide = [pa.decimal256(first, first_scale), pa.decimal256(second, second_scale)]
        self.lands_as = pa.decimal128(step.precision, step.scale)

    def __call__(self, left: Array, right: Array | None) -> tuple[Array, Flags]:
        """Return the results, null where one does not fit, and where that is."""
        operators = {"add": pc.add, "subtract": pc.subtract, "multiply": pc.multiply}
        one, two = self._widened(left, self._wide[0]), self._widened(right, self._wide[1])
        exact = operators[self._step.operator](one, two)
        scale = self._step.scale
        rounded = exact
        if exact.type.scale > scale:
            rounded = pc.round(exact, ndigits=scale, round_mode="half_towards_infinity")
        whole = self._step.precision - scale
        most = pa.scalar(Decimal("1" + "0" * whole), pa.decimal256(whole + 1, 0))
        unfit = pc.greater_equal(pc.abs(rounded), most)
        if not self._step.rounds:
            unfit = pc.or_(unfit, pc.not_equal(rounded, exact))
        broken = flags(unfit)
        kept = pc.if_else(pa.array(broken), pa.scalar(None, rounded.type), rounded)
        return kept.cast(pa.decimal256(_WIDEST, scale)).cast(self.lands_as), broken

    def _widened(self, array: Array | None, kind: pa.DataType) -> Any:
        if array is None:
            assert self._amount is not None  # noqa: S101 - a step has a column or an amount
            return pa.scalar(str(self._amount.as_py())).cast(kind)
        return array.cast(pa.decimal128(19, 0)).cast(kind) if pa.types.is_integer(array.type) else array.cast(kind)
