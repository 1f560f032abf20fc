"""The known cases: a few families and firms whose truth is written down, for the tour, the pages and the tests.

They come first out of the seed, so that they are the same whatever the scale, and the dirt of the registers passes
them by except where a case is about dirt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jutong.demo.city import SEED
from jutong.demo.enterprises import Enterprise, Register
from jutong.demo.holdings import SHARED, SOLE, Estate, Holdings
from jutong.demo.people import (
    DAUGHTER,
    DIVORCED,
    FATHER,
    HEAD,
    MARRIED,
    MOTHER,
    SINGLE,
    SON,
    SPOUSE,
    WIDOWED,
    Household,
    Person,
    Town,
)
from jutong.demo.places import Address


@dataclass(frozen=True)
class SchoolFamily:
    """Parents who register a child for school in autumn 2027. ``estate`` is None where they own nothing."""

    father: Person
    mother: Person
    child: Person
    household: Household
    estate: Estate | None


@dataclass(frozen=True)
class Cases:
    """Every known case of one seed."""

    school: SchoolFamily
    """Lives at the address it owns together: both facts exist, nothing has to be handed in."""
    renting: SchoolFamily
    """Lives in a rented flat and owns nothing; the mother is insured in the city."""
    grandparents_home: SchoolFamily
    """Three generations under one roof that belongs to the grandfather alone, entered under his 15-digit number."""
    divorced: tuple[Person, Person]
    """Divorced on 2026-10-30 by 民政; 公安 still has them as married."""
    late: Person
    """Died on 2026-09-12 by 公安; 民政 still pays the minimum living standard."""
    low_income: Household
    """On the urban minimum living standard, rightly."""
    mistyped: Person
    """Insured under a number whose check character is wrong."""
    shop: Enterprise
    """A small restaurant with a food licence, for the one-stop case."""


def build(town: Town, holdings: Holdings, register: Register) -> Cases:
    """Settle the known cases first, in a fixed order."""
    school = _school(town, holdings)
    renting = _renting(town, holdings)
    grandparents_home = _grandparents_home(town, holdings)
    divorced = _divorced(town, holdings)
    late = _late(town, holdings)
    low_income = _low_income(town, holdings)
    mistyped = _alone(town, "郑守礼", date(1979, 8, 8), Address("629921", "榆岭镇", "榆荫路57号"))
    holdings.insure(mistyped, None)
    owner = _alone(town, "赵明辉", date(1988, 2, 14), Address("629903", "河湾里街道", "河湾里街12号"))
    shop = register.found(
        owner,
        industry="6210",
        address=Address("629903", "河湾里街道", "河湾里街12号1层3室"),
        founded=date(2026, 11, 11),
        shop=True,
        name="金河市河西区河岸小馆",
    )
    return Cases(school, renting, grandparents_home, divorced, late, low_income, mistyped, shop)


def _couple(town: Town, home: Household, husband: tuple[str, date], wife: tuple[str, date]) -> tuple[Person, Person]:
    first = town.settle(home, male=True, born=husband[1], relation=HEAD, marital=MARRIED, name=husband[0], clean=True)
    second = town.settle(home, male=False, born=wife[1], relation=SPOUSE, marital=MARRIED, name=wife[0], clean=True)
    return first, second


def _child(town: Town, home: Household, name: str, born: date, *, male: bool) -> Person:
    relation = SON if male else DAUGHTER
    child = town.settle(home, male=male, born=born, relation=relation, marital=SINGLE, name=name, clean=True)
    child.phone = ""
    return child


def _school(town: Town, holdings: Holdings) -> SchoolFamily:
    address = Address("629902", "榴园街道", "榴花路66号榴园小区3号楼2单元501室")
    home = town.found(address, date(2017, 9, 4))
    father, mother = _couple(town, home, ("马志远", date(1990, 5, 17)), ("沈若兰", date(1991, 9, 2)))
    child = _child(town, home, "马知夏", date(2021, 3, 12), male=False)
    holdings.register("marriage", father, mother, date(2017, 6, 18), "629902")
    estate = holdings.own(address, (father, mother), date(2018, 4, 9), mortgaged=True)
    return SchoolFamily(father, mother, child, home, estate)


def _renting(town: Town, holdings: Holdings) -> SchoolFamily:
    home = town.found(Address("629904", "砚台街道", "砚台路103号砚池苑7号楼1单元202室"), date(2022, 3, 1))
    father, mother = _couple(town, home, ("程卫平", date(1986, 12, 1)), ("白秋霞", date(1989, 7, 23)))
    child = _child(town, home, "程嘉树", date(2021, 1, 20), male=True)
    holdings.register("marriage", father, mother, date(2015, 10, 1), "629904")
    holdings.insure(mother, None)
    return SchoolFamily(father, mother, child, home, None)


def _grandparents_home(town: Town, holdings: Holdings) -> SchoolFamily:
    address = Address("629903", "西堤街道", "西堤路8号渡口新村2号楼1单元301室")
    home = town.found(address, date(1996, 5, 6))
    father, mother = _couple(town, home, ("陆承安", date(1988, 10, 10)), ("顾晓梅", date(1990, 1, 5)))
    child = _child(town, home, "陆思齐", date(2020, 12, 30), male=True)
    grandfather = town.settle(
        home, male=True, born=date(1957, 4, 2), relation=FATHER, marital=MARRIED, name="陆广义", clean=True
    )
    grandmother = town.settle(
        home, male=False, born=date(1959, 11, 16), relation=MOTHER, marital=MARRIED, name="何桂珍", clean=True
    )
    holdings.register("marriage", father, mother, date(2016, 5, 20), "629903")
    holdings.register("marriage", grandfather, grandmother, date(1982, 12, 12), "629903")
    estate = holdings.own(address, (grandfather,), date(1998, 3, 27), sharing=SOLE)
    return SchoolFamily(father, mother, child, home, estate)


def _divorced(town: Town, holdings: Holdings) -> tuple[Person, Person]:
    address = Address("629905", "望河街道", "望河路21号望河家园5号楼2单元102室")
    home = town.found(address, date(2011, 2, 2))
    husband, wife = _couple(town, home, ("周建川", date(1984, 3, 3)), ("吴丽萍", date(1985, 6, 6)))
    holdings.register("marriage", husband, wife, date(2010, 10, 10), "629905")
    holdings.register("divorce", husband, wife, date(2026, 10, 30), "629905")
    holdings.own(address, (husband, wife), date(2012, 7, 16), sharing=SHARED)
    husband.marital = wife.marital = DIVORCED
    return husband, wife


def _late(town: Town, holdings: Holdings) -> Person:
    home = town.found(Address("629911", "窑岭镇", "窑岭路90号赭石苑1号楼1单元101室"), date(1990, 1, 1))
    late = town.settle(
        home, male=True, born=date(1949, 9, 9), relation=HEAD, marital=WIDOWED, name="陈贵田", clean=True
    )
    holdings.relieve(home, (late,), "01")
    late.died = date(2026, 9, 12)
    return late


def _low_income(town: Town, holdings: Holdings) -> Household:
    home = town.found(Address("629902", "书坊街道", "书坊街5号织锦里4号楼3单元402室"), date(1988, 6, 1))
    head = town.settle(
        home, male=False, born=date(1952, 4, 28), relation=HEAD, marital=WIDOWED, name="陈秀英", clean=True
    )
    _child(town, home, "马小川", date(2008, 2, 29), male=True)
    holdings.relieve(home, tuple(home.members), "01")
    holdings.own(home.address, (head,), date(2003, 8, 8))
    return home


def _alone(town: Town, name: str, born: date, address: Address) -> Person:
    home = town.found(address, date(2005, 5, 5))
    return town.settle(home, male=True, born=born, relation=HEAD, marital=SINGLE, name=name, clean=True)


CASES = build(Town(SEED), Holdings(SEED), Register(SEED))
SCHOOL_FAMILY = CASES.school
RENTING_FAMILY = CASES.renting
