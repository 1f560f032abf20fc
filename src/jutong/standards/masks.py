"""The rules by which a node masks an item (脱敏规则): what each is for, and what it leaves of a made-up value.

The node carries the rules out; a test holds the examples here against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from jutong.standards import grading, lists

LIST = "mask"
HIDING = "all"
"""The rule that leaves nothing, which fits every type."""
_COARSER = {"general-3": {"month": "year"}, "general-4": {"month": "year", "band": HIDING}}
"""What takes the place of a rule from a level on."""


@dataclass(frozen=True, slots=True)
class Mask:
    """One rule. ``fits`` and ``doubtful`` are types of items (1272号), each one letter; for any other it is wrong."""

    code: str
    label: str
    label_en: str
    fits: str
    doubtful: str
    before: str
    after: str


@lru_cache(maxsize=1)
def masks() -> Mapping[str, Mask]:
    """Return every rule by code, those that hide before those that leave a coarser truth."""
    return MappingProxyType(
        {
            row.code: Mask(
                row.code, row.label, row.label_en, row.details["fits"], row.details["doubtful"],
                *row.details["example"],
            )
            for row in lists.closed_list(LIST).values
        }
    )  # fmt: skip


def usual_mask(mask: str, grade: str, data_type: str) -> str:
    """Return the rule proposed for an item of a level and type, given the one its kind of information has.

    A higher level leaves less, and a rule that does not suit the type gives way to hiding everything.

    Raises:
        GradeUnknownError: for a level that is none.
    """
    rank = grading.grade(grade).rank
    for level, coarser in _COARSER.items():
        if rank >= grading.grade(level).rank:
            mask = coarser.get(mask, mask)
    found = masks().get(mask)
    return mask if found and (not data_type or data_type in found.fits + found.doubtful) else HIDING
