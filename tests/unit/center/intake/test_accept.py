from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jutong.center.catalog.fields import ItemFields
from jutong.center.intake.accept import (
    Defaults,
    ProposedEntry,
    Severity,
    propose_entries,
    propose_entry,
    propose_item,
    with_repeats,
)
from jutong.center.intake.mapping import propose, samples_of
from jutong.center.intake.reading import Remark, RemarkKind, SourceRow, read, read_bytes
from tests.unit.center.intake.reading.files import json_bytes, workbook

DATA = Path(__file__).parents[3] / "data" / "catalog"
GOOD_CODE = "11629900MB4482457G"


def one(row: dict[str, Any], defaults: Defaults | None = None, remarks: tuple[Remark, ...] = ()) -> ProposedEntry:
    return propose_entry(SourceRow(7, tuple(map(str, row.values())), remarks), propose(list(row)), defaults)


def rules(found: ProposedEntry) -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.field, str(finding.severity)) for finding in found.findings]


def test_a_plain_row_becomes_an_entry():
    found = one({
        "标题": "婚姻登记信息", "提供单位": "市民政局", "摘要": "结婚离婚", "所属领域": "民生 服务", "更新周期": "每天",
        "数据格式": "xlsx",
        "共享类型": "有条件共享", "共享范围": "各部门", "信息资源分类": "307010", "涉密属性": "非涉密", "分级": "三级",
        "关联资源代码": "307010/1、307010/2", "信息资源代码": "307010/00012", "提供方代码": GOOD_CODE.lower(),
    })  # fmt: skip
    fields = found.fields
    assert found.accepted
    assert (fields.name, fields.summary, fields.domain) == ("婚姻登记信息", "结婚离婚", "民生服务")
    assert (fields.update_cycle, fields.data_format, fields.format_type) == ("daily", "sheet", "xlsx")
    assert (fields.share_attribute, fields.share_scope, fields.grade) == ("conditional", "各部门", "general-3")
    assert (fields.classification, fields.not_secret) == ("307010", True)
    assert fields.related_codes == ("307010/1", "307010/2")
    assert (found.code, found.provider, found.provider_code) == ("307010/00012", "市民政局", GOOD_CODE)
    assert found.readings["update_cycle"].how == "synonym"
    assert found.raw["更新周期"] == "每天"
    assert found.line == 7


def test_what_an_entry_has_no_place_for_is_kept():
    found = one({"标题": "甲", "发布时间": "2020-01-01", "没人知道": "x", "数据格式": "xls、json", "标签": "无"})
    assert found.leftovers == {"发布时间": "2020-01-01", "没人知道": "x", "数据格式": "xls、json", "标签": "无"}


@pytest.mark.parametrize("name", ["", "  ", "None", "无"])
def test_a_row_without_a_name_is_kept_out_with_its_cell(name: str):
    found = one({"序号": "1", "标题": name})
    assert not found.accepted
    finding = found.findings[-1]
    assert (finding.rule, finding.letter, finding.line, finding.column) == ("IN-01", "B", 7, "标题")


def test_a_listing_without_a_column_of_names_says_so():
    assert one({"更新周期": "每年", "完全没听说过": "x"}).findings[-1].message == "没有一列对应数据目录名称"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"更新周期": "看情况"}, ("IN-03", "update_cycle", "warning")),
        ({"更新周期": "其他"}, ("IN-04", "update_cycle", "warning")),
        ({"更新周期": "每半年"}, ("IN-04", "update_cycle", "warning")),
        ({"数据格式": "石碑"}, ("IN-03", "data_format", "warning")),
        ({"是否向社会开放": "看情况"}, ("IN-03", "is_open", "warning")),
        ({"是否向社会开放": "可开放"}, ("IN-04", "is_open", "warning")),
        ({"不涉密声明": "也许"}, ("IN-03", "not_secret", "warning")),
        ({"涉密属性": "说不清"}, ("IN-03", "secrecy", "warning")),
        ({"涉密属性": "机密"}, ("VC-13", "secrecy", "error")),
        ({"不予共享依据类型": "地方性法规"}, ("VC-04", "basis_kind", "error")),
        ({"提供方代码": "11629900MB4482457X"}, ("VC-07", "provider_code", "error")),
        ({"信息资源代码": "甲/1"}, ("IN-11", "code", "error")),
        ({"信息资源分类": "97"}, ("IN-11", "classification", "error")),
        ({"摘要": "长" * 1001}, ("IN-02", "summary", "warning")),
        ({"共享范围": "长" * 501}, ("IN-02", "share_scope", "error")),
        ({"数据项": "、".join(["甲" * 65, "乙"])}, ("IN-02", "items", "error")),
    ],
)
def test_what_is_said_about_a_value(row: dict[str, str], expected: tuple[str, str, str]):
    found = one({"标题": "甲", **row})
    assert expected in rules(found)
    assert found.accepted is (expected[2] == "warning")
    assert next(iter(row)) in found.leftovers, "what was not taken over whole is kept"


def test_a_lawful_basis_is_taken():
    assert one({"标题": "甲", "不予共享依据类型": "行政法规"}).fields.basis_kind == "regulation"


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (
            {"开放属性": "无条件开放"},
            {"is_open": True, "share_attribute": "unconditional", "open_condition": "无条件开放"},
        ),
        ({"开放条件": "有条件开放"}, {"is_open": True, "share_attribute": "", "open_condition": "有条件开放"}),
        ({"开放条件": "签订协议后提供"}, {"is_open": False, "open_condition": "签订协议后提供"}),
        ({"开放类型": "可开放", "开放条件": "无条件开放"}, {"is_open": True, "share_attribute": "unconditional"}),
        ({"开放属性": "不予开放"}, {"is_open": False, "share_attribute": ""}),
        ({"开放属性": "是"}, {"is_open": True}),
        ({"开放属性": "无条件开放", "共享属性": "有条件共享"}, {"share_attribute": "conditional"}),
        ({"数据格式": "xls"}, {"share_way": "file"}),
        ({"数据格式": "数据库"}, {"share_way": "batch"}),
        ({"数据格式": "自描述"}, {"share_way": ""}),
        ({"数据格式": "xls", "共享方式": "接口"}, {"share_way": "service"}),
    ],
)
def test_what_follows_from_other_columns(row: dict[str, str], fields: dict[str, object]):
    found = one({"标题": "甲", **row})
    assert {name: getattr(found.fields, name) for name in fields} == fields


def test_what_was_derived_is_said():
    found = one({"标题": "甲", "开放属性": "无条件开放", "数据格式": "xls"})
    assert rules(found) == [("IN-05", "share_attribute", "warning"), ("IN-05", "share_way", "warning")]


def test_defaults_hold_where_a_row_says_nothing():
    known = Defaults(
        fields={"classification": "307010", "update_cycle": "yearly", "grade": "general-1"}, provider="民政局"
    )
    found = one({"标题": "甲", "更新周期": "每月"}, known)
    assert (found.fields.classification, found.fields.update_cycle, found.fields.grade) == (
        "307010",
        "monthly",
        "general-1",
    )
    assert found.provider == "民政局"


def test_a_row_of_no_department_is_kept_out_where_one_is_needed():
    wanted = Defaults(needs_provider=True)
    assert rules(one({"标题": "甲", "提供单位": ""}, wanted)) == [("IN-12", "organisation", "error")]
    assert rules(one({"标题": "甲"}, wanted)) == [("IN-12", "organisation", "error")]
    assert one({"标题": "甲", "提供单位": "市民政局"}, wanted).accepted
    assert one({"标题": "甲", "提供单位": ""}).accepted


def test_items_are_read_from_their_column_before_the_summary():
    found = one({"标题": "甲", "数据项": "姓名、出生日期", "摘要": "包括名称、地址、电话"})
    assert found.items == (ItemFields(name="姓名", data_type="C"), ItemFields(name="出生日期", data_type="D"))
    assert rules(found) == [("IN-06", "items", "warning")]
    assert [item.name for item in one({"标题": "甲", "摘要": "包括名称、地址、电话"}).items] == ["名称", "地址", "电话"]
    assert one({"标题": "甲", "摘要": "无"}).items == ()


@pytest.mark.parametrize(
    ("remark", "expected"),
    [
        (Remark(RemarkKind.MERGED, 7, 0, "A7:A9", 9), ("IN-07", "warning")),
        (Remark(RemarkKind.MERGED, 7, 0, "A7:B7", 7), ("IN-07", "warning")),
        (Remark(RemarkKind.NO_VALUE, 7, 0, "A7"), ("IN-08", "warning")),
        (Remark(RemarkKind.EXTRA_CELLS, 7, 5, "F7: x"), ("IN-09", "error")),
        (Remark(RemarkKind.REPEATED_KEY, 7, -1, "标题"), ("IN-10", "warning")),
    ],
)
def test_what_the_reader_noticed_is_passed_on(remark: Remark, expected: tuple[str, str]):
    (finding,) = one({"标题": "甲"}, remarks=(remark,)).findings
    assert (finding.rule, finding.severity) == expected


def test_something_that_is_no_row_is_kept_out():
    found = one({"标题": ""}, remarks=(Remark(RemarkKind.EXTRA_CELLS, 7, 0, "坏"),))
    assert {finding.message for finding in found.findings} == {"这一条不是字段和值", "没有数据目录名称"}


ITEM_ROWS = (
    ("信息资源名称", "提供方", "更新周期", "信息项名称", "数据类型", "数据长度", "是否主键", "备注"),
    ("婚姻登记", "市民政局", "每天", "姓名", "字符型", 64, "否", None),
    (None, None, None, "证件号", "varchar", "18", "是", "唯一"),
    (None, None, None, "登记日期", "日期", "18,2", None, None),
    ("收养登记", "市民政局", "每年", "姓名", "看情况", None, None, None),
    (None, None, None, None, None, None, None, None),
    (None, None, None, "姓 名", "字符型", 0, None, None),
)


def entries(content: bytes) -> list[ProposedEntry]:
    sheet = read_bytes(content, name="a.xlsx").sheets[0]
    mapping = propose(sheet.headers, samples_of(sheet))
    return list(propose_entries(sheet.rows(), mapping))


def test_rows_of_one_item_each_become_entries_with_items():
    first, second = entries(workbook(ITEM_ROWS))
    assert (first.fields.name, first.provider, first.fields.update_cycle) == ("婚姻登记", "市民政局", "daily")
    assert first.items == (
        ItemFields(name="姓名", data_type="C", length=64),
        ItemFields(name="证件号", data_type="C", length=18, is_key=True, note="唯一"),
        ItemFields(name="登记日期", data_type="D", length=18),
    )
    assert first.accepted
    assert rules(second) == [
        ("IN-03", "items.0.data_type", "warning"), ("IN-03", "items.1.length", "warning"),
        ("VC-10", "items.1.name", "error"),
    ]  # fmt: skip
    assert second.leftovers == {"数据类型": "看情况", "数据长度": "0"}


def test_merged_cells_of_such_a_listing_are_its_way_and_not_remarked_on():
    content = workbook(ITEM_ROWS[:4], lambda sheet: [sheet.merge_cells(f"{column}2:{column}4") for column in "ABC"])
    (found,) = entries(content)
    assert len(found.items) == 3
    assert found.findings == ()


def test_a_row_without_an_items_name_is_no_item():
    mapping = propose(["信息资源名称", "信息项名称", "数据类型"])
    assert propose_item(SourceRow(2, ("甲", "", "字符型")), mapping, 0)[0] is None


def test_extensions_of_a_template_go_where_they_belong():
    mapping = propose(["标题", "联系电话"], own={"联系电话": "extensions.phone"})
    found = propose_entry(SourceRow(2, ("甲", "12345")), mapping, Defaults(fields={"extensions": {"way": "x"}}))
    assert found.fields.extensions == {"way": "x", "phone": "12345"}


def proposals(rows: list[dict[str, str]]) -> list[ProposedEntry]:
    sheet = read_bytes(json_bytes(rows), name="a.json").sheets[0]
    mapping = propose(sheet.headers, samples_of(sheet))
    return list(with_repeats(propose_entries(sheet.rows(), mapping), mapping))


def test_rows_that_say_the_same_and_names_used_twice_are_told_apart():
    row = {"序号": "1", "标题": "婚姻登记", "提供单位": "民政局", "描述": "甲", "下载次数": "5"}
    found = proposals([
        row, {**row, "序号": "2", "下载次数": "7"}, {**row, "描述": "乙"}, {**row, "提供单位": "教育局"},
        {**row, "标题": "婚姻 登记2", "描述": "丙"}, {**row, "标题": ""}, {**row, "标题": "", "描述": "丁"},
    ])  # fmt: skip
    assert [proposal.repeats for proposal in found] == [0, 1, 0, 0, 0, 0, 0]
    named = [[row.found for row in proposal.findings if row.rule == "VC-06"] for proposal in found]
    assert named == [[], [], ["婚姻登记 (1)"], [], ["婚姻登记2 (1)"], [], []]


def test_at_least_98_of_100_real_rows_are_accepted():
    counts = {True: 0, False: 0}
    for name in ("portals_excerpt.json", "baiyun_open_plan.csv"):
        for sheet in read(DATA / name, name=name).sheets:
            mapping = propose(sheet.headers, samples_of(sheet))
            for found in propose_entries(sheet.rows(), mapping, Defaults(needs_provider=True)):
                counts[found.accepted] += 1
                if not found.accepted:
                    assert found.provider == "", [finding.message for finding in found.findings]
    assert counts[False] == 2, "two rows of the excerpts name no department"
    assert counts[True] / sum(counts.values()) >= 0.98


def test_severities_are_the_two_the_catalog_knows():
    assert set(Severity) == {"error", "warning"}
