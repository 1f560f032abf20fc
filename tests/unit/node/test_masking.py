from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.node.masking import COMPOUND_SURNAMES, RULES, rule


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("name", "张三", "张*"),
        ("name", "张小明", "张**"),
        ("name", "欧阳小红", "欧阳**"),
        ("name", "欧阳", "欧*"),
        ("name", "张", "*"),
        ("name", "", "*"),
        ("identity", "33010219900101123X", "330102***********X"),
        ("identity", "330102900101123", "330102********3"),
        ("identity", "33010", "***"),
        ("phone", "13800001111", "138******11"),
        ("phone", "0571-88001122", "057********22"),
        ("phone", "110", "***"),
        ("address", "金河市东湖区学府路1号", "金河市东湖区***"),
        ("address", "浙江省金河市西山县大街3号", "浙江省金河市西山县***"),
        ("address", "东湖区学府路", "东湖区***"),
        ("address", "学府路1号", "***"),
        ("address", "东湖区", "***"),
        ("all", "任何内容", "***"),
        ("", "任何内容", "***"),
        ("future-rule", "任何内容", "***"),
    ],
)
def test_what_stays(title: str, text: str, expected: str) -> None:
    assert rule(title)(text) == expected


@given(st.sampled_from(sorted(RULES)), st.text(max_size=40))
def test_no_rule_fails_or_lets_a_whole_value_out(title: str, text: str) -> None:
    masked = RULES[title](text)
    assert "*" in masked
    assert masked != text or set(text) == {"*"} or "*" in text


def test_compound_surnames_have_two_characters() -> None:
    assert {len(surname) for surname in COMPOUND_SURNAMES} == {2}
    assert {"欧阳", "司马", "东门"} <= COMPOUND_SURNAMES
