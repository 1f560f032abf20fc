"""The template over the API: its editions, its schema, and judging an entry by it."""

from __future__ import annotations

from typing import Any

from jsonschema_rs import Draft202012Validator, meta

from jutong.center.catalog.models import Entry
from jutong.center.catalog.template import load_template
from jutong.standards.template_document import shipped_document
from tests.center_world import CITY, NOW, PLATFORM, City
from tests.integration.api.conftest import As
from tests.integration.api.test_api_registers import ENTRY


def provincial() -> None:
    load_template(document={**shipped_document("province-2025"), "division": CITY}, by=PLATFORM, now=NOW)


def rules(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(row["rule"], row["place"], row["severity"]) for row in found["rows"]}


def test_the_edition_in_force_is_marked_and_has_a_schema(city: City, as_: As) -> None:
    requester = as_(city["requester"])
    rows = {row["key"]: row for row in requester.get("/templates")["rows"]}
    assert rows["cn-2025.1"]["is_in_force"]
    assert not rows["province-2025.1"]["is_in_force"]
    provincial()
    rows = {row["key"]: row for row in requester.get("/templates")["rows"]}
    assert rows["province-2025.1"]["is_in_force"]
    assert rows["province-2025.1"]["division"] == CITY
    schema = requester.get("/templates/province-2025")
    assert meta.is_valid(schema)
    assert Draft202012Validator(schema).is_valid(ENTRY)
    assert not Draft202012Validator(schema).is_valid({**ENTRY, "share_scope": ""})
    requester.ask("GET", "/templates/nowhere", status=404)
    requester.ask("GET", "/templates/cn-2025.9", status=404)


def test_an_entry_is_judged_without_being_stored(city: City, as_: As) -> None:
    steward = as_(city["steward"])
    assert rules(steward.ask("POST", "/catalog/entries/check", ENTRY)) == set()
    wrong = {
        **ENTRY, "format_type": "pdf", "share_way": "file", "use_conditions": "须另行签订协议",
        "related_codes": ["307010/00099"], "extra_classes": ["307010A"], "extensions": {"carrier": "stone"},
        "template": "cn-1999",
    }  # fmt: skip
    assert rules(steward.ask("POST", "/catalog/entries/check", wrong)) == {
        ("VC-00", "extensions.carrier", "error"),
        ("VC-00", "extra_classes", "error"),
        ("VC-00", "template", "error"),
        ("VC-03", "use_conditions", "warning"),
        ("VC-08", "format_type", "error"),
        ("VC-08", "share_way", "error"),
        ("VC-11", "related_codes", "error"),
    }
    empty = rules(steward.ask("POST", "/catalog/entries/check", {}))
    assert {("VC-01", "items", "error"), ("VC-13", "not_secret", "error")} <= empty
    assert not Entry.objects.exists()
    as_(city["requester"]).ask("POST", "/catalog/entries/check", ENTRY, status=403)
    steward.ask("POST", "/catalog/entries/check", {**ENTRY, "code": "307010/00077"}, status=404)


def test_every_field_is_written_and_read_back(city: City, as_: As) -> None:
    provincial()
    steward = as_(city["steward"])
    extensions = {"least_unit": "表", "stored_total": 12, "stored_shared": 1.5}
    item = {
        "name": "姓名", "data_type": "C", "grade": "general-2", "is_personal": True, "english_name": "name",
        "element": "DE00002", "code_table": "gb-t-2261", "share_attribute": "conditional", "is_open": False,
    }  # fmt: skip
    body = {
        **ENTRY, "format_type": "mysql", "share_channel": "platform", "open_condition": "", "related_codes": [],
        "extra_classes": ["203001"], "extensions": extensions, "items": [item],
    }  # fmt: skip
    made = steward.ask("POST", "/catalog/entries", body, status=201)
    version = made["versions"][0]
    assert {name: version[name] for name in ("format_type", "extra_classes", "extensions")} == {
        "format_type": "mysql", "extra_classes": ["203001"], "extensions": extensions,
    }  # fmt: skip
    assert {name: version["items"][0][name] for name in item} == item
    again = {**body, "code": made["code"]}
    assert not [row for row in steward.ask("POST", "/catalog/entries/check", again)["rows"] if row["rule"] == "VC-06"]
    more = {**body, "extensions": {"stored_total": 1, "stored_shared": 2, "carrier": None}}
    found = steward.ask("POST", "/catalog/entries/check", more)
    assert ("VC-09", "extensions.stored_shared", "error") in rules(found)
    steward.ask("POST", "/catalog/entries", {**body, "extensions": {"stored_total": "很多"}}, status=422)
