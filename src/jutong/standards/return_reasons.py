"""Why the authority returns an entry: coded reasons, each with the clause it rests on (条例 12 to 19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from jutong.standards.shipped import read_json

OTHER = "other"
"""The reason that says nothing by itself; its text has to."""


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """One reason. ``needs_text`` where the code alone does not tell the department what to change."""

    id: str
    name: str
    name_en: str
    clause: str
    advice: str
    advice_en: str
    needs_text: bool

    def label(self, language: str = "zh") -> str:
        """Return what people call it."""
        return self.name_en if language.startswith("en") else self.name


@lru_cache(maxsize=1)
def return_reasons() -> Mapping[str, ReturnReason]:
    """Return every reason by its id, in the order in which they are offered."""
    rows = (ReturnReason(**row) for row in read_json("return_reasons.json"))
    return MappingProxyType({row.id: row for row in rows})
