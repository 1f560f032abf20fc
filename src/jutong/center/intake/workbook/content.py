from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jutong.center.catalog.fields import EntryFields, ItemFields


@dataclass(frozen=True, slots=True)
class Content:
    """One entry as sheets show it; ``code`` is empty for one that has none yet."""

    code: str
    fields: EntryFields
    items: Sequence[ItemFields]
