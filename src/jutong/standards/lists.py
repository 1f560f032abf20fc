"""Closed lists (代码表) of the regulation and of the catalog guide, as versioned data with their clauses.

Enumerations that the database stores carry the same codes; a test holds the two together. A list marked ``open``
ends with 等 in its source, so that a locality may add values but not take any away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from jutong.standards.shipped import read_json


@dataclass(frozen=True, slots=True)
class ListValue:
    """One value: a stable code and what people read."""

    code: str
    label: str
    label_en: str
    statutory: bool = True
    """Whether the source itself names it; False for a value the platform adds."""
    details: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What else the source ties to the value: format types, ways of sharing, tolerance."""


@dataclass(frozen=True, slots=True)
class ClosedList:
    """One list in one version."""

    id: str
    name: str
    name_en: str
    source: str
    clause: str
    version: int
    effective_from: date
    open: bool
    values: tuple[ListValue, ...]
    note: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in order."""
        return tuple(value.code for value in self.values)

    def value(self, code: str) -> ListValue | None:
        """Return the value of a code, or None."""
        return next((value for value in self.values if value.code == code), None)

    def by_label(self, label: str) -> ListValue | None:
        """Return the value people call ``label`` in Chinese, or None."""
        text = label.strip()
        return next((value for value in self.values if value.label == text), None)


@lru_cache(maxsize=1)
def all_lists() -> Mapping[str, ClosedList]:
    """Return every list by its id."""
    return MappingProxyType({row["id"]: _list(row) for row in read_json("lists.json")})


def closed_list(list_id: str) -> ClosedList:
    """Return one list.

    Raises:
        KeyError: for an unknown id.
    """
    return all_lists()[list_id]


def _list(row: Mapping[str, Any]) -> ClosedList:
    return ClosedList(
        id=row["id"],
        name=row["name"],
        name_en=row["name_en"],
        source=row["source"],
        clause=row["clause"],
        version=row["version"],
        effective_from=date.fromisoformat(row["effective_from"]),
        open=row["open"],
        values=tuple(_value(value) for value in row["values"]),
        note=row.get("note", ""),
    )


def _value(row: Mapping[str, Any]) -> ListValue:
    named = {"code", "label", "label_en", "statutory"}
    details = MappingProxyType({name: value for name, value in row.items() if name not in named})
    return ListValue(row["code"], row["label"], row["label_en"], row.get("statutory", True), details)
