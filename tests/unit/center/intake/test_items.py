from __future__ import annotations

import pytest

from jutong.center.intake.items import listed, named_in, type_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("站点公司名称、站点地址", ["站点公司名称", "站点地址"]),
        ("区域；名称；规模；开放时间", ["区域", "名称", "规模", "开放时间"]),
        ("网点名称、地址、办公时间、服务电话。", ["网点名称", "地址", "办公时间", "服务电话"]),
        ("1.名称、2.地址、名 称", ["名称", "地址"]),
        ("名称", ["名称"]),
        ("名称、地址等信息", ["名称", "地址"]),
        ("金额（万元，含税）、日期", ["金额（万元，含税）", "日期"]),
    ],
)
def test_a_column_that_lists_items(text: str, names: list[str]):
    assert listed(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "提供注销信息，包括企业名称、企业类型、法定代表人、注销日期等信息。",
            ["企业名称", "企业类型", "法定代表人", "注销日期"],
        ),
        (
            "机修行业信息,主要信息包含序号,企业名称,详细地址,所属派出所。",
            ["序号", "企业名称", "详细地址", "所属派出所"],
        ),
        ("可作为工作参考,提供姓名、征收项目等数据。", ["姓名", "征收项目"]),
        ("项目立项信息:项目名称、承担单位、项目负责人等。", ["项目名称", "承担单位", "项目负责人"]),
        (
            "许可决定文书号,审查意见文件名,单位名称,许可内容",
            ["许可决定文书号", "审查意见文件名", "单位名称", "许可内容"],
        ),
        ("卫生监督所，包括机构名称、地址和联系电话。", ["机构名称", "地址", "联系电话"]),
    ],
)
def test_a_summary_that_names_its_items(text: str, names: list[str]):
    assert named_in(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "婚姻登记", "结婚、离婚登记的基本信息", "船舶代理、水路旅客运输代理、水路货物运输代理业务备案信息",
        "测试目录,5.31测试,后续需下架整改后重新上架", "根据条例，每年统计，按月公布，依法公开，供查询。",
        "关于先进集体、先进工作者、劳动模范、优秀个人的公示",
        "包括一段很长很长很长很长很长很长很长很长很长的没有停顿的话、另一段",
    ],
)  # fmt: skip
def test_a_description_with_commas_is_no_list(text: str):
    assert named_in(text) == []


def test_a_title_is_no_list_even_where_it_looks_like_one():
    title = "学前、小学、初中、高中"
    assert named_in(title, title) == []
    assert named_in(title) == ["学前", "小学", "初中", "高中"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("注销日期", "D"), ("更新时间", "T"), ("注册资本", "Y"), ("户籍人数", "I"), ("建筑面积", "N"), ("是否备案", "L"),
     ("经营范围", "M"), ("照片", "G"), ("姓名", "C")],
)  # fmt: skip
def test_the_likeliest_type_by_name(name: str, code: str):
    assert type_of(name) == code
