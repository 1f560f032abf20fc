from __future__ import annotations

import json
from pathlib import Path

import pytest

from jutong.center.intake.mapping import (
    REASON_LABELS,
    ColumnMapping,
    Layout,
    MatchReason,
    known_fields,
    own_labels,
    propose,
    samples_of,
)
from jutong.center.intake.reading import read, read_bytes
from tests.unit.center.intake.reading.files import json_bytes

DATA = Path(__file__).parents[3] / "data" / "catalog"
NAMES = {"标题", "资源名称", "信息资源名称", "资源信息名称", "目录名称", "数据集名称"}
PROVIDERS = {
    "提供单位", "来源部门", "所属部门", "所属单位", "信息资源提供方", "提供机构", "资源提供方", "提供部门",
    "数据提供方",
}  # fmt: skip
CYCLES = {"更新频率", "更新周期", "资源更新频率", "更新频度"}


def fields(mapping: ColumnMapping) -> dict[str, str]:
    return {match.header: match.field for match in mapping.columns}


@pytest.mark.parametrize("sheet", read(DATA / "portals_excerpt.json", name="p.json").sheets, ids=lambda row: row.name)
def test_the_headers_of_real_portals_find_their_fields(sheet):
    found = fields(propose(sheet.headers, samples_of(sheet)))
    headers = set(sheet.headers)
    assert {found[header] for header in headers & NAMES} == {"name"}
    assert {found[header] for header in headers & PROVIDERS} == {"provider"}
    assert {found[header] for header in headers & CYCLES} <= {"update_cycle"}
    assert [header for header in headers if not found[header]] in ([], ["主题分类"], ["数据主题"], ["国家主题分类"])


def test_our_own_headers_match_with_certainty():
    found = propose(list(own_labels()))
    assert {match.confidence for match in found.columns} == {1.0}
    assert {match.reason for match in found.columns} == {MatchReason.OWN}
    assert fields(found)["提供单位"] == "provider"


def test_a_templates_own_labels_go_before_all_others():
    found = propose(["联系电话", "标题"], own={"联系电话": "extensions.phone", "标题": "summary"})
    assert fields(found) == {"联系电话": "extensions.phone", "标题": "summary"}


@pytest.mark.parametrize(
    ("header", "field", "reason"),
    [
        ("更新周期（必填）*", "update_cycle", MatchReason.SYNONYM), (" 资 源 名 称 ", "name", MatchReason.SYNONYM),
        ("Update_Frequency", "update_cycle", MatchReason.SYNONYM),
        ("共享属性/共享类型", "share_attribute", MatchReason.SYNONYM),
        ("提供方/信息资源提供方", "provider", MatchReason.SYNONYM), ("数据资源摘要信息", "summary", MatchReason.PART),
        ("信息资源提供方单位", "provider", MatchReason.SIMILAR),
    ],
)  # fmt: skip
def test_why_a_header_is_a_field(header: str, field: str, reason: MatchReason):
    (match,) = propose([header], own={}).columns
    assert (match.field, match.reason) == (field, reason)
    assert REASON_LABELS[match.reason]


def test_values_speak_for_a_header_nobody_knows():
    (match,) = propose(["怎么更新"], [("每年",), ("每月",), ("每日",)]).columns
    assert (match.field, match.reason, match.confidence) == ("update_cycle", MatchReason.VALUES, 0.6)


def test_values_speak_against_a_header():
    agreeing = propose(["更新频率"], [("每年",)] * 5).columns[0]
    against = propose(["更新频率"], [("甲",), ("乙",), ("丙",)]).columns[0]
    assert agreeing.confidence > 0.95 > against.confidence
    assert against.field == "update_cycle"
    assert propose(["更新频率"], [("甲",), ("乙",), ("丙",)]).doubtful == (against,)


def test_a_type_column_of_a_portal_is_its_format_and_not_an_items_type():
    found = propose(["标题", "数据类型"], [("甲", "file"), ("乙", "table"), ("丙", "api")])
    assert (found.layout, fields(found)["数据类型"]) == (Layout.ENTRIES, "data_format")


def test_a_listing_of_one_item_a_row_is_recognised():
    found = propose(["信息资源名称", "信息资源提供方", "信息项名称", "数据类型", "数据长度", "备注"])
    assert found.layout is Layout.ITEMS
    assert fields(found)["信息项名称"] == "item.name"
    assert fields(found)["数据类型"] == "item.data_type"
    assert fields(found)["备注"] == "item.note"


def test_two_columns_for_one_field_and_what_is_unknown_are_told_apart():
    found = propose(["标题", "主题分类", "数据领域", "完全没听说过", "发布时间", "上传时间"])
    assert [(match.header, match.reason) for match in found.unmapped] == [
        ("主题分类", MatchReason.TAKEN), ("完全没听说过", MatchReason.NONE),
    ]  # fmt: skip
    assert [match.header for match in found.columns if match.field == "published_on"] == ["发布时间", "上传时间"]


def test_a_person_changes_what_was_proposed():
    found = propose(["标题", "描述", "备注说明"])
    changed = found.changed({"描述": "name", "备注说明": "summary"})
    assert fields(changed) == {"标题": "", "描述": "name", "备注说明": "summary"}
    assert changed.fields["name"].reason is MatchReason.PERSON
    assert fields(changed.changed({"备注说明": ""}))["备注说明"] == ""


def test_a_mapping_outlives_its_way_through_json():
    found = propose(["信息资源名称", "信息项名称", "数据类型"], [("甲", "姓名", "字符型")])
    assert ColumnMapping.from_rows(json.loads(json.dumps(found.as_rows()))) == found


def test_samples_come_from_all_over_a_sheet():
    rows = [{"方式": "无"}] * 600 + [{"方式": "无条件开放"}] * 2400
    taken = samples_of(read_bytes(json_bytes(rows), name="a.json").sheets[0])
    assert len(taken) == 200
    assert taken.count(("无",)) == 40


def test_every_field_headers_may_lead_to_is_a_field():
    assert {"name", "provider", "item.name", "volume"} <= set(known_fields())
