"""Reads definitions: those that ship, and those somebody wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jutong.contracts.library import FieldType, LibraryDefinition, TableDefinition
from jutong.library.definitions.errors import LibraryUnknownError
from jutong.standards import elements as shipped_elements
from jutong.standards.elements import Element

TYPES: dict[str, FieldType] = {
    "C": "text", "M": "text", "G": "text", "N": "decimal", "Y": "decimal", "B": "decimal", "F": "decimal",
    "I": "integer", "D": "date", "T": "instant", "L": "boolean",
}  # fmt: skip
"""What a type of 信息项 (1272号) is in a library."""

ORDER = {"base": 0, "theme": 1, "department": 2}
_FIRST = ("RK", "FR", "ZRZY", "DZZZ", "SHXY", "HGJJ", "GGXY", "DSRJT", "SQSF")
DIGITS = 18
"""Digits of a decimal whose element does not say how many."""


def resolved(document: Mapping[str, Any], elements: Iterable[Element] | None = None) -> LibraryDefinition:
    """Return a definition with everything filled in that follows from its data elements.

    Args:
        document: as it is written, for one a shipped file.
        elements: the data elements in force; without them the shipped ones.

    Raises:
        pydantic.ValidationError: when it has not the shape of one.
    """
    known = {one.code: one for one in (shipped_elements.shipped() if elements is None else elements)}
    tables = [
        {**table, "fields": [_filled(field, known) for field in table.get("fields", ())]}
        for table in document.get("tables", ())
    ]
    return LibraryDefinition.model_validate_json(json.dumps({**document, "tables": tables}))


def _filled(field: Mapping[str, Any], known: Mapping[str, Element]) -> dict[str, Any]:
    element = known.get(field.get("element", ""))
    if element is None:
        return dict(field)
    kind = TYPES[element.data_type]
    follows: dict[str, Any] = {"title": element.name, "type": kind, "codes": element.code_table}
    if kind == "text":
        follows["length"] = element.length or 0
    if kind == "decimal":
        follows |= {"length": element.length or DIGITS, "scale": element.precision or 0}
    return {**follows, **field}


@lru_cache(maxsize=1)
def shipped() -> tuple[LibraryDefinition, ...]:
    """Return the libraries that come with the platform: base libraries, then theme libraries."""
    folder = files("jutong.library.definitions") / "data"
    found = [resolved(json.loads(file.read_text(encoding="utf-8"))) for file in folder.iterdir()]

    def place(one: LibraryDefinition) -> tuple[int, int, str]:
        return ORDER[one.kind], _FIRST.index(one.code) if one.code in _FIRST else len(_FIRST), one.code

    return tuple(sorted(found, key=place))


def library(code: str) -> LibraryDefinition:
    """Return a shipped library.

    Raises:
        LibraryUnknownError: when none has this code.
    """
    found = next((one for one in shipped() if one.code == code), None)
    if found is None:
        raise LibraryUnknownError(found=code, allowed="、".join(one.code for one in shipped()))
    return found


def table(code: str, name: str) -> TableDefinition:
    """Return a table of a shipped library.

    Raises:
        LibraryUnknownError: when there is no such library or table.
    """
    found = next((one for one in library(code).tables if one.name == name), None)
    if found is None:
        raise LibraryUnknownError(
            found=f"{code}.{name}", allowed="、".join(f"{code}.{one.name}" for one in library(code).tables)
        )
    return found
