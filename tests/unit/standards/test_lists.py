from __future__ import annotations

from datetime import date

import pytest

from jutong.standards import lists

STATUTORY = {
    "share-attribute": "无条件共享 有条件共享 不予共享",
    "refusal-basis": "法律 行政法规 国务院决定",
    "condition": "共享范围 使用用途 其他",
    "application-field": "使用依据 使用场景 使用范围 共享方式 使用时限",
    "declaration": "真实性 合法性 必要性",
    "share-way": "服务接口 批量交换 文件下载 其他",
    "update-trigger": "法律调整 行政法规调整 国务院决定调整 部门职责变化",
    "disposal-trigger": "共享目的已实现 共享目的无法实现 为实现共享目的不再必要",
    "usage-ledger": "使用场景 使用过程 应用成效 存储情况 销毁情况",
    "quality-stage": "收集 存储 加工 传输 共享 使用 销毁",
    "dispute-stage": "协商 主管部门协调 人民政府决定",
    "security-partner": "网信 公安 国家安全 保密行政管理 密码管理",
    "data-type": "字符型 数值型 货币型 日期型 日期时间型 逻辑型 备注型 通用型 双精度型 整型 浮点型",
    "update-cycle": "实时 每日 每周 每月 每季度 每年",
    "data-format": "电子文件 电子表格 数据库 图形图像 流媒体 自描述格式",
    "platform-way": "接口 数据库 文件",
}


@pytest.mark.parametrize("list_id", STATUTORY)
def test_values_are_those_of_the_source(list_id):
    found = lists.closed_list(list_id)
    assert [value.label for value in found.values if value.statutory] == STATUTORY[list_id].split()
    assert found.clause
    assert found.source
    assert found.version >= 1


def test_every_list_is_well_formed():
    for found in lists.all_lists().values():
        assert len(set(found.codes)) == len(found.codes) == len(found.values)
        assert found.name_en.isascii()
        assert all(value.label_en.isascii() and value.label for value in found.values)
        assert found.effective_from <= date(2025, 8, 1)


def test_the_regulations_lists_took_effect_with_it():
    assert lists.closed_list("share-attribute").effective_from == date(2025, 8, 1)


def test_values_are_found_by_code_and_by_label():
    cycle = lists.closed_list("update-cycle")
    daily = cycle.value("daily")
    assert daily is not None
    assert cycle.by_label(" 每日 ") == daily
    assert daily.details == {"tolerance_minutes": 1440}
    assert cycle.value("hourly") is None
    assert cycle.by_label("每时") is None


def test_unknown_lists_are_an_error():
    with pytest.raises(KeyError):
        lists.closed_list("no-such-list")


def test_lists_cannot_be_changed_in_passing():
    with pytest.raises(TypeError):
        lists.all_lists()["x"] = lists.closed_list("condition")  # type: ignore[index]


def test_stored_enumerations_carry_the_codes_of_the_lists():
    from jutong.center.catalog import enums

    for list_id, choices in (
        ("share-attribute", enums.ShareAttribute),
        ("refusal-basis", enums.BasisKind),
        ("update-cycle", enums.UpdateCycle),
        ("data-format", enums.DataFormat),
        ("data-type", enums.DataType),
    ):
        assert set(choices.values) == set(lists.closed_list(list_id).codes), list_id
    assert set(enums.ShareWay.values) <= set(lists.closed_list("share-way").codes)
