"""From the bytes of a row log to what the reader of tables delivers, whole columns at a time.

A value comes out in the type, and with the very content, that a row read from the table has. What cannot be told for
certain from the bytes (a document as the server keeps it, a charset in which server and we might differ) is left open:
such a row is read once more from the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from jutong.node.exchange.changes.row_log.charsets import Charset
from jutong.node.exchange.changes.row_log.decimals import Numbers, as_array, decimal, digits_of, gathered, valid
from jutong.node.exchange.changes.row_log.events import UnreadableError
from jutong.node.exchange.changes.row_log.images import (
    BIT,
    ENUM,
    NEWDECIMAL,
    SET,
    STRING,
    Bytes,
    Cells,
    Flags,
    real_type,
)
from jutong.node.exchange.errors import ValueUnfitError
from jutong.node.exchange.plan import Array, PlannedColumn

pc: Any = pyarrow.compute

_WHOLE = {1: 1, 2: 2, 3: 4, 8: 8, 9: 3}
_FLOAT, _DOUBLE, _DATE, _YEAR, _OLD_DATE = 4, 5, 10, 13, 14
_TIMESTAMP, _DATETIME, _TIME = 17, 18, 19
_TEXTS = {15, 249, 250, 251, 252, 253, STRING}
OPEN_TYPES = frozenset((7, 11, 12, 140, 141, 242, 245, 255))
"""Types whose bytes are not read: times of servers before 5.6, compressed columns, documents."""

_FIRST_YEAR = 1900
_UNIT = 1_000_000
_KIND = re.compile(r"([a-z0-9]+)(?:\((\d+))?")
_LABEL = re.compile(r"'((?:[^']|'')*)'")
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
_UNESCAPED = {"0": "\0", "n": "\n", "r": "\r", "Z": "\x1a"}
NO_DATE = "a date no calendar has (such as 0000-00-00)"


@dataclass(frozen=True)
class Logged:
    """A planned column with what the catalog says besides, and the type and length the log has of it."""

    column: PlannedColumn
    kind: int = 0
    meta: int = 0
    charset: Charset | None = None
    declared: str = field(init=False, default="")
    size: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Take the declared type apart."""
        found = _KIND.match(self.column.type.lower())
        object.__setattr__(self, "declared", found[1] if found else "")
        object.__setattr__(self, "size", int(found[2] or 0) if found else 0)

    @property
    def unsigned(self) -> bool:
        """Whether numbers have no sign."""
        return "unsigned" in self.column.type.lower() or "zerofill" in self.column.type.lower()

    def labels(self) -> list[str]:
        """Return the labels of an enumeration or set, in the order of their numbers."""
        return [_ESCAPED.sub(_unescaped, label) for label in _LABEL.findall(self.column.type)]


def _unescaped(found: re.Match[str]) -> str:
    # The catalog writes labels as statements have them.
    return "'" if found[1] is None else _UNESCAPED.get(found[1], found[1])


def array(data: Bytes, cells: Cells, logged: Logged) -> tuple[Array, Flags]:
    """Return a column's values in the type they land in, and which of them are left open.

    Raises:
        UnreadableError: when the log has another type than the table.
        ValueUnfitError: when a value has no faithful form.
    """
    column, (kind, meta) = logged.column, real_type(logged.kind, logged.meta)
    if kind in OPEN_TYPES or logged.declared == "inet6":
        nothing: Array = pa.nulls(cells.nulls.size).cast(column.mapping.arrow)
        return nothing, ~cells.nulls | cells.untold
    cells = Cells(cells.nulls, cells.untold, np.where(cells.nulls, 0, cells.starts), cells.sizes)
    if kind in _TEXTS:
        made, unsure = _texts(data, cells, logged)
    else:
        made, unsure = _of_kind(kind)(data, cells, logged, meta), np.zeros(cells.nulls.size, dtype=np.bool_)
    if made.type != column.mapping.arrow:
        raise UnreadableError(f"{column.name}: {made.type}")
    return made, cells.untold | unsure


def fits(logged: Logged) -> bool:
    """Tell whether the log's type is the declared one's."""
    kind, meta = real_type(logged.kind, logged.meta)
    if kind == NEWDECIMAL:
        mapped = logged.column.mapping.arrow
        declared = (mapped.precision, mapped.scale) if pa.types.is_decimal(mapped) else None
        return logged.declared == "decimal" and declared in (None, (meta >> 8, meta & 0xFF))
    return kind in OPEN_TYPES or kind in _ALLOWED.get(logged.declared, ())


_ALLOWED: dict[str, tuple[int, ...]] = {
    "tinyint": (1,), "smallint": (2,), "mediumint": (9,), "int": (3,), "bigint": (8,), "float": (_FLOAT,),
    "double": (_DOUBLE,), "year": (_YEAR,), "date": (_DATE, _OLD_DATE), "datetime": (_DATETIME,),
    "timestamp": (_TIMESTAMP,), "time": (_TIME,), "bit": (BIT,), "enum": (ENUM,), "set": (SET,), "char": (STRING,),
    "varchar": (15, 253), "binary": (STRING,), "varbinary": (15, 253), "uuid": (STRING,), "inet4": (STRING,),
    "inet6": (STRING,), "json": (245, 252),
    **dict.fromkeys(("tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob"),
                    (249, 250, 251, 252)),
}  # fmt: skip


def _number(data: Bytes, cells: Cells, width: int, *, big: bool = False, skip: int = 0) -> npt.NDArray[np.uint64]:
    found = np.zeros(cells.starts.size, dtype=np.uint64)
    for byte in range(width):
        place = skip + (byte if big else width - 1 - byte)
        part = data[np.minimum(cells.starts + place, max(data.size - 1, 0))]
        found = (found << np.uint64(8)) | part.astype(np.uint64)
    return found


def _signed(numbers: npt.NDArray[np.uint64], width: int) -> npt.NDArray[np.int64]:
    shift = np.uint64(64 - 8 * width)
    return (numbers << shift).view(np.int64) >> np.int64(shift)


def _whole(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    width = _WHOLE[real_type(logged.kind, meta)[0]]
    numbers, kind = _number(data, cells, width), logged.column.mapping.arrow
    if pa.types.is_decimal(kind):
        halves = np.zeros((numbers.size, 2), dtype=np.uint64)
        halves[:, 0] = numbers
        return as_array(kind, cells, halves)
    signed = numbers.view(np.int64) if logged.unsigned else _signed(numbers, width)
    return as_array(kind, cells, signed.astype(np.int32) if pa.types.is_int32(kind) else signed)


def _floating(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    width = 4 if logged.kind == _FLOAT else 8
    values = np.ascontiguousarray(gathered(data, cells, width)).view(f"<f{width}").reshape(-1)
    return as_array(pa.float64(), cells, values.astype(np.float64))


def _year(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    years = _number(data, cells, 1).astype(np.int32)
    return as_array(pa.int32(), cells, np.where(years == 0, 0, years + _FIRST_YEAR).astype(np.int32))


def _bits(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    width = (meta >> 8) + bool(meta & 0xFF)
    return as_array(pa.int64(), cells, _number(data, cells, width, big=True).view(np.int64))


def _days(years: Numbers, months: Numbers, days: Numbers, cells: Cells, column: PlannedColumn) -> Numbers:
    """Return days since 1970.

    Raises:
        ValueUnfitError: for a day no calendar has.
    """
    zero = (months < 1) | (months > 12) | (days < 1)  # noqa: PLR2004 - months of a year
    ones = np.where(zero, 1, months)
    of_month = (years - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (ones - 1)
    first = of_month.astype("datetime64[D]")
    length = ((of_month + 1).astype("datetime64[D]") - first).astype(np.int64)
    if ((zero | (days > length)) & ~cells.nulls).any():
        raise ValueUnfitError(column=column.name, kind=column.type, problem=NO_DATE)
    found: Numbers = first.astype(np.int64) + days - 1
    return found


def _date(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    packed = _number(data, cells, 3).astype(np.int64)
    days = _days(packed >> 9, (packed >> 5) & 15, packed & 31, cells, logged.column)
    return as_array(pa.date32(), cells, days.astype(np.int32))


def _fraction(data: Bytes, cells: Cells, meta: int, skip: int) -> npt.NDArray[np.int64]:
    width = (meta + 1) // 2
    found: npt.NDArray[np.int64] = _number(data, cells, width, big=True, skip=skip).astype(np.int64)
    return found * np.int64(100 ** (3 - width))


def _datetime(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    packed = _number(data, cells, 5, big=True).astype(np.int64) - 0x8000000000
    date, time = packed >> 17, packed & 0x1FFFF
    months = date >> 5
    days = _days(months // 13, months % 13, date & 31, cells, logged.column)
    seconds = days * 86_400 + (time >> 12) * 3600 + ((time >> 6) & 63) * 60 + (time & 63)
    return as_array(logged.column.mapping.arrow, cells, seconds * _UNIT + _fraction(data, cells, meta, 5))


def _timestamp(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    instants = _number(data, cells, 4, big=True).astype(np.int64) * _UNIT + _fraction(data, cells, meta, 4)
    column = logged.column
    if ((instants == 0) & ~cells.nulls).any():
        raise ValueUnfitError(column=column.name, kind=column.type, problem=NO_DATE)
    return as_array(column.mapping.arrow, cells, instants)


def _time(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    width = 3 + (meta + 1) // 2
    # Negative times are kept so that bytes sort: what counts is the number over all bytes.
    packed = _number(data, cells, width, big=True).astype(np.int64) - (1 << (8 * width - 1))
    scale = 8 * (width - 3)
    whole, part = np.abs(packed) >> scale, (np.abs(packed) & ((1 << scale) - 1)) * 100 ** (6 - width)
    sign = pc.if_else(pa.array(packed < 0), "-", "")
    hours, minutes, seconds = whole >> 12 & 1023, whole >> 6 & 63, whole & 63
    shown = [pc.binary_join_element_wise(*(digits_of(value, 2) for value in (hours, minutes, seconds)), ":")]
    if meta:
        shown.append(pc.utf8_slice_codeunits(digits_of(part, 6), 0, meta))
    joined = pc.binary_join_element_wise(*shown, ".") if meta else shown[0]
    made: Array = pc.if_else(pa.array(cells.nulls), pa.scalar(None, pa.string()),
                             pc.binary_join_element_wise(sign, joined, ""))  # fmt: skip
    return made


def _enum(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    labels = ["", *logged.labels()]
    numbers = np.where(cells.nulls, 0, _number(data, cells, meta).astype(np.int64))
    if numbers.size and int(numbers.max()) >= len(labels):
        raise UnreadableError(f"{logged.column.name}: label")
    return _taken(labels, numbers, cells)


def _set(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    labels = logged.labels()
    kinds, places = np.unique(_number(data, cells, meta), return_inverse=True)
    texts = [",".join(label for place, label in enumerate(labels) if int(kind) >> place & 1) for kind in kinds]
    return _taken(texts, places.reshape(-1), cells)


def _taken(texts: list[str], numbers: Numbers, cells: Cells) -> Array:
    made: Array = pc.take(pa.array(texts, pa.string()), pa.array(numbers, mask=cells.nulls))
    return made


def _decimal(data: Bytes, cells: Cells, logged: Logged, meta: int) -> Array:
    return decimal(data, cells, meta)


_KINDS: dict[int, Callable[[Bytes, Cells, Logged, int], Array]] = {
    **dict.fromkeys(_WHOLE, _whole),
    _FLOAT: _floating, _DOUBLE: _floating, _DATE: _date, _OLD_DATE: _date, _YEAR: _year, _TIMESTAMP: _timestamp,
    _DATETIME: _datetime, _TIME: _time, BIT: _bits, ENUM: _enum, SET: _set, NEWDECIMAL: _decimal,
}  # fmt: skip


def _of_kind(kind: int) -> Callable[[Bytes, Cells, Logged, int], Array]:
    if kind not in _KINDS:
        raise UnreadableError(f"type {kind}")
    return _KINDS[kind]


def _packed(data: Bytes, cells: Cells) -> tuple[npt.NDArray[np.int64], Bytes]:
    """Return where each value's bytes end when they lie one behind the other, and the bytes so."""
    sizes = np.where(cells.nulls, 0, cells.sizes)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    picked = np.arange(offsets[-1]) + np.repeat(cells.starts - offsets[:-1], sizes)
    return offsets, data[picked]


def _texts(data: Bytes, cells: Cells, logged: Logged) -> tuple[Array, Flags]:
    kind = logged.column.mapping.arrow
    sure = np.zeros(cells.nulls.size, dtype=np.bool_)
    if logged.declared in {"uuid", "inet4"}:
        return _address(data, cells, logged), sure
    if pa.types.is_binary(kind):
        if logged.declared == "binary":
            return _padded(data, cells, logged.size, kind), sure
        return _plain(data, cells, pa.large_binary()).cast(pa.binary()), sure
    if logged.charset is None or not logged.charset.plain:
        raw = _plain(data, cells, pa.large_binary()).to_pylist()
        return (Charset() if logged.charset is None else logged.charset).read(raw)
    made = _plain(data, cells, pa.large_string())
    try:
        made.validate(full=True)
    except pa.ArrowInvalid as error:
        column = logged.column
        raise ValueUnfitError(column=column.name, kind=column.type, problem="not valid UTF-8") from error
    return made.cast(pa.string()), sure


def _plain(data: Bytes, cells: Cells, kind: pa.DataType) -> Array:
    offsets, picked = _packed(data, cells)
    buffers = [valid(cells), pa.py_buffer(offsets.tobytes()), pa.py_buffer(picked.tobytes())]
    made: Array = pa.Array.from_buffers(kind, cells.nulls.size, buffers)
    return made


def _filled(data: Bytes, cells: Cells, width: int) -> npt.NDArray[np.uint8]:
    """Return values of one length with the zeros that the log leaves out at their ends."""
    raw = gathered(data, cells, width)
    return np.where(np.arange(width) < cells.sizes[:, None], raw, 0).astype(np.uint8)


def _padded(data: Bytes, cells: Cells, width: int, kind: pa.DataType) -> Array:
    filled = _filled(data, cells, max(width, 1))[~cells.nulls]
    sizes = np.where(cells.nulls, 0, max(width, 1))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    buffers = [valid(cells), pa.py_buffer(offsets.tobytes()), pa.py_buffer(filled.tobytes())]
    made: Array = pa.Array.from_buffers(kind, cells.nulls.size, buffers)
    return made


def _address(data: Bytes, cells: Cells, logged: Logged) -> Array:
    if logged.declared == "inet4":
        parts = [pa.array(column).cast(pa.string()) for column in _filled(data, cells, 4).T]
        shown = pc.binary_join_element_wise(*parts, ".")
    else:
        digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
        raw = _filled(data, cells, 16)
        text = np.stack([digits[raw >> 4], digits[raw & 15]], axis=2).reshape(-1, 32)
        dash = np.full((text.shape[0], 1), ord("-"), dtype=np.uint8)
        whole = np.hstack([text[:, :8], dash, text[:, 8:12], dash, text[:, 12:16], dash, text[:, 16:20], dash,
                           text[:, 20:]])  # fmt: skip
        offsets = np.arange(whole.shape[0] + 1, dtype=np.int32) * 36
        shown = pa.StringArray.from_buffers(whole.shape[0], pa.py_buffer(offsets.tobytes()),
                                            pa.py_buffer(np.ascontiguousarray(whole).tobytes()))  # fmt: skip
    made: Array = pc.if_else(pa.array(cells.nulls), pa.scalar(None, pa.string()), shown)
    return made
