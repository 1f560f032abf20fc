"""Between the text of a cell and the value of a field, both ways without loss."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.intake.columns import Column, choices, item_columns

_FLAG_WORDS = {
    "是": True, "否": False, "1": True, "0": False, "true": True, "false": False, "y": True, "n": False, "yes": True,
    "no": False, "有": True, "无": False, "√": True, "×": False, "": False,
}  # fmt: skip
_BETWEEN = re.compile(r"[、,，;；\s]+")
_RISKY = ("=", "+", "-", "@", "\t", "\r", "'")
_LISTS = frozenset({"related_codes", "extra_classes"})
_ENTRY_FLAGS = frozenset(name for name, spec in EntryFields.__dataclass_fields__.items() if spec.type == "bool")
_ITEM_FLAGS = frozenset(name for name, spec in ItemFields.__dataclass_fields__.items() if spec.type == "bool")
_ITEM_FIELDS = frozenset(column.field for column in item_columns()) & ItemFields.__dataclass_fields__.keys()
_MOST_DIGITS = 9


class UnreadableError(ValueError):
    """A text is no value of its field; the caller says so at the cell."""


def safe(text: str) -> str:
    """Return a text no spreadsheet takes for a formula; :func:`plain` gives it back."""
    return f"'{text}" if text.startswith(_RISKY) else text


def plain(text: str) -> str:
    """Return what :func:`safe` was given."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in _RISKY else text


def shown(field: str, value: Any, *, of_item: bool = False) -> str:
    """Return what stands in a cell for a value."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple | list):
        return "、".join(map(str, value))
    if value is None:
        return ""
    known = choices(field, of_item=of_item) if _has_column(field, of_item=of_item) else {}
    return known.get(str(value), str(value))


def read_extension(column: Column, text: str) -> Any:
    """Return the value of a field only an edition has; what is not of its kind is left for the rules to name."""
    text = text.strip()
    if column.kind == "number":
        return _number(text)
    if column.kind == "flag":
        return _FLAG_WORDS.get(text.lower(), text) if text else ""
    if column.kind in {"codes", "classes"}:
        return [part for part in _BETWEEN.split(text) if part]
    return _code(column.choices, text)


def _number(text: str) -> int | float | str:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def shown_extension(column: Column, value: Any) -> str:
    """Return what stands in the cell of a field only an edition has."""
    return column.choices.get(str(value), "") or shown(column.field, value)


def _has_column(field: str, *, of_item: bool) -> bool:
    return field in (_ITEM_FIELDS if of_item else EntryFields.__dataclass_fields__)


def read(field: str, text: str, *, of_item: bool = False) -> Any:
    """Return the value a cell's text stands for; a code nobody knows is left as it is, for the rules to name.

    Raises:
        UnreadableError: for a flag or a length that is none.
    """
    text = text.strip()
    if field in (_ITEM_FLAGS if of_item else _ENTRY_FLAGS):
        word = _FLAG_WORDS.get(text.lower())
        if word is None:
            raise UnreadableError(text)
        return word
    if of_item and field == "length":
        return _length(text)
    if field in _LISTS:
        return [part for part in _BETWEEN.split(text) if part]
    return _codes(field, of_item=of_item).get(text, text)


@lru_cache(maxsize=128)
def _codes(field: str, *, of_item: bool) -> Mapping[str, str]:
    """Return what may stand for each code of a field: the code itself, or what people read."""
    known = choices(field, of_item=of_item) if _has_column(field, of_item=of_item) else {}
    return {label: code for code, label in known.items()} | {code: code for code in known}


def _length(text: str) -> int | None:
    whole = text.removesuffix(".0")
    if not whole:
        return None
    if not (whole.isascii() and whole.isdigit()) or len(whole) > _MOST_DIGITS:
        raise UnreadableError(text)
    return int(whole)


def _code(known: Mapping[str, str], text: str) -> str:
    if text in known:
        return text
    return next((code for code, label in known.items() if label == text), text)


def as_entry(fields: Mapping[str, Any]) -> EntryFields:
    """Return stored fields as the catalog takes them; what is not a field of an entry is left out."""
    known = {name: value for name, value in fields.items() if name in EntryFields.__dataclass_fields__}
    lists = {name: tuple(known[name]) for name in _LISTS if name in known}
    return EntryFields(**{"name": "", "classification": "", **known, **lists})


def as_items(items: list[Mapping[str, Any]]) -> tuple[ItemFields, ...]:
    """Return stored items as the catalog takes them."""
    names = ItemFields.__dataclass_fields__
    return tuple(ItemFields(**{name: value for name, value in item.items() if name in names}) for item in items)
