"""Schemes of grading beside the national one, and what the size of data does to its level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from jutong.standards.grading import Grade, GradeUnknownError, document, grade, grades


@dataclass(frozen=True, slots=True)
class SchemeLevel:
    """A level of a scheme and the national level it stands for."""

    code: str
    label: str
    label_en: str
    maps_to: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to grade, such as a province's, with its mapping to the national levels."""

    id: str
    label: str
    label_en: str
    standard: str
    verified: bool
    levels: tuple[SchemeLevel, ...]

    def national(self, code: str) -> Grade:
        """Return the national level of one of this scheme's.

        Raises:
            GradeUnknownError: for a level the scheme does not have.
        """
        found = next((level for level in self.levels if level.code == code), None)
        if found is None:
            raise GradeUnknownError(found=code, allowed="、".join(level.code for level in self.levels))
        return grade(found.maps_to)

    def local(self, code: str) -> SchemeLevel:
        """Return this scheme's level for a national one: the lowest not below it, else its highest (就高从严)."""
        rank = grade(code).rank
        fitting = (level for level in self.levels if grade(level.maps_to).rank >= rank)
        return next(fitting, self.levels[-1])


def raised(code: str, *, persons: int = 0, sensitive_persons: int = 0) -> Grade:
    """Return the level after the size of the data was looked at: much data may raise it, never lower it.

    Raising by steps ends at the highest general level; only the step that names important data reaches it.

    Args:
        code: the level by content.
        persons: how many people the data is about.
        sensitive_persons: how many of them with sensitive personal information.
    """
    counts = {"persons": persons, "sensitive-persons": sensitive_persons}
    found = [grade(code)]
    general = [level for level in grades().values() if level.code.startswith("general-")]
    for step in document()["volume"]["steps"]:
        if counts[step["subject"]] < step["at_least"]:
            continue
        if "raise_to" in step:
            found.append(grade(step["raise_to"]))
        elif found[0].rank < general[-1].rank:
            found.append(general[found[0].rank + step["raise_by"]])
    return max(found, key=lambda level: level.rank)


@lru_cache(maxsize=1)
def schemes() -> Mapping[str, Scheme]:
    """Return the schemes of grading by id, the national one first."""
    return MappingProxyType(
        {
            row["id"]: Scheme(**{**row, "levels": tuple(SchemeLevel(**level) for level in row["levels"])})
            for row in document()["schemes"]
        }
    )
