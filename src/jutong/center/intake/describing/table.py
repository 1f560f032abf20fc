"""From one table as a database describes it to a proposed entry. Nothing here reads a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jutong.center.catalog.enums import DataFormat, DataType, FieldMode, Grade, ShareAttribute, ShareWay
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.intake.describing.types import mapped
from jutong.kernel.i18n import gettext_noop
from jutong.standards import grading
from jutong.standards.masks import usual_mask
from jutong.standards.sensitive import Reason, Sensitivity, recognise

BY_ELEMENT = gettext_noop("与数据元“{name}”（{code}）一致：{reason}")
BY_HIGHEST = gettext_noop("数据集取最高的一项：“{item}”是{grade}")
NOTHING_TOLD = gettext_noop("没有看出个人信息，建议最低一级，请核对")
_LONGEST_ITEM, _LONGEST_NAME, _LONGEST_NOTE, _LONGEST_ENGLISH = 64, 128, 200, 64
_FIRST_PART = re.compile(r"[（(,，;；:：。\s\[【]")
_TECHNICAL = re.compile(
    r"^(django|auth|flyway|alembic|databasechangelog|act|qrtz|hibernate|spatial_ref|schema_migrations|sys_|tmp|temp"
    r"|bak)|(_bak|_tmp|_temp|_log|_logs|_history|_backup|_copy|_old|\d{6,8})$",
    re.IGNORECASE,
)
_NAMED_ITEMS = 6


@dataclass(frozen=True, slots=True)
class Element:
    """The data element an item seems to be an instance of."""

    code: str
    name: str
    confidence: float
    reason: str


Matcher = Callable[[str, str, str], "Element | None"]
"""Name, comment and type to the best data element, or None."""


@dataclass(frozen=True, slots=True)
class ColumnCounts:
    """What a bounded sample of a column counted."""

    filled: int = 0
    patterns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Described:
    """A proposed entry, with the reasons item by item; the entry's own stand under the empty name."""

    fields: EntryFields
    items: tuple[ItemFields, ...]
    reasons: Mapping[str, tuple[Reason, ...]]


def is_technical(table: str) -> bool:
    """Whether a table's name says that a program keeps it for itself: migrations, logs, copies."""
    return bool(_TECHNICAL.search(table))


def described(
    table: Mapping[str, Any],
    *,
    counts: Mapping[str, ColumnCounts] | None = None,
    match: Matcher = lambda *_: None,
    format_type: str = "",
) -> Described:
    """Return what a table of a node's inventory would be as an entry.

    Args:
        table: a row of ``Source.tables``.
        counts: what a sample counted, by column; empty where none was taken.
        match: finds the data element of an item.
        format_type: second level of the format, such as the database product.
    """
    reasons: dict[str, tuple[Reason, ...]] = {}
    items: list[ItemFields] = []
    taken: set[str] = set()
    for column in table["columns"]:
        told = (counts or {}).get(column["name"], ColumnCounts())
        item, why = _item(column, told, match)
        if item.name in taken:
            item = replace(item, name=f"{item.name[: _LONGEST_ITEM - 20]}_{column['name'][:19]}")
        taken.add(item.name)
        items.append(item)
        if why:
            reasons[item.name] = why
    items = list(_with_keys(items, table["columns"]))
    grade, why_grade = _grade(items)
    reasons[""] = (why_grade,)
    return Described(_fields(table, items, grade, format_type), tuple(items), reasons)


def _fields(table: Mapping[str, Any], items: Sequence[ItemFields], grade: str, format_type: str) -> EntryFields:
    name = _name(table)
    listed = "、".join(item.name for item in items[:_NAMED_ITEMS])
    more = f"等{len(items)}项" if len(items) > _NAMED_ITEMS else ""
    open_to_all = grade == Grade.G1.value
    return EntryFields(
        name=name,
        classification="",
        summary=f"{name}，包括{listed}{more}。"[:1000],
        data_format=DataFormat.DATABASE.value,
        format_type=format_type,
        share_attribute=(ShareAttribute.UNCONDITIONAL if open_to_all else ShareAttribute.CONDITIONAL).value,
        share_way=(ShareWay.SERVICE if any(item.is_key for item in items) else ShareWay.BATCH).value,
        grade=grade,
    )


def _name(table: Mapping[str, Any]) -> str:
    comment = " ".join(str(table.get("comment", "")).split())
    first = _FIRST_PART.split(comment, maxsplit=1)[0] or comment
    for ending in ("数据表", "信息表", "表"):
        if first.endswith(ending) and len(first) > len(ending) + 1:
            first = first.removesuffix(ending) + ("信息" if ending == "信息表" else "")
            break
    return (first or str(table["name"]))[:_LONGEST_NAME]


def _item(column: Mapping[str, Any], told: ColumnCounts, match: Matcher) -> tuple[ItemFields, tuple[Reason, ...]]:
    comment = " ".join(str(column.get("comment", "")).split())
    kind = mapped(str(column.get("type", "")))
    first = _FIRST_PART.split(comment, maxsplit=1)[0]
    name = (first or comment or str(column["name"]))[:_LONGEST_ITEM]
    element = match(name, comment, kind.data_type)
    found = recognise(
        str(column["name"]), comment=comment, data_type=kind.data_type, filled=told.filled, patterns=told.patterns
    )
    if not comment and element is not None:
        name = element.name[:_LONGEST_ITEM]
    item = ItemFields(
        name=name,
        data_type=kind.data_type,
        length=kind.length,
        column=str(column["name"])[:63],
        english_name=str(column["name"])[:_LONGEST_ENGLISH],
        note=comment[:_LONGEST_NOTE] if comment != name else "",
        element=element.code if element else "",
    )
    return _guarded(item, found), (*(found.reasons if found else ()), *_by_element(element))


def _guarded(item: ItemFields, found: Sensitivity | None) -> ItemFields:
    if found is None:
        return item
    kind = found.kind
    return replace(
        item,
        is_key=kind.key,
        is_personal=kind.personal,
        is_sensitive=kind.sensitive,
        grade=kind.grade,
        widest_mode=kind.mode if kind.mode in FieldMode.values else FieldMode.MASKED.value,
        mask=usual_mask(kind.mask, kind.grade, item.data_type),
    )


def _by_element(element: Element | None) -> tuple[Reason, ...]:
    if element is None:
        return ()
    return (Reason(BY_ELEMENT, {"name": element.name, "code": element.code, "reason": element.reason}),)


def _with_keys(items: Sequence[ItemFields], columns: Sequence[Mapping[str, Any]]) -> Iterator[ItemFields]:
    """Let people ask by number, plate or credit code; where no item is such a thing, by the primary key."""
    if any(item.is_key for item in items):
        yield from items
        return
    for item, column in zip(items, columns, strict=True):
        fits = bool(column.get("key")) and item.data_type != DataType.GENERAL
        yield replace(item, is_key=True) if fits else item


def _grade(items: Sequence[ItemFields]) -> tuple[str, Reason]:
    if not items:
        return grading.LOWEST, Reason(NOTHING_TOLD, {})
    order = grading.grades()
    top = max(items, key=lambda item: order[item.grade].rank)
    if top.grade == grading.LOWEST:
        return top.grade, Reason(NOTHING_TOLD, {})
    return top.grade, Reason(BY_HIGHEST, {"item": top.name, "grade": order[top.grade].label})
