from __future__ import annotations

import pytest

from jutong.standards import organisation_code


@pytest.mark.parametrize("code", ["802100433", "708461136", "MA62K0260", "MB0341032"])
def test_rulebook_vectors_are_valid(code):
    assert organisation_code.check(code) is None
    assert organisation_code.require(f" {code[:8]}-{code[8].lower()} ") == code


@pytest.mark.parametrize(
    ("code", "place", "found", "allowed"),
    [
        ("802100434", "校验码", "4", "应为3"),
        ("80210043", "长度", "8", "应为9位"),
        ("8021-00433", "长度", "10", "应为9位"),
        ("8021_0433", "本体代码", "_@5", "只能是数字和大写英文字母"),
    ],
)
def test_a_wrong_code_is_told_where_and_what(code, place, found, allowed):
    finding = organisation_code.check(code)
    assert finding is not None
    assert (finding.place, finding.found, finding.allowed_in("zh-hans")) == (place, found, allowed)
    with pytest.raises(organisation_code.OrganisationCodeError):
        organisation_code.require(code)


def test_ten_and_eleven_become_x_and_zero():
    checks = {organisation_code.check_character(f"{number:08d}") for number in range(200)}
    assert checks == set("0123456789X")


@pytest.mark.parametrize("body", ["8021004", "8021_043"])
def test_check_character_wants_eight_known_characters(body):
    with pytest.raises(ValueError):
        organisation_code.check_character(body)
