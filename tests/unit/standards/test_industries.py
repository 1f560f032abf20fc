from __future__ import annotations

import pytest

from jutong.standards import industries
from jutong.standards.industries import Industry, IndustryCodeError, IndustryTable


@pytest.fixture(scope="module")
def table() -> IndustryTable:
    return industries.national()


def test_sections_and_divisions_are_complete(table):
    assert "".join(row.code for row in table.sections()) == "ABCDEFGHIJKLMNOPQRST"
    found = [table.lookup(f"{number:02d}") for number in range(1, 98)]
    assert all(row is not None and row.level == 2 for row in found)
    letters = [row.section for row in found if row]
    assert letters == sorted(letters)


@pytest.mark.parametrize("code", ["I", "65", "I65", "651", "6513", "I6513", "0111"])
def test_right_codes(table, code):
    assert table.check(code) is None
    assert table.require(code) == code


@pytest.mark.parametrize(
    ("code", "place", "found"),
    [
        ("U", "代码", "U"),
        ("", "代码", ""),
        ("65130", "代码", "65130"),
        ("i6513", "代码", "i6513"),
        ("98", "大类", "98"),
        ("0001", "大类", "00"),
        ("A6513", "门类", "A"),
    ],
)
def test_wrong_codes_are_told_where_and_what(table, code, place, found):
    finding = table.check(code)
    assert finding is not None
    assert (finding.place, finding.found) == (place, found)
    with pytest.raises(IndustryCodeError):
        table.require(code)


def test_lookup_knows_both_ways_of_writing(table):
    assert table.lookup("I65") == table.lookup("65")
    assert table.lookup("65") == Industry("65", "软件和信息技术服务业", "I")
    assert table.lookup("I") == Industry("I", "信息传输、软件和信息技术服务业", "I")
    assert table.lookup("6513") is None


def test_an_operators_full_table_is_checked_to_the_last_digit():
    rows = [Industry("I", "x", "I"), Industry("65", "x", "I"), Industry("651", "x", "I"), Industry("6513", "y", "I")]
    table = IndustryTable(rows)
    assert table.check("6513") is None
    finding = table.check("6519")
    assert finding is not None
    assert finding.found == "6519"
    assert rows[3].level == 4
