from __future__ import annotations

import random
from datetime import date

import pytest

from jutong.standards import generate, identity

VALID = ("11010519491231002X", "440524188001010014")


@pytest.mark.parametrize("number", VALID)
def test_samples_of_the_standard_are_valid(number):
    assert identity.check(number) is None
    assert identity.is_valid(number)
    assert identity.require(number) == number


def test_a_small_x_is_read_as_a_capital_one():
    assert identity.require(" 11010519491231002x ") == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "place", "found", "allowed"),
    [
        ("110105194912310021", "校验码", "1", "应为X"),
        ("1101051949123100", "长度", "16", "应为18位（或旧号15位）"),
        ("", "长度", "0", "应为18位（或旧号15位）"),
        ("1101051949123A002X", "字符", "A@14", "本体只能是数字"),
        ("11010519491231０02X", "字符", "０@15", "本体只能是数字"),  # full width
        ("X10105491231002", "字符", "X@1", "本体只能是数字"),
        ("110105194902300021", "出生日期码", "19490230", "应为真实存在的日期"),
        ("110105000002300021", "出生日期码", "00000230", "应为真实存在的日期"),
        ("110105179912310021", "出生日期码", "17991231", "不应早于1800-01-01"),
    ],
)
def test_a_wrong_number_is_told_where_and_what(number, place, found, allowed):
    finding = identity.check(number)
    assert finding is not None
    assert (finding.place, finding.found, finding.allowed_in("zh-hans")) == (place, found, allowed)
    with pytest.raises(identity.IdentityNumberError) as caught:
        identity.require(number)
    assert caught.value.fields["found"] == found
    assert caught.value.code == "standards.identity.invalid"


def test_the_error_never_holds_the_number():
    with pytest.raises(identity.IdentityNumberError) as caught:
        identity.require("110105194912310021")
    assert "194912" not in str(caught.value)
    assert "194912" not in str(caught.value.envelope())


def test_birth_after_today_is_refused_when_asked():
    number = generate.identity_number(random.Random(1), division="620102", born_on=date(2030, 1, 1), sex="男")
    assert identity.check(number) is None
    finding = identity.check(number, today=date(2026, 11, 21))
    assert finding is not None
    assert finding.allowed_in("zh-hans") == "不应晚于2026-11-21"
    assert identity.check(number, today=date(2030, 1, 1)) is None


def test_the_division_is_checked_when_asked():
    finding = identity.check(VALID[0], division_exists=lambda code: code != "110105")
    assert finding is not None
    assert (finding.place, finding.found) == ("地址码", "110105")
    assert identity.check(VALID[0], division_exists=lambda _code: True) is None


def test_parts_of_a_number():
    parts = identity.parse("11010519491231002X")
    assert (parts.division, parts.born_on, parts.sex, parts.old) == ("110105", date(1949, 12, 31), "女", False)
    assert parts.masked() == "110105********002X"
    assert identity.parse("440524188001010014").sex == "男"


def test_old_numbers_become_new_ones():
    assert identity.to_18("110105491231002") == "11010519491231002X"
    assert identity.require("110105491231002") == "11010519491231002X"
    parts = identity.parse("110105491231002")
    assert parts.old
    assert parts.born_on == date(1949, 12, 31)


def test_the_four_sequences_of_the_centenarians_mean_the_century_before():
    assert identity.parse("440524800101998").born_on == date(1880, 1, 1)
    assert identity.parse("440524800101995").born_on == date(1980, 1, 1)


@pytest.mark.parametrize("number", ["11010519491231002X", "110105490230002", "12345"])
def test_only_valid_old_numbers_are_converted(number):
    with pytest.raises(identity.IdentityNumberError):
        identity.to_18(number)


def test_check_character_wants_digits():
    assert identity.check_character("11010519491231002") == "X"
    for body in ("1101051949123100X", "１1010519491231002"):
        with pytest.raises(ValueError, match="digits"):
            identity.check_character(body)
