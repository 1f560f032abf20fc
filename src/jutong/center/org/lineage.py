"""Which divisions lie above one, and which authority is common to two of them (条例 8, 28)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from jutong.center.org.models import Division, Organisation

DEEPEST = 8
"""Levels that are climbed at most."""


def above(division_code: str) -> list[str]:
    """Return the codes of the divisions above one, the nearest first, as the register of divisions has them."""
    found: list[str] = []
    code = division_code
    while len(found) < DEEPEST:
        row = Division.objects.filter(code=code, valid_until=None).values_list("parent_code", flat=True).first()
        if not row or row in found or row == division_code:
            break
        found.append(row)
        code = row
    return found


def is_at_or_below(division_code: str, upper: str) -> bool:
    """Tell whether a division is another one or lies in it."""
    return division_code == upper or upper in above(division_code)


def common_divisions(first: str, second: str) -> list[str]:
    """Return the divisions that hold both of two, the lowest first; a division holds itself."""
    others = {second, *above(second)}
    return [code for code in (first, *above(first)) if code in others]


def authority_of(division_code: str) -> Organisation | None:
    """Return a division's authority, or None where none is registered at this very level."""
    return Organisation.objects.filter(division_code=division_code, is_authority=True, closed_at=None).first()


def common_authority(first: str, second: str, *, but: Collection[UUID] = ()) -> Organisation | None:
    """Return the lowest authority over two divisions: of the same level their own, else the common superior.

    Args:
        first: code of one division.
        second: code of the other.
        but: ids of organisations that cannot be it, because nobody coordinates a dispute of its own.
    """
    for code in common_divisions(first, second):
        found = authority_of(code)
        if found is not None and found.id not in but:
            return found
    return None
