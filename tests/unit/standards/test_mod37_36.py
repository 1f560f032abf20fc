from __future__ import annotations

import pytest

from jutong.standards import mod37_36


def test_rulebook_vectors():
    assert mod37_36.check_character("A12425GABC1234002") == "M"
    assert mod37_36.require("A12425GABC1234002M") == "A12425GABC1234002M"
    body = "11100000MB0341032Y002" + "11420503087246977F" + "ABCDEFGH123456789012" + "001"
    assert mod37_36.check_character(body) == "B"


def test_the_sample_of_mod_11_10():
    # ISO 7064 gives 0794 with the check digit 5
    assert mod37_36.check_digit("0794") == "5"


@pytest.mark.parametrize(
    ("value", "place", "found", "allowed"),
    [
        ("A12425GABC1234002N", "校验码", "N", "应为M"),
        ("A", "长度", "1", "至少2位"),
        ("a12425GABC1234002M", "字符", "a@1", "只能是数字和大写英文字母"),
    ],
)
def test_a_wrong_value_is_told_where_and_what(value, place, found, allowed):
    finding = mod37_36.check(value)
    assert finding is not None
    assert (finding.place, finding.found, finding.allowed_in("zh-hans")) == (place, found, allowed)
    with pytest.raises(mod37_36.CheckCharacterError):
        mod37_36.require(value)


@pytest.mark.parametrize(
    ("value", "place", "found"),
    [("11000001300006", "长度", "14"), ("1100000130000６6", "字符", "６@14"), ("11000001300006A", "字符", "A@15")],
)
def test_wrong_registration_numbers(value, place, found):
    finding = mod37_36.check_registration_number(value)
    assert finding is not None
    assert (finding.place, finding.found) == (place, found)


def test_a_registration_number_and_its_wrong_neighbour():
    body = "11000001300006"
    right = body + mod37_36.check_digit(body)
    assert mod37_36.check_registration_number(right) is None
    wrong = body + str((int(right[-1]) + 1) % 10)
    finding = mod37_36.check_registration_number(wrong)
    assert finding is not None
    assert finding.allowed_in("zh-hans") == f"应为{right[-1]}"
