"""What the template's edition, and an entry's own contradictions, are judged by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jutong.center.catalog.extensions import MOST_CODES, MOST_EXTENSIONS
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import Finding, errors, warnings
from jutong.center.catalog.shape import shape_findings
from jutong.center.catalog.validation import Surroundings, all_findings, content_findings
from jutong.standards.template_document import read, shipped
from tests.center_world import FIELDS, ITEMS

CIVIL = "11629900MB4482457G"
PROVINCE = shipped()["province-2025"]
LOCAL = read(
    {
        "id": "local", "version": 1, "title": "本地", "title_en": "Local", "base": "province-2025",
        "division": "629900", "effective_from": "2026-01-01",
        "fields": [
            {"id": "origin", "obligation": "M"},
            {"id": "summary", "length": 20},
            {"id": "share_attribute", "values": [{"code": "conditional", "label": "有条件", "label_en": "Some"}]},
            {"id": "note", "place": "item", "obligation": "M"},
            {"id": "name", "place": "item", "length": 5},
            {
                "id": "grade", "place": "item",
                "values": [{"code": "general-2", "label": "二级", "label_en": "Two"}],
            },
            {
                "id": "since", "label": "启用日期", "label_en": "In use since", "kind": "date", "obligation": "C",
                "group": "holding", "when": {"field": "data_format", "in": ["database"]},
            },
            {"id": "class2", "label": "归口", "label_en": "Class", "kind": "class", "obligation": "O",
             "group": "holding"},
            {"id": "codes2", "label": "旧码", "label_en": "Codes", "kind": "codes", "obligation": "O",
             "group": "holding"},
            {"id": "live", "label": "在用", "label_en": "Live", "kind": "flag", "obligation": "O", "group": "holding"},
        ],
    }
)  # fmt: skip
AROUND = Surroundings(CIVIL, CIVIL)


def found(fields: EntryFields = FIELDS, items: tuple[ItemFields, ...] = ITEMS, **around: Any) -> list[tuple[str, str]]:
    rows = errors(content_findings(fields, items, replace(AROUND, **around)))
    return [(row.rule, row.place) for row in rows]


def doubts(fields: EntryFields = FIELDS, items: tuple[ItemFields, ...] = ITEMS) -> list[tuple[str, str]]:
    rows = warnings(content_findings(fields, items, AROUND))
    return [(row.rule, row.place) for row in rows if row.rule != "GR-07"]


def extended(**values: Any) -> list[str]:
    return [row.place for row in shape_findings(replace(FIELDS, extensions=values), ITEMS, LOCAL)]


def test_a_local_edition_asks_more():
    places = set(found(edition=LOCAL))
    assert {
        ("VC-00", "origin"), ("VC-00", "extensions.since"), ("VC-00", "items.0.note"), ("VC-10", "items.0.name"),
        ("VC-00", "items.0.grade"),
    } <= places  # fmt: skip
    long = replace(FIELDS, summary="长" * 21, share_attribute="unconditional", share_scope="", share_purpose="")
    assert {("VC-00", "summary"), ("VC-01", "share_attribute")} <= set(found(long, edition=LOCAL))
    fine = replace(FIELDS, origin="业务系统", extensions={"since": "2026-01-01"}, grade="general-2")
    item = ItemFields(name="姓名", data_type="C", grade="general-2", note="户籍姓名")
    assert found(fine, (item,), edition=LOCAL) == []


def test_the_english_name_of_an_extension_is_told():
    (row,) = [row for row in content_findings(FIELDS, ITEMS, replace(AROUND, edition=LOCAL)) if "since" in row.place]
    assert (row.field, row.field_en) == ("启用日期", "In use since")
    from django.utils import translation

    assert row.as_row()["field"] == "启用日期"
    with translation.override("en"):
        assert row.as_row()["field"] == "In use since"


@pytest.mark.parametrize(
    "values",
    [
        {"least_unit": "表", "stored_total": 0, "carrier": "both", "since": "2026-01-01", "live": True},
        {"class2": "307010", "codes2": ["307010/00001"], "least_unit": "", "stored_total": None},
        {"stored_total": 1.5, "served": "person"},
    ],
)
def test_extension_fields_of_their_kind_pass(values: dict[str, Any]):
    assert extended(**values) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stored_total", "12"),
        ("stored_total", True),
        ("stored_total", float("nan")),
        ("stored_total", 10**16),
        ("least_unit", 3),
        ("least_unit", "长" * 65),
        ("least_unit", "a\x00"),
        ("carrier", "stone"),
        ("since", "昨天"),
        ("live", "yes"),
        ("class2", "9"),
        ("codes2", "307010/1"),
        ("codes2", ["x"]),
        ("codes2", ["307010/1"] * (MOST_CODES + 1)),
        ("nobody_knows", "x"),
    ],
)
def test_extension_fields_of_another_kind_are_refused_in_a_draft(name: str, value: Any):
    assert extended(**{name: value}) == [f"extensions.{name}"]


def test_extensions_are_bounded():
    many = {f"x{at}": "1" for at in range(MOST_EXTENSIONS + 5)}
    places = extended(**many)
    assert places[-1] == "extensions"
    assert len(places) == MOST_EXTENSIONS + 1


def test_the_national_edition_has_no_extensions():
    places = [row.place for row in shape_findings(replace(FIELDS, extensions={"least_unit": "表"}), ITEMS)]
    assert places == ["extensions.least_unit"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"related_codes": ("x",)}, "related_codes"),
        ({"related_codes": ("307010/1", "307010/1")}, "related_codes"),
        ({"related_codes": tuple(f"307010/{at}" for at in range(MOST_CODES + 1))}, "related_codes"),
        ({"extra_classes": ("9",)}, "extra_classes"),
    ],
)
def test_codes_have_a_form_and_a_number(changes: dict[str, Any], place: str):
    assert [row.place for row in shape_findings(replace(FIELDS, **changes), ITEMS)] == [place]


def test_a_source_code_has_a_form():
    item = ItemFields(name="x", source_code="nowhere")
    assert [row.place for row in shape_findings(FIELDS, (item,))] == ["items.0.source_code"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"format_type": "mysql"}, []),
        ({"format_type": "MySQL"}, []),
        ({"format_type": "pdf"}, [("VC-08", "format_type")]),
        ({"format_type": "自有格式", "data_format": "self-described"}, []),
        ({"share_way": "file"}, [("VC-08", "share_way")]),
        ({"data_format": "sheet", "share_way": "service"}, [("VC-08", "share_way")]),
        ({"data_format": "sheet", "share_way": "service", "share_channel": "other"}, []),
        ({"data_format": "self-described", "share_way": "batch"}, []),
    ],
)
def test_vc08_formats_and_ways_agree(changes: dict[str, Any], expected: list[tuple[str, str]]):
    assert found(replace(FIELDS, **changes)) == expected


def test_vc08_an_unheard_of_type_is_only_a_doubt():
    assert doubts(replace(FIELDS, format_type="TiDB")) == [("VC-08", "format_type")]


@pytest.mark.parametrize(
    ("census", "places"),
    [
        ({"stored_total": 10, "stored_shared": 10, "stored_open": 0}, []),
        ({"stored_total": 10, "stored_shared": 11}, ["extensions.stored_shared"]),
        ({"records_total": 1, "records_open": 1.5}, ["extensions.records_open"]),
        ({"records_total": -1}, ["extensions.records_total"]),
        ({"stored_shared": 5}, []),
        ({"stored_total": "many", "stored_shared": 5}, []),
    ],
)
def test_vc09_parts_are_no_more_than_the_whole(census: dict[str, Any], places: list[str]):
    rows = found(replace(FIELDS, extensions=census), edition=PROVINCE)
    assert rows == [("VC-09", place) for place in places]


def test_vc11_an_item_with_a_source_refers_to_it():
    around: dict[str, Any] = {"assigned_elsewhere": {"公民身份号码": "307008/00001", "DE00003": "307008/00002"}}
    assert found(**around) == [("VC-11", "items.0.source_code")]
    assert found(replace(FIELDS, related_codes=("307008/00001",)), **around) == []
    assert found(items=(replace(ITEMS[0], source_code="307008/00001"), *ITEMS[1:]), **around) == []
    assert found(**around, own_code="307008/00001") == []
    by_element = (replace(ITEMS[1], element="DE00003"),)
    assert found(items=by_element, **around) == [("VC-11", "items.0.source_code")]


def test_vc11_references_exist_and_do_not_circle():
    referring = replace(FIELDS, related_codes=("307008/00001",))
    assert found(referring, known_codes=frozenset()) == [("VC-11", "related_codes")]
    assert found(referring, known_codes=frozenset({"307008/00001"})) == []
    assert found(referring, own_code="307008/00001") == [("VC-11", "related_codes")]
    assert found(own_code="307010/00001", upstream=frozenset({"307010/00001"})) == [("VC-11", "items")]


def test_the_edition_an_entry_names_is_judged():
    named = replace(FIELDS, template="cn-1999")
    assert found(named, is_template_known=False) == [("VC-00", "template")]
    rows = content_findings(named, ITEMS, replace(AROUND, is_outdated=True))
    assert [(row.place, row.severity) for row in rows if row.rule == "VC-00"] == [("template", "warning")]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"classification": "109001"}, "classification"),
        ({"extra_classes": ("399001",)}, "extra_classes"),
        ({"extra_classes": ("307010A",)}, "extra_classes"),
        ({"classification": "307010A", "extra_classes": ("307010",)}, "extra_classes"),
    ],
)
def test_classes_stand_in_the_tree_and_apart(changes: dict[str, Any], place: str):
    assert found(replace(FIELDS, **changes)) == [("VC-00", place)]
    assert found(replace(FIELDS, extra_classes=("203001",))) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"use_conditions": "须经我局领导批准"}, [("VC-03", "use_conditions")]),
        ({"share_purpose": "待补充"}, [("VC-03", "share_purpose")]),
        ({"share_scope": "暂不共享"}, [("VC-03", "share_scope")]),
        ({"open_condition": "无"}, [("VC-00", "open_condition")]),
        ({"use_conditions": "不得提供给第三方"}, []),
    ],
)
def test_conditions_a_department_made_itself_are_doubts(changes: dict[str, Any], expected: list[tuple[str, str]]):
    assert doubts(replace(FIELDS, **changes)) == expected
    assert found(replace(FIELDS, **changes)) == []


def test_open_data_says_on_what_conditions():
    entry = replace(
        FIELDS, is_open=True, share_attribute="unconditional", share_scope="", share_purpose="", grade="general-1"
    )
    item = ItemFields(name="名称", data_type="C")
    assert doubts(entry, (item,)) == [("VC-00", "open_condition")]
    assert doubts(replace(entry, open_condition="无"), (item,)) == []


@pytest.mark.parametrize(
    ("kind", "title", "article", "expected"),
    [
        ("law", "中华人民共和国统计法", "第二十五条", []),
        ("law", "甘肃省统计条例", "第五条", [("error", "basis_title")]),
        ("law", "某某规则", "第五条", [("warning", "basis_title")]),
        ("law", "中华人民共和国统计法", "见原文", [("warning", "basis_article")]),
    ],
)
def test_vc04_an_unlawful_basis_is_named(kind: str, title: str, article: str, expected: list[tuple[str, str]]):
    refused = replace(
        FIELDS, share_attribute="none", share_way="", share_scope="", share_purpose="", refusal_reason="涉及个案",
        basis_kind=kind, basis_title=title, basis_article=article,
    )  # fmt: skip
    rows = [row for row in content_findings(refused, ITEMS, AROUND) if row.rule == "VC-04"]
    assert [(row.severity, row.place) for row in rows] == expected


def test_grades_are_held_to_their_controls():
    wide = (replace(ITEMS[0], grade="general-4"),)
    assert found(items=wide) == [("GR-02", "grade"), ("GR-06", "items.0.widest_mode")]


def test_a_place_is_named_once_by_the_first_rule_that_has_it():
    wrong = replace(FIELDS, data_format="paper", name="")
    rows: list[Finding] = all_findings(wrong, ITEMS, AROUND)
    places = [row.place for row in rows if row.is_error]
    assert sorted(places) == ["data_format", "name"]
