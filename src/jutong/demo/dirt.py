"""The dirt real registers have, at stated rates: what clerks, migrations and time do to good data."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from jutong.demo import places
from jutong.demo.city import REFERENCE_DATE
from jutong.standards import generate

if TYPE_CHECKING:
    from jutong.demo.people import Household, Person

NEW_NUMBERS_SINCE = date(1999, 10, 1)
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@dataclass(frozen=True)
class Rates:
    """Shares of rows, 0 to 1. ``lower_x`` is a share of the numbers that end in X, ``old_number`` of adults'."""

    duplicate: float = 0.006
    wrong_check: float = 0.010
    full_width: float = 0.003
    old_number: float = 0.008
    lower_x: float = 0.22
    missing_phone: float = 0.12
    stale_address: float = 0.05
    short_address: float = 0.02
    marital: float = 0.03


POLICE = Rates(wrong_check=0.001, full_width=0.0005, old_number=0.004, lower_x=0.05, stale_address=0.02)
"""The source of identity data is the cleanest."""


class Dirt:
    """Soils what goes into one register. ``marks`` counts what was done."""

    def __init__(self, seed: int, register: str, rates: Rates | None = None) -> None:
        self.random = random.Random(f"{seed}/dirt/{register}")
        self.rates = rates or Rates()
        self.marks: Counter[str] = Counter()

    def happens(self, kind: str, rate: float, *, clean: bool = False) -> bool:
        """Draw whether a kind of dirt falls here, and count it."""
        if self.random.random() >= rate or clean:
            return False
        self.marks[kind] += 1
        return True

    def number(self, person: Person, entered: date | None = None) -> str:
        """Return the identity number as this register has it; before October 1999 there were 15 digits only."""
        could_be_old = person.born < NEW_NUMBERS_SINCE - timedelta(days=16 * 365)
        if entered and entered < NEW_NUMBERS_SINCE and could_be_old:
            kept = person.clean or self.happens("old_number", 0.5)
            return _fifteen(person.number) if kept else person.number
        return person.number if person.clean else self._soiled(person.number, could_be_old=could_be_old)

    def _soiled(self, number: str, *, could_be_old: bool) -> str:
        rates = self.rates
        if self.happens("wrong_check", rates.wrong_check):
            return generate.with_wrong_check(self.random, number)
        if self.happens("full_width", rates.full_width):
            return number.translate(_FULL_WIDTH)
        if could_be_old and self.happens("old_number", rates.old_number):
            return _fifteen(number)
        if number.endswith("X") and self.happens("lower_x", rates.lower_x):
            return number.lower()
        return number

    def phone(self, person: Person) -> str | None:
        """Return the telephone number, or nothing where it was never asked for."""
        if not person.phone or self.happens("missing_phone", self.rates.missing_phone, clean=person.clean):
            return None
        return person.phone

    def address(self, household: Household) -> str:
        """Return the household's address: sometimes where it used to live, sometimes without the number."""
        clean = household.head.clean
        if self.happens("stale_address", self.rates.stale_address, clean=clean):
            return places.dwelling(self.random, household.address.district).text
        if self.happens("short_address", self.rates.short_address, clean=clean):
            return household.address.without_number
        return household.address.text

    def written(self, after: date, until: date = REFERENCE_DATE) -> datetime:
        """Return an office-hours instant between two days, when the row was last written."""
        days = max(0, (until - after).days)
        day = after + timedelta(days=self.random.randrange(days + 1)) if after < until else until
        return datetime(day.year, day.month, day.day, 8, 30) + timedelta(seconds=self.random.randrange(9 * 3600))  # noqa: DTZ001 - databases of departments keep local time


def _fifteen(number: str) -> str:
    return number[:6] + number[8:17]
