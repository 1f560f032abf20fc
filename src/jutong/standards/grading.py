"""Grades of data (数据分级, GB/T 43697-2024) and what each asks of sharing.

The levels and the decision table are the standard's; the controls tied to a level are the platform's defaults. Core
data (核心数据) has a place in the order but is not accepted on the platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.shipped import read_json

Degree = Literal["none", "ordinary", "serious", "extreme"]
"""一般危害, 严重危害, 特别严重危害, or no harm."""
LOWEST = "general-1"


class GradeUnknownError(JutongError):
    """A grade is not one of the standard's."""

    code = "standards.grade.unknown"
    http_status = 422
    message = gettext_noop("没有“{found}”这一级，允许：{allowed}。")
    next_step = gettext_noop("请从数据分级表中选择。")


@dataclass(frozen=True, slots=True)
class Grade:
    """One level and its controls."""

    code: str
    label: str
    label_en: str
    rank: int
    """0 for the lowest."""
    accepted: bool
    """Whether data of this level may be on the platform at all."""
    share_attributes: tuple[str, ...]
    """Sharing attributes an entry of this level may have."""
    transport: str
    at_rest: str
    display: str
    approval_steps: int
    requires: tuple[str, ...]
    """Assessments and notices asked for before a share begins."""


@lru_cache(maxsize=1)
def _document() -> Mapping[str, Any]:
    document: dict[str, Any] = read_json("grading.json")
    return document


@lru_cache(maxsize=1)
def grades() -> Mapping[str, Grade]:
    """Return the levels by code, lowest first."""
    return MappingProxyType(
        {
            row["code"]: Grade(
                **{
                    **row,
                    "rank": rank,
                    "share_attributes": tuple(row["share_attributes"]),
                    "requires": tuple(row["requires"]),
                }
            )
            for rank, row in enumerate(_document()["levels"])
        }
    )


def grade(code: str) -> Grade:
    """Return one level.

    Raises:
        GradeUnknownError: for a code that is none.
    """
    found = grades().get(code)
    if found is None:
        raise GradeUnknownError(found=code, allowed="、".join(grades()))
    return found


def highest(codes: Iterable[str]) -> Grade:
    """Return the highest of several levels (就高从严): a resource has the level of its most sensitive item.

    Raises:
        GradeUnknownError: for a code that is none.
        ValueError: if there is none to compare.
    """
    return max((grade(code) for code in codes), key=lambda found: found.rank)


def decide(effects: Mapping[str, Degree]) -> Grade:
    """Return the level that follows from what harm a leak could do to whom.

    Args:
        effects: degree by object: ``national-security``, ``economy``, ``social-order``, ``public-interest``,
            ``organisation``, ``person``. Objects left out suffer no harm.

    Raises:
        KeyError: for an unknown object or degree.
    """
    table, found = _document()["decision"], [LOWEST]
    for affected, degree in effects.items():
        row = table[affected]
        if degree != "none":
            found.append(row[degree])
    return highest(found)
