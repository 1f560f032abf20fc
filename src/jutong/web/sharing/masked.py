from __future__ import annotations

from django.utils.translation import get_language

from jutong.center.catalog.enums import FieldMode
from jutong.center.catalog.models import Item
from jutong.standards.masks import masks


def masked_as(item: Item, mode: str) -> str:
    """Return what an item's masking leaves of a made-up value, in brackets; nothing where it is not masked."""
    rule = masks().get(item.mask)
    if mode != FieldMode.MASKED or rule is None:
        return ""
    label = rule.label_en if (get_language() or "").startswith("en") else rule.label
    return f"（{label}：{rule.before} → {rule.after}）"
