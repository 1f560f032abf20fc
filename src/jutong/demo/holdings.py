"""What the invented inhabitants really have: marriages, homes, relief, social insurance, a place at school."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from jutong.demo import places
from jutong.demo.city import DISTRICTS, REFERENCE_DATE, SEED
from jutong.demo.people import DIVORCED, FATHER, MARRIED, MOTHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jutong.demo.enterprises import Enterprise
    from jutong.demo.people import Household, Person
    from jutong.demo.places import Address

Bond = Literal["marriage", "divorce"]
SOLE, JOINT, SHARED = "0", "1", "2"
LOW_INCOME_LINE = 760
"""Monthly yuan a head of the invented city's minimum living standard."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A marriage or a divorce as the civil affairs office registered it."""

    number: str
    bond: Bond
    husband: Person
    wife: Person
    on: date
    district: str


@dataclass(frozen=True, slots=True)
class Estate:
    """A home and its owners. ``unit`` is the 28-character unit number (不动产单元号)."""

    unit: str
    certificate: str
    address: Address
    area: float
    owners: tuple[Person, ...]
    sharing: str
    on: date
    mortgaged: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class Relief:
    """A household on relief; ``kind`` 01 urban, 02 rural minimum living standard, 03 destitute (特困)."""

    number: str
    kind: str
    household: Household
    recipients: tuple[Person, ...]
    since: date
    active: bool
    income: int
    amount: int


@dataclass(frozen=True, slots=True)
class Insured:
    """One person's social insurance; ``employer`` is None for resident schemes."""

    number: str
    person: Person
    employer: Enterprise | None
    since: date
    active: bool
    base: int
    months: int


@dataclass(frozen=True, slots=True)
class School:
    """A school of compulsory education."""

    code: str
    name: str
    kind: str
    address: Address


@dataclass(frozen=True, slots=True)
class Pupil:
    """A child at school. ``guardians`` come in the order the form lists them."""

    child: Person
    school: School
    grade: int
    room: int
    guardians: tuple[Person, ...]


class Holdings:
    """Gives people what they have, one thing after another from one seed."""

    def __init__(self, seed: int = SEED) -> None:
        self.registrations: list[Registration] = []
        self.estates: list[Estate] = []
        self.relief: list[Relief] = []
        self.insured: list[Insured] = []
        self.schools: list[School] = []
        self.pupils: list[Pupil] = []
        self._random = random.Random(f"{seed}/holdings")

    def register(self, bond: Bond, husband: Person, wife: Person, on: date, district: str) -> Registration:
        """Enter a marriage or divorce."""
        serial = len(self.registrations) + 1
        letter = "J" if bond == "marriage" else "L"
        row = Registration(f"{letter}{district}-{on.year}-{serial:06d}", bond, husband, wife, on, district)
        self.registrations.append(row)
        return row

    def own(
        self,
        address: Address,
        owners: Sequence[Person],
        on: date,
        *,
        sharing: str = "",
        mortgaged: bool = False,
        past: bool = False,
    ) -> Estate:
        """Enter a home. Without ``sharing`` one owner holds alone and two jointly."""
        serial = len(self.estates) + 1
        block, room = serial // 400 + 1, serial % 400 + 1
        unit = f"{address.district}0{block % 90 + 10}001GB{serial % 90_000 + 10_000:05d}F{block:04d}{room:04d}"
        row = Estate(
            unit=unit,
            certificate=f"演({on.year})金河市不动产权第{serial:07d}号",
            address=address,
            area=round(self._random.gauss(96, 22) + 20, 2),
            owners=tuple(owners),
            sharing=sharing or (SOLE if len(owners) == 1 else JOINT),
            on=on,
            mortgaged=mortgaged,
            past=past,
        )
        self.estates.append(row)
        return row

    def relieve(self, household: Household, recipients: Sequence[Person], kind: str, *, active: bool = True) -> Relief:
        """Enter a household on relief."""
        rng = self._random
        serial = len(self.relief) + 1
        income = rng.randrange(120, LOW_INCOME_LINE) if kind != "03" else 0
        row = Relief(
            number=f"DB{household.address.district}{serial:05d}",
            kind=kind,
            household=household,
            recipients=tuple(recipients),
            since=REFERENCE_DATE - timedelta(days=rng.randrange(120, 3600)),
            active=active,
            income=income,
            amount=(LOW_INCOME_LINE - income) * len(recipients) if kind != "03" else 1_140,
        )
        self.relief.append(row)
        return row

    def insure(self, person: Person, employer: Enterprise | None, *, active: bool = True) -> Insured:
        """Enter a person's social insurance."""
        rng = self._random
        months = max(1, int((person.age - 18) * 12 * rng.uniform(0.3, 0.95)))
        row = Insured(
            number=f"62990{len(self.insured) + 1:07d}",
            person=person,
            employer=employer,
            since=REFERENCE_DATE.replace(day=1) - timedelta(days=months * 31),
            active=active,
            base=rng.randrange(4_200, 21_000, 10) if employer else 0,
            months=months,
        )
        self.insured.append(row)
        return row

    def open_schools(self) -> None:
        """Open each district's primary and junior secondary schools."""
        rng = self._random
        for row in DISTRICTS:
            for kind, word, count in (("211", "小学", 4), ("311", "初级中学", 2)):
                for at in range(1, count + 1):
                    serial = len(self.schools) + 1
                    name = f"金河市{row.name}第{'一二三四'[at - 1]}{word}"
                    address = places.site(rng, row.code)
                    self.schools.append(School(f"{row.code}{serial:04d}", name, kind, address))

    def enrol(self, child: Person, household: Household) -> None:
        """Send a child of school age to a school of its district; others stay out."""
        school_year = REFERENCE_DATE.year - (REFERENCE_DATE.month < 9)  # noqa: PLR2004 - begins in September
        six_on = date(child.born.year + 6, child.born.month, min(child.born.day, 28))
        started = six_on.year if six_on <= date(six_on.year, 8, 31) else six_on.year + 1
        grade = school_year - started + 1
        if not 1 <= grade <= 9:  # noqa: PLR2004 - compulsory education
            return
        kind = "211" if grade <= 6 else "311"  # noqa: PLR2004 - six years of primary school
        near = [s for s in self.schools if s.kind == kind and s.code.startswith(household.address.district)]
        parents = [m for m in household.members if m.relation in {"02", "10"} and m.died is None]
        self.pupils.append(
            Pupil(child, self._random.choice(near), grade, self._random.randrange(1, 7), tuple(parents[:2]))
        )

    def grow(self, households: Iterable[Household], employers: Sequence[Enterprise]) -> None:
        """Give ordinary households what they have; those of the known cases have theirs already."""
        rows = [row for row in households if not row.head.clean]
        self._couples(rows)
        self._homes(rows)
        self._needy(rows)
        self._workers(rows, employers)
        for row in rows:
            for child in row.children:
                self.enrol(child, row)

    def _couples(self, rows: list[Household]) -> None:
        rng = self._random
        for row in rows:
            pairs = [row.couple] if row.couple else []
            old = [m for m in row.members if m.relation in {FATHER, MOTHER} and m.marital == MARRIED]
            if len(old) == 2:  # noqa: PLR2004 - husband and wife
                pairs.append((old[0], old[1]))
            for husband, wife in pairs:
                earliest = max(husband.born, wife.born) + timedelta(days=22 * 366)
                eldest = min((c.born for c in row.children), default=REFERENCE_DATE)
                on = min(earliest + timedelta(days=rng.randrange(0, 1500)), max(earliest, eldest), REFERENCE_DATE)
                if rng.random() < 0.93:  # noqa: PLR2004 - the others registered elsewhere
                    self.register("marriage", husband, wife, on, row.address.district)
        self._divorces(rows)

    def _divorces(self, rows: list[Household]) -> None:
        rng = self._random
        alone = [m for row in rows for m in row.members if m.marital == DIVORCED]
        men = sorted((m for m in alone if m.male), key=lambda m: m.born)
        women = sorted((m for m in alone if not m.male), key=lambda m: m.born)
        for husband, wife in zip(men, women, strict=False):
            married = max(husband.born, wife.born) + timedelta(days=23 * 366)
            on = married + timedelta(days=rng.randrange(300, 5000))
            if on >= REFERENCE_DATE or abs((husband.born - wife.born).days) > 15 * 365:
                continue
            district = places.district(rng)
            self.register("marriage", husband, wife, married, district)
            self.register("divorce", husband, wife, on, district)

    def _homes(self, rows: list[Household]) -> None:
        rng = self._random
        for row in rows:
            if rng.random() > 0.72:  # noqa: PLR2004 - the others rent
                continue
            owners = self._owners(row)
            youngest = max(owner.born for owner in owners) + timedelta(days=20 * 366)
            on = youngest + timedelta(days=rng.randrange(0, 6000))
            on = min(on, REFERENCE_DATE - timedelta(days=rng.randrange(1, 400)))
            sharing = SHARED if len(owners) > 1 and rng.random() < 0.12 else ""  # noqa: PLR2004
            mortgaged = on.year > 2008 and rng.random() < 0.35  # noqa: PLR2004
            self.own(row.address, owners, on, sharing=sharing, mortgaged=mortgaged)
            if rng.random() < 0.12:  # noqa: PLR2004 - a second home, sold or kept
                second = places.dwelling(rng, places.district(rng))
                self.own(second, owners[:1], on, past=rng.random() < 0.4)  # noqa: PLR2004

    def _owners(self, row: Household) -> tuple[Person, ...]:
        rng = self._random
        if row.couple and rng.random() < 0.55:  # noqa: PLR2004 - in both names
            return row.couple
        elders = [m for m in row.members if m.relation in {FATHER, MOTHER}]
        if elders and rng.random() < 0.3:  # noqa: PLR2004 - still the grandparents' home
            return (elders[0],)
        return (row.head,)

    def _needy(self, rows: list[Household]) -> None:
        rng = self._random
        for row in rows:
            living = [m for m in row.members if m.died is None]
            old_alone = len(living) == 1 and living[0].age >= 60  # noqa: PLR2004 - 特困 begins at 60
            if old_alone and rng.random() < 0.15:  # noqa: PLR2004
                self.relieve(row, living, "03")
            elif rng.random() < 0.035:  # noqa: PLR2004 - share on minimum living standard
                rural = row.address.township.endswith("乡") or row.address.district[4] == "2"
                self.relieve(row, living, "02" if rural else "01", active=rng.random() < 0.85)  # noqa: PLR2004

    def _workers(self, rows: list[Household], employers: Sequence[Enterprise]) -> None:
        rng = self._random
        hiring = [row for row in employers if row.status == "1"]
        for row in rows:
            for member in row.members:
                if member.died or member.age < 18 or rng.random() < 0.08:  # noqa: PLR2004 - 8 % are in no scheme
                    continue
                at_work = member.age < 60 and hiring and rng.random() < 0.62  # noqa: PLR2004
                self.insure(member, rng.choice(hiring) if at_work else None, active=rng.random() < 0.9)  # noqa: PLR2004
