"""The truth of the invented city: who lives in it, with whom and where. Registers get it wrong later, in known ways.

Every identity number carries a demonstration division code, so none of them can belong to anybody.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jutong.demo import names, places
from jutong.demo.city import REFERENCE_DATE, SEED
from jutong.standards import generate

if TYPE_CHECKING:
    from jutong.demo.places import Address

PERSONS = 20_000
"""Living inhabitants at scale 1."""

STRANGER_NUMBER = "629902199001010021"
"""A number that checks out and is given to nobody: what a question about no one in the registers looks like."""

# GB/T 4761 家庭关系
HEAD, SPOUSE, SON, DAUGHTER, FATHER, MOTHER = "02", "10", "20", "30", "51", "52"
# GB/T 2261.2 婚姻状况
SINGLE, MARRIED, WIDOWED, DIVORCED = "10", "20", "30", "40"

_NATIONS = {"01": 905, "03": 52, "05": 9, "02": 8, "04": 9, "11": 6, "08": 5, "15": 3, "17": 1, "06": 2}
_ABOLISHED_COUNTY, _ITS_SUCCESSOR = "629924", "629905"
_MERGED_ON = date(2003, 1, 1)


@dataclass(slots=True)
class Person:
    """An invented inhabitant as he or she really is. ``clean`` keeps dirt away from the known cases."""

    serial: int
    name: str
    male: bool
    born: date
    number: str
    nationality: str
    household: int
    relation: str
    marital: str
    phone: str
    died: date | None = None
    clean: bool = False

    @property
    def age(self) -> int:
        """Full years at the reference date."""
        had_birthday = (REFERENCE_DATE.month, REFERENCE_DATE.day) >= (self.born.month, self.born.day)
        return REFERENCE_DATE.year - self.born.year - (not had_birthday)

    @property
    def sex_code(self) -> str:
        """GB/T 2261.1: 1 male, 2 female."""
        return "1" if self.male else "2"


@dataclass(slots=True)
class Household:
    """People registered together. The first member is the head."""

    serial: int
    number: str
    address: Address
    since: date
    members: list[Person] = field(default_factory=list)

    @property
    def head(self) -> Person:
        """The head of the household (户主)."""
        return self.members[0]

    @property
    def couple(self) -> tuple[Person, Person] | None:
        """Husband and wife at the heart of the household, when both live."""
        spouse = next((row for row in self.members if row.relation == SPOUSE and row.died is None), None)
        if spouse is None or self.head.died:
            return None
        return (self.head, spouse) if self.head.male else (spouse, self.head)

    @property
    def children(self) -> list[Person]:
        """Sons and daughters of the head, oldest first."""
        return [row for row in self.members if row.relation in {SON, DAUGHTER}]


class Town:
    """Grows households one after another from one seed."""

    def __init__(self, seed: int = SEED) -> None:
        self.households: list[Household] = []
        self.persons: list[Person] = []
        self._numbers = {STRANGER_NUMBER}
        self._random = random.Random(f"{seed}/people")

    def found(self, address: Address, since: date) -> Household:
        """Start an empty household."""
        serial = len(self.households) + 1
        row = Household(serial, f"{address.district}{serial:06d}", address, since)
        self.households.append(row)
        return row

    def settle(
        self,
        household: Household,
        *,
        male: bool,
        born: date,
        relation: str,
        marital: str,
        name: str = "",
        family: str = "",
        nationality: str = "01",
        clean: bool = False,
    ) -> Person:
        """Add a person to a household, with a number nobody else has."""
        rng = self._random
        person = Person(
            serial=len(self.persons) + 1,
            name=name or names.full_name(rng, male=male, year=born.year, nationality=nationality, family=family),
            male=male,
            born=born,
            number=self._number(household.address.district, born, male=male),
            nationality=nationality,
            household=household.serial,
            relation=relation,
            marital=marital,
            phone=places.phone(rng),
            clean=clean,
        )
        self.persons.append(person)
        household.members.append(person)
        return person

    def grow(self, living: int) -> None:
        """Add ordinary households until so many people live in town."""
        count = sum(1 for row in self.persons if row.died is None)
        while count < living:
            count += sum(1 for row in self._household().members if row.died is None)

    def _number(self, district: str, born: date, *, male: bool) -> str:
        rng = self._random
        if born < _MERGED_ON and district == _ITS_SUCCESSOR:
            division = _ABOLISHED_COUNTY
        elif born.year < _MERGED_ON.year and rng.random() < 0.15:  # noqa: PLR2004 - born elsewhere in the city
            division = places.district(rng)
        else:
            division = district
        while True:
            number = generate.identity_number(rng, division=division, born_on=born, sex="男" if male else "女")
            if number not in self._numbers:
                self._numbers.add(number)
                return number

    def _household(self) -> Household:
        rng = self._random
        address = places.dwelling(rng, places.district(rng))
        household = self.found(address, date(rng.randrange(1986, 2026), rng.randrange(1, 13), rng.randrange(1, 29)))
        nation = rng.choices(list(_NATIONS), weights=list(_NATIONS.values()))[0]
        kind = rng.choices(("single", "couple", "nuclear", "three", "lone"), weights=(10, 17, 42, 24, 7))[0]
        if kind == "single":
            self._single(household, nation)
        elif kind == "lone":
            self._lone_parent(household, nation)
        else:
            self._family(household, nation, kind)
        return household

    def _single(self, household: Household, nation: str) -> None:
        rng = self._random
        age = rng.randrange(20, 88)
        marital = SINGLE if age < 30 else rng.choices((SINGLE, DIVORCED, WIDOWED), weights=(30, 40, age - 28))[0]  # noqa: PLR2004
        head = self._adult(household, male=rng.random() < 0.5, age=age, relation=HEAD, marital=marital, nation=nation)  # noqa: PLR2004
        if marital == WIDOWED:
            self._late_spouse(household, head, nation)

    def _lone_parent(self, household: Household, nation: str) -> None:
        rng = self._random
        age = rng.randrange(28, 56)
        marital = rng.choices((DIVORCED, WIDOWED), weights=(75, 25))[0]
        male = rng.random() < 0.3  # noqa: PLR2004 - most lone parents are mothers
        head = self._adult(household, male=male, age=age, relation=HEAD, marital=marital, nation=nation)
        if marital == WIDOWED:
            self._late_spouse(household, head, nation)
        self._children(household, head, names.family_of(head.name), nation, rng.choices((1, 2), weights=(3, 1))[0])

    def _family(self, household: Household, nation: str, kind: str) -> None:
        rng = self._random
        age = rng.randrange(46, 86) if kind == "couple" and rng.random() < 0.7 else rng.randrange(25, 52)  # noqa: PLR2004
        head_male = rng.random() < 0.8  # noqa: PLR2004 - who is entered as head
        head = self._adult(household, male=head_male, age=age, relation=HEAD, marital=MARRIED, nation=nation)
        shift = rng.randrange(-3, 5) * (-1 if head_male else 1)
        spouse_age = max(23, age + shift)
        spouse = self._adult(
            household, male=not head_male, age=spouse_age, relation=SPOUSE, marital=MARRIED, nation=nation
        )
        if kind == "couple":
            return
        mother, father = (spouse, head) if head_male else (head, spouse)
        wanted = rng.choices((1, 2, 3), weights=(58, 37, 5))[0]
        self._children(household, mother, names.family_of(father.name), nation, wanted)
        if kind == "three":
            self._grandparents(household, head, nation)

    def _adult(
        self, household: Household, *, male: bool, age: int, relation: str, marital: str, nation: str, family: str = ""
    ) -> Person:
        rng = self._random
        born = REFERENCE_DATE - timedelta(days=int(age * 365.25) + rng.randrange(1, 364))
        return self.settle(
            household,
            male=male,
            born=born,
            relation=relation,
            marital=marital,
            family=family,
            nationality=nation,
        )

    def _late_spouse(self, household: Household, survivor: Person, nation: str) -> None:
        rng = self._random
        age = max(26, survivor.age + rng.randrange(-3, 6))
        late = self._adult(household, male=not survivor.male, age=age, relation=SPOUSE, marital=MARRIED, nation=nation)
        late.died = REFERENCE_DATE - timedelta(days=rng.randrange(60, 5000))
        late.phone = ""

    def _children(self, household: Household, parent: Person, family: str, nation: str, wanted: int) -> None:
        rng = self._random
        at = parent.born + timedelta(days=rng.randrange(21 * 365, 32 * 365))
        for _ in range(wanted):
            if at >= REFERENCE_DATE or REFERENCE_DATE.year - at.year > 24:  # noqa: PLR2004 - moved out by then
                at += timedelta(days=rng.randrange(540, 2200))
                continue
            male = rng.random() < 0.51  # noqa: PLR2004 - a little over half
            child = self.settle(
                household,
                male=male,
                born=at,
                relation=SON if male else DAUGHTER,
                marital=SINGLE,
                family=family,
                nationality=nation,
            )
            if child.age < 16:  # noqa: PLR2004 - the parents' telephone serves
                child.phone = ""
            at += timedelta(days=rng.randrange(540, 2200))

    def _grandparents(self, household: Household, head: Person, nation: str) -> None:
        rng = self._random
        for relation, male in ((FATHER, True), (MOTHER, False)):
            if rng.random() < 0.18:  # noqa: PLR2004 - lives elsewhere
                continue
            family = names.family_of(head.name) if male else ""
            age = head.age + rng.randrange(21, 34)
            self._adult(household, male=male, age=age, relation=relation, marital=MARRIED, nation=nation, family=family)
        parents = [row for row in household.members if row.relation in {FATHER, MOTHER}]
        if len(parents) == 1:
            parents[0].marital = rng.choice((WIDOWED, WIDOWED, DIVORCED))
