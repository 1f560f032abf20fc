"""The rules that follow from a table's definition and its data elements, with nobody adding any.

Pure. What an element or a definition cannot say to both engines alike (a pattern with lookaround) makes no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from jutong.contracts import quality as contract
from jutong.contracts.library import FieldDefinition, TableDefinition
from jutong.contracts.quality import CheckedField, QualityRule, TableAddress
from jutong.standards import code_tables
from jutong.standards.agreement import standard_text
from jutong.standards.elements import Element
from jutong.standards.quality import Scheme, scheme

_SCHEMES: dict[str, contract.Scheme] = {
    "GB 11643": "identity",
    "GB 32100": "credit-code",
    "GB 11714": "organisation-code",
}
"""The check digits of standards, by the number a standard's name begins with."""


@dataclass(frozen=True)
class Register:
    """Another register of the same library table: the role of its department, where it lies, which fields it fills."""

    role: str
    address: TableAddress
    fields: frozenset[str]


@lru_cache(maxsize=1)
def _shipped_keys() -> frozenset[str]:
    return frozenset(table.key for table in code_tables.shipped()) - scheme().partial_code_tables


def _codes(field: FieldDefinition, element: Element | None) -> str:
    return field.codes or (element.code_table if element else "")


def checked_fields(
    definition: TableDefinition, filled: Iterable[str], elements: Mapping[str, Element]
) -> tuple[CheckedField, ...]:
    """Return the fields that are looked at. The values of coded fields may be told; those of others may not."""
    there = set(filled)
    return tuple(
        CheckedField(
            name=field.name, title=field.title, type=field.type, element=field.element, grade=field.grade,
            personal=field.personal, open=_codes(field, elements.get(field.element)) in _shipped_keys(),
        )
        for field in definition.fields
        if field.name in there
    )  # fmt: skip


def derived(
    definition: TableDefinition,
    filled: Iterable[str],
    elements: Mapping[str, Element],
    *,
    standardised: bool,
    role: str = "",
    registers: Iterable[Register] = (),
    local: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[QualityRule, ...]:
    """Return the rules of a table.

    Args:
        definition: of the library's table.
        filled: the fields this register or library table has.
        elements: data elements by code.
        standardised: whether it is a register as standardised, which knows what could not be brought into form.
        role: of the register's department.
        registers: the other registers, for what the source department of a field says (条例 19).
        local: codes of the place beside the shipped ones, by code table.
    """
    there = set(filled)
    fields = [field for field in definition.fields if field.name in there]
    found: list[QualityRule] = []
    for field in fields:
        found += _of_field(definition, field, elements.get(field.element), local or {}, standardised=standardised)
    if definition.keys and there.issuperset(definition.keys):
        found.append(contract.Unique(id="keys.unique", fields=definition.keys, basis=definition.basis[:100]))
    found += _of_pairs(fields, scheme())
    found += _of_sources(definition, fields, role, registers)
    hours = standard_text().freshness_by_cycle.get(definition.cycle, 0)
    if hours:
        found.append(contract.Cycle(id="table.cycle", hours=hours, basis=definition.cycle))
    found.append(contract.RowsDrift(id="table.rows"))
    return tuple(found)


def _of_field(
    definition: TableDefinition,
    field: FieldDefinition,
    element: Element | None,
    local: Mapping[str, tuple[str, ...]],
    *,
    standardised: bool,
) -> Iterator[QualityRule]:
    name = field.name
    same: dict[str, Any] = {"field": name, "basis": f"{field.element} {element.standard if element else ''}".strip()}
    if field.required or name in definition.keys:
        yield contract.Required(id=f"{name}.required", **same)
    if standardised:
        yield contract.Standardised(id=f"{name}.standardised", **same)
    codes = _codes(field, element)
    if field.type == "text" and codes in _shipped_keys():
        yield contract.Codes(id=f"{name}.codes", table=codes, values=local.get(codes, ()), **same)
        yield contract.Drift(id=f"{name}.drift", **same)
    if field.type != "text" or element is None:
        return
    longest = field.length or element.length or 0
    if longest:
        yield contract.TextLength(id=f"{name}.length", most=longest, **same)
    digits = next((found for number, found in _SCHEMES.items() if element.standard.startswith(number)), None)
    if digits is not None:
        yield contract.CheckDigit(id=f"{name}.check-digit", scheme=digits, **same)
    if element.pattern and not codes:
        try:
            yield contract.TextPattern(id=f"{name}.pattern", pattern=element.pattern, **same)
        except ValidationError:
            return


def _of_pairs(fields: list[FieldDefinition], way: Scheme) -> Iterator[QualityRule]:
    by_element: dict[str, FieldDefinition] = {field.element: field for field in fields if field.element}
    for earlier, later in way.in_order:
        one, other = by_element.get(earlier), by_element.get(later)
        if one and other and one.type == other.type:
            yield contract.Comparison(
                id=f"{one.name}.before.{other.name}", field=one.name, operator="le", other=other.name,
                basis=f"{earlier} {later}",
            )  # fmt: skip
    for code, days in way.not_after_today.items():
        found = by_element.get(code)
        if found and found.type in ("date", "instant"):
            yield contract.Fresh(id=f"{found.name}.dated", field=found.name, days=days, basis=code)


def _of_sources(
    definition: TableDefinition, fields: list[FieldDefinition], role: str, registers: Iterable[Register]
) -> Iterator[QualityRule]:
    """A field is compared with the register of its source department, by the table's first key."""
    names = {field.name for field in fields}
    key = definition.keys[0] if definition.keys else ""
    if key not in names:
        return
    others = list(registers)
    for field in fields:
        if not field.source or field.source == role or field.name in definition.keys:
            continue
        other = next((one for one in others if one.role == field.source and {key, field.name} <= one.fields), None)
        if other is not None:
            yield contract.Agrees(
                id=f"{field.name}.agrees", field=field.name, key=key, other=other.address, other_key=key,
                other_field=field.name, basis="条例 19",
            )  # fmt: skip


def field_of(rule: QualityRule) -> str:
    """Return the field a rule is about, the first where it is about several, empty for the table."""
    fields: tuple[str, ...] = getattr(rule, "fields", ())
    return str(getattr(rule, "field", "") or (fields[0] if fields else ""))
