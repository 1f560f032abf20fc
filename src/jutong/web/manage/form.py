"""Between the text of the entry's form and the catalog's plain data; the fields are those of the template's edition."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog import enums
from jutong.center.catalog.extensions import PREFIX
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.obligations import is_blank
from jutong.standards.lists import ListValue
from jutong.standards.masks import masks
from jutong.standards.template import STEPS, TemplateEdition, TemplateField

BLANK_ROWS = 3
MOST_ROWS = 500
LONG_TEXT = 200
"""Characters from which on a text gets several rows."""
LAST_STEP = "review"
STEP_LABELS = {
    "basic": _("基本"),
    "items": _("数据项"),
    "sharing": _("共享与开放"),
    "grading": _("分级与扩展"),
    LAST_STEP: _("核对"),
}
FURTHER = frozenset(
    {"classification", "format_type", "share_channel", "open_condition", "related_codes", "extra_classes"}
)
"""Fields of the core that pages about an entry show together with its extension fields."""
_UNCHOSEN = ("", _("请选择"))
_ENUMS: dict[tuple[str, str], Any] = {
    ("entry", "data_format"): enums.DataFormat,
    ("entry", "update_cycle"): enums.UpdateCycle,
    ("entry", "share_attribute"): enums.ShareAttribute,
    ("entry", "share_channel"): enums.ShareChannel,
    ("entry", "share_way"): enums.ShareWay,
    ("entry", "basis_kind"): enums.BasisKind,
    ("entry", "grade"): enums.Grade,
    ("item", "data_type"): enums.DataType,
    ("item", "grade"): enums.Grade,
    ("item", "widest_mode"): enums.FieldMode,
    ("item", "share_attribute"): enums.ShareAttribute,
}
_ITEM_TEXTS = ("name", "column", "data_type", "note", "english_name", "element", "code_table", "source_code")
_ITEM_FLAGS = ("is_key", "is_personal", "is_sensitive", "is_open")


@dataclass(frozen=True)
class Written:
    """What stands in the form."""

    fields: EntryFields
    items: list[ItemFields]


@dataclass(frozen=True)
class Control:
    """One field as the page shows it."""

    name: str
    label: str
    hint: str
    value: Any
    kind: str
    rows: int
    choices: tuple[tuple[str, Any], ...]
    live: str
    """Id of the place where what is found while typing appears."""


def empty() -> Written:
    """Return a form nobody has written in."""
    return Written(EntryFields(name="", classification=""), [])


def steps_of(typed: QueryDict) -> list[str]:
    """Return the steps a form carries, all of them where it names none."""
    named = [step for step in typed.getlist("step") if step in STEPS]
    return named or list(STEPS)


def read(typed: QueryDict, edition: TemplateEdition, base: Written | None = None) -> Written:
    """Read the steps a form carries over what is written already; rows of items without a name are left out."""
    before = base or empty()
    steps = steps_of(typed)
    changes: dict[str, Any] = {}
    extensions = {**before.fields.extensions}
    for field in edition.entry_fields:
        if field.is_filled or field.kind == "items" or edition.step_of(field.id) not in steps:
            continue
        name = name_of(field)
        if field.kind != "flag" and name not in typed:
            continue
        value = _value(field, typed.get(name, ""))
        if not field.is_extension:
            changes[field.id] = value
        elif value in ("", [], ()) or (value is False and field.id not in extensions):
            extensions.pop(field.id, None)
        else:
            extensions[field.id] = list(value) if isinstance(value, tuple) else value
    items = _items(typed) if "items" in steps else before.items
    return Written(replace(before.fields, **changes, extensions=extensions, template=""), items)


def name_of(field: TemplateField) -> str:
    """Return what a field's control is called, which is also the place findings name."""
    return f"{PREFIX}{field.id}" if field.is_extension else field.id


def live_id(place: str) -> str:
    """Return the id of the place beside a control where findings appear."""
    return "v-" + place.replace(".", "_")


def _value(field: TemplateField, text: str) -> Any:
    if field.kind == "flag":
        return text == "1"
    if field.kind in {"codes", "classes"}:
        return tuple(text.replace("，", " ").replace(",", " ").replace("、", " ").split())
    return _number(text.strip()) if field.kind == "number" else text


def _number(text: str) -> float | str:
    """Return a number as a number; what is none stays text, so that it can be shown again with its fault."""
    if text.isascii() and text.isdecimal():
        return int(text) if len(text) <= len("1000000000000000") else text
    try:
        found = float(text)
    except ValueError:
        return text
    return found if math.isfinite(found) else text


def _items(typed: QueryDict) -> list[ItemFields]:
    count = typed.get("rows", "0")
    rows = min(int(count), MOST_ROWS) if count.isdecimal() and len(count) <= len(str(MOST_ROWS)) else 0
    return [_item(typed, at) for at in range(rows) if typed.get(f"items.{at}.name", "").strip()]


def _item(typed: QueryDict, at: int) -> ItemFields:
    def text(name: str, default: str = "") -> str:
        return typed.get(f"items.{at}.{name}", default).strip()

    length = text("length")
    texts: dict[str, Any] = {name: text(name) for name in _ITEM_TEXTS}
    flags: dict[str, Any] = {name: text(name) == "1" for name in _ITEM_FLAGS}
    return ItemFields(
        **texts,
        **flags,
        length=int(length) if length.isdecimal() and len(length) < len("1000000000") else None,
        grade=text("grade", enums.Grade.G1),
        widest_mode=text("widest_mode", enums.FieldMode.PLAIN),
        mask=text("mask", "all"),
        share_attribute=text("share_attribute"),
    )


def groups(written: Written, edition: TemplateEdition, step: str) -> list[tuple[str, list[Control]]]:
    """Return the controls of a step under the names of their groups."""
    return [
        (told(group.label, group.label_en), [_control(field, written) for field in fields if field.kind != "items"])
        for group, fields in edition.in_step(step)
    ]


def _control(field: TemplateField, written: Written) -> Control:
    name = name_of(field)
    value = value_of(field, written)
    is_list = field.kind in {"codes", "classes"}
    is_long = field.kind == "text" and (field.length or 0) > LONG_TEXT
    return Control(
        name=name,
        label=told(field.label, field.label_en),
        hint=told(field.help, field.help_en),
        value="\n".join(map(str, value or ())) if is_list else value,
        kind="flag" if field.kind == "flag" else "date" if field.kind == "date" else "text",
        rows=3 if is_list or is_long else 0,
        choices=choices_of(field),
        live=live_id(name),
    )


def value_of(field: TemplateField, written: Written) -> Any:
    """Return what is written in a field."""
    if field.is_extension:
        return written.fields.extensions.get(field.id, "")
    return getattr(written.fields, field.id, "")


def choices_of(field: TemplateField) -> tuple[tuple[str, Any], ...]:
    """Return what a field may be chosen from, in the words the rest of the pages use."""
    if field.kind != "enum":
        return ()
    return (_UNCHOSEN, *_labelled(field))


def _labelled(field: TemplateField) -> Iterator[tuple[str, Any]]:
    known = dict(_ENUMS[field.place, field.id].choices) if (field.place, field.id) in _ENUMS else {}
    for value in field.values:
        yield value.code, known.get(value.code) or told_value(value)


def mask_choices(field: TemplateField) -> tuple[tuple[str, str], ...]:
    """Return the masking rules, each with what it leaves of a made-up value."""
    known = masks()
    return tuple(
        (code, f"{label}（{known[code].before} → {known[code].after}）" if code in known else str(label))
        for code, label in _labelled(field)
    )


def told(chinese: str, english: str) -> str:
    """Return a text of the template in the page's language."""
    return english if english and (get_language() or "").startswith("en") else chinese


def told_value(value: ListValue) -> str:
    """Return a value's name in the page's language."""
    return told(value.label, value.label_en)


def item_context(written: Written, edition: TemplateEdition) -> dict[str, Any]:
    """Return what the table of items needs."""
    rows: Sequence[ItemFields] = [*written.items, *[ItemFields(name="")] * BLANK_ROWS]
    fields = {field.id: field for field in edition.item_fields}
    return {
        "item_rows": list(enumerate(rows)),
        "row_count": len(rows),
        "item_choices": {name: tuple(_labelled(fields[name])) for name in ("grade", "widest_mode") if name in fields}
        | {name: mask_choices(fields[name]) for name in ("mask",) if name in fields}
        | {name: choices_of(fields[name]) for name in ("data_type", "share_attribute") if name in fields},
    }


def shown(field: TemplateField, written: Written) -> Any:
    """Return what is written in a field as people read it."""
    value = value_of(field, written)
    if field.kind == "flag":
        return _("是") if value else _("否")
    if field.kind in {"codes", "classes"}:
        return "、".join(value)
    return dict(choices_of(field)).get(value, value)


def further_facts(written: Written, edition: TemplateEdition) -> list[tuple[str, Any]]:
    """Return what an entry says beyond what every page shows already: second levels, relations, extension fields."""
    asked = [row for row in edition.entry_fields if row.is_extension or row.id in FURTHER]
    return [
        (told(row.label, row.label_en), shown(row, written))
        for row in asked
        if not is_blank(value_of(row, written)) and value_of(row, written) is not False
    ]
