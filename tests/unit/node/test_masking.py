from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.node.masking import COMPOUND_SURNAMES, RULES, Pseudonyms, rule


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


@given(st.sampled_from(sorted(RULES.keys() - {"year", "month", "division", "band"})), st.text(max_size=40))
def test_no_rule_fails_or_lets_a_whole_value_out(title: str, text: str) -> None:
    masked = RULES[title](text)
    assert "*" in masked
    assert masked != text or set(text) == {"*"} or "*" in text


def test_compound_surnames_have_two_characters() -> None:
    assert {len(surname) for surname in COMPOUND_SURNAMES} == {2}
    assert {"欧阳", "司马", "东门"} <= COMPOUND_SURNAMES


@pytest.mark.parametrize(
    ("title", "text", "kept"),
    [
        ("year", "1986-07-03", "1986"),
        ("year", "19860703", "1986"),
        ("year", "1986年7月3日", "1986"),
        ("year", "1986", "1986"),
        ("year", "330102198607031234", "***"),
        ("year", "很久以前", "***"),
        ("month", "1986-07-03T08:00:00+08:00", "1986-07"),
        ("month", "1986/7/3", "1986-07"),
        ("month", "1986", "***"),
        ("month", "1986-13-01", "***"),
        ("division", "330102198607031234", "330102"),
        ("division", "330102001001", "330102"),
        ("division", "330102", "330100"),
        ("division", "金河市东湖区学府路1号", "金河市东湖区***"),
        ("division", "12345", "***"),
        ("band", "37", "30-39"),
        ("band", "4520.75", "4000-4999"),
        ("band", "7", "0-9"),
        ("band", "0", "0-9"),
        ("band", "-37", "-30--39"),
        ("band", "1e40", "***"),
        ("band", "NaN", "***"),
        ("band", "三十", "***"),
    ],
)
def test_generalisations_keep_a_coarser_truth(title: str, text: str, kept: str) -> None:
    assert rule(title)(text) == kept


def test_a_pseudonym_is_one_within_an_agreement_and_another_in_any_other() -> None:
    made = Pseudonyms(b"s" * 32)
    token = made.rule("XY-1")("330102198607031234")
    assert token == made.rule("XY-1")(" ３３0102198607031234")
    assert token == Pseudonyms(b"s" * 32).rule("XY-1")("330102198607031234")
    others = {
        made.rule("XY-1")("330102198607031235"),
        made.rule("XY-2")("330102198607031234"),
        Pseudonyms(b"t" * 32).rule("XY-1")("330102198607031234"),
    }
    assert token not in others
    assert len(others) == 3
    assert len(token) == 25


def test_without_its_key_a_pseudonym_hides_everything() -> None:
    assert rule("pseudonym")("330102198607031234") == "***"
