from __future__ import annotations

import itertools
from datetime import date

import pytest

from jutong.standards import divisions
from jutong.standards.divisions import Division, DivisionCodeError, DivisionTable, Level

LANZHOU = {
    "620102": "城关区",
    "620103": "七里河区",
    "620104": "西固区",
    "620105": "安宁区",
    "620111": "红古区",
    "620121": "永登县",
    "620122": "皋兰县",
    "620123": "榆中县",
}
PROVINCES = {
    *(11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46),
    *(50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82),
}


@pytest.fixture(scope="module")
def table() -> DivisionTable:
    return divisions.national()


def test_provinces_of_the_rulebook(table):
    current = {row.code for row in table if row.level is Level.PROVINCE and row.valid_to is None}
    assert current == {f"{code}0000" for code in PROVINCES}


def test_lanzhou(table):
    assert {row.code: row.name for row in table.children("620100")} == LANZHOU
    assert table.full_name("620102") == "甘肃省兰州市城关区"
    assert [row.code for row in table.path("620102")] == ["620000", "620100", "620102"]


def test_the_new_area_of_lanzhou_is_a_statistical_code_only(table):
    row = table.lookup("620171")
    assert row is not None
    assert row.statistical
    assert not table.ever_existed("620171")
    finding = table.check("620171")
    assert finding is not None
    assert "统计" in finding.allowed_in("zh-hans")


def test_codes_are_effective_dated(table):
    assert [row.name for row in table.history("320602")] == ["城中区", "城区", "崇川区"]
    before, after = table.lookup("110103", on=date(2005, 1, 1)), table.lookup("110103", on=date(2020, 1, 1))
    assert before is not None
    assert before.name == "崇文区"
    assert after is None
    assert table.lookup("110103") is None
    assert table.ever_existed("110103")


def test_a_span_ends_on_the_day_before_the_next_begins(table):
    first, second, _ = table.history("320602")
    assert first.valid_to == second.valid_from
    assert table.lookup("320602", on=second.valid_from) == second


def test_no_code_has_two_names_at_a_time(table):
    for code in {row.code for row in table}:
        spans = table.history(code)
        for earlier, later in itertools.pairwise(spans):
            assert earlier.valid_to is not None, code
            assert earlier.valid_to <= later.valid_from, code


def test_parents(table):
    assert table.parent("620102") == table.lookup("620100")
    assert table.parent("620100") == table.lookup("620000")
    assert table.parent("620000") is None
    assert table.parent("110105") == table.lookup("110000")
    assert table.parent("469001") == table.lookup("460000")
    assert table.parent("620102001") == table.lookup("620102")
    assert table.parent("620102001001") == table.lookup("620102")
    assert divisions.parent("620102") == table.lookup("620100")
    assert table.parent("990101") is None


def test_children_of_a_province_without_prefectures(table):
    names = [row.name for row in table.children("110000")]
    assert len(names) == 16
    assert "朝阳区" in names
    assert "市辖区" not in names


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("100000", Level.NATION),
        ("620000", Level.PROVINCE),
        ("620100", Level.CITY),
        ("620102", Level.COUNTY),
        ("620102001", Level.TOWNSHIP),
        ("620102001001", Level.VILLAGE),
    ],
)
def test_levels(code, level):
    assert divisions.level(code) is level


@pytest.mark.parametrize("code", ["62010", "62010A", "６20102", ""])
def test_a_malformed_code_has_no_level(code, table):
    with pytest.raises(DivisionCodeError):
        divisions.level(code)
    with pytest.raises(DivisionCodeError):
        table.require(code)


def test_checks_against_the_table(table):
    assert table.check("620102") is None
    assert table.require("620102001") == "620102001"
    unknown = table.check("990101")
    assert unknown is not None
    assert unknown.found == "990101"
    ended = table.check("320602")
    assert ended is not None
    assert ended.allowed_in("zh-hans") == "应为当日有效的代码（崇川区：1991-12-01至2023-06-30）"
    assert table.check("320602", on=date(1995, 1, 1)) is None
    early = table.check("620171", on=date(2000, 1, 1))
    assert early is not None
    assert early.allowed_in("zh-hans").endswith("至）")


def test_a_locality_adds_codes_without_touching_the_real_ones(table):
    own = Division("629901", "金河市演示区", date(2026, 1, 1))
    extended = table.extended([own])
    assert extended.lookup("629901") == own
    assert own.level is Level.COUNTY
    assert extended.parent("629901") == table.lookup("620000")
    assert table.lookup("629901") is None
    with pytest.raises(ValueError, match="620102"):
        table.extended([Division("620102", "别的", date(2026, 1, 1))])


def test_the_module_speaks_for_the_shipped_table(table):
    assert divisions.lookup("620102") == table.lookup("620102")
    assert divisions.ever_existed("110103")
    assert not divisions.ever_existed("990101")
    assert table.full_name("990101") == ""


def test_the_shipped_file_stays_small():
    from importlib.resources import files

    assert len((files("jutong.standards") / "data/codes/divisions.csv.gz").read_bytes()) < 400_000
