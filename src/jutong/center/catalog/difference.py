"""What changed between two versions of an entry, field by field and item by item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jutong.center.catalog.fields import ItemFields
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.shape import LABELS
from jutong.center.catalog.steps import FIELD_NAMES, written


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


def diff(before: EntryVersion, after: EntryVersion) -> list[Change]:
    """Return the differences from one version to another, both got from this package's queries."""
    old_fields, old_items = written(before)
    new_fields, new_items = written(after)
    changes = [
        Change("changed", "", name, LABELS[name], getattr(old_fields, name), getattr(new_fields, name))
        for name in FIELD_NAMES
        if getattr(old_fields, name) != getattr(new_fields, name)
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
