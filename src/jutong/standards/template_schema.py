"""JSON Schema (draft 2020-12) of what an edition asks of an entry, so that programs can check before they send."""

from __future__ import annotations

from typing import Any

from jutong.standards import resource_code
from jutong.standards.template import Condition, TemplateEdition, TemplateField

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CLASS = r"^[123][0-9]{5}[0-9A-Z]{0,26}$"
_CODE = r"^[123][0-9]{5}[0-9A-Z]*/[0-9A-Z]+$"
_FILLED = r"\S"
"""A text that says something."""


def json_schema(edition: TemplateEdition) -> dict[str, Any]:
    """Return the schema of a complete entry, one ready to be submitted; a draft may leave out what it asks.

    Conditions become ``if`` and ``then``. What only a look at the registry can tell, such as a name used twice, is not
    in it.
    """
    core = [row for row in edition.entry_fields if not row.is_filled and not row.is_extension]
    extensions = {row.id: _property(row) for row in edition.extensions}
    properties = {row.id: _items(edition, row) if row.kind == "items" else _property(row) for row in core}
    properties["extensions"] = {"type": "object", "properties": extensions, "additionalProperties": False}
    properties["template"] = {"enum": ["", edition.id, edition.key]}
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"urn:jutong:template:{edition.key}",
        "title": edition.title,
        "description": edition.title_en,
        "x-clause": edition.clause,
        "x-effective-from": edition.effective_from.isoformat(),
        "x-division": edition.division,
        "type": "object",
        "properties": properties,
        "required": [row.id for row in core if row.obligation == "M" and not _has_default(row)],
        "additionalProperties": False,
    }
    asked = [row.id for row in edition.extensions if row.obligation == "M"]
    if asked:
        properties["extensions"]["required"] = asked
        schema["required"].append("extensions")
    rules = [rule for row in edition.entry_fields if not row.is_filled for rule in _rules(row)]
    return {**schema, "allOf": rules} if rules else schema


def _has_default(field: TemplateField) -> bool:
    """Tell whether leaving a field out says something already: a flag is then no, the channel the platform's."""
    return (field.kind == "flag" and field.rule != "VC-13") or field.id == "share_channel"


def _items(edition: TemplateEdition, field: TemplateField) -> dict[str, Any]:
    properties = {row.id: _property(row) for row in edition.item_fields}
    item = {
        "type": "object",
        "properties": properties,
        "required": [row.id for row in edition.item_fields if row.obligation == "M" and row.rule == "VC-10"],
        "additionalProperties": False,
    }
    return {**_notes(field), "type": "array", "minItems": 1, "maxItems": field.length, "items": item}


def _property(field: TemplateField) -> dict[str, Any]:
    return {**_notes(field), **_kind(field)}


def _notes(field: TemplateField) -> dict[str, Any]:
    notes = {
        "title": field.label,
        "description": field.help or field.label_en,
        "x-title-en": field.label_en,
        "x-obligation": field.obligation,
        "x-clause": field.clause,
        "x-rule": field.rule,
    }
    return {name: value for name, value in notes.items() if value}


def _kind(field: TemplateField) -> dict[str, Any]:
    is_empty_allowed = field.obligation != "M"
    match field.kind:
        case "flag":
            found: dict[str, Any] = {"const": True} if field.rule == "VC-13" else {"type": "boolean"}
        case "number":
            found = _number(field)
        case "codes" | "classes":
            pattern = _CODE if field.kind == "codes" else _CLASS
            code = {"type": "string", "pattern": pattern, "maxLength": resource_code.MAX_LENGTH}
            found = {"type": "array", "items": code, "uniqueItems": True}
        case "class":
            found = {"type": "string", "pattern": _CLASS}
        case "enum":
            found = {"enum": [*([""] if is_empty_allowed else []), *field.codes]}
        case "date":
            found = {"type": "string", "format": "date"}
        case _:
            length = {"maxLength": field.length} if field.length else {}
            found = {"type": "string", **length, **({} if is_empty_allowed else {"pattern": _FILLED})}
    return found


def _number(field: TemplateField) -> dict[str, Any]:
    if field.place == "item":
        return {"type": ["integer", "null"], "minimum": 1}
    return {"type": "number", "minimum": 0}


def _rules(field: TemplateField) -> list[dict[str, Any]]:
    """Return the conditions under which a field is asked, or must stay empty."""
    found = []
    if field.obligation == "C" and field.condition is not None and field.severity == "error":
        found.append({"if": _holds(field.condition), "then": _asked(field)})
    if field.empty_when is not None and field.severity == "error":
        empty: dict[str, Any] = {"properties": {field.id: {"enum": ["", [], None]}}}
        found.append({"if": _holds(field.empty_when), "then": _within(field, empty)})
    return found


def _asked(field: TemplateField) -> dict[str, Any]:
    filled = {"enum": list(field.codes)} if field.values else {"pattern": _FILLED}
    return _within(field, {"required": [field.id], "properties": {field.id: filled}})


def _within(field: TemplateField, rule: dict[str, Any]) -> dict[str, Any]:
    if not field.is_extension:
        return rule
    needed = {"required": ["extensions"]} if "required" in rule else {}
    return {**needed, "properties": {"extensions": rule}}


def _holds(condition: Condition) -> dict[str, Any]:
    values: list[Any] = [{"true": True, "false": False}.get(value, value) for value in condition.values]
    found: dict[str, Any] = {"properties": {condition.field: {"enum": values}}, "required": [condition.field]}
    return {"not": found} if condition.is_negated else found
