"""人社库: who is insured, and whose unemployment has been recognised as hard to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jutong.demo.city import CITY_CODE, REFERENCE_DATE
from jutong.demo.dirt import Dirt
from jutong.demo.registers import Register
from jutong.demo.tables import Column, Table, named, number, phone, updated
from jutong.standards import generate

if TYPE_CHECKING:
    from jutong.demo.holdings import Insured
    from jutong.demo.tables import Row
    from jutong.demo.world import World

INSURED = Table(
    "cb_ryxx",
    "社会保险参保信息",
    (
        Column("grbh", "个人编号", length=12, key=True, personal=True, grade=2),
        number("sfzh", "公民身份号码"),
        named("xm", "姓名"),
        Column("xzlx", "险种类型", length=3, required=True, personal=True, grade=2),
        Column("dwxydm", "单位统一社会信用代码", length=18, personal=True, grade=2, codes="GB 32100"),
        Column("dwmc", "单位名称", length=100, personal=True, grade=2),
        Column("cbzt", "参保状态", length=1, required=True, personal=True, grade=2),
        Column("ccrq", "首次参保日期", kind="D", personal=True, grade=2),
        Column("jfjs", "月缴费基数", kind="N", length=10, scale=2, personal=True, grade=3),
        Column("ljjfys", "累计缴费月数", kind="I", personal=True, grade=2),
        Column("tcqh", "统筹区", length=6, codes="GB/T 2260"),
        phone(),
        updated(),
    ),
    ("sfzh", "dwxydm"),
)
HARD_TO_PLACE = Table(
    "jy_knry",
    "就业困难人员认定信息",
    (
        Column("rdbh", "认定编号", length=14, key=True),
        named("xm", "姓名"),
        number("sfzh", "公民身份号码"),
        Column("knlx", "困难类型", length=2, required=True, personal=True, grade=2),
        Column("rdrq", "认定日期", kind="D", required=True, personal=True, grade=2),
        Column("rdjg", "认定机构", length=60),
        Column("zt", "认定状态", length=1, required=True, personal=True, grade=2),
        updated(),
    ),
    ("sfzh",),
)
_EMPLOYEES, _RESIDENTS = "110", "170"
_HARD_AGE = 45


def register(world: World) -> Register:
    """Write the social insurance register of a world."""
    dirt = Dirt(world.seed, "labour")
    insured: list[Row] = []
    hard: list[Row] = []
    for row in world.holdings.insured:
        mistyped = row.person is world.cases.mistyped
        insured.append(_insured(dirt, row, row.number, mistyped=mistyped))
        if dirt.happens("duplicate", dirt.rates.duplicate, clean=row.person.clean):
            insured.append(_insured(dirt, row, f"9{row.number[1:]}", mistyped=False))
        if not row.employer and row.person.age > _HARD_AGE and dirt.random.random() < 0.03:  # noqa: PLR2004
            hard.append(_hard(dirt, row, len(hard) + 1))
    contents = ((INSURED, insured), (HARD_TO_PLACE, hard))
    return Register("labour-insurance", "labour", "sqlite", contents, dirt.marks)


def _insured(dirt: Dirt, row: Insured, number_: str, *, mistyped: bool) -> Row:
    person, employer = row.person, row.employer
    return (
        number_,
        generate.with_wrong_check(dirt.random, person.number) if mistyped else dirt.number(person),
        person.name,
        _EMPLOYEES if employer else _RESIDENTS,
        employer.code if employer else None,
        employer.name if employer else None,
        "1" if row.active else "2",
        row.since,
        row.base or None,
        row.months,
        CITY_CODE,
        dirt.phone(person),
        dirt.written(max(row.since, person.born)),
    )


def _hard(dirt: Dirt, row: Insured, serial: int) -> Row:
    rng, person = dirt.random, row.person
    on = REFERENCE_DATE.replace(year=REFERENCE_DATE.year - rng.randrange(0, 4), month=rng.randrange(1, 11))
    return (
        f"J{serial:010d}",
        person.name,
        dirt.number(person),
        rng.choice(("01", "02", "03")),
        on,
        "金河市公共就业和人才服务中心",
        rng.choice("1112"),
        dirt.written(on),
    )
