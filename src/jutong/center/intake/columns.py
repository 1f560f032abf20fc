"""The columns of our own sheets: which field stands under which header, in the order people fill them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from django.db import models
from django.utils import translation

from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.catalog.shape import LABELS
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop
from jutong.standards.masks import masks
from jutong.standards.template import TemplateEdition

CODE, PROVIDER, ITEM_NAME = "code", "provider", "item_name"
CODE_HEADER = gettext_noop("信息资源代码")
PROVIDER_HEADER = gettext_noop("提供单位")
ITEM_NAME_HEADER = gettext_noop("信息项名称")
ENTRY_SHEET, ITEM_SHEET, LIST_SHEET, GUIDE_SHEET, SUMMARY_SHEET = "目录", "信息项", "代码", "填写说明", "核对结果"
MARK_SHEET = "_jutong"
"""A hidden sheet that says which edition of the template the workbook was made from."""
EXTENSION = "extensions."
ITEMS = "items"
_ENTRY_FIELDS = (
    "name", "classification", "summary", "domain", "data_format", "format_type", "update_cycle", "share_attribute",
    "share_channel", "share_way", "share_scope", "share_purpose", "use_conditions", "refusal_reason", "basis_kind",
    "basis_title", "basis_article", "grade", "is_open", "open_condition", "not_secret", "origin", "related_codes",
    "extra_classes",
)  # fmt: skip
_ITEM_FIELDS = (
    "english_name", "column", "data_type", "length", "is_key", "is_personal", "is_sensitive", "grade", "widest_mode",
    "mask", "note", "element", "code_table", "source_code", "share_attribute", "is_open",
)  # fmt: skip
MASKS: Mapping[str, str] = MappingProxyType({code: mask.label for code, mask in masks().items()})
"""The masking rules a node has, by id."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet. ``field`` is a field of the entry or item, ``extensions.ID`` for an edition's own."""

    field: str
    header: str
    choices: Mapping[str, str]
    """Code to what people read, in Chinese; empty for free text."""
    kind: str = "text"
    """Kind of an edition's own field."""


def entry_columns(edition: TemplateEdition | None = None) -> tuple[Column, ...]:
    """Return the columns of the sheet of entries, those only the edition has last."""
    further = tuple(
        Column(EXTENSION + row.id, row.label, {value.code: value.label for value in row.values}, row.kind)
        for row in (edition.extensions if edition else ())
    )
    return (
        Column(CODE, CODE_HEADER, {}),
        Column(PROVIDER, PROVIDER_HEADER, {}),
        *(Column(field, LABELS[field], choices(field)) for field in _ENTRY_FIELDS),
        *further,
    )


def item_columns() -> tuple[Column, ...]:
    """Return the columns of the sheet of items: whose they are, then their own fields."""
    return (
        Column(CODE, CODE_HEADER, {}),
        Column("name", LABELS["name"], {}),
        Column(ITEM_NAME, ITEM_NAME_HEADER, {}),
        *(Column(field, LABELS[field], choices(field, of_item=True)) for field in _ITEM_FIELDS),
    )


@lru_cache(maxsize=128)
def choices(field: str, *, of_item: bool = False) -> Mapping[str, str]:
    """Return the codes of a field with their Chinese names, empty where anything may be written."""
    if of_item and field == "mask":
        return MASKS
    model: type[models.Model] = Item if of_item else EntryVersion
    column = model._meta.get_field(field)  # noqa: SLF001 - Django's public _meta
    found = getattr(column, "choices", None) or ()
    with translation.override(SOURCE_LANGUAGE):
        return MappingProxyType({str(code): str(label) for code, label in found})


def label_of(place: str) -> str:
    """Return what people call a field; ``items.3.length`` is the length of the fourth item."""
    parts = place.split(".")
    if parts[0] == ITEMS:
        field = parts[-1]
        return ITEM_NAME_HEADER if field == "name" else LABELS.get(field, LABELS[ITEMS])
    return _FURTHER.get(place, LABELS.get(parts[0], parts[-1]))


_FURTHER = {
    CODE: CODE_HEADER,
    PROVIDER: PROVIDER_HEADER,
    "provider_code": gettext_noop("提供单位代码"),
    "secrecy": gettext_noop("涉密性"),
}
"""What rows say besides an entry's own fields."""


def choices_of(place: str) -> Mapping[str, str]:
    """Return the codes a place takes, empty for free text; yes and no for a flag."""
    parts = place.split(".")
    of_item, field = parts[0] == ITEMS, parts[-1]
    if place.startswith(EXTENSION) or (of_item and field in {"name", ITEMS}):
        return {}
    model: type[models.Model] = Item if of_item else EntryVersion
    names = {row.name for row in model._meta.get_fields()}  # noqa: SLF001 - Django's public _meta
    if field not in names:
        return {}
    if isinstance(model._meta.get_field(field), models.BooleanField):  # noqa: SLF001 - Django's public _meta
        return FLAGS
    return choices(field, of_item=of_item)


FLAGS: Mapping[str, str] = MappingProxyType({"1": gettext_noop("是"), "0": gettext_noop("否")})
