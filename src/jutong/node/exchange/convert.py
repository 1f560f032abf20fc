"""From what a driver delivers to what the library holds, whole columns at a time.

A value that has no faithful form stops the move with its column's name. Nothing is rounded, cut, turned into null
or replaced by a made-up value.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jutong.node.exchange.errors import ValueUnfitError
from jutong.node.exchange.plan import Array, PlannedColumn

EARLIEST_US = -210_866_803_200_000_000
"""4714-11-24 BC in microseconds since 1970: PostgreSQL's first instant. Infinity arrives wrapped around, before it."""

EARLIEST_DAY = -2_440_588
"""The same day counted in days."""


def same(array: Array, column: PlannedColumn) -> Array:
    """Take numbers, booleans and bytes as they are."""
    return array


def text(array: Array, column: PlannedColumn) -> Array:
    """Take text that is valid UTF-8.

    Raises:
        ValueUnfitError: when it is not.
    """
    try:
        array.validate(full=True)
    except pa.ArrowInvalid as error:
        raise _unfit(column, "not valid UTF-8") from error
    return array


def instant(array: Array, column: PlannedColumn) -> Array:
    """Take a date or time that a calendar has.

    Raises:
        ValueUnfitError: for infinity, or an instant the driver could not carry.
    """
    days = pa.types.is_date32(array.type)
    numbers: Array = array.view(pa.int32() if days else pa.int64())
    earliest: int | None = pc.min(numbers).as_py()
    if earliest is not None and earliest < (EARLIEST_DAY if days else EARLIEST_US):
        raise _unfit(column, "infinity, or a date outside the calendar")
    return array


def decimal(array: Array, column: PlannedColumn) -> Array:
    """Read a number in text as a decimal of the catalog's precision and scale.

    Raises:
        ValueUnfitError: for NaN, infinity, no number, or more digits than the column declares.
    """
    return _cast(array, column, "NaN, infinity, no number, or more digits than declared")


def integer(array: Array, column: PlannedColumn) -> Array:
    """Read a whole number in text.

    Raises:
        ValueUnfitError: when it is none or too large.
    """
    return _cast(array, column, "no whole number, or too large")


def floating(array: Array, column: PlannedColumn) -> Array:
    """Read a floating-point number in text.

    Raises:
        ValueUnfitError: when it is none.
    """
    return _cast(array, column, "no number")


def date(array: Array, column: PlannedColumn) -> Array:
    """Read a date in text (YYYY-MM-DD).

    Raises:
        ValueUnfitError: for a date no calendar has, such as 0000-00-00.
    """
    return _cast(array, column, "a date no calendar has (such as 0000-00-00)")


def timestamp(array: Array, column: PlannedColumn) -> Array:
    """Read a date with time in text (YYYY-MM-DD HH:MM:SS, up to six decimals); with a zone when the library's has.

    Raises:
        ValueUnfitError: for a date no calendar has.
    """
    naive = _cast(array, column, "a date no calendar has (such as 0000-00-00)", pa.timestamp("us"))
    return naive.cast(column.mapping.arrow)  # a text without a zone is in UTC here: the session was set to it


def _cast(array: Array, column: PlannedColumn, problem: str, kind: pa.DataType | None = None) -> Array:
    wanted = column.mapping.arrow if kind is None else kind
    try:
        cast: pa.Array[Any] = array.cast(wanted, safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _unfit(column, problem) from error
    return cast


def _unfit(column: PlannedColumn, problem: str) -> ValueUnfitError:
    # Arrow's own message repeats the value, which may be somebody's.
    return ValueUnfitError(column=column.name, kind=column.type, problem=problem)
