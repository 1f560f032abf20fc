from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest

from jutong.demo.dirt import NEW_NUMBERS_SINCE, POLICE, Rates
from jutong.demo.registers import Register
from jutong.demo.registers.all import TABLES
from jutong.demo.tables import Column
from jutong.demo.world import World
from jutong.standards import credit_code, identity

Rows = dict[str, list[dict[str, object]]]
FULL_WIDTH = str.maketrans("０１２３４５６７８９Ｘ", "0123456789X")


def kind_of(number: object) -> str:
    """Say what is wrong with a number with the standard's validator alone."""
    text = str(number)
    if text.translate(FULL_WIDTH) != text:
        return "full_width" if identity.is_valid(text.translate(FULL_WIDTH)) else "broken"
    if len(text) == 15:
        return "old" if identity.is_valid(text) else "broken"
    if identity.is_valid(text):
        return "lower_x" if text.endswith("x") else "good"
    body_is_fine = identity.is_valid(text[:17] + identity.check_character(text[:17]))
    return "wrong_check" if body_is_fine else "broken"


def near(count: int, total: int, rate: float, tolerance: float = 0.35) -> bool:
    return abs(count - total * rate) <= max(4.0, tolerance * total * rate)


def test_rows_fit_their_columns(registers: dict[str, Register]) -> None:
    assert set(registers) == set(TABLES)
    for register in registers.values():
        for table, contents in register.contents:
            assert contents, table.name
            for row in contents:
                for column, value in zip(table.columns, row, strict=True):
                    if value is None:
                        assert (column.key, column.required) == (False, False), (table.name, column.name)
                    elif column.kind == "C":
                        assert isinstance(value, str)
                        assert len(value) <= column.length, (table.name, column.name, value)
                    elif column.kind in "NI":
                        assert isinstance(value, int | float)
                    else:
                        assert isinstance(value, date)


def test_keys_are_unique(registers: dict[str, Register]) -> None:
    for register in registers.values():
        for table, contents in register.contents:
            at = [index for index, column in enumerate(table.columns) if column.key]
            assert len({tuple(row[index] for index in at) for row in contents}) == len(contents)


@pytest.mark.parametrize(
    ("table", "column", "rates"),
    [("rk_czrk", "gmsfhm", POLICE), ("cb_ryxx", "sfzh", Rates()), ("xj_xsxx", "jhr1sfzh", Rates())],
)
def test_numbers_are_soiled_at_the_stated_rates(rows: Rows, table: str, column: str, rates: Rates) -> None:
    found = Counter(kind_of(row[column]) for row in rows[table])
    total = found.total()
    assert found["broken"] == 0
    assert near(found["wrong_check"], total, rates.wrong_check, 0.5)
    assert near(found["full_width"], total, rates.full_width, 0.7)
    endings = sum(str(row[column])[-1] in "xX" for row in rows[table] if len(str(row[column])) == 18)
    assert near(found["lower_x"], endings, rates.lower_x, 0.4)
    assert found["good"] > 0.9 * total


def test_registrations_before_1999_often_keep_fifteen_digits(rows: Rows) -> None:
    before = [r for r in rows["bdc_djxx"] if isinstance(r["djsj"], date) and r["djsj"] < NEW_NUMBERS_SINCE]
    old = sum(kind_of(row["qlrzjh"]) == "old" for row in before)
    assert len(before) > 100
    assert 0.35 < old / len(before) < 0.65


def test_duplicates_missing_phones_and_short_addresses(rows: Rows, registers: dict[str, Register]) -> None:
    people = rows["rk_czrk"]
    marks = registers["police-population"].marks
    assert near(marks["duplicate"], len(people), POLICE.duplicate, 0.4)
    insured = rows["cb_ryxx"]
    assert near(sum(row["lxdh"] is None for row in insured), len(insured), Rates().missing_phone, 0.2)
    homes = rows["rk_hjxx"]
    short = sum(not re.search(r"\d+号", str(row["hjdz"])) for row in homes)
    assert near(short, len(homes), POLICE.short_address, 0.6)
    assert marks["stale_address"] > 0


def test_police_and_civil_affairs_disagree_about_marriages(rows: Rows) -> None:
    """The newest civil registration of each person against what the police wrote down."""
    newest: dict[str, tuple[date, str]] = {}
    for row in rows["hy_djxx"]:
        assert isinstance(row["djrq"], date)
        for column in ("nfsfhm", "nvsfhm"):
            number = str(row[column])
            if kind_of(number) == "good":
                known = newest.get(number, (date.min, ""))
                newest[number] = max(known, (row["djrq"], str(row["ywlx"])))
    compared = conflicts = 0
    for row in rows["rk_czrk"]:
        registered = newest.get(str(row["gmsfhm"]))
        if registered and row["rkzt"] == "1":
            compared += 1
            conflicts += row["hyzk"] != {"01": "20", "02": "40"}[registered[1]]
    assert compared > 4_000
    assert 0.015 < conflicts / compared < 0.06


def test_credit_codes_are_wrong_at_the_stated_rate(rows: Rows) -> None:
    codes = [str(row["tyshxydm"]) for row in rows["qy_jbxx"] if row["tyshxydm"]]
    wrong = sum(credit_code.check(code) is not None for code in codes)
    assert near(wrong, len(codes), Rates().wrong_check, 0.6)
    assert any(row["tyshxydm"] is None for row in rows["qy_jbxx"])


def test_nothing_in_a_register_was_written_after_the_day_it_stands(rows: Rows) -> None:
    for name, contents in rows.items():
        for row in contents:
            assert str(row["gxsj"]) < "2026-11-21", name


def test_every_table_of_a_department_has_comments_keys_and_look_up_columns() -> None:
    for tables in TABLES.values():
        for table in tables:
            names = [column.item for column in table.columns]
            assert len(names) == len(set(names))
            assert any(column.key for column in table.columns)
            assert set(table.indexes) <= set(table.column_names)
            first_of_key = next(column.name for column in table.columns if column.key)
            assert set(table.call_key) & {*table.indexes, first_of_key}
            for dialect in ("postgresql", "mysql", "sqlite"):
                text = "\n".join(table.create(dialect))
                assert table.comment in text
                assert all(column.item in text for column in table.columns)


def test_the_highest_grade_is_answered_yes_or_no_only() -> None:
    assert Column("yhzh", "账号", length=32, personal=True, grade=4).forms == ("verify",)
    assert Column("xm", "姓名", length=50, personal=True, grade=2).forms == ("verify", "masked", "plain")
    assert Column("nj", "年级", kind="I").forms == ("verify", "plain")
    assert Column("nj", "年级", kind="I").size is None


def test_same_seed_same_dirt(world: World) -> None:
    from jutong.demo.registers import police

    first, second = police.register(world), police.register(world)
    assert first.contents == second.contents
    assert first.marks == second.marks
