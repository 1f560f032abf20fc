"""Proposes which column of a foreign listing is which field of an entry, with a confidence and a reason.

Headers are compared with the template's own labels and with the headers other listings use (data:
``standards/data/intake/headers.json``); the values below speak for or against. A person confirms or changes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

from jutong.center.intake import normalise
from jutong.center.intake.reading import Sheet
from jutong.center.intake.reading.errors import FileUnreadableError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.shipped import read_json

KEPT_FIELDS = frozenset({
    "published_on", "updated_on", "created_on", "volume", "keywords", "industry", "scene", "address", "number",
    "edition", "region", "statistics",
})  # fmt: skip
"""Recognised, but an entry has no place for them: they are kept with the proposal."""
ITEM_PREFIX = "item."
SURE = 0.8
"""From here a proposal is right as a rule; below a person is asked to look."""
LEAST = 0.5
"""Below this a column is left unmapped."""
_SAMPLES = 200
_SAMPLED_FROM = 4_000
_AGREE, _DISAGREE = 0.8, 0.3
_SYNONYM, _TAIL, _STRIPPED, _SIMILAR, _VALUES = 0.95, 0.9, 0.85, 0.5, 0.6
_BONUS, _MALUS = 0.04, 0.4
_DICE = 0.6
_NOTE = re.compile(r"[(（\[【].*?[)）\]】]|[*＊:：]")


class MatchReason(StrEnum):
    """Why a column is taken for a field."""

    OWN = "own"
    SYNONYM = "synonym"
    PART = "part"
    SIMILAR = "similar"
    VALUES = "values"
    PERSON = "person"
    NONE = "none"
    TAKEN = "taken"


REASON_LABELS = {
    MatchReason.OWN: gettext_noop("与模板的表头相同"),
    MatchReason.SYNONYM: gettext_noop("常见的同义表头"),
    MatchReason.PART: gettext_noop("去掉修饰词后同义"),
    MatchReason.SIMILAR: gettext_noop("与已知表头相近"),
    MatchReason.VALUES: gettext_noop("按列里的值判断"),
    MatchReason.PERSON: gettext_noop("人工指定"),
    MatchReason.NONE: gettext_noop("没有对应的字段"),
    MatchReason.TAKEN: gettext_noop("另一列更像这个字段"),
}
"""What people read for each reason."""


class Layout(StrEnum):
    """What a row is."""

    ENTRIES = "entries"
    ITEMS = "items"
    """One row per 信息项; rows of one entry follow each other."""


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """One column. ``field`` is empty where it was not mapped; ``agree`` is the share of sample values that fit it."""

    header: str
    column: int
    field: str
    confidence: float
    reason: MatchReason
    agree: float | None = None


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Every column of a sheet with its field, in the sheet's order."""

    columns: tuple[ColumnMatch, ...]
    layout: Layout = Layout.ENTRIES

    @property
    def unmapped(self) -> tuple[ColumnMatch, ...]:
        """The columns without a field."""
        return tuple(match for match in self.columns if not match.field)

    @property
    def doubtful(self) -> tuple[ColumnMatch, ...]:
        """The mapped columns a person should look at."""
        return tuple(match for match in self.columns if match.field and match.confidence < SURE)

    @property
    def fields(self) -> dict[str, ColumnMatch]:
        """The first column of each mapped field."""
        found: dict[str, ColumnMatch] = {}
        for match in self.columns:
            if match.field:
                found.setdefault(match.field, match)
        return found

    def changed(self, choices: Mapping[str, str]) -> ColumnMapping:
        """Return the mapping as a person wants it: header to field, empty for none; what is not named stays.

        A field that is given to another column is taken from the one that had it, unless it may have several.
        """
        given = {field for field in choices.values() if field and field not in KEPT_FIELDS}
        made = []
        for match in self.columns:
            if match.header in choices:
                field = choices[match.header]
                match = replace(match, field=field, confidence=1.0 if field else 0.0, reason=MatchReason.PERSON)  # noqa: PLW2901
            elif match.field in given:
                match = replace(match, field="", confidence=0.0, reason=MatchReason.TAKEN)  # noqa: PLW2901
            made.append(match)
        return ColumnMapping(tuple(made), _layout({match.field for match in made}))

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the columns as JSON keeps them."""
        return [asdict(match) for match in self.columns]

    @staticmethod
    def from_rows(rows: Iterable[Mapping[str, Any]]) -> ColumnMapping:
        """Return the mapping of rows that ``as_rows`` returned."""
        columns = tuple(ColumnMatch(**{**row, "reason": MatchReason(row["reason"])}) for row in rows)
        return ColumnMapping(columns, _layout({match.field for match in columns}))


_Candidate = tuple[float, int, int, str, MatchReason]
"""Confidence, rank among the field's spellings, column, field, reason."""


def propose(
    headers: Sequence[str], samples: Iterable[Sequence[str]] = (), *, own: Mapping[str, str] | None = None
) -> ColumnMapping:
    """Return the likeliest mapping.

    Args:
        headers: the sheet's headers.
        samples: some rows, as ``samples_of`` returns them; 200 are looked at.
        own: labels of the template to field names (``item.`` before those of 信息项), which match with certainty;
            without it, those of the catalog's own form.
    """
    taken = [row for row, _ in zip(samples, range(_SAMPLES), strict=False)]
    values = [
        [row[at] for row in taken if at < len(row) and not normalise.is_blank(row[at])] for at in range(len(headers))
    ]
    labels = {_plain(label): field for label, field in (own_labels() if own is None else own).items()}
    by_name = {at: _by_name(header, labels) for at, header in enumerate(headers)}
    has_items = _has_items(by_name)
    candidates: list[_Candidate] = []
    for at, named in by_name.items():
        for field, (confidence, rank, reason) in _with_values(named, values[at], items=has_items).items():
            if confidence >= LEAST:
                candidates.append((confidence, rank, at, field, reason))
    return _assigned(headers, candidates, values, Layout.ITEMS if has_items else Layout.ENTRIES)


def samples_of(sheet: Sheet) -> list[tuple[str, ...]]:
    """Return rows spread evenly over the beginning of a sheet: portals list one department after another.

    A sheet that breaks off gives what came before; whoever reads it through is told.
    """
    rows: list[tuple[str, ...]] = []
    with suppress(FileUnreadableError):
        rows.extend(row.cells for row in islice(sheet.rows(), _SAMPLED_FROM))
    return rows[:: max(len(rows) // _SAMPLES, 1)][:_SAMPLES]


def own_labels() -> dict[str, str]:
    """Return what the catalog's own form calls its fields: label to field name."""
    from jutong.center.catalog.shape import LABELS  # noqa: PLC0415 - needs Django, which reading does not

    names = {"organisation": "provider"}
    return {
        label: names.get(field, field) for field, label in LABELS.items() if field in _entry_fields() | {"organisation"}
    }


def known_fields() -> tuple[str, ...]:
    """Return every field a column may be mapped to."""
    return (*_spellings("entry"), *_spellings("item"))


def _entry_fields() -> set[str]:
    return set(_spellings("entry")) - KEPT_FIELDS


def _has_items(by_name: Mapping[int, Mapping[str, tuple[float, int, MatchReason]]]) -> bool:
    """Tell a listing of one row per item by a column of item names beside one of their types or lengths."""
    named = {field for found in by_name.values() for field in found}
    return _layout(named) is Layout.ITEMS


def _layout(fields: Iterable[str]) -> Layout:
    named = set(fields)
    beside = {"item.data_type", "item.length", "item.column", "item.english_name"}
    return Layout.ITEMS if "item.name" in named and named & beside else Layout.ENTRIES


def _by_name(header: str, labels: Mapping[str, str]) -> dict[str, tuple[float, int, MatchReason]]:
    """Return the fields a header may be by its words alone."""
    word = _plain(header)
    if word in labels:
        return {labels[word]: (1.0, 0, MatchReason.OWN)}
    found: dict[str, tuple[float, int, MatchReason]] = {}
    for field, spellings in (_spellings("entry") | _spellings("item")).items():
        if word in spellings:
            found[field] = (_SYNONYM, spellings[word], MatchReason.SYNONYM)
        elif _tail(header) in spellings:
            found[field] = (_TAIL, spellings[_tail(header)], MatchReason.SYNONYM)
        elif _stripped(word) in _stripped_spellings(field):
            found[field] = (_STRIPPED, 0, MatchReason.PART)
    return found or _similar(word)


def _similar(word: str) -> dict[str, tuple[float, int, MatchReason]]:
    best: dict[str, tuple[float, int, MatchReason]] = {}
    for field, spellings in _spellings("entry").items():
        likeness = max(_dice(word, other) for other in spellings)
        if likeness >= _DICE:
            best[field] = (round(_SIMILAR + 0.25 * (likeness - _DICE) / (1 - _DICE), 2), 0, MatchReason.SIMILAR)
    return best


def _with_values(
    found: Mapping[str, tuple[float, int, MatchReason]], values: Sequence[str], *, items: bool
) -> dict[str, tuple[float, int, MatchReason]]:
    """Let the values below a header speak: for it, against it, or for a field its words did not name."""
    made: dict[str, tuple[float, int, MatchReason]] = {}
    for field, (confidence, rank, reason) in found.items():
        if field.startswith(ITEM_PREFIX) and not items:
            continue
        agree = _agreement(field, values)
        if agree is None or confidence == 1.0:
            made[field] = (confidence, rank, reason)
        elif agree >= _AGREE:
            made[field] = (min(confidence + _BONUS, 0.99), rank, reason)
        else:
            made[field] = (confidence - (_MALUS if agree < _DISAGREE else 0), rank, reason)
    if not made:
        for field in ("update_cycle", "share_attribute", "data_format"):
            if (_agreement(field, values) or 0) >= _AGREE:
                made[field] = (_VALUES, 0, MatchReason.VALUES)
    return made


_READERS: Mapping[str, Callable[[str], object]] = {
    "update_cycle": normalise.update_cycle,
    "is_open": lambda text: normalise.opening(text) or normalise.flag(text),
    "share_attribute": normalise.share_attribute,
    "share_way": normalise.share_way,
    "data_format": normalise.data_format,
    "grade": normalise.grade,
    "basis_kind": normalise.basis_kind,
    "published_on": normalise.civil_day,
    "updated_on": normalise.civil_day,
    "created_on": normalise.civil_day,
    "volume": normalise.volume,
    "item.data_type": normalise.data_type,
    "item.length": normalise.volume,
}


def _agreement(field: str, values: Sequence[str]) -> float | None:
    read = _READERS.get(field)
    if read is None or not values:
        return None
    return sum(read(value) is not None for value in values) / len(values)


def _assigned(
    headers: Sequence[str], candidates: list[_Candidate], values: Sequence[Sequence[str]], layout: Layout
) -> ColumnMapping:
    """Give every field to its likeliest column; equal ones go by how usual the header is, then by place."""
    chosen: dict[int, ColumnMatch] = {}
    fields: set[str] = set()
    lost: set[int] = set()
    for confidence, _rank, at, field, reason in sorted(candidates, key=lambda row: (-row[0], row[1], row[2])):
        if at in chosen:
            continue
        if field in fields and field not in KEPT_FIELDS:
            lost.add(at)
            continue
        fields.add(field)
        chosen[at] = ColumnMatch(headers[at], at, field, round(confidence, 2), reason, _agreement(field, values[at]))
    for at, header in enumerate(headers):
        reason = MatchReason.TAKEN if at in lost else MatchReason.NONE
        chosen.setdefault(at, ColumnMatch(header, at, "", 0.0, reason))
    return ColumnMapping(tuple(chosen[at] for at in range(len(headers))), layout)


def _plain(header: str) -> str:
    """Return a header as it is compared: without notes in brackets, stars, blanks and underscores."""
    word = _NOTE.sub("", unicodedata.normalize("NFKC", header)).lower()
    return re.sub(r"[\s_-]+", "", word) or re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", header).lower())


def _tail(header: str) -> str:
    return _plain(header.rpartition("/")[2])


@lru_cache(maxsize=4)
def _spellings(part: str) -> dict[str, dict[str, int]]:
    """Return the spellings of each field with their rank, the most usual first."""
    document: Mapping[str, Mapping[str, list[str]]] = read_json("intake/headers.json")
    return {field: {_plain(word): at for at, word in enumerate(words)} for field, words in document[part].items()}


@lru_cache(maxsize=128)
def _stripped_spellings(field: str) -> frozenset[str]:
    part = "item" if field.startswith(ITEM_PREFIX) else "entry"
    return frozenset(_stripped(word) for word in _spellings(part)[field])


@lru_cache(maxsize=4096)
def _stripped(word: str) -> str:
    affixes = read_json("intake/headers.json")["affixes"]
    for start in affixes["start"]:
        if word.startswith(start) and len(word) - len(start) > 1:
            word = word.removeprefix(start)
    for end in affixes["end"]:
        if word.endswith(end) and len(word) - len(end) > 1:
            word = word.removesuffix(end)
    return word


def _dice(one: str, other: str) -> float:
    pairs, others = set(pairwise(one)), set(pairwise(other))
    return 2 * len(pairs & others) / (len(pairs) + len(others)) if pairs and others else 0.0
