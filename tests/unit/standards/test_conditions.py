from __future__ import annotations

import pytest

from jutong.standards import conditions
from jutong.standards.conditions import basis_hints, is_article, says_nothing, self_made


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("按件收费", "fee"),
        ("须经我局领导批准", "approval"),
        ("使用部门来函并加盖公章", "paper"),
        ("须先签订数据使用协议", "agreement"),
        ("对等提供同类数据", "exchange"),
        ("提交承诺书", "deposit"),
        ("视情况确定", "vague"),
        ("须安装我局指定客户端软件", "software"),
    ],
)
def test_a_self_made_condition_is_hinted_at(text: str, why: str):
    assert conditions.WHY[why] in {hint.why for hint in self_made(text)}
    assert all(hint.found in text for hint in self_made(text))


@pytest.mark.parametrize("text", ["", "仅用于核验婚姻状况", "不得向第三方提供", "遵守个人信息保护法", "本市各部门"])
def test_a_plain_condition_is_not(text: str):
    assert self_made(text) == []


def test_every_kind_of_condition_has_its_reason():
    from jutong.standards.shipped import read_json

    assert {row["id"] for row in read_json("conditions.json")["self_made"]} == set(conditions.WHY)


@pytest.mark.parametrize(("text", "nothing"), [("无", True), ("待补充。", True), ("N/A", True), ("各部门", False)])
def test_some_texts_say_nothing(text: str, nothing: bool):
    assert says_nothing(text) is nothing


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("law", "中华人民共和国统计法"),
        ("law", "《中华人民共和国刑法》（2020修正）"),
        ("law", "城市房地产管理法"),
        ("law", "民族区域自治法"),
        ("regulation", "全国经济普查条例"),
        ("regulation", "城市房地产开发经营管理条例"),
        ("regulation", "风景名胜区条例"),
        ("regulation", "市场主体登记管理条例"),
        ("regulation", "社会救助暂行办法"),
        ("state-council", "国务院关于在线政务服务的若干规定"),
        ("rule", "什么都行"),
        ("law", ""),
    ],
)
def test_a_lawful_basis_passes(kind: str, title: str):
    assert list(basis_hints(kind, title)) == []


@pytest.mark.parametrize(
    ("kind", "title", "why"),
    [
        ("regulation", "甘肃省政务数据条例", conditions.LOCAL),
        ("regulation", "兰州市政务数据管理办法", conditions.LOCAL),
        ("regulation", "公安部关于户籍的规定", conditions.MINISTRY),
        ("law", "自然资源部令第3号", conditions.MINISTRY),
        ("law", "户口登记条例", conditions.ALLOWED["law"]),
        ("regulation", "关于加强数据管理的通知", conditions.ALLOWED["regulation"]),
    ],
)
def test_an_unlawful_basis_is_certain(kind: str, title: str, why: str):
    (hint,) = basis_hints(kind, title)
    assert (hint.why, hint.is_certain) == (why, True)


@pytest.mark.parametrize(
    ("kind", "title"), [("law", "某某规则"), ("regulation", "某某章程"), ("state-council", "决定")]
)
def test_an_odd_title_is_only_a_doubt(kind: str, title: str):
    (hint,) = basis_hints(kind, title)
    assert not hint.is_certain


@pytest.mark.parametrize(
    ("text", "named"), [("第三十二条", True), ("第十条第二款", True), ("32条", True), ("见文件", False), ("", False)]
)
def test_an_article_is_told_from_other_text(text: str, named: bool):
    assert is_article(text) is named
