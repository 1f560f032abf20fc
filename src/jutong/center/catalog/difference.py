"""What changed between two versions of an entry, field by field and item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.catalog.shape import LABELS
from jutong.center.catalog.steps import FIELD_NAMES, written

_NOT_TOLD = {"template"}
"""Says by which edition a version was judged, not what it says."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``kind`` is ``changed``, ``added`` or ``removed``; ``label`` is Chinese source wording.

    For an item ``subject`` is its name and ``field`` the attribute that changed, empty for a whole item.
    """

    kind: str
    subject: str
    field: str
    label: str
    before: Any
    after: Any

    @property
    def before_text(self) -> str:
        """What stood there, as people read it."""
        return self._text(self.before)

    @property
    def after_text(self) -> str:
        """What stands there now, as people read it."""
        return self._text(self.after)

    def _text(self, value: Any) -> str:
        if isinstance(value, bool):
            return gettext("是") if value else gettext("否")
        if isinstance(value, Mapping):
            return "；".join(f"{key}：{told}" for key, told in sorted(value.items()))
        if isinstance(value, (list, tuple)):
            return "、".join(map(str, value))
        return str(_choices(self.subject, self.field).get(value, "" if value is None else value))


def diff(before: EntryVersion, after: EntryVersion) -> list[Change]:
    """Return the differences from one version to another, both got from this package's queries."""
    old_fields, old_items = written(before)
    new_fields, new_items = written(after)
    changes = [
        Change("changed", "", name, LABELS[name], getattr(old_fields, name), getattr(new_fields, name))
        for name in FIELD_NAMES
        if name not in _NOT_TOLD and getattr(old_fields, name) != getattr(new_fields, name)
    ]
    return changes + _items(old_items, new_items)


def _items(before: list[ItemFields], after: list[ItemFields]) -> list[Change]:
    old, new = ({item.name: item for item in items} for items in (before, after))
    changes = [Change("removed", name, "", LABELS["items"], name, "") for name in old if name not in new]
    for name, item in new.items():
        if name not in old:
            changes.append(Change("added", name, "", LABELS["items"], "", name))
            continue
        changes.extend(
            Change("changed", name, attribute, LABELS[attribute], getattr(old[name], attribute), value)
            for attribute, value in ((field, getattr(item, field)) for field in ItemFields.__dataclass_fields__)
            if getattr(old[name], attribute) != value
        )
    return changes


def _choices(subject: str, field: str) -> Mapping[Any, Any]:
    """Return what people call the coded values of a field; empty where it has none."""
    if not field:
        return {}
    column: Any = (Item if subject else EntryVersion)._meta.get_field(field)  # noqa: SLF001 - Django's public _meta
    return dict(column.flatchoices)
