"""Editions of the template by which entries are compiled (目录编制模板, 条例 12): what an entry must and may state.

An edition is a versioned document with the day from which it holds. The national one carries the nine matters of
条例 13 over the core metadata of 1272号; a local one names the edition it stands on and adds fields or tightens what is
there. Forms, workbooks, the API's schema and the checks are made from it, so that a new edition is loaded, not coded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from jutong.standards import grading, lists
from jutong.standards.classification import ClassNode
from jutong.standards.lists import ListValue

Place = Literal["entry", "item"]
Kind = Literal["text", "enum", "flag", "number", "date", "codes", "class", "classes", "items"]
Obligation = Literal["M", "C", "O"]
"""Always, where its condition holds, or never obligatory."""
Severity = Literal["error", "warning"]
CORE = "cn-2025"
"""The shipped edition whose fields have columns of their own; what another edition adds is an extension."""
SHIPPED = (CORE, "province-2025")
STEPS = ("basic", "items", "sharing", "grading")
"""Steps of the form; a group of fields says in which it stands."""
GRADES = "grade"
"""The list that is not in ``lists.json``: levels of GB/T 43697 the platform accepts."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds while another field has one of some values, or with ``is_negated`` none of them.

    A flag reads as ``true`` or ``false``.
    """

    field: str
    values: tuple[str, ...]
    is_negated: bool = False

    def holds(self, value_of: Callable[[str], Any]) -> bool:
        """Tell whether it holds, given what reads a field by its id."""
        found = value_of(self.field)
        text = str(found).lower() if isinstance(found, bool) else str(found or "")
        return (text in self.values) is not self.is_negated


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields shown together in one step of the form."""

    id: str
    label: str
    label_en: str
    step: str


@dataclass(frozen=True, slots=True)
class TemplateField:
    """One field of an entry or of an item."""

    id: str
    label: str
    label_en: str
    place: Place
    kind: Kind
    obligation: Obligation
    group: str
    length: int | None = None
    """Most characters of a text."""
    list_id: str = ""
    """Closed list the values come from; empty where ``values`` names them or none are named."""
    values: tuple[ListValue, ...] = ()
    """What may be chosen, the list's values or the edition's own."""
    clause: str = ""
    rule: str = "VC-00"
    """Rule a finding about the field names."""
    condition: Condition | None = None
    """Where a ``C`` field is obligatory."""
    empty_when: Condition | None = None
    """Where it must not be filled in."""
    help: str = ""
    help_en: str = ""
    severity: Severity = "error"
    """How much it matters that an obligatory field is empty."""
    at_most: str = ""
    """Field whose number this one may not exceed."""
    is_filled: bool = False
    """Whether the platform itself fills it: nobody writes it."""
    is_extension: bool = False
    """Whether it has no column of its own and stands among an entry's ``extensions``."""

    def is_obligatory(self, value_of: Callable[[str], Any]) -> bool:
        """Tell whether it must be filled in, given what reads the other fields."""
        if self.obligation == "C":
            return self.condition is not None and self.condition.holds(value_of)
        return self.obligation == "M"

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the values."""
        return tuple(value.code for value in self.values)


@dataclass(frozen=True, slots=True, eq=False)
class TemplateEdition:
    """One edition, whole: what it takes over from the edition it stands on included.

    Editions are read once and compared by identity, so that looking a field up costs nothing.
    """

    id: str
    version: int
    title: str
    title_en: str
    base: str
    division: str
    """Code of the division it binds, empty for all."""
    effective_from: date
    clause: str
    groups: tuple[FieldGroup, ...]
    fields: tuple[TemplateField, ...]
    classes: tuple[ClassNode, ...] = ()
    """Classes a locality adds to the tree."""

    @property
    def key(self) -> str:
        """What a written entry names its edition by: id and version, as in ``cn-2025.1``."""
        return f"{self.id}.{self.version}"

    @property
    def entry_fields(self) -> tuple[TemplateField, ...]:
        """Fields of the entry itself, in order."""
        return tuple(row for row in self.fields if row.place == "entry")

    @property
    def item_fields(self) -> tuple[TemplateField, ...]:
        """Fields of every item, in order."""
        return tuple(row for row in self.fields if row.place == "item")

    @property
    def extensions(self) -> tuple[TemplateField, ...]:
        """Fields of the entry that have no column of their own."""
        return _extensions(self)

    def field(self, field_id: str, place: Place = "entry") -> TemplateField | None:
        """Return a field, or None."""
        return _by_id(self).get((place, field_id))

    def in_step(self, step: str) -> list[tuple[FieldGroup, list[TemplateField]]]:
        """Return the groups of a step with the fields a person writes; groups with none are left out."""
        rows = [
            (group, [row for row in self.entry_fields if row.group == group.id and not row.is_filled])
            for group in self.groups
            if group.step == step
        ]
        return [(group, fields) for group, fields in rows if fields]

    def step_of(self, field_id: str) -> str:
        """Return the step in which a field of the entry stands; what no field is counts as the last."""
        found = self.field(field_id)
        groups = {group.id: group.step for group in self.groups}
        return groups[found.group] if found else STEPS[-1]


@lru_cache(maxsize=32)
def _extensions(edition: TemplateEdition) -> tuple[TemplateField, ...]:
    return tuple(row for row in edition.fields if row.is_extension)


@lru_cache(maxsize=32)
def _by_id(edition: TemplateEdition) -> Mapping[tuple[str, str], TemplateField]:
    return MappingProxyType({(row.place, row.id): row for row in edition.fields})


def values_of(list_id: str) -> tuple[ListValue, ...]:
    """Return the values of a closed list, or of the grades.

    Raises:
        KeyError: for an unknown list.
    """
    if list_id == GRADES:
        return tuple(ListValue(row.code, row.label, row.label_en) for row in grading.grades().values() if row.accepted)
    return lists.closed_list(list_id).values


def is_open_list(list_id: str) -> bool:
    """Tell whether a locality may add values to a list."""
    return list_id != GRADES and lists.closed_list(list_id).open
