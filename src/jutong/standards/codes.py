"""Codes over time: what became of a code from one edition of its table to the next, and across many editions.

Derivation is by rule and says how sure it is. A code that stands under the same name is kept; under another name it
was renamed, unless the old name turns up under a code that began the same day, which means the place moved and the
code was given to another. A code that vanished is looked for by name among those that began; what names cannot tell
(merged, split) is told by the counts of what ended and began under one parent, with less certainty, or by data.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from jutong.kernel.i18n import gettext_noop
from jutong.standards import divisions, nationalities
from jutong.standards.shipped import read_json

Kind = Literal["kept", "renamed", "moved", "merged", "split", "dropped"]
Certainty = Literal["sure", "likely", "possible"]
KEPT, RENAMED, MOVED, MERGED, SPLIT, DROPPED = ("kept", "renamed", "moved", "merged", "split", "dropped")
RANK: dict[Certainty, int] = {"possible": 0, "likely": 1, "sure": 2}
REASONS = {
    "same": gettext_noop("代码和名称都没有变"),
    "same-code": gettext_noop("代码未变，名称改了"),
    "reused": gettext_noop("代码相同而名称无关，可能改指别处"),
    "same-name": gettext_noop("同名的代码同时启用"),
    "like-name": gettext_noop("专名相同的代码同时启用"),
    "two-names": gettext_noop("同时启用的同名代码不止一个"),
    "absorbed": gettext_noop("专名相同的代码早已在用"),
    "one-for-one": gettext_noop("同一上级之下，同时停用一个、启用一个"),
    "many-for-one": gettext_noop("同一上级之下，同时停用几个、启用一个"),
    "one-for-many": gettext_noop("同一上级之下，同时停用一个、启用几个"),
    "nothing": gettext_noop("没有找到承接的代码，需要人工核实"),
    "known": gettext_noop("已公布的区划调整"),
    "settled": gettext_noop("由人核定"),
}
"""Why a change was read so, in Chinese source wording."""
_NEAR = 3
_COMPASS = re.compile("[东西南北中新城郊市矿铁]+")
"""Names such as 郊区 or 市中区, which every other city has."""
_ENDS = ("自治县", "自治州", "自治旗", "自治区", "地区", "林区", "特区", "新区", "市", "县", "区", "盟", "旗")


@dataclass(frozen=True, slots=True)
class Span:
    """One code under one name from the first day it is in force to the first it is not."""

    code: str
    name: str
    valid_from: date
    valid_to: date | None = None
    parent: str = ""

    def in_force(self, on: date) -> bool:
        """Tell whether it is in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a code on the day an edition came into force; an empty ``target`` says nothing follows."""

    on: date
    code: str
    target: str
    kind: Kind
    certainty: Certainty
    reason: str
    """A key of ``REASONS``."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a code of one day has come to on another."""

    code: str
    """Empty where nothing follows."""
    kind: Kind
    certainty: Certainty
    steps: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """How the codes of one table speak: which are of one level, how near two are, and what a name is without form."""

    level: Callable[[str], str]
    nearness: Callable[[str, str], int]
    """0 for codes that cannot follow each other; the larger, the nearer."""
    stem: Callable[[str], str]
    parent: Callable[[str], str]


PLAIN = Ways(level=lambda _: "", nearness=lambda *_: 1, stem=lambda name: name, parent=lambda _: "")
"""A table whose codes say nothing about each other."""


def editions(spans: Iterable[Span]) -> tuple[date, ...]:
    """Return the days on which anything began or ended, oldest first."""
    days = {day for span in spans for day in (span.valid_from, span.valid_to) if day is not None}
    return tuple(sorted(days))


def changes(spans: Sequence[Span], ways: Ways = PLAIN, known: Sequence[Change] = ()) -> list[Change]:
    """Return what became of every code that did not stay as it was, edition by edition.

    Args:
        spans: the whole table.
        ways: how its codes speak.
        known: what is known from elsewhere; it stands in place of what rules would say of those codes that day.
    """
    told = {(row.on, row.code) for row in known}
    found = [*known]
    for day, former, current in _turns(spans):
        left = {code: name for code, name in former.items() if current.get(code) != name and (day, code) not in told}
        found.extend(_Turn(day, left, former, current, ways).read())
    return sorted(found, key=lambda row: (row.on, row.code, row.target))


def _turns(spans: Sequence[Span]) -> Iterator[tuple[date, Mapping[str, str], Mapping[str, str]]]:
    """Give each edition after the first with what stood the edition before and what stands now."""
    begins, ends = defaultdict(list), defaultdict(list)
    for span in spans:
        begins[span.valid_from].append(span)
        if span.valid_to is not None:
            ends[span.valid_to].append(span)
    standing: dict[str, str] = {}
    for at, day in enumerate(editions(spans)):
        former = dict(standing)
        for span in ends[day]:
            if standing.get(span.code) == span.name:
                del standing[span.code]
        standing.update({span.code: span.name for span in begins[day]})
        if at:
            yield day, former, dict(standing)


class _Turn:
    """One edition: what ended, what began, and who follows whom."""

    def __init__(
        self, day: date, left: Mapping[str, str], former: Mapping[str, str], current: Mapping[str, str], ways: Ways
    ) -> None:
        self.day, self.left, self.former, self.current, self.ways = day, left, former, current, ways
        self.begun = {code: name for code, name in current.items() if former.get(code) != name}
        self.parents: dict[str, str] = {}
        self._stems: dict[str, list[str]] = defaultdict(list)
        for code, name in current.items():
            self._stems[ways.stem(name)].append(code)

    def read(self) -> Iterator[Change]:
        """Give the changes of the day: by name first, from the top level down, then by what is left under a parent."""
        open_ = []
        for code in sorted(self.left, key=lambda code: (self.ways.level(code), code)):
            named = self._by_name(code)
            if named:
                self.parents[code] = named[0].target
                yield from named
            else:
                open_.append(code)
        yield from self._by_count(open_)

    def _by_name(self, code: str) -> list[Change]:
        name, stem = self.left[code], self.ways.stem(self.left[code])
        here = self.current.get(code)
        if here is not None and self.ways.stem(here) == stem:
            return [self._change(code, code, RENAMED, "sure", "same-code")]
        alike = [other for other in self._stems[stem] if other != code and self._may_follow(code, other)]
        begun = [other for other in alike if other in self.begun]
        nearest = self._nearest(code, [other for other in begun if self.current[other] == name] or begun)
        if len(nearest) == 1:
            exact = self.current[nearest[0]] == name
            near = self.ways.nearness(code, nearest[0]) > 1
            certainty: Certainty = "sure" if exact or near else "likely"
            return [self._change(code, nearest[0], MOVED, certainty, "same-name" if exact else "like-name")]
        if nearest:
            return [self._change(code, other, MOVED, "possible", "two-names") for other in nearest]
        if here is not None:
            return [self._change(code, code, RENAMED, "likely", "reused")]
        standing = self._nearest(code, [other for other in alike if other not in self.begun])
        if len(standing) == 1 and self._is_telling(code, standing[0], stem):
            return [self._change(code, standing[0], MERGED, "likely", "absorbed")]
        return []

    def _is_telling(self, code: str, other: str, stem: str) -> bool:
        """Tell whether one name under two codes is no accident: near neighbours, or a name that is no compass word."""
        same = self.left[code] == self.current[other]
        return self.ways.nearness(code, other) >= _NEAR or (same and not _COMPASS.fullmatch(stem))

    def _by_count(self, open_: Sequence[str]) -> Iterator[Change]:
        taken = set(self.parents.values())
        ended, began = defaultdict(list), defaultdict(list)
        for code in open_:
            parent = self.ways.parent(code)
            ended[self.ways.level(code), self.parents.get(parent, parent)].append(code)
        for code in self.begun:
            if code not in taken and code not in self.former:
                began[self.ways.level(code), self.ways.parent(code)].append(code)
        for group, codes in ended.items():
            yield from self._group(codes, began.get(group, []) if group[1] else [])

    def _group(self, codes: list[str], begun: list[str]) -> Iterator[Change]:
        if len(codes) == 1 and len(begun) == 1:
            yield self._change(codes[0], begun[0], MOVED, "possible", "one-for-one")
        elif len(begun) == 1:
            yield from (self._change(code, begun[0], MERGED, "possible", "many-for-one") for code in codes)
        elif len(codes) == 1 and begun:
            yield from (self._change(codes[0], other, SPLIT, "possible", "one-for-many") for other in begun)
        else:
            yield from (self._change(code, "", DROPPED, "possible", "nothing") for code in codes)

    def _may_follow(self, code: str, other: str) -> bool:
        return self.ways.level(code) == self.ways.level(other) and self.ways.nearness(code, other) > 0

    def _nearest(self, code: str, others: list[str]) -> list[str]:
        best = max((self.ways.nearness(code, other) for other in others), default=0)
        return [other for other in others if self.ways.nearness(code, other) == best]

    def _change(self, code: str, target: str, kind: str, certainty: Certainty, reason: str) -> Change:
        return Change(self.day, code, target, kind, certainty, reason)  # type: ignore[arg-type]  # the constants above


def arrive(code: str, start: date, end: date, rows: Sequence[Change]) -> tuple[Arrival, ...]:
    """Follow a code of one day to a later one, through every change between.

    Args:
        code: a code in force on ``start``.
        start: the day it is taken from.
        end: the later day.
        rows: the changes of its table, in any order.
    """
    by_code: dict[str, list[Change]] = defaultdict(list)
    for row in rows:
        if start < row.on <= end:
            by_code[row.code].append(row)
    found: list[Arrival] = []
    _walk(Arrival(code, "kept", "sure", ()), start, by_code, found)
    return tuple(found)


def _walk(here: Arrival, since: date, rows: Mapping[str, Sequence[Change]], found: list[Arrival]) -> None:
    later = [row for row in rows.get(here.code, ()) if row.on > since] if here.code else []
    first = min((row.on for row in later), default=None)
    if first is None:
        found.append(here)
        return
    for row in (row for row in later if row.on == first):
        certainty = min(here.certainty, row.certainty, key=lambda value: RANK[value])
        step = Arrival(row.target, _stronger(here.kind, row.kind), certainty, (*here.steps, row))
        _walk(step, first, rows, found)


def _stronger(first: Kind, second: Kind) -> Kind:
    """Return what two changes in a row come to: whatever changes more."""
    order = (KEPT, RENAMED, MOVED, MERGED, SPLIT, DROPPED)
    return max(first, second, key=order.index)


@lru_cache(maxsize=1)
def _nation_words() -> re.Pattern[str]:
    words = {short for name in nationalities.names().values() for short in (name, name.removesuffix("族"))} - {
        "满",
        "回",
    }
    longest_first = sorted((word for word in words if len(word) > 1), key=lambda word: (-len(word), word))
    return re.compile(f"({'|'.join(longest_first)}|各族)+(?=自治)")


def division_stem(name: str) -> str:
    """Return the proper name of a division without its form: 昌平县 and 昌平区 are both 昌平."""
    plain = _nation_words().sub("", name)
    plain = name if plain in _ENDS else plain
    while True:
        end = next((word for word in _ENDS if plain.endswith(word) and _leaves(plain, word)), None)
        if end is None:
            return plain
        plain = plain[: -len(end)]


def _leaves(name: str, end: str) -> bool:
    """Tell whether a name without this ending is still one: 清新区 is no 清 of the kind 新区."""
    return len(name) - len(end) >= min(len(end), 2)


def _division_nearness(first: str, second: str) -> int:
    if first[:4] == second[:4] or (first[:2] == second[:2] and first[:2] in _layout()["municipalities"]):
        return _NEAR
    if first[:2] == second[:2]:
        return 2
    return 1 if [first[:2], second[:2]] in _layout()["parted"] else 0


@lru_cache(maxsize=1)
def _layout() -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = read_json("codes/division-changes.json")
    return found


def _division_parent(code: str) -> str:
    if code.endswith("00"):
        return "" if code.endswith("0000") else code[:2] + "0000"
    return code[:4] + "00"


DIVISIONS = Ways(
    level=lambda code: str(["province", "city", "county"].index(divisions.level(code).value)),
    nearness=_division_nearness,
    stem=division_stem,
    parent=_division_parent,
)
"""How the codes of GB/T 2260 speak."""


@lru_cache(maxsize=1)
def division_spans() -> tuple[Span, ...]:
    """Return the shipped divisions of the standard, the statistical codes and the nation itself left out."""
    return tuple(
        Span(row.code, row.name, row.valid_from, row.valid_to, _division_parent(row.code))
        for row in divisions.national()
        if not row.statistical and row.code != "100000"
    )


@lru_cache(maxsize=1)
def division_changes() -> tuple[Change, ...]:
    """Return what became of every division code from 1980 to the newest state."""
    return tuple(changes(division_spans(), DIVISIONS, list(_known(division_spans()))))


def _known(spans: Sequence[Span]) -> Iterator[Change]:
    """Give the published adjustments of the data file, dated to the edition that shows them."""
    history: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        history[span.code].append(span)
    for row in _layout()["known"]:
        begun = [history[code][0].valid_from for code in row["to"]]
        for code in row["from"]:
            own = [span for span in history[code] if row.get("name", span.name) == span.name][-1]
            for target in row["to"]:
                yield Change(own.valid_to or max(begun), code, target, row["kind"], "sure", "known")
