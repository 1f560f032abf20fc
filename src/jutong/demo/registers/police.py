"""公安人口库: everybody who lives here, their households, and who belongs to which."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from jutong.demo import places
from jutong.demo.city import REFERENCE_DATE
from jutong.demo.dirt import POLICE, Dirt
from jutong.demo.people import DIVORCED, MARRIED, SINGLE
from jutong.demo.registers import Register
from jutong.demo.tables import Column, Table, address, named, number, phone, updated

if TYPE_CHECKING:
    from jutong.demo.people import Household, Person
    from jutong.demo.tables import Row
    from jutong.demo.world import World

PERSONS = Table(
    "rk_czrk",
    "户籍人口基本信息",
    (
        Column("rybh", "人员编号", length=14, key=True),
        number("gmsfhm", "公民身份号码"),
        named("xm", "姓名"),
        Column("xb", "性别", length=1, personal=True, grade=2, codes="GB/T 2261.1"),
        Column("mz", "民族", length=2, personal=True, grade=2, codes="GB/T 3304"),
        Column("csrq", "出生日期", kind="D", personal=True, grade=2),
        Column("hyzk", "婚姻状况", length=2, personal=True, grade=2, codes="GB/T 2261.2"),
        Column("hh", "户号", length=12, personal=True, grade=2),
        Column("yhzgx", "与户主关系", length=2, personal=True, grade=2, codes="GB/T 4761"),
        address("hjdz", "户籍地址"),
        Column("hjqhdm", "户籍行政区划代码", length=6, codes="GB/T 2260"),
        address("jzdz", "现居住地址"),
        phone(),
        Column("rkzt", "人口状态", length=1, required=True, personal=True, grade=2),
        Column("zxrq", "注销日期", kind="D", personal=True, grade=2),
        updated(),
    ),
    ("gmsfhm", "hh"),
)
HOUSEHOLDS = Table(
    "rk_hjxx",
    "居民户信息",
    (
        Column("hh", "户号", length=12, key=True, personal=True, grade=2),
        Column("hlb", "户类别", length=1, required=True),
        named("hzxm", "户主姓名"),
        number("hzsfhm", "户主公民身份号码"),
        address("hjdz", "户籍地址"),
        Column("hjqhdm", "户籍行政区划代码", length=6, codes="GB/T 2260"),
        Column("pcs", "派出所", length=50),
        Column("lhrq", "立户日期", kind="D"),
        Column("hrs", "户内人数", kind="I"),
        updated(),
    ),
    ("hzsfhm",),
    ("hh",),
)
MEMBERS = Table(
    "rk_hcy",
    "居民户成员信息",
    (
        Column("hh", "户号", length=12, key=True, personal=True, grade=2),
        Column("cyxh", "成员序号", kind="I", key=True),
        number("gmsfhm", "公民身份号码"),
        named("xm", "姓名"),
        Column("yhzgx", "与户主关系", length=2, personal=True, grade=2, codes="GB/T 4761"),
        Column("rhrq", "入户日期", kind="D"),
        updated(),
    ),
    ("gmsfhm", "hh"),
    ("hh",),
)

LIVING, CANCELLED = "1", "2"


def register(world: World) -> Register:
    """Write the population register of a world."""
    writer = _Writer(world)
    for household in world.town.households:
        writer.household(household)
    contents = ((PERSONS, writer.persons), (HOUSEHOLDS, writer.homes), (MEMBERS, writer.members))
    return Register("police-population", "police", "postgresql", contents, writer.dirt.marks)


class _Writer:
    def __init__(self, world: World) -> None:
        self.dirt = Dirt(world.seed, "police", POLICE)
        self.divorced = {id(person) for person in world.cases.divorced}
        self.persons: list[Row] = []
        self.homes: list[Row] = []
        self.members: list[Row] = []

    def household(self, household: Household) -> None:
        dirt, head = self.dirt, household.head
        home = dirt.address(household)
        living = [row for row in household.members if row.died is None]
        since, number_ = household.since, household.number
        district = household.address.district
        self.homes.append(
            (
                number_,
                "1",
                head.name,
                dirt.number(head),
                home,
                district,
                household.address.police_station,
                since,
                len(living),
                dirt.written(since),
            )
        )
        for at, person in enumerate(household.members, start=1):
            joined = max(since, person.born)
            number = dirt.number(person)
            if person.died is None:
                row = (number_, at, number, person.name, person.relation, joined, dirt.written(joined))
                self.members.append(row)
            self._person(person, number, household, home)

    def _person(self, person: Person, number: str, household: Household, home: str) -> None:
        dirt = self.dirt
        living_at = home
        if person.died is None and not person.clean and dirt.random.random() < 0.18:  # noqa: PLR2004 - 人户分离
            living_at = places.dwelling(dirt.random, places.district(dirt.random)).text
        phone = dirt.phone(person)
        written = dirt.written(max(household.since, person.born, date(2016, 1, 1)))
        self._append(person, number, household, (home, living_at, phone), written)
        if not person.died and dirt.happens("duplicate", dirt.rates.duplicate, clean=person.clean):
            old = places.dwelling(dirt.random, places.district(dirt.random)).text
            earlier = dirt.written(date(2004, 1, 1), date(2015, 12, 31))
            self._append(person, dirt.number(person), household, (old, old, None), earlier)

    def _append(
        self,
        person: Person,
        number: str,
        household: Household,
        contact: tuple[str, str, str | None],
        written: datetime,
    ) -> None:
        died = person.died
        if died:
            written = datetime(died.year, died.month, died.day, 10) + timedelta(days=2)  # noqa: DTZ001 - local time
            written = min(written, datetime(REFERENCE_DATE.year, REFERENCE_DATE.month, REFERENCE_DATE.day, 9))  # noqa: DTZ001
        self.persons.append(
            (
                f"R{len(self.persons) + 1:013d}",
                number,
                person.name,
                person.sex_code,
                person.nationality,
                person.born,
                self._marital(person),
                household.number,
                person.relation,
                contact[0],
                household.address.district,
                contact[1],
                contact[2],
                CANCELLED if died else LIVING,
                died,
                written,
            )
        )

    def _marital(self, person: Person) -> str:
        """Return what the police wrote down once and nobody told them to change."""
        if id(person) in self.divorced:
            return MARRIED
        if person.marital not in {MARRIED, DIVORCED} or person.died:
            return person.marital
        if self.dirt.happens("marital", self.dirt.rates.marital, clean=person.clean):
            return SINGLE if person.marital == MARRIED else MARRIED
        return person.marital
