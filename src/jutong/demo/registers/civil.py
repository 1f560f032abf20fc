"""民政业务库: marriages and divorces, whom they concern, and households on relief."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jutong.demo import places
from jutong.demo.dirt import Dirt
from jutong.demo.people import DIVORCED, MARRIED
from jutong.demo.registers import Register
from jutong.demo.tables import Column, Table, address, named, number, phone, updated

if TYPE_CHECKING:
    from jutong.demo.holdings import Registration, Relief
    from jutong.demo.people import Person
    from jutong.demo.tables import Row
    from jutong.demo.world import World

MARRIAGES = Table(
    "hy_djxx",
    "婚姻登记信息",
    (
        Column("djbh", "登记编号", length=24, key=True),
        Column("ywlx", "业务类型", length=2, required=True, personal=True, grade=2),
        Column("djrq", "登记日期", kind="D", required=True, personal=True, grade=2),
        named("nfxm", "男方姓名"),
        number("nfsfhm", "男方公民身份号码"),
        named("nvxm", "女方姓名"),
        number("nvsfhm", "女方公民身份号码"),
        Column("djjg", "登记机关", length=60),
        Column("qhdm", "登记机关行政区划代码", length=6, codes="GB/T 2260"),
        updated(),
    ),
    ("nfsfhm", "nvsfhm"),
    ("nfsfhm", "nvsfhm"),
)
PARTIES = Table(
    "hy_dsr",
    "婚姻登记当事人信息",
    (
        Column("dsrbh", "当事人编号", length=14, key=True),
        named("xm", "姓名"),
        number("sfzh", "公民身份号码"),
        Column("xb", "性别", length=1, personal=True, grade=2, codes="GB/T 2261.1"),
        Column("csrq", "出生日期", kind="D", personal=True, grade=2),
        Column("hyzk", "婚姻状况", length=2, required=True, personal=True, grade=2, codes="GB/T 2261.2"),
        Column("djrq", "最近登记日期", kind="D", required=True, personal=True, grade=2),
        Column("djbh", "最近登记编号", length=24, required=True),
        updated(),
    ),
    ("sfzh",),
)
RELIEF = Table(
    "shjz_dbdx",
    "最低生活保障对象信息",
    (
        Column("dxbh", "对象编号", length=20, key=True),
        named("xm", "姓名"),
        number("sfzh", "公民身份号码"),
        address("hjdz", "户籍地址"),
        Column("bzlb", "保障类别", length=2, required=True),
        Column("bzqsrq", "保障起始日期", kind="D", required=True),
        Column("bzzt", "保障状态", length=1, required=True),
        Column("bzrks", "家庭保障人口数", kind="I", required=True),
        Column("hyzk", "婚姻状况", length=2, personal=True, grade=2, codes="GB/T 2261.2"),
        Column("yrjsr", "家庭月人均收入", kind="N", length=10, scale=2, personal=True, grade=3),
        Column("ybzje", "月保障金额", kind="N", length=10, scale=2, required=True, personal=True, grade=2),
        Column("yhzh", "发放银行账号", length=32, personal=True, sensitive=True, grade=4),
        number("hzsfhm", "户主公民身份号码"),
        Column("jtbh", "家庭编号", length=16, required=True, personal=True, grade=2),
        phone(),
        Column("zljb", "照料护理等级", length=1, personal=True, sensitive=True, grade=4),
        Column("qhdm", "行政区划代码", length=6, codes="GB/T 2260"),
        updated(),
    ),
    ("sfzh", "jtbh"),
)
DESTITUTE = Table(
    "shjz_tkry",
    "特困人员救助供养信息",
    (
        Column("dxbh", "对象编号", length=20, key=True),
        named("xm", "姓名"),
        number("sfzh", "公民身份号码"),
        Column("rdrq", "认定日期", kind="D", required=True),
        Column("gyfs", "供养方式", length=1, required=True, personal=True, grade=2),
        Column("gyzt", "供养状态", length=1, required=True),
        Column("zlnl", "生活自理能力", length=1, personal=True, sensitive=True, grade=4),
        Column("ybz", "月供养标准", kind="N", length=10, scale=2),
        Column("qhdm", "行政区划代码", length=6, codes="GB/T 2260"),
        updated(),
    ),
    ("sfzh",),
)

_BONDS = {"marriage": "01", "divorce": "02"}
_DESTITUTE = "03"


def register(world: World) -> Register:
    """Write the civil affairs register of a world."""
    dirt = Dirt(world.seed, "civil")
    marriages: list[Row] = []
    for row in world.holdings.registrations:
        office = f"金河市{places.DISTRICT_NAMES[row.district]}民政局婚姻登记处"
        marriages.append(
            (
                row.number,
                _BONDS[row.bond],
                row.on,
                row.husband.name,
                dirt.number(row.husband, row.on),
                row.wife.name,
                dirt.number(row.wife, row.on),
                office,
                row.district,
                dirt.written(row.on),
            )
        )
    relief: list[Row] = []
    destitute: list[Row] = []
    for case in world.holdings.relief:
        for person in case.recipients:
            if case.kind == _DESTITUTE:
                destitute.append(_destitute(dirt, case, person, len(destitute) + 1))
            else:
                relief.append(_relief(dirt, case, person, len(relief) + 1))
                if dirt.happens("duplicate", dirt.rates.duplicate, clean=person.clean):
                    relief.append(_relief(dirt, case, person, len(relief) + 1))
    parties = _parties(world)
    contents = ((MARRIAGES, marriages), (PARTIES, parties), (RELIEF, relief), (DESTITUTE, destitute))
    return Register("civil-affairs", "civil", "postgresql", contents, dirt.marks)


def _parties(world: World) -> list[Row]:
    """Return everybody who ever registered, one row each, as the newest registration left them."""
    dirt = Dirt(world.seed, "civil-parties")
    newest: dict[int, tuple[Person, Registration]] = {}
    for registration in sorted(world.holdings.registrations, key=lambda row: row.on):
        for person in (registration.husband, registration.wife):
            newest[person.serial] = (person, registration)
    return [
        (
            f"P{at:013d}",
            person.name,
            dirt.number(person),
            person.sex_code,
            person.born,
            MARRIED if row.bond == "marriage" else DIVORCED,
            row.on,
            row.number,
            dirt.written(row.on, row.on),
        )
        for at, (person, row) in enumerate((newest[serial] for serial in sorted(newest)), start=1)
        if person.died is None
    ]


def _relief(dirt: Dirt, case: Relief, person: Person, serial: int) -> Row:
    rng = dirt.random
    return (
        f"D{serial:09d}",
        person.name,
        dirt.number(person),
        dirt.address(case.household),
        case.kind,
        case.since,
        "1" if case.active else "2",
        len(case.recipients),
        person.marital,
        case.income,
        case.amount,
        f"0000{rng.randrange(10**12):012d}",
        dirt.number(case.household.head),
        case.number,
        dirt.phone(person),
        rng.choice("0000123"),
        case.household.address.district,
        dirt.written(case.since),
    )


def _destitute(dirt: Dirt, case: Relief, person: Person, serial: int) -> Row:
    rng = dirt.random
    return (
        f"T{serial:09d}",
        person.name,
        dirt.number(person),
        case.since,
        rng.choice("12"),
        "1" if case.active else "2",
        rng.choice("123"),
        case.amount,
        case.household.address.district,
        dirt.written(case.since),
    )
