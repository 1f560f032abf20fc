from __future__ import annotations

import copy
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from jutong.standards.template import STEPS, Condition, is_open_list, values_of
from jutong.standards.template_document import (
    TemplateInvalidError,
    TemplateUnknownError,
    check,
    core,
    read,
    shipped,
    shipped_document,
)
from jutong.standards.template_loosening import TemplateLoosenedError, loosening, refuse_loosening
from jutong.standards.template_schema import json_schema

LOCAL: dict[str, Any] = {
    "id": "local", "version": 3, "title": "地方模板", "title_en": "Local", "base": "cn-2025", "division": "620000",
    "effective_from": "2026-01-01",
}  # fmt: skip
WINDOW = {"id": "window", "label": "窗口", "label_en": "Counter", "kind": "text", "obligation": "O", "group": "holding"}
NINE = {"name", "items", "organisation", "data_format", "update_cycle", "share_attribute", "share_way", "grade"}


def local(*fields: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**LOCAL, "fields": list(fields), **changes}


def places(document: Any) -> list[str]:
    return [fault.place for fault in check(document)]


def test_the_national_edition_asks_the_nine_matters_of_the_regulation():
    asked = {row.id for row in core().entry_fields if row.clause == "政务数据共享条例第十三条"}
    assert asked == NINE
    for name in NINE - {"share_way"}:
        field = core().field(name)
        assert field is not None
        assert field.obligation == "M"
    assert core().field("use_conditions") is not None
    assert core().extensions == ()
    assert core().key == "cn-2025.1"


def test_the_provincial_edition_adds_what_provinces_ask_and_six_census_numbers():
    found = shipped()["province-2025"]
    assert {row.id for row in found.extensions if row.group == "census"} == {
        "stored_total", "records_total", "stored_shared", "records_shared", "stored_open", "records_open",
    }  # fmt: skip
    assert {"least_unit", "indicator_system", "secrecy", "carrier", "served", "main_source"} <= {
        row.id for row in found.extensions
    }
    assert len(found.fields) == len(core().fields) + len(found.extensions)
    assert loosening(core(), found) == []


def test_every_field_stands_in_a_step_and_has_both_languages():
    for edition in shipped().values():
        shown = [row.id for step in STEPS for _, rows in edition.in_step(step) for row in rows]
        assert len(shown) == len(set(shown))
        assert set(shown) == {row.id for row in edition.entry_fields if not row.is_filled}
        for field in edition.fields:
            assert field.label
            assert field.label_en.isascii()
            assert bool(field.help) == bool(field.help_en)
            assert field.kind != "enum" or field.values


def test_core_fields_are_those_that_have_columns():
    from jutong.center.catalog.fields import EntryFields, ItemFields

    entry = {row.id for row in core().entry_fields if not row.is_filled}
    assert entry - {"items"} == set(EntryFields.__dataclass_fields__) - {"extensions", "template"}
    assert {row.id for row in core().item_fields} == set(ItemFields.__dataclass_fields__)


def test_lengths_and_values_fit_the_columns():
    from django.db import models

    from jutong.center.catalog.models import EntryVersion, Item

    for place, model in (("entry", EntryVersion), ("item", Item)):
        for row in core().fields:
            if row.place != place or row.is_filled or row.kind not in {"text", "enum", "class"}:
                continue
            column = model._meta.get_field(row.id)
            assert isinstance(column, models.CharField)
            if row.kind == "enum" and column.choices:
                assert set(row.codes) == set(dict(column.flatchoices)), row.id
            elif row.kind != "enum":
                assert row.length == column.max_length, row.id


def test_a_condition_reads_flags_and_values():
    values: dict[str, Any] = {"is_open": True, "share_attribute": "none", "nothing": None}
    assert Condition("is_open", ("true",)).holds(values.get)
    assert not Condition("is_open", ("false",)).holds(values.get)
    assert Condition("share_attribute", ("none",)).holds(values.get)
    assert not Condition("share_attribute", ("none",), is_negated=True).holds(values.get)
    assert Condition("nothing", ("x",), is_negated=True).holds(values.get)


def test_what_the_base_has_stays_where_the_document_says_nothing():
    found = read(local({"id": "summary", "length": 10}, {"id": "note", "place": "item", "obligation": "M"}, WINDOW))
    summary, note, window = found.field("summary"), found.field("note", "item"), found.field("window")
    assert summary is not None
    assert (summary.length, summary.obligation, summary.label) == (10, "M", "摘要")
    assert note is not None
    assert note.obligation == "M"
    assert window is not None
    assert window.is_extension
    assert found.step_of("window") == "basic"
    assert found.step_of("no-such") == "grading"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("text", "/"),
        ({}, "/id"),
        (local(base="nowhere"), "/base"),
        (local({"id": "Bad Id"}), "/fields/0/id"),
        (local({**WINDOW, "colour": "red"}), "/fields/0/colour"),
        (local(WINDOW, WINDOW), "/fields/1/id"),
        (local({"id": "window"}), "/fields/0/label"),
        (local({**WINDOW, "group": "cellar"}), "/fields/0/group"),
        (local({**WINDOW, "kind": "enum"}), "/fields/0/list"),
        (local({**WINDOW, "kind": "enum", "list": "no-such-list"}), "/fields/0/list"),
        (local({**WINDOW, "obligation": "C"}), "/fields/0/when"),
        (local({**WINDOW, "kind": "items"}), "/fields/0/kind"),
        (local({**WINDOW, "place": "item"}), "/fields/0"),
        (local({**WINDOW, "obligation": "C", "when": {"field": "grade", "in": ["x"]}}), "/fields/0/when"),
        (local({**WINDOW, "empty_when": {"field": "no-such", "in": ["x"]}}), "/fields/0/empty_when/field"),
        (local({**WINDOW, "empty_when": {"field": "absent", "not_in": ["x"]}}), "/fields/0/empty_when"),
        (local({**WINDOW, "kind": "number", "at_most": "summary"}), "/fields/0/at_most"),
        (local({"id": "summary", "kind": "number"}), "/fields/0"),
        (local(base="", division=""), "/fields"),
    ],
)
def test_a_document_that_does_not_hold_together_names_its_place(document: Any, place: str):
    assert places(document)[0].startswith(place)
    with pytest.raises(TemplateInvalidError) as refused:
        read(document)
    assert refused.value.fields["place"].startswith(place)
    assert refused.value.fields["count"] >= 1


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"id": "summary", "obligation": "O"}, "obligation"),
        ({"id": "summary", "length": 2000}, "length"),
        ({"id": "summary", "length": None}, "length"),
        ({"id": "share_scope", "when": {"field": "share_attribute", "in": ["none"]}}, "when"),
        ({"id": "use_conditions", "empty_when": None}, "empty_when"),
        ({"id": "grade", "severity": "warning"}, "severity"),
        (
            {"id": "share_attribute", "values": [{"code": "maybe", "label": "再说", "label_en": "Maybe"}]},
            "values",
        ),
    ],
)
def test_a_local_edition_never_loosens(field: dict[str, Any], place: str):
    with pytest.raises(TemplateLoosenedError) as refused:
        read(local(field))
    assert refused.value.fields["place"] == f"/fields/0/{place}"


def test_a_local_edition_narrows_closed_lists_and_adds_to_open_ones():
    narrowed = local({"id": "share_attribute", "values": [{"code": "none", "label": "不予", "label_en": "None"}]})
    assert places(narrowed) == []
    cycles = [{"code": "ten-days", "label": "每旬", "label_en": "Every ten days"}]
    assert is_open_list("update-cycle")
    assert places(local({"id": "update_cycle", "values": cycles})) == []
    asked = local({"id": "share_scope", "obligation": "M"})
    assert places(asked) == []


def test_an_edition_without_a_field_loosens():
    document = copy.deepcopy(shipped_document("cn-2025"))
    document |= {"id": "cn-x", "fields": [row for row in document["fields"] if row["id"] != "summary"]}
    (fault,) = loosening(core(), read(document))
    assert fault.place == "/entry/summary"
    with pytest.raises(TemplateLoosenedError):
        refuse_loosening(core(), read(document))


def test_unknown_editions_and_lists_are_named():
    with pytest.raises(TemplateUnknownError):
        shipped_document("../lists")
    with pytest.raises(KeyError):
        values_of("no-such-list")
    assert [value.code for value in values_of("grade")][-1] == "important"
    assert not is_open_list("grade")


ENTRY: dict[str, Any] = {
    "name": "低保对象", "classification": "307010", "summary": "基本信息", "data_format": "database",
    "update_cycle": "daily", "share_attribute": "conditional", "share_way": "service", "share_scope": "各部门",
    "share_purpose": "核对资格", "grade": "general-2", "not_secret": True, "is_open": False,
    "items": [{"name": "姓名", "data_type": "C"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"not_secret": False},
        {"share_scope": ""},
        {"share_way": ""},
        {"share_attribute": "unconditional"},
        {"share_attribute": "none"},
        {"items": []},
        {"items": [{"name": "姓名", "data_type": "Z"}]},
        {"grade": "core"},
        {"classification": "9"},
        {"colour": "red"},
        {"extensions": {"stored_total": -1}},
        {"extensions": {"carrier": "stone"}},
        {"related_codes": ["x"]},
        {"template": "cn-1999"},
    ],
)
def test_the_schema_refuses_what_the_template_refuses(changes: dict[str, Any]):
    schema = json_schema(shipped()["province-2025"])
    assert meta.is_valid(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(ENTRY), list(validator.iter_errors(ENTRY))
    assert validator.is_valid({**ENTRY, "extensions": {"stored_total": 1.5, "carrier": "both", "served": ""}})
    assert not validator.is_valid({**ENTRY, **changes})


def test_the_schema_follows_a_local_edition():
    field = {
        **WINDOW, "obligation": "C", "kind": "enum", "when": {"field": "share_attribute", "not_in": ["none"]},
        "values": [{"code": "a", "label": "一号", "label_en": "One"}],
    }  # fmt: skip
    day = {**WINDOW, "id": "since", "kind": "date", "obligation": "M"}
    validator = Draft202012Validator(json_schema(read(local(field, day))))
    assert not validator.is_valid(ENTRY)
    assert not validator.is_valid({**ENTRY, "extensions": {"since": "2026-01-01"}})
    assert validator.is_valid({**ENTRY, "extensions": {"since": "2026-01-01", "window": "a"}})
