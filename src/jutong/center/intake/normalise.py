"""Brings what portals and departments write to the catalog's codes, saying how sure it is.

Every function returns None where the text says nothing it knows, and never guesses in silence: ``how`` tells an
exact value from a known spelling, from one the catalog has only a coarser word for, and from a guess. The spellings
are data (``standards/data/intake/values.json``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from jutong.standards.lists import closed_list
from jutong.standards.shipped import read_json


class How(StrEnum):
    """How a value was come by."""

    EXACT = "exact"
    """It is the catalog's own word or code."""
    SYNONYM = "synonym"
    """Another way to say the same."""
    FASTER = "faster"
    """The source is more frequent than the catalog's nearest cycle."""
    SLOWER = "slower"
    """The source is less frequent than the catalog's nearest cycle."""
    GUESS = "guess"
    """Nearest value; a person should look."""


class Value(NamedTuple):
    """A code and how it was come by."""

    code: str
    how: How


class FormatFound(NamedTuple):
    """A category of 信息资源格式 with the type of the guide's list that fits, empty where none is named."""

    category: str
    type: str
    how: How
    others: tuple[str, ...]
    """What else was named: further formats of the same data."""


class Number(NamedTuple):
    """A count and how it was come by."""

    value: int
    how: How


_SPACE = re.compile(r"\s+")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2}))?[日月]?(?:[T\s].*)?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?")
_SERIAL = re.compile(r"[2-6]\d{4}(?:\.\d+)?")
_EVERY = re.compile(
    r"每(?:隔)?(\d+|[一二两三四五六七八九十]+)?(?:个)?(秒|分钟|小时|天|日|周|星期|月|季度|年)(?:一次|更新)?(?:更新)?"
)
_COUNT = re.compile(r"(-?\d[\d,，]*(?:\.\d+)?)\s*([万亿]?)\s*(?:条|个|项|行|份|次|人|户)?")
_FORMAT_BREAKS = re.compile(r"[\s,，、;；|/\[\]'\"()（）]+")
_BREAKS, _OPENING, _CLOSING = "、，,;；\n\r|", "(（[【《「", ")）]】》」"
_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_CYCLES = (("realtime", 0.5), ("daily", 1), ("weekly", 7), ("monthly", 31), ("quarterly", 92), ("yearly", 366))
"""The longest interval in days that still is each cycle."""
_DAYS = {
    "秒": 0.0,
    "分钟": 1 / 1440,
    "小时": 1 / 24,
    "天": 1,
    "日": 1,
    "周": 7,
    "星期": 7,
    "月": 30.5,
    "季度": 92,
    "年": 366,
}
_SOON = 15 / 1440
"""Days within which what is called real time has to be there."""
_ABOUT = 0.95
"""Months and quarters differ in length by less than this."""
_SERIAL_BEGIN = date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def plain(text: str) -> str:
    """Return text as it is compared: one width, lower case, no blanks, no full stop at the end."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).lower().rstrip("。.;；,，")


def tidy(text: str) -> str:
    """Return text as it is kept: line breaks and runs of blanks become one, none between Chinese characters."""
    one = _SPACE.sub(" ", text).strip()
    return re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", one)


def is_blank(text: str) -> bool:
    """Tell whether a cell says nothing: empty, or one of the words people fill in for nothing."""
    return not text.strip() or plain(text) in _blanks()


def update_cycle(text: str) -> Value | None:
    """Return the catalog's update cycle of a text such as 每天, 半年 or 每6分钟."""
    return _coded("update_cycle", text) or _interval(plain(text))


def opening(text: str) -> Value | None:
    """Return ``unconditional``, ``conditional`` or ``closed``: whether, and how, data is open to society."""
    return _coded("opening", text)


def share_attribute(text: str) -> Value | None:
    """Return the sharing attribute (条例 14)."""
    return _coded("share_attribute", text)


def share_way(text: str) -> Value | None:
    """Return the way of sharing (条例 22)."""
    return _coded("share_way", text)


def share_channel(text: str) -> Value | None:
    """Return the first level of 共享方式 (1272号)."""
    return _coded("share_channel", text)


def basis_kind(text: str) -> Value | None:
    """Return the kind of basis for not sharing; only the three lawful ones are known (条例 15)."""
    return _coded("basis_kind", text)


def grade(text: str) -> Value | None:
    """Return the grade (GB/T 43697)."""
    return _coded("grade", text)


def secrecy(text: str) -> Value | None:
    """Return ``open`` or ``secret``."""
    return _coded("secrecy", text)


def data_type(text: str) -> Value | None:
    """Return the type of an item (1272号); a length in brackets is no part of it."""
    return _coded("data_type", re.sub(r"[(（].*?[)）]", "", text))


def field_mode(text: str) -> Value | None:
    """Return how much of an item may be seen at most."""
    return _coded("field_mode", text)


def flag(text: str) -> bool | None:
    """Return a yes or no."""
    word = plain(text)
    known = _values()["flag"]
    if word in known["yes"]:
        return True
    return False if word in known["no"] else None


def data_format(text: str) -> FormatFound | None:
    """Return the format of a text such as ``['xls', 'json']`` or 数据集 文件集.

    Where several are named, the category that holds rows comes first, and the guide's own types before others.
    """
    named = [part for part in _FORMAT_BREAKS.split(unicodedata.normalize("NFKC", text).lower()) if part]
    whole = plain(text)
    found: dict[str, list[str]] = {}
    for part in [whole] if whole in _formats() else named:
        if part in _formats():
            found.setdefault(_formats()[part], []).append(part)
    if not found:
        return None
    category = next(code for code in _values()["format_order"] if code in found)
    types = {plain(kind): kind for kind in _types(category)}
    listed = [types[part] for part in found[category] if part in types]
    others = (
        ()
        if listed and plain(listed[0]) == whole
        else tuple(part for part in named if types.get(part) not in listed[:1])
    )
    exact = len(found) == 1 and len(named) == 1
    return FormatFound(category, listed[0] if listed else "", How.EXACT if exact else How.SYNONYM, others)


def civil_day(text: str) -> date | None:
    """Return a date written with dashes, slashes, points, 年月日, without any, or as a spreadsheet's serial number.

    A month without a day is its first day; a time after the date is left away.
    """
    one = unicodedata.normalize("NFKC", text).strip()
    if _SERIAL.fullmatch(one):
        return _SERIAL_BEGIN + timedelta(days=int(float(one)))
    match = _DATE.fullmatch(one) or _COMPACT_DATE.fullmatch(one)
    if not match:
        return None
    year, month, day = (int(part or 1) for part in match.groups())
    try:
        return date(year, month, day) if _FIRST_YEAR <= year <= _LAST_YEAR else None
    except ValueError:
        return None


def volume(text: str) -> Number | None:
    """Return a count such as ``469,585``, ``1.2万`` or ``12 条``."""
    match = _COUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not match:
        return None
    number = float(re.sub("[,，]", "", match.group(1))) * {"": 1, "万": 10_000, "亿": 100_000_000}[match.group(2)]
    return Number(int(number), How.EXACT if match.group(2) == "" else How.SYNONYM) if number >= 0 else None


def parts(text: str) -> list[str]:
    """Return the parts of a list written with 、 or commas, without those in brackets being cut."""
    return [tidy(part) for part in _cut(text) if tidy(part)]


@lru_cache(maxsize=1)
def _values() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_json("intake/values.json")
    return found


@lru_cache(maxsize=1)
def _blanks() -> frozenset[str]:
    return frozenset(plain(word) or word for word in _values()["blank"])


@lru_cache(maxsize=1)
def _formats() -> Mapping[str, str]:
    return {word: code for code, words in _values()["data_format"].items() for word in words}


@lru_cache(maxsize=8)
def _types(category: str) -> tuple[str, ...]:
    value = closed_list("data-format").value(category)
    return tuple(value.details.get("types", ())) if value else ()


@lru_cache(maxsize=32)
def _spellings(name: str) -> Mapping[str, Value]:
    made = {plain(code): Value(code, How.EXACT) for code in _values()[name]}
    for code, ways in _values()[name].items():
        for how, words in ways.items():
            for word in words:
                made.setdefault(plain(word), Value(code, How(how)))
    return made


def _coded(name: str, text: str) -> Value | None:
    return _spellings(name).get(plain(text))


def _interval(word: str) -> Value | None:
    match = _EVERY.fullmatch(word)
    if not match:
        return None
    times = match.group(1) or "1"
    days = (int(times) if times.isdigit() else _DIGITS.get(times, 11)) * _DAYS[match.group(2)]
    code, longest = next(((code, most) for code, most in _CYCLES if days <= most), _CYCLES[-1])
    if code == "realtime":
        return Value(code, How.SYNONYM if days <= _SOON else How.SLOWER)
    if _ABOUT * longest <= days <= longest:
        return Value(code, How.SYNONYM)
    return Value(code, How.FASTER if days < longest else How.SLOWER)


def _cut(text: str) -> list[str]:
    """Cut at 、 and commas outside brackets and quotation marks."""
    made, begun, depth = [], 0, 0
    for at, character in enumerate(text):
        depth = max(depth + (character in _OPENING) - (character in _CLOSING), 0)
        if character in _BREAKS and not depth:
            made.append(text[begun:at])
            begun = at + 1
    return [*made, text[begun:]]
