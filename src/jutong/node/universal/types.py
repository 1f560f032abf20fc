"""How values travel through a driver: whole numbers, floating point, texts and bytes as they are, all else as text."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jutong.node.exchange import convert
from jutong.node.exchange.plan import Array, Mapping, PlannedColumn

MAX_DECIMAL = 38
STRING = pa.string()
UTC = pa.timestamp("us", tz="UTC")
NAIVE = pa.timestamp("us")
_PARTS = re.compile(r"([a-z0-9_ ]+?)(?:\((-?\d+|max)(?:,(-?\d+))?\))?( .*)?", re.DOTALL)


def truth(array: Array, column: PlannedColumn) -> Array:
    """Read 0 and 1 as false and true."""
    cast: pa.Array[Any] = array.cast(pa.bool_())
    return cast


def day(array: Array, column: PlannedColumn) -> Array:
    """Read a date in text; a midnight that products write behind it is nothing.

    Raises:
        ValueUnfitError: for a date no calendar has, or one with a time of day.
    """
    return convert.date(pc.replace_substring_regex(array, r"[ T]00:00:00(\.0*)?$", ""), column)


INT16 = Mapping("{}", pa.int16(), pa.int16(), convert.same)
INT32 = Mapping("{}", pa.int32(), pa.int32(), convert.same)
INT64 = Mapping("{}", pa.int64(), pa.int64(), convert.same)
FLOAT32 = Mapping("{}", pa.float32(), pa.float32(), convert.same)
FLOAT64 = Mapping("{}", pa.float64(), pa.float64(), convert.same)
TEXT = Mapping("{}", STRING, STRING, convert.text)
BYTES = Mapping("{}", pa.binary(), pa.binary(), convert.same)


def as_text(expression: str) -> Mapping:
    """Return the mapping of a value that stays the text the database makes of it."""
    return Mapping(expression, STRING, STRING, convert.text)


def as_date(expression: str) -> Mapping:
    """Return the mapping of a date the database writes as YYYY-MM-DD."""
    return Mapping(expression, STRING, pa.date32(), day)


def as_moment(expression: str) -> Mapping:
    """Return the mapping of a date with time and no zone, written with a blank and at most six decimals."""
    return Mapping(expression, STRING, NAIVE, convert.timestamp)


def as_instant(expression: str) -> Mapping:
    """Return the mapping of an instant, written as above in UTC."""
    return Mapping(expression, STRING, UTC, convert.timestamp)


def as_truth(expression: str) -> Mapping:
    """Return the mapping of a truth the database writes as 0 or 1."""
    return Mapping(expression, pa.int32(), pa.bool_(), truth)


def as_decimal(expression: str, precision: int, scale: int) -> Mapping:
    """Return the mapping of an exact number; a text where no decimal holds it."""
    if 0 < precision <= MAX_DECIMAL and 0 <= scale <= precision:
        return Mapping(expression, STRING, pa.decimal128(precision, scale), convert.decimal)
    return as_text(expression)


def as_integer(expression: str, kind: pa.DataType) -> Mapping:
    """Return the mapping of a whole number the database writes in digits."""
    return Mapping(expression, STRING, kind, convert.integer)


def parts(declared: str) -> tuple[str, int | None, int | None]:
    """Return the bare name of a type, its length or precision, and its scale; -1 for ``max``."""
    found = _PARTS.fullmatch(declared.lower())
    if found is None:
        return declared.lower(), None, None
    first = -1 if found[2] == "max" else None if found[2] is None else int(found[2])
    return found[1] + (found[4] or ""), first, None if found[3] is None else int(found[3])


_LENGTHS = re.compile(r"char|binary|raw|bit varying")
_DIGITS = re.compile(r"^(decimal|numeric|number|dec)$")
_FRACTIONS = re.compile(r"^(datetime2|datetimeoffset|time|timestamp.*|datetime.*)$")

_UNBOUNDED = {"longvarchar", "longvarbinary", "long raw"}


def declared(kind: str, length: Any, precision: Any, scale: Any) -> str:
    """Return a type as a person writes it, of what a catalog keeps apart: ``decimal(12,2)``, ``varchar(50)``."""
    name = kind.lower()
    if "(" in name:
        return name
    if _DIGITS.match(name):
        if precision is None:
            return name if scale is None else f"{name}({MAX_DECIMAL},{int(scale)})"
        return f"{name}({int(precision)},{int(scale or 0)})"
    if _LENGTHS.search(name) and length is not None and name not in _UNBOUNDED:
        return f"{name}({'max' if int(length) < 0 else int(length)})"
    if _FRACTIONS.match(name) and scale is not None:
        head, blank, rest = name.partition(" ")
        return f"{head}({int(scale)}){blank}{rest}"
    return name
