"""What a catalogue entry of the demonstration says: the nine matters of 条例 13 and what belongs to them.

Coded values are those of ``standards.lists``; titles, items and summaries are Chinese text.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from jutong.demo.city import DEPARTMENTS
from jutong.standards import grading, lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jutong.demo.tables import Column, Table

_GRADES = {number: f"general-{number}" for number in (1, 2, 3, 4)}


@dataclass(frozen=True)
class CatalogItem:
    """信息项. ``is_key``: a call gives it to get rows; ``widest_mode``: the most it gets: verify, masked, plain."""

    name: str
    column: str = ""
    data_type: str = "C"
    length: int | None = None
    is_key: bool = False
    is_personal: bool = False
    is_sensitive: bool = False
    grade: str = "general-1"
    widest_mode: str = "plain"
    mask: str = "all"
    note: str = ""


@dataclass(frozen=True)
class CatalogEntry:
    """One entry. ``source`` and ``table`` name the database table behind it and are empty where nothing is bound."""

    key: str
    name: str
    department: str
    summary: str
    classification: str
    domain: str
    data_format: str
    update_cycle: str
    share_attribute: str
    share_way: str
    grade: str
    share_scope: str = ""
    share_purpose: str = ""
    use_conditions: str = ""
    refusal_reason: str = ""
    basis_kind: str = ""
    basis_title: str = ""
    basis_article: str = ""
    is_open: bool = False
    origin: str = ""
    source: str = ""
    table: str = ""
    items: tuple[CatalogItem, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as JSON values, defaults left out."""
        plain = _set_values(self)
        plain.pop("items", None)
        items = [_set_values(item) for item in self.items]
        return plain | ({"items": items} if items else {})

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> CatalogEntry:
        """Read what ``as_dict`` wrote."""
        values = dict(row)
        items = tuple(CatalogItem(**item) for item in values.pop("items", ()))
        return cls(**values, items=items)


def _set_values(row: CatalogItem | CatalogEntry) -> dict[str, Any]:
    return {field.name: getattr(row, field.name) for field in fields(row) if getattr(row, field.name) != field.default}


def items_of(table: Table) -> tuple[CatalogItem, ...]:
    """Describe a table's columns as the items of the entry bound to it."""
    return tuple(_item(column, looked_up=column.name in table.call_key) for column in table.columns)


def _item(column: Column, *, looked_up: bool) -> CatalogItem:
    return CatalogItem(
        name=column.item,
        column=column.name,
        data_type=column.kind,
        length=column.size,
        is_key=looked_up,
        is_personal=column.personal,
        is_sensitive=column.sensitive,
        grade=_GRADES[column.grade],
        widest_mode=column.forms[-1],
        mask=column.mask,
        note=f"按{column.codes}取值" if column.codes else "",
    )


def grade_of(items: tuple[CatalogItem, ...], least: str = grading.LOWEST) -> str:
    """Return the grade of a resource: that of its most sensitive item, or ``least`` where that is higher."""
    return grading.highest([least, *(item.grade for item in items)]).code


BASE, THEME, OWN = "1", "2", "3"
_LOCAL = "07"
"""部门类的第七项: 省(自治区、直辖市)及其下各级政务部门."""
_BASE_LIBRARIES = {
    "population": "人口基础库",
    "legal-person": "法人基础库",
    "geography": "自然资源和空间地理基础库",
    "credit": "社会信用基础库",
    "certificate": "电子证照基础库",
}
_SUBJECTS = {row.key: f"{at:03d}" for at, row in enumerate(DEPARTMENTS, start=8)}
"""目: a number for each department of the city; 市民政局 is 010, as on its plates."""


def base_class(item: str, department: str) -> tuple[str, str]:
    """Return classification code and library of a base resource (基础信息资源)."""
    codes = lists.closed_list("base-resource").codes
    return f"{BASE}{codes.index(item) + 1:02d}{_SUBJECTS[department]}", _BASE_LIBRARIES[item]


def theme_class(item: str, department: str) -> tuple[str, str]:
    """Return classification code and library of a theme resource (主题信息资源)."""
    theme = lists.closed_list("theme-resource")
    value = theme.value(item)
    if value is None:
        raise KeyError(item)
    return f"{THEME}{theme.codes.index(item) + 1:02d}{_SUBJECTS[department]}", f"{value.label}主题库"


def own_class(department: str) -> tuple[str, str]:
    """Return classification code and library of a department's own resource (部门信息资源)."""
    return f"{OWN}{_LOCAL}{_SUBJECTS[department]}", "部门库"
