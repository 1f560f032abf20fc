"""Which columns hold personal or sensitive personal information, told from name, comment, type and counts.

Kinds, what people call them and how much harm a leak does are data (个人信息保护法 28); the level follows from the
decision table of GB/T 43697. It is a suggestion with its reasons: whoever holds the data decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jutong.kernel.i18n import gettext_noop
from jutong.standards import grading
from jutong.standards.shipped import read_json

BY_COMMENT = gettext_noop("说明“{found}”是{kind}的叫法")
BY_COLUMN = gettext_noop("列名“{found}”是{kind}的常见写法")
BY_VALUES = gettext_noop("抽样有值的{filled}个里，{count}个符合{kind}的格式")
_WORD_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_COMMENT_WEIGHT, _COLUMN_WEIGHT = 0.9, 0.7
_LEAST_SHARE, _MOST = 0.5, 0.99
_SUFFIX = 4
"""Letters a pinyin name must have to count as the end of a longer one, such as ``hzsfhm``."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal or otherwise telling information."""

    id: str
    label: str
    label_en: str
    harm: grading.Degree
    personal: bool
    sensitive: bool
    mask: str
    mode: str
    pattern: str
    key: bool
    types: str
    words: tuple[str, ...]
    but: tuple[str, ...]
    columns: frozenset[str]

    @property
    def grade(self) -> str:
        """The level that follows from the harm to the person (GB/T 43697)."""
        return grading.decide({"person": self.harm}).code


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a column is taken for something: a sentence with placeholders, and what fills them."""

    sentence: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a column seems to hold. ``confidence`` is above 0 and below 1."""

    kind: Kind
    confidence: float
    reasons: tuple[Reason, ...]


@lru_cache(maxsize=1)
def kinds() -> tuple[Kind, ...]:
    """Return every kind, in the order of the data."""
    return tuple(_kind(row) for row in read_json("sensitive.json")["kinds"])


def _kind(row: Mapping[str, Any]) -> Kind:
    lists = {"words": tuple(row["words"]), "but": tuple(row["but"]), "columns": frozenset(row["columns"])}
    return Kind(**{**row, **lists})


def recognise(
    name: str,
    *,
    comment: str = "",
    data_type: str = "",
    filled: int = 0,
    patterns: Mapping[str, int] | None = None,
) -> Sensitivity | None:
    """Return what a column seems to hold, or None; of several the one with the higher level (就高从严).

    Args:
        name: the column's name in the database.
        comment: what the database says of it.
        data_type: letter of the dictionary of types (1272号), empty when not known.
        filled: values of the sample that are not empty.
        patterns: how many of them have a form, by the form's id.
    """
    counts = patterns or {}
    found = []
    for kind in kinds():
        told = list(_evidence(kind, name, comment, filled, counts.get(kind.pattern, 0) if kind.pattern else 0))
        fits = not data_type or data_type in kind.types
        if told and (fits or any(weight > _COMMENT_WEIGHT for weight, _ in told)):
            found.append(Sensitivity(kind, _together([weight for weight, _ in told]), tuple(row for _, row in told)))
    grades = grading.grades()
    return max(found, key=lambda row: (grades[row.kind.grade].rank, row.confidence), default=None)


def _evidence(kind: Kind, name: str, comment: str, filled: int, count: int) -> Iterator[tuple[float, Reason]]:
    word = max((word for word in kind.words if word in comment), key=len, default="")
    if word and not any(other in comment.replace(word, "") for other in kind.but):
        yield _COMMENT_WEIGHT, Reason(BY_COMMENT, {"found": comment[:40], "kind": kind.label})
    if _is_called(kind, name) and not (comment and not word and _says_more(comment)):
        yield _COLUMN_WEIGHT, Reason(BY_COLUMN, {"found": name[:40], "kind": kind.label})
    if filled > 0 and count / filled >= _LEAST_SHARE:
        weight = min(_MOST, 0.5 + count / filled / 2)
        yield weight, Reason(BY_VALUES, {"filled": str(filled), "count": str(count), "kind": kind.label})


def _says_more(comment: str) -> bool:
    """Whether a comment has Chinese in it: then it says itself what the column is, and a short name does not."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in comment)


def _is_called(kind: Kind, name: str) -> bool:
    parts = [part.lower() for part in _WORD_PARTS.findall(name)]
    whole = "".join(parts)
    if whole in kind.columns or any(part in kind.columns for part in parts if len(part) > 1 and part != whole):
        return True
    return any(len(known) >= _SUFFIX and whole.endswith(known) for known in kind.columns)


def _together(weights: list[float]) -> float:
    """Return the confidence of several independent signs."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1 - weight
    return round(min(_MOST, 1 - doubt), 2)
