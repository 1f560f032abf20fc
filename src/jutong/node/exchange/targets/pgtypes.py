"""Whether what a move delivers fits the columns of a PostgreSQL table, decided from both catalogs before the first row.

The driver writes a column in the binary form of the Arrow type it is given, and the server takes those bytes for the
column's own type without asking. A text in a ``bigint`` column becomes a number nobody meant. So every pair of types
is named here, and what is not named is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jutong.contracts import rules as given
from jutong.contracts.rules import Rule
from jutong.node.exchange.targets import FITS

_TYPE = re.compile(r"([a-z ]+?)(?:\((\d+)(?:,(-?\d+))?\))?( with(?:out)? time zone)?")
_INTEGERS: dict[str, Any] = {"smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64()}
_DIGITS: dict[Any, int] = {pa.int16(): 5, pa.int32(): 10, pa.int64(): 19}
_SAME: dict[str, tuple[pa.DataType, ...]] = {
    "boolean": (pa.bool_(),),
    "real": (pa.float32(),),
    "double precision": (pa.float64(), pa.float32()),
    "bytea": (pa.binary(),),
    "date": (pa.date32(),),
}
_TIMES = {
    "timestamp without time zone": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
_TEXTS = {"text", "character varying", "character"}
_TEXT_BYTES = {"json", "xml"}
"""Types whose binary form is their text."""

_BY_SERVER = {
    "uuid", "jsonb", "inet", "cidr", "macaddr", "macaddr8", "time with time zone", "time without time zone", "numeric",
}  # fmt: skip
"""Types only the server makes of a text; taken when the source has the very same type, so that every text is one."""

_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NO_NUL = r"[^\x00]*"
_NO_LAST_BLANK = r"(?s:.*[^ ])?"
_FINEST = 6
_MAX_DECIMAL = 38


@dataclass(frozen=True)
class Taker:
    """A column of the target table; ``type`` is its base type as the catalog writes it, ``kind`` that type's family.

    ``filled`` columns have a value when none is given, ``fixed`` ones take none.
    """

    name: str
    type: str
    kind: str
    not_null: bool
    filled: bool
    fixed: bool
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class Way:
    """How a column gets in and is read back.

    ``send`` is the Arrow type the driver writes; with ``through`` it is a text the server casts. ``back`` is the SQL
    that reads it again, with ``{}`` for the quoted name. ``rules`` are asked of every row before.
    """

    column: str
    lands: pa.DataType
    taker: Taker
    send: pa.DataType
    back: str = "{}"
    through: bool = False
    rules: tuple[Rule, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class _Asked:
    """A column to be matched; ``kind`` is the type the same column has in a PostgreSQL source, or empty."""

    number: int
    name: str
    lands: pa.DataType
    kind: str
    taker: Taker

    def rule_id(self, what: str) -> str:
        return f"{FITS}{self.number}-{what}"


def made_by_server(taker: Taker) -> bool:
    """Tell whether only the server can make a value of the column out of a text."""
    return _parts(taker.type)[0] in _BY_SERVER | _TEXT_BYTES


def match(
    schema: pa.Schema, pairs: Sequence[tuple[str, str]], takers: Sequence[Taker], kinds: Mapping[str, str]
) -> tuple[list[Way], list[str]]:
    """Match what lands with the columns of the target.

    Args:
        schema: of what lands.
        pairs: landing column and target column.
        takers: the target's columns.
        kinds: the source's own type of columns nothing is done to, where the source is PostgreSQL.

    Returns:
        The ways, in the order of the schema, and what does not fit, in words.
    """
    known, wanted = {taker.name: taker for taker in takers}, dict(pairs)
    problems = [f"{name} ×2" for name in _twice([one for one, _ in pairs]) + _twice([two for _, two in pairs])]
    problems += [f"{name} ?" for name in wanted if name not in schema.names]
    problems += [f"{name} → ?" for name in schema.names if known.get(wanted.get(name, "")) is None]
    problems += [
        f"? → {taker.name} NOT NULL"
        for taker in takers
        if taker.not_null and not taker.filled and taker.name not in wanted.values()
    ]
    if problems:
        return [], problems
    ways = []
    for number, item in enumerate(schema, start=1):
        taker = known[wanted[item.name]]
        found = _way(_Asked(number, item.name, item.type, kinds.get(item.name, ""), taker))
        if found is None:
            problems.append(f"{item.name}（{kinds.get(item.name, '') or item.type}）→ {taker.name}（{taker.type}）")
        else:
            ways.append(found)
    return ways, problems


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _way(asked: _Asked) -> Way | None:
    if asked.taker.fixed:
        return None
    found = _text_way(asked) if asked.lands == pa.string() else _value_way(asked)
    if found is None or not asked.taker.not_null:
        return found
    rule = given.NotNull(id=asked.rule_id("null"), column=asked.name, blank=False)
    return Way(found.column, found.lands, found.taker, found.send, found.back, found.through, (*found.rules, rule))


def _plain(asked: _Asked, send: pa.DataType, back: str = "{}", *rules: Rule, through: bool = False) -> Way:
    return Way(asked.name, asked.lands, asked.taker, send, back, through, rules)


def _value_way(asked: _Asked) -> Way | None:
    lands, kind = asked.lands, asked.taker.type
    bare, precision, scale = _parts(kind)
    if lands in _DIGITS:
        return _integer_way(asked, bare, precision, scale)
    if pa.types.is_decimal128(lands) and bare == "numeric":
        return _decimal_way(asked, precision, scale)
    if lands in _SAME.get(kind, ()):
        sent = _SAME[kind][0]
        return _plain(asked, sent, "{}::real" if sent != lands else "{}")
    if _TIMES.get(bare) == lands and (precision is None or precision == _FINEST or asked.kind == kind):
        return _plain(asked, lands)
    return None


def _parts(kind: str) -> tuple[str, int | None, int]:
    found = _TYPE.fullmatch(kind)
    if found is None:
        return kind, None, 0
    return found[1] + (found[4] or ""), int(found[2]) if found[2] else None, int(found[3] or 0)


def _integer_way(asked: _Asked, bare: str, precision: int | None, scale: int) -> Way | None:
    if (sent := _INTEGERS.get(bare)) is not None:
        if sent.bit_width >= asked.lands.bit_width:
            return _plain(asked, sent, "{}::bigint")
        most = 2 ** (sent.bit_width - 1) - 1
        return _plain(asked, sent, "{}::bigint", _within(asked, str(-most - 1), str(most)))
    if bare != "numeric" or scale < 0:
        return None
    digits = _DIGITS[asked.lands]
    sent = pa.decimal128(digits, 0)
    if precision is None or precision - scale >= digits:
        return _plain(asked, sent, "{}::bigint")
    most = 10 ** max(precision - scale, 0) - 1
    return _plain(asked, sent, "{}::bigint", _within(asked, str(-most), str(most)))


def _decimal_way(asked: _Asked, precision: int | None, scale: int) -> Way | None:
    lands: Any = asked.lands
    whole = lands.precision - lands.scale
    if precision is None or (scale >= lands.scale and precision - scale >= whole):
        return _plain(asked, lands, "{}::text")
    if scale < lands.scale:  # the server would round
        return None
    room = max(precision - scale, 0)
    most = ("9" * room or "0") + ("." + "9" * lands.scale if lands.scale else "")
    return _plain(asked, lands, "{}::text", _within(asked, f"-{most}", most))


def _within(asked: _Asked, least: str, most: str) -> Rule:
    return given.Between(id=asked.rule_id("range"), column=asked.name, least=least, most=most)


def _text_way(asked: _Asked) -> Way | None:
    taker = asked.taker
    bare, room, _ = _parts(taker.type)
    if taker.kind == "e":
        return _plain(
            asked, pa.string(), "{}::text",
            given.OneOf(id=asked.rule_id("label"), column=asked.name, values=tuple(taker.labels)),
        ) if taker.labels else None  # fmt: skip
    if bare in _TEXTS:
        return _plain(asked, pa.string(), "{}::text", *_text_rules(asked, bare, room))
    if bare in _TEXT_BYTES and asked.kind == taker.type:
        return _plain(asked, pa.string(), "{}::text")
    if bare in _BY_SERVER and asked.kind == taker.type:
        return _plain(asked, pa.string(), "{}::text", through=True)
    if bare == "uuid":
        rule = given.Pattern(id=asked.rule_id("uuid"), column=asked.name, pattern=_UUID)
        return _plain(asked, pa.string(), "{}::text", rule, through=True)
    return None


def _text_rules(asked: _Asked, bare: str, room: int | None) -> list[Rule]:
    rules: list[Rule] = []
    was, was_room, _ = _parts(asked.kind)
    if bare == "character" and room is None:
        room = 1
    fits_by_type = was in {"character varying", "character"} and was_room is not None and was_room <= (room or 0)
    if room is not None and not fits_by_type:
        rules.append(given.Length(id=asked.rule_id("length"), column=asked.name, most=room))
    if bare == "character" and was != "character":
        rules.append(given.Pattern(id=asked.rule_id("blank"), column=asked.name, pattern=_NO_LAST_BLANK))
    if not asked.kind:  # PostgreSQL itself knows no NUL
        rules.append(given.Pattern(id=asked.rule_id("nul"), column=asked.name, pattern=_NO_NUL))
    return rules
