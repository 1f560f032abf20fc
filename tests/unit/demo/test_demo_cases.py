from __future__ import annotations

from datetime import date

from jutong.demo.cases import CASES, RENTING_FAMILY, SCHOOL_FAMILY
from jutong.demo.world import World, create
from jutong.standards import identity

Rows = dict[str, list[dict[str, object]]]


def found(rows: Rows, table: str, column: str, value: object) -> list[dict[str, object]]:
    return [row for row in rows[table] if row[column] == value]


def test_the_known_cases_do_not_depend_on_the_scale(world: World) -> None:
    assert world.cases == CASES
    assert create.__wrapped__(scale=0.01).cases == CASES


def test_school_family_lives_where_it_owns(rows: Rows) -> None:
    family = SCHOOL_FAMILY
    (child,) = found(rows, "rk_czrk", "gmsfhm", family.child.number)
    members = {str(row["gmsfhm"]) for row in found(rows, "rk_hcy", "hh", child["hh"])}
    assert members == {family.child.number, family.father.number, family.mother.number}
    for parent in (family.father, family.mother):
        (estate,) = found(rows, "bdc_djxx", "qlrzjh", parent.number)
        assert estate["zl"] == child["hjdz"]
        assert estate["qszt"] == "1"
        assert estate["gyfs"] == "1"
    assert len(found(rows, "hy_djxx", "nfsfhm", family.father.number)) == 1


def test_school_child_is_six_before_september_2027() -> None:
    for family in (SCHOOL_FAMILY, RENTING_FAMILY, CASES.grandparents_home):
        assert date(2020, 9, 1) <= family.child.born <= date(2021, 8, 31)
        assert identity.is_valid(family.child.number)


def test_renting_family_owns_nothing_but_the_mother_is_insured(rows: Rows) -> None:
    family = RENTING_FAMILY
    for person in (family.father, family.mother, family.child):
        assert not found(rows, "bdc_djxx", "qlrzjh", person.number)
    assert found(rows, "cb_ryxx", "sfzh", family.mother.number)
    assert family.estate is None


def test_grandfather_owns_the_home_under_his_old_number(rows: Rows) -> None:
    family = CASES.grandparents_home
    assert family.estate is not None
    (owner,) = family.estate.owners
    assert not found(rows, "bdc_djxx", "qlrzjh", owner.number)
    (row,) = found(rows, "bdc_djxx", "bdcdyh", family.estate.unit)
    assert identity.to_18(str(row["qlrzjh"])) == owner.number
    assert owner.household == family.household.serial


def test_divorced_pair_is_married_to_the_police_only(rows: Rows) -> None:
    for person in CASES.divorced:
        (row,) = found(rows, "rk_czrk", "gmsfhm", person.number)
        assert row["hyzk"] == "20"
    husband, _ = CASES.divorced
    kinds = {row["ywlx"]: row["djrq"] for row in found(rows, "hy_djxx", "nfsfhm", husband.number)}
    assert kinds == {"01": date(2010, 10, 10), "02": date(2026, 10, 30)}


def test_the_dead_are_still_paid(rows: Rows) -> None:
    late = CASES.late
    (person,) = found(rows, "rk_czrk", "gmsfhm", late.number)
    assert (person["rkzt"], person["zxrq"]) == ("2", date(2026, 9, 12))
    (relief,) = found(rows, "shjz_dbdx", "sfzh", late.number)
    assert relief["bzzt"] == "1"


def test_low_income_household_is_on_the_list(rows: Rows) -> None:
    for member in CASES.low_income.members:
        (row,) = found(rows, "shjz_dbdx", "sfzh", member.number)
        assert row["bzlb"] == "01"


def test_one_insured_number_is_mistyped(rows: Rows) -> None:
    person = CASES.mistyped
    assert found(rows, "rk_czrk", "gmsfhm", person.number)
    assert not found(rows, "cb_ryxx", "sfzh", person.number)
    (row,) = found(rows, "cb_ryxx", "xm", person.name)
    assert str(row["sfzh"])[:17] == person.number[:17]


def test_the_restaurant_may_sell_food(rows: Rows) -> None:
    (row,) = found(rows, "sp_jyxk", "tyshxydm", CASES.shop.code)
    assert row["xkzt"] == "1"
    (firm,) = found(rows, "qy_jbxx", "tyshxydm", CASES.shop.code)
    assert firm["fddbr"] == "赵明辉"
