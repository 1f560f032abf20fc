from __future__ import annotations

import pytest

from jutong.standards import credit_code

VALID = (
    "91110000802100433B",
    "91440300708461136T",
    "91330100799655058B",
    "91512081MA62K0260E",
    "11100000MB0341032Y",
    "11420503087246977F",
)


@pytest.mark.parametrize("code", VALID)
def test_rulebook_vectors_are_valid(code):
    assert credit_code.check(code) is None
    assert credit_code.is_valid(code)
    assert credit_code.require(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    ("code", "place", "found", "allowed"),
    [
        ("91310115MA1G4L1WXK", "校验码", "K", "应为7"),
        ("9111000080210043", "长度", "16", "应为18位"),
        ("91110000802100433I", "字符", "I@18", "只能是数字和大写英文字母（不含I、O、S、V、Z）"),
        ("911100008O2100433B", "字符", "O@10", "只能是数字和大写英文字母（不含I、O、S、V、Z）"),
        ("911A0000802100433B", "登记管理机关行政区划码", "1A0000", "应为6位数字"),
    ],
)
def test_a_wrong_code_is_told_where_and_what(code, place, found, allowed):
    finding = credit_code.check(code)
    assert finding is not None
    assert (finding.place, finding.found, finding.allowed_in("zh-hans")) == (place, found, allowed)
    assert finding.standard == "GB 32100-2015"
    with pytest.raises(credit_code.CreditCodeError) as caught:
        credit_code.require(code)
    assert caught.value.http_status == 422


def test_a_right_outer_check_does_not_hide_a_wrong_organisation_code():
    body = "91110000" + "802100434"
    code = body + credit_code.check_character(body)
    finding = credit_code.check(code)
    assert finding is not None
    assert finding.place == "主体标识码（组织机构代码）的校验码"
    assert (finding.found, finding.allowed_in("zh-hans")) == ("4", "应为3")


def test_parts():
    parts = credit_code.parse("11100000MB0341032Y")
    assert (parts.authority, parts.kind, parts.division, parts.organisation) == ("1", "1", "100000", "MB0341032")
    with pytest.raises(credit_code.CreditCodeError):
        credit_code.parse("11100000MB0341032X")


@pytest.mark.parametrize("body", ["9111000080210043", "9111000080210043I"])
def test_check_character_wants_seventeen_known_characters(body):
    with pytest.raises(ValueError):
        credit_code.check_character(body)
