from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from jutong.center.catalog import enums
from jutong.center.intake import normalise
from jutong.center.intake.normalise import How
from jutong.standards.shipped import read_json

DATA = Path(__file__).parents[3] / "data" / "catalog"
CYCLES = {
    "每年": "yearly", "每月": "monthly", "不定期": "irregular", "不定时": "irregular", "每半年": "yearly",
    "实时": "realtime", "每季度": "quarterly", "每天": "daily", "每日": "daily", "每周": "weekly", "年": "yearly",
    "半年": "yearly", "季度": "quarterly", "每半月": "monthly", "静态数据": "irregular", "不定期更新": "irregular",
    "即时": "realtime", "其它": "irregular", "其他": "irregular", "自定义": "irregular", "每6分钟": "realtime",
}  # fmt: skip
OPENINGS = {
    "无条件开放": "unconditional", "有条件开放": "conditional", "可开放": "unconditional", "依申请开放": "conditional",
    "无条件开发": "unconditional",
    "有条件开发": "conditional", "完全开放": "unconditional", "申请后开放": "conditional",
    "半开放": "conditional", "无特殊条件": "unconditional", "不予开放": "closed",
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), CYCLES.items())
def test_every_spelling_of_the_cycle_that_portals_use(text: str, code: str):
    found = normalise.update_cycle(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    ("text", "code", "how"),
    [
        ("每年", "yearly", How.EXACT), ("yearly", "yearly", How.EXACT), (" 每 天 ", "daily", How.SYNONYM),
        ("Annual", "yearly", How.SYNONYM), ("每半年", "yearly", How.FASTER), ("每两年", "yearly", How.SLOWER),
        ("每5分钟", "realtime", How.SYNONYM), ("每小时", "realtime", How.SLOWER), ("每2天", "weekly", How.FASTER),
        ("每隔三个月", "quarterly", How.SYNONYM), ("每7天", "weekly", How.SYNONYM), ("每15年", "yearly", How.SLOWER),
        ("每十五年", "yearly", How.SLOWER), ("每周一次", "weekly", How.SYNONYM), ("其他", "irregular", How.GUESS),
    ],
)  # fmt: skip
def test_how_a_cycle_was_come_by(text: str, code: str, how: How):
    assert normalise.update_cycle(text) == (code, how)


@pytest.mark.parametrize("text", ["", "看情况", "每逢佳节", "2018-03-01"])
def test_what_is_no_cycle_is_none(text: str):
    assert normalise.update_cycle(text) is None


@pytest.mark.parametrize(("text", "code"), OPENINGS.items())
def test_every_spelling_of_openness_that_portals_use(text: str, code: str):
    found = normalise.opening(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["开放条件", "请补充开放条件", "无", "None"])
def test_what_says_nothing_of_openness_is_not_guessed(text: str):
    assert normalise.opening(text) is None


def test_every_spelling_in_the_real_excerpts_is_known_or_blank():
    document = json.loads((DATA / "portals_excerpt.json").read_bytes())
    unknown = {
        str(value)
        for rows in document.values()
        for row in rows
        for header, value in row.items()
        if any(word in header for word in ("频率", "周期", "频度"))
        and value and normalise.update_cycle(value) is None
    }  # fmt: skip
    assert unknown == set()


@pytest.mark.parametrize(
    ("text", "category", "kind", "others"),
    [
        ("['xls', 'xml', 'json', 'csv', 'rdf']", "sheet", "xls", ("xml", "json", "csv", "rdf")),
        ("数据集 文件集 ", "database", "", ("数据集", "文件集")), ("XLSX", "sheet", "xlsx", ()),
        ("['api']", "service", "", ("api",)), ("[docx]", "file", "docx", ()),
        ("SQL Server", "database", "sql server", ()),
        ("json、xml", "file", "xml", ("json",)),
        ("电子表格", "sheet", "", ("电子表格",)), ("视频", "stream", "", ("视频",)),
    ],
)  # fmt: skip
def test_formats_find_their_category_and_the_guides_type(text, category, kind, others):
    found = normalise.data_format(text)
    assert found is not None
    assert (found.category, found.type, found.others) == (category, kind, others)


@pytest.mark.parametrize("text", ["[]", "excl", "['其他']"])
def test_what_is_no_format_is_none(text: str):
    assert normalise.data_format(text) is None


@pytest.mark.parametrize(
    "text",
    ["2018-03-01 18:19:41", "2018/3/1", "2018年3月1日", "20180301", "2018.3.1", "43160", "2018-03",
     "２０１８－３－１", "2018年3月", "20180301181941"],
)  # fmt: skip
def test_dates_in_every_dress(text: str):
    assert normalise.civil_day(text) == date(2018, 3, 1)


@pytest.mark.parametrize("text", ["2018-13-01", "2018-02-30", "昨天", "1800-01-01", "12345678901", "9999-01-01"])
def test_what_is_no_date_is_none(text: str):
    assert normalise.civil_day(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("469,585", 469585), ("1.2万", 12000), ("12 条", 12), ("０", 0), ("1亿", 10**8), ("3.0", 3)]
)
def test_counts(text: str, number: int):
    found = normalise.volume(text)
    assert found is not None
    assert found.value == number


@pytest.mark.parametrize("text", ["-5", "很多", "12-15", ""])
def test_what_is_no_count_is_none(text: str):
    assert normalise.volume(text) is None


@pytest.mark.parametrize(
    ("text", "answer"), [("是", True), ("Y", True), ("√", True), ("否", False), ("0", False), ("也许", None)]
)
def test_flags(text: str, answer: bool | None):
    assert normalise.flag(text) is answer


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (normalise.share_attribute, "普遍共享", "unconditional"),
        (normalise.share_attribute, "授权共享", "conditional"),
        (normalise.share_attribute, "不共享", "none"), (normalise.share_way, "库表", "batch"),
        (normalise.share_channel, "拷盘", "other"), (normalise.grade, "L3", "general-3"),
        (normalise.grade, "重要", "important"),
        (normalise.basis_kind, "行政法规", "regulation"), (normalise.data_type, "varchar(64)", "C"),
        (normalise.data_type, "字符型C", "C"), (normalise.data_type, "BIGINT", "I"),
        (normalise.secrecy, "非涉密", "open"),
        (normalise.field_mode, "脱敏", "masked"),
    ],
)  # fmt: skip
def test_other_coded_values(read, text: str, code: str):
    assert read(text).code == code


@pytest.mark.parametrize("text", ["地方性法规", "部门规章", "内部规定", "地方政府规章"])
def test_only_lawful_bases_are_known(text: str):
    assert normalise.basis_kind(text) is None


def test_the_data_only_names_codes_the_catalog_has():
    values = read_json("intake/values.json")
    lists = {
        "update_cycle": enums.UpdateCycle, "share_attribute": enums.ShareAttribute, "share_way": enums.ShareWay,
        "share_channel": enums.ShareChannel, "basis_kind": enums.BasisKind, "grade": enums.Grade,
        "data_format": enums.DataFormat, "data_type": enums.DataType, "field_mode": enums.FieldMode,
    }  # fmt: skip
    for name, choices in lists.items():
        assert set(values[name]) == set(choices.values), name
    assert set(values["format_order"]) == set(enums.DataFormat.values)
    assert {code for code, _ in values["item_endings"]} <= set(enums.DataType.values)


def test_no_spelling_means_two_things():
    values = read_json("intake/values.json")
    for name in (
        "update_cycle",
        "opening",
        "share_attribute",
        "share_way",
        "share_channel",
        "grade",
        "data_type",
        "secrecy",
    ):
        words = [normalise.plain(word) for ways in values[name].values() for said in ways.values() for word in said]
        doubled = {word for word in words if words.count(word) > 1}
        assert doubled <= {normalise.plain(code) for code in values[name]}, name


def test_blank_words_and_tidy_text():
    assert all(map(normalise.is_blank, ("", " ", "None", "暂无", "无", "-", "—", "N/A", "[]")))
    assert not normalise.is_blank("无条件开放")
    assert normalise.tidy("市地方金融监督管理\n局") == "市地方金融监督管理局"
    assert normalise.tidy(" a  b 中 文 ") == "a b 中文"
    assert normalise.parts("停车时长（分，秒）、日期;  名称") == ["停车时长（分，秒）", "日期", "名称"]
