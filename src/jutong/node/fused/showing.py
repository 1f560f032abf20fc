"""How much of a value is seen: by the grade of its field, and by what the person has said it is needed for."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from jutong.contracts.library import FieldDefinition
from jutong.kernel.clock import BEIJING
from jutong.node import masking
from jutong.standards import code_tables, grading, sensitive

UNKNOWN_RANK = 10**6


@lru_cache(maxsize=64)
def rank(grade: str) -> int:
    """Return the place of a grade; one nobody knows stands above all."""
    found = grading.grades().get(grade)
    return found.rank if found is not None else UNKNOWN_RANK


@lru_cache(maxsize=512)
def mask_of(name: str, title: str) -> str:
    """Return the rule that masks a field, by what it seems to hold."""
    found = sensitive.recognise(name, comment=title)
    return found.kind.mask if found is not None else "all"


@lru_cache(maxsize=64)
def _codes(table: str) -> dict[str, str]:
    for shipped in code_tables.shipped():
        if table in {shipped.key, shipped.standard} or shipped.standard.startswith(f"{table}-"):
            return {span.code: span.name for span in shipped.spans if span.valid_to is None}
    return {}


def text_of(value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.astimezone(BEIJING):%Y-%m-%d %H:%M}" if value.tzinfo else f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


def named(field: FieldDefinition, text: str) -> str:
    """Return a value with the name of its code, where it is one."""
    name = _codes(field.codes).get(text, "") if field.codes else ""
    return f"{name}（{text}）" if name else text


class Eyes:
    """What one person sees in one visit.

    Args:
        shown: the highest grade that is on the page.
        revealed: the highest grade that is seen once the person has said why.
        said: whether that was done.
    """

    def __init__(self, shown: str, revealed: str, *, said: bool) -> None:
        self._shown = rank(shown)
        self._most = rank(revealed)
        self._said = said

    @property
    def limit(self) -> int:
        """The rank of the highest grade seen now."""
        return max(self._shown, self._most) if self._said else self._shown

    def sees(self, field: FieldDefinition) -> bool:
        """Tell whether values of a field are seen as they are."""
        return rank(field.grade) <= self.limit

    def could_see(self, field: FieldDefinition) -> bool:
        """Tell whether they could be, for a reason."""
        return rank(field.grade) <= max(self._shown, self._most)

    def see(self, field: FieldDefinition, value: Any) -> str | None:
        """Return a value as this person sees it; None for none."""
        if value is None:
            return None
        text = text_of(value)
        if self.sees(field):
            return named(field, text)
        return masking.rule(mask_of(field.name, field.title) if self.could_see(field) else "all")(text)
