"""Between the entry form's text and the catalogue's plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog import enums
from jutong.center.catalog.fields import EntryFields, ItemFields

BLANK_ROWS = 3
MOST_ROWS = 500
MASKS = (
    ("all", _("全部遮盖")),
    ("name", _("姓名")),
    ("identity", _("身份号码")),
    ("phone", _("电话")),
    ("address", _("地址")),
)
CHOICES: dict[str, tuple[tuple[str, Any], ...]] = {
    "data_format": tuple(enums.DataFormat.choices),
    "update_cycle": tuple(enums.UpdateCycle.choices),
    "share_attribute": tuple(enums.ShareAttribute.choices),
    "share_way": tuple(enums.ShareWay.choices),
    "basis_kind": tuple(enums.BasisKind.choices),
    "grade": tuple(enums.Grade.choices),
}
ITEM_CHOICES: dict[str, tuple[tuple[str, Any], ...]] = {
    "data_type": tuple(enums.DataType.choices),
    "grade": tuple(enums.Grade.choices),
    "widest_mode": tuple(enums.FieldMode.choices),
    "mask": MASKS,
}
_TEXTS = (
    "name", "classification", "summary", "domain", "data_format", "update_cycle", "share_attribute", "share_way",
    "share_scope", "share_purpose", "use_conditions", "refusal_reason", "basis_kind", "basis_title", "basis_article",
    "grade", "origin",
)  # fmt: skip
_FLAGS = ("is_open", "not_secret")


@dataclass(frozen=True)
class Written:
    """What stands in the form."""

    fields: EntryFields
    items: list[ItemFields]


def empty() -> Written:
    """Return a form nobody has written in."""
    return Written(EntryFields(name="", classification=""), [])


def read(typed: QueryDict) -> Written:
    """Read the form; rows of items without a name are left out."""
    texts: dict[str, Any] = {name: typed.get(name, "") for name in _TEXTS}
    flags: dict[str, Any] = {name: typed.get(name) == "1" for name in _FLAGS}
    count = typed.get("rows", "0")
    rows = min(int(count), MOST_ROWS) if count.isdigit() and len(count) <= len(str(MOST_ROWS)) else 0
    items = [_item(typed, at) for at in range(rows) if typed.get(f"items.{at}.name", "").strip()]
    return Written(EntryFields(**texts, **flags), items)


def _item(typed: QueryDict, at: int) -> ItemFields:
    def text(name: str, default: str = "") -> str:
        return typed.get(f"items.{at}.{name}", default).strip()

    length = text("length")
    return ItemFields(
        name=text("name"),
        column=text("column"),
        data_type=text("data_type"),
        length=int(length) if length.isdigit() and len(length) < len("1000000000") else None,
        is_key=text("is_key") == "1",
        is_personal=text("is_personal") == "1",
        is_sensitive=text("is_sensitive") == "1",
        grade=text("grade", enums.Grade.G1),
        widest_mode=text("widest_mode", enums.FieldMode.PLAIN),
        mask=text("mask", "all"),
        note=text("note"),
    )


def context(written: Written) -> dict[str, Any]:
    """Return what the form's template needs."""
    blank = ItemFields(name="")
    rows = [*written.items, *[blank] * BLANK_ROWS]
    unchosen = ("", _("请选择"))
    return {
        "fields": written.fields,
        "item_rows": list(enumerate(rows)),
        "row_count": len(rows),
        "choices": {name: (unchosen, *values) for name, values in CHOICES.items()},
        "item_choices": {name: values for name, values in ITEM_CHOICES.items() if name != "data_type"}
        | {"data_type": (unchosen, *ITEM_CHOICES["data_type"])},
    }
