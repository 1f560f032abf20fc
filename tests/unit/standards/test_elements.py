from __future__ import annotations

import re

import pytest

from jutong.standards import elements
from jutong.standards.elements import Element, Matcher, key, shipped, shipped_matcher


def best(name, **words):
    found = shipped_matcher().match(name, **words)
    return (found[0].name, found[0].confidence) if found else None


def test_the_library_is_large_and_every_element_stands_alone():
    rows = shipped()
    assert len(rows) >= 150
    assert len({row.code for row in rows}) == len(rows)
    assert {row.code[2:4] for row in rows} <= {group.code for group in elements.groups()}
    words: dict[str, str] = {}
    for row in rows:
        assert row.definition
        assert row.data_type in elements.FAMILIES
        assert re.fullmatch(r"[a-z][a-z0-9_]*", row.english_name)
        if row.pattern:
            re.compile(row.pattern)
        for word in {key(text) for text in (row.name, *row.synonyms, row.english_name)}:
            assert words.setdefault(word, row.code) == row.code, word


def test_patterns_accept_what_the_standard_gives_as_an_example():
    examples = {
        "公民身份号码": "11010519491231002X",
        "统一社会信用代码": "91350100M000100Y43",
        "行政区划代码": "620102",
        "出生日期": "1949-12-31",
        "手机号码": "13800138000",
        "行业代码": "A0111",
    }
    patterns = {row.name: row.pattern for row in shipped()}
    for name, value in examples.items():
        assert re.search(patterns[name], value), name
        assert not re.search(patterns[name], "不是"), name


@pytest.mark.parametrize(
    ("name", "comment", "data_type", "expected"),
    [
        ("公民身份号码", "", "", ("公民身份号码", 1.0)),
        ("身份证号", "", "", ("公民身份号码", 0.95)),
        ("SFZH", "", "", ("公民身份号码", 0.85)),
        ("sfzh", "居民身份证号码", "", ("公民身份号码", 0.99)),
        ("xm", "", "", ("姓名", 0.6)),
        ("学生姓名", "", "", ("姓名", 0.75)),
        ("注册资本（万元）", "", "", ("注册资本", 1.0)),
        ("出生日期", "", "C", ("出生日期", 0.85)),
        ("停车场名称", "", "", ("名称", 0.54)),
        ("_col7", "", "", None),
        ("", "", "", None),
    ],
)
def test_a_name_finds_its_element(name, comment, data_type, expected):
    assert best(name, comment=comment, data_type=data_type) == expected


def test_likeness_is_less_sure_than_a_synonym_and_says_so():
    found = shipped_matcher().match("居民身份的证号码")
    assert found
    assert found[0].reason == elements.REASONS["likeness"]
    assert elements.LEAST <= found[0].confidence < 0.85
    assert len(found) <= elements.MOST


def test_a_match_carries_what_the_item_takes_over():
    found = shipped_matcher().match("民族")[0]
    assert (found.code, found.data_type, found.length, found.code_table) == ("DE01005", "C", 2, "gbt3304")
    assert found.reason == elements.REASONS["synonym"]
    assert found.via == "民族"


def test_the_longest_ending_wins_and_one_word_may_mean_two_elements():
    rows = (
        Element("A", "电话", "phone", "", "C"),
        Element("B", "联系电话", "contact_phone", "", "C", synonyms=("热线",)),
        Element("C", "服务热线", "hotline", "", "C", synonyms=("热线",)),
    )
    matcher = Matcher(rows)
    assert next(row.code for row in matcher.match("我的联系电话")) == "B"
    assert [row.code for row in matcher.match("热线")] == ["B", "C"]
    assert matcher.element("A") is rows[0]
    assert matcher.element("Z") is None


def test_what_is_remembered_stays_bounded(monkeypatch):
    monkeypatch.setattr(elements, "_REMEMBERED", 2)
    matcher = Matcher(shipped()[:3])
    for name in ("姓名", "性别", "姓名", "名字", "出生日期"):
        assert matcher.match(name) == Matcher(shipped()[:3]).match(name)
    matcher.match("姓名").clear()
    assert matcher.match("姓名")
