"""Whether what a move delivers fits the columns of a MariaDB or MySQL table, decided before the first row.

Values travel as text, which the server would adjust to a column's type in many ways. So every pair of types is named
here, and what is not named is refused; where only some values fit, a rule is asked of every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from jutong.contracts import rules as given
from jutong.contracts.rules import Rule
from jutong.node.exchange.rules.kernels import Array, pc
from jutong.node.exchange.targets import FITS

Turn = Callable[[Array], Array]

_PLACES: dict[str, int] = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_DIGITS: dict[Any, int] = {pa.int8(): 3, pa.int16(): 5, pa.int32(): 10, pa.int64(): 19}
_BYTES: dict[str, int] = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1, "longtext": 0}
_BLOBS: dict[str, int] = {"tinyblob": 2**8 - 1, "blob": 2**16 - 1, "mediumblob": 2**24 - 1, "longblob": 0}
_NARROW: dict[str, str] = {
    **dict.fromkeys(("utf8", "utf8mb3", "ucs2"), r"[^\x{10000}-\x{10FFFF}]*"),
    "ascii": r"[\x00-\x7F]*",
}
"""What the column's character set has no place for; of others that hold less than Unicode the server decides."""

_INSTANT = pa.timestamp("us", tz="UTC")
_LOCAL = pa.timestamp("us")
_FINEST = 6
_WIDEST = 64
_MAX_DECIMAL = 38
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NO_LAST_BLANK = r"(?s:.*[^ ])?"
_OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
_LARGEST = {pa.float64(): "1.7976931348623157e308", pa.float32(): "3.4028234e38"}
_TEXT: Final = "CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin"


@dataclass(frozen=True)
class Taker:
    """A column of the target table, as information_schema tells it.

    ``type`` is whole, as in ``int(10) unsigned``, ``kind`` its first word. ``filled`` columns have a value when none is
    given, ``fixed`` ones take none, ``counts`` one gets the next number.
    """

    name: str
    type: str
    kind: str
    not_null: bool
    filled: bool
    fixed: bool
    counts: bool
    charset: str
    characters: int
    digits: int
    scale: int
    fraction: int


@dataclass(frozen=True)
class Way:
    """How a column gets in and is read back.

    ``send`` makes of the landing values what is written as text, ``put`` is the SQL that takes this text, ``back`` the
    SQL that tells it again, and ``read`` makes landing values of that. ``words`` may be empty, or hold anything.
    """

    column: str
    lands: pa.DataType
    taker: Taker
    send: Turn = field(compare=False)
    read: Turn = field(compare=False)
    put: str = "{}"
    back: str = "CAST({} AS CHAR)"
    words: bool = False
    rules: tuple[Rule, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class _Asked:
    number: int
    name: str
    lands: Any
    taker: Taker
    zone: str

    def rule_id(self, what: str) -> str:
        return f"{FITS}{self.number}-{what}"

    def within(self, least: str | None, most: str | None) -> Rule:
        return given.Between(id=self.rule_id("range"), column=self.name, least=least, most=most)

    def way(self, send: Turn, read: Turn, *rules: Rule, **more: Any) -> Way:
        return Way(self.name, self.lands, self.taker, send, read, rules=rules, **more)


def match(
    schema: pa.Schema, pairs: Sequence[tuple[str, str]], takers: Sequence[Taker], zone: str = ""
) -> tuple[list[Way], list[str]]:
    """Match what lands with the columns of the target.

    Args:
        schema: of what lands.
        pairs: landing column and target column.
        takers: the target's columns.
        zone: what date and time without a zone are meant in at the target; empty where nobody said.

    Returns:
        The ways, in the order of the schema, and what does not fit, in words.
    """
    problems = _unpaired(schema, pairs, takers)
    if problems:
        return [], problems
    known, wanted, ways = {taker.name.lower(): taker for taker in takers}, dict(pairs), []
    for number, item in enumerate(schema, start=1):
        asked = _Asked(number, item.name, item.type, known[wanted[item.name].lower()], zone)
        found = None if asked.taker.fixed else _way(asked)
        if found is None:
            problems.append(f"{item.name}（{item.type}）→ {asked.taker.name}（{asked.taker.type}）")
        elif asked.taker.not_null:
            rule = given.NotNull(id=asked.rule_id("null"), column=asked.name, blank=False)
            ways.append(replace(found, rules=(*found.rules, rule)))
        else:
            ways.append(found)
    return ways, problems


def _unpaired(schema: pa.Schema, pairs: Sequence[tuple[str, str]], takers: Sequence[Taker]) -> list[str]:
    wanted = dict(pairs)
    names, taken = {taker.name.lower() for taker in takers}, [to.lower() for _, to in pairs]
    problems = [f"{name} ×2" for name in _twice([one for one, _ in pairs]) + _twice(taken)]
    problems += [f"{name} ?" for name in wanted if name not in schema.names]
    problems += [f"{name} → ?" for name in schema.names if wanted.get(name, "").lower() not in names]
    return problems + [
        f"? → {taker.name} NOT NULL"
        for taker in takers
        if taker.not_null and not taker.filled and not taker.fixed and taker.name.lower() not in taken
    ]


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _way(asked: _Asked) -> Way | None:
    lands = asked.lands
    if lands == pa.string():
        return _text_way(asked)
    if lands == pa.binary():
        return _bytes_way(asked)
    if lands in _DIGITS or pa.types.is_boolean(lands) or pa.types.is_decimal128(lands):
        return _number_way(asked)
    if lands in _LARGEST:
        return _floating_way(asked)
    return _date_way(asked)


def _same(array: Array) -> Array:
    return array


def _cast_to(kind: pa.DataType) -> Turn:
    return lambda array: array.cast(kind)


def _number_way(asked: _Asked) -> Way | None:
    lands, kind = asked.lands, asked.taker.kind
    truth = pa.types.is_boolean(lands)
    send = _cast_to(pa.int8()) if truth else _same
    read: Turn = (lambda array: array.cast(pa.int8()).cast(pa.bool_())) if truth else _cast_to(lands)
    if kind in _PLACES:
        least, most = _bounds(_PLACES[kind], unsigned="unsigned" in asked.taker.type)
    elif kind == "bit" and (asked.taker.digits < _WIDEST or pa.types.is_decimal128(lands)):
        least, most = 0, 2**asked.taker.digits - 1
    elif kind == "decimal" and not truth:
        return _decimal_way(asked, send, read)
    else:
        return None
    if pa.types.is_decimal128(lands) and lands.scale:  # the server would round
        return None
    more = {"put": "CAST({} AS UNSIGNED)", "back": "CAST({} + 0 AS CHAR)"} if kind == "bit" else {}
    return asked.way(send, read, *_range(asked, least, most), **more)


def _bounds(places: int, *, unsigned: bool) -> tuple[int, int]:
    return (0, 2**places - 1) if unsigned else (-(2 ** (places - 1)), 2 ** (places - 1) - 1)


def _room(lands: Any) -> tuple[int, int]:
    """Return the least and the greatest whole number of a type."""
    if pa.types.is_boolean(lands):
        return 0, 1
    if pa.types.is_decimal128(lands):
        most = 10 ** (lands.precision - lands.scale) - 1
        return -most, most
    return _bounds(lands.bit_width, unsigned=False)


def _range(asked: _Asked, least: int, most: int) -> tuple[Rule, ...]:
    lowest, highest = _room(asked.lands)
    low, high = str(least) if least > lowest else None, str(most) if most < highest else None
    return (asked.within(low, high),) if low or high else ()


def _decimal_way(asked: _Asked, send: Turn, read: Turn) -> Way | None:
    lands, taker = asked.lands, asked.taker
    scale = lands.scale if pa.types.is_decimal128(lands) else 0
    if taker.scale < scale:  # the server would round
        return None
    whole = lands.precision - scale if pa.types.is_decimal128(lands) else _DIGITS[lands]
    room = max(taker.digits - taker.scale, 0)
    most = ("9" * room or "0") + ("." + "9" * scale if scale else "")
    tight = room < whole
    low = "0" if "unsigned" in taker.type else f"-{most}" if tight else None
    rules = (asked.within(low, most if tight else None),) if low or tight else ()
    if taker.scale > scale:  # it comes back with zeros behind
        wide = pa.decimal128(min(_MAX_DECIMAL, max(taker.digits, whole + taker.scale)), taker.scale)
        return asked.way(send, lambda array: array.cast(wide).cast(lands), *rules)
    return asked.way(send, read, *rules)


def _floating_way(asked: _Asked) -> Way | None:
    taker = asked.taker
    if "(" in taker.type or taker.kind not in {"float", "double"}:
        return None
    single = taker.kind == "float" and asked.lands == pa.float64()
    most = _LARGEST[pa.float32() if taker.kind == "float" else asked.lands]
    return asked.way(
        _half(asked) if single else _cast_to(pa.float64()),
        lambda array: array.cast(pa.float64()).cast(asked.lands, safe=False),
        asked.within(f"-{most}", most), back="({} + 0e0)",
    )  # fmt: skip


def _half(asked: _Asked) -> Turn:
    """Return what refuses numbers a FLOAT would round; those of a FLOAT elsewhere it would not."""

    def sent(array: Array) -> Array:
        values = array.fill_null(0.0).to_numpy(zero_copy_only=False)
        if np.any(values.astype(np.float32).astype(np.float64) != values):
            raise TooFineError(f"{asked.taker.name}（{asked.taker.type}）")
        return array

    return sent


def _date_way(asked: _Asked) -> Way | None:
    kind, lands = asked.taker.kind, asked.lands
    if (kind, lands) == ("date", pa.date32()):
        return asked.way(_same, _cast_to(pa.date32()), asked.within("1000-01-01", "9999-12-31"))
    if kind == "timestamp" and lands == _INSTANT:
        rule = asked.within("1970-01-01 00:00:01Z", "2038-01-19 03:14:07.999999Z")
        return asked.way(_fine(asked, _cast_to(_LOCAL)), lambda array: array.cast(_LOCAL).cast(_INSTANT), rule)
    if kind == "datetime" and lands == _LOCAL:
        rule = asked.within("1000-01-01 00:00:00", "9999-12-31 23:59:59.999999")
        return asked.way(_fine(asked, _same), _cast_to(_LOCAL), rule)
    if kind == "datetime" and lands == _INSTANT and asked.zone:
        rule = asked.within("1000-01-02 00:00:00Z", "9999-12-30 23:59:59.999999Z")
        there = pa.timestamp("us", tz=asked.zone)
        return asked.way(
            _fine(asked, lambda array: pc.local_timestamp(array.cast(there))),
            lambda array: pc.assume_timezone(array.cast(_LOCAL), asked.zone, ambiguous="earliest").cast(_INSTANT), rule,
        )  # fmt: skip
    return None


class TooFineError(ValueError):
    """A value is finer than its column keeps; the column's name is the argument."""


def _fine(asked: _Asked, send: Turn) -> Turn:
    """Return what refuses moments the server would round."""
    step = 10 ** (_FINEST - asked.taker.fraction)
    if step == 1:
        return send

    def sent(array: Array) -> Array:
        local = send(array)
        if np.any(local.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False) % step):
            raise TooFineError(f"{asked.taker.name}（{asked.taker.type}）")
        return local

    return sent


def _text_way(asked: _Asked) -> Way | None:
    taker = asked.taker
    if taker.kind in {"char", "varchar", *_BYTES}:
        return asked.way(_same, _same, *_text_rules(asked), back=_TEXT, words=True)
    form = {
        "enum": None, "uuid": _UUID, "inet4": _IPV4,
        "time": r"-?(\d\d|[1-7]\d\d|8[0-2]\d|83[0-8]):[0-5]\d:[0-5]\d"
                + (rf"\.\d{{{taker.fraction}}}" if taker.fraction else ""),
    }  # fmt: skip
    if taker.kind not in form:
        return None
    pattern = form[taker.kind]
    if pattern is not None:
        rule: Rule = given.Pattern(id=asked.rule_id("form"), column=asked.name, pattern=pattern)
        return asked.way(_same, _same, rule)
    rule = given.OneOf(id=asked.rule_id("label"), column=asked.name, values=labels_of(taker.type))
    return asked.way(_same, _same, rule, back=_TEXT, words=True)


def labels_of(kind: str) -> tuple[str, ...]:
    """Return the labels of an enumeration as the catalog writes them: ``enum('a','it''s')``."""
    return tuple(label.replace("''", "'") for label in re.findall(r"'((?:[^']|'')*)'", kind))


def _text_rules(asked: _Asked) -> list[Rule]:
    taker, rules = asked.taker, list[Rule]()
    if taker.kind in {"char", "varchar"}:
        rules.append(given.Length(id=asked.rule_id("length"), column=asked.name, most=taker.characters))
    elif room := _BYTES[taker.kind]:
        rules.append(given.Length(id=asked.rule_id("length"), column=asked.name, most=room, unit="bytes"))
    if taker.kind == "char":
        rules.append(given.Pattern(id=asked.rule_id("blank"), column=asked.name, pattern=_NO_LAST_BLANK))
    if taker.charset in _NARROW:
        rules.append(given.Pattern(id=asked.rule_id("letters"), column=asked.name, pattern=_NARROW[taker.charset]))
    return rules


def _bytes_way(asked: _Asked) -> Way | None:
    taker = asked.taker
    if taker.kind in {"binary", "varbinary"}:
        least, most = taker.characters if taker.kind == "binary" else 0, taker.characters
    elif taker.kind in _BLOBS:
        least, most = 0, _BLOBS[taker.kind]
    else:
        return None
    rules = [given.Length(id=asked.rule_id("length"), column=asked.name, least=least, most=most, unit="bytes")]
    return asked.way(
        as_digits, of_digits, *(rules if most else ()), put="UNHEX({})", back="CAST(HEX({}) AS CHAR)", words=True
    )  # fmt: skip


def as_digits(array: Array) -> Array:
    """Return bytes as hexadecimal digits, the whole column at once."""
    offsets, content = _parts_of(array)
    return _rebuilt(array, (offsets - offsets[0]) * 2, content.hex().encode(), pa.large_string())


def of_digits(array: Array) -> Array:
    """Return the bytes hexadecimal digits stand for."""
    offsets, content = _parts_of(array)
    found = _rebuilt(array, (offsets - offsets[0]) // 2, bytes.fromhex(content.decode("ascii")), pa.large_binary())
    return found.cast(pa.binary())


def _parts_of(array: Array) -> tuple[Any, bytes]:
    """Return where each value begins and ends, and the bytes of them all; a null has none."""
    whole = pc.fill_null(array, b"" if pa.types.is_binary(array.type) else "")
    _, places, content = whole.buffers()
    if not len(whole) or content is None:
        return np.zeros(len(whole) + 1, np.int64), b""
    offsets = np.frombuffer(places, np.int32)[whole.offset : whole.offset + len(whole) + 1].astype(np.int64)
    return offsets, content[int(offsets[0]) : int(offsets[-1])].to_pybytes()


def _rebuilt(array: Array, offsets: Any, content: bytes, kind: pa.DataType) -> Array:
    valid = None
    if array.null_count:
        there = array.is_valid().to_numpy(zero_copy_only=False)
        valid = pa.py_buffer(np.packbits(there, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(array), [valid, pa.py_buffer(offsets.tobytes()), pa.py_buffer(content)])
