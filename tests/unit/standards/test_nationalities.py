from __future__ import annotations

import pytest

from jutong.standards import nationalities


def test_fifty_six_in_the_order_of_the_standard():
    names = nationalities.names()
    assert list(names) == [f"{number:02d}" for number in range(1, 57)]
    assert (names["01"], names["23"], names["56"]) == ("汉族", "高山族", "基诺族")
    assert len(set(names.values())) == 56


def test_names_lead_back_to_codes():
    assert nationalities.code_of("回族") == "03"
    assert nationalities.code_of(" 回 ") == "03"
    assert nationalities.code_of("火星族") is None


def test_codes_are_checked():
    assert nationalities.require("56") == "56"
    for code in ("00", "57", "1", ""):
        finding = nationalities.check(code)
        assert finding is not None
        assert finding.found == code
        with pytest.raises(nationalities.NationalityCodeError):
            nationalities.require(code)
