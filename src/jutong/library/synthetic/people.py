"""The true people of a block: names by their real frequency, couples, twins, the dead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from jutong.standards.divisions import Level, national

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Column = Any
"""An Arrow array. Its published types know neither texts beside columns nor what an index is, so they are not used."""
pc: Column = pyarrow.compute
array: Column = pa.array
EPOCH_1930 = -14_610
"""Days from 1970 to the first birthday that is drawn; the last is :data:`BORN_DAYS` later."""
BORN_DAYS = 34_000
_NAMES = "jutong.library.synthetic"


@dataclass(frozen=True, slots=True)
class Rates:
    """What goes wrong how often, as shares: in the register of police, of civil affairs, of social insurance."""

    coverage: tuple[float, float, float] = (0.97, 0.55, 0.72)
    missing_number: tuple[float, float, float] = (0.002, 0.03, 0.05)
    old_number: tuple[float, float, float] = (0.002, 0.03, 0.03)
    wrong_number: tuple[float, float, float] = (0.001, 0.015, 0.02)
    variant_name: tuple[float, float, float] = (0.003, 0.015, 0.02)
    homophone_name: tuple[float, float, float] = (0.001, 0.008, 0.012)
    lost_rare: tuple[float, float, float] = (0.05, 0.3, 0.4)
    swapped_date: tuple[float, float, float] = (0.0005, 0.008, 0.006)
    wrong_day: tuple[float, float, float] = (0.0005, 0.006, 0.008)
    missing_phone: tuple[float, float, float] = (0.25, 0.15, 0.1)
    old_phone: tuple[float, float, float] = (0.15, 0.3, 0.15)
    old_address: tuple[float, float, float] = (0.1, 0.35, 0.3)
    stale_marital: tuple[float, float, float] = (0.06, 0.002, 0.15)
    twice: tuple[float, float, float] = (0.001, 0.01, 0.02)
    twins: float = 0.015
    couples: float = 0.45
    dead: float = 0.02


@dataclass(frozen=True, slots=True)
class Names:
    """The shipped names as arrays to draw from."""

    surnames: Column
    surname_share: npt.NDArray[np.float64]
    given: tuple[Column, Column]
    """Characters of given names of men and of women, the rare ones last."""
    common: tuple[int, int]
    """How many of each are not rare."""


@dataclass(frozen=True, slots=True)
class People:
    """The truth of a block, one place per person."""

    number: Ints
    """0-based over the whole run."""
    surname: Ints
    first: Ints
    second: Ints
    """Characters of the given name; ``second`` is -1 where it has one character."""
    female: Flags
    born: Ints
    division: Ints
    """The six digits in the identity number."""
    sequence: Ints
    home: Ints
    """Six digits of where they live now."""
    street: Ints
    house: Ints
    phone: Ints
    marital: Ints
    """GB/T 2261.2: 10 single, 20 married, 30 widowed, 40 divorced."""
    dead: Flags

    def __len__(self) -> int:
        return len(self.number)


@cache
def names() -> Names:
    """Return the shipped names."""
    data = json.loads(files(_NAMES).joinpath("names.json").read_text("utf-8"))
    parts = data["surnames"].split()
    shares = np.array([float(share) for share in parts[1::2]])
    rare = list(dict.fromkeys(data["rare"]))
    given, common = [], []
    for sex in ("male", "female"):
        usual = [one for one in dict.fromkeys(data[sex] + data["neutral"]) if one not in rare]
        given.append(array(usual + rare))
        common.append(len(usual))
    return Names(array(parts[::2]), shares / shares.sum(), (given[0], given[1]), (common[0], common[1]))


@cache
def counties() -> Ints:
    """Return the six-digit codes of the counties in force."""
    return np.array([int(code) for code, _ in county_names()], dtype=np.int64)


@cache
def county_names() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return code and names from the province down of each county in force."""
    table = national()
    in_force = [one for one in table if one.level is Level.COUNTY and one.valid_to is None and not one.statistical]
    return tuple((one.code[:6], tuple(step.name for step in table.path(one.code))) for one in in_force)


def draw(rng: np.random.Generator, count: int, start: int, rates: Rates) -> People:
    """Return ``count`` people, numbered from ``start``."""
    stock = names()
    female = rng.random(count) < 0.5  # noqa: PLR2004 - as many men as women
    places = counties()
    surname = rng.choice(len(stock.surnames), count, p=stock.surname_share).astype(np.int64)
    first, second = (_characters(rng, female, stock) for _ in range(2))
    second[rng.random(count) < 0.14] = -1  # noqa: PLR2004 - given names of one character
    # the young are more than the old, but not by much
    born = (EPOCH_1930 + BORN_DAYS * rng.beta(1.6, 1.2, count)).astype(np.int64)
    home = rng.choice(places[: max(1, len(places) // 20)], count)
    division = np.where(rng.random(count) < 0.3, home, rng.choice(places, count))  # noqa: PLR2004 - born where they live
    people = People(
        number=np.arange(start, start + count, dtype=np.int64),
        surname=surname,
        first=first,
        second=second,
        female=female,
        born=born,
        division=division,
        sequence=rng.integers(0, 500, count) * 2 + np.where(female, 0, 1),
        home=home,
        street=rng.integers(0, 4000, count),
        house=rng.integers(1, 2400, count),
        phone=rng.integers(13_000_000_000, 19_999_999_999, count),
        marital=rng.choice(np.array([10, 20, 40, 30]), count, p=[0.55, 0.3, 0.1, 0.05]).astype(np.int64),
        dead=rng.random(count) < rates.dead,
    )
    _pair(rng, people, rates)
    return people


def _characters(rng: np.random.Generator, female: Flags, stock: Names) -> Ints:
    result = np.empty(len(female), dtype=np.int64)
    for sex, chosen in enumerate((~female, female)):
        usual = stock.common[sex]
        weight = np.concatenate((1 / (np.arange(usual) + 8.0), np.zeros(len(stock.given[sex]) - usual)))
        weight /= weight.sum()
        weight[usual:] = 0.02 / (len(weight) - usual)
        weight[:usual] *= 0.98
        result[chosen] = rng.choice(len(weight), int(chosen.sum()), p=weight)
    return result


def _pair(rng: np.random.Generator, people: People, rates: Rates) -> None:
    """Make neighbours twins or couples: places 2i and 2i+1."""
    left = np.arange(0, len(people) - 1, 2)
    chance = rng.random(len(left))
    twins = left[chance < rates.twins]
    for column in (
        people.surname,
        people.born,
        people.division,
        people.home,
        people.street,
        people.house,
        people.female,
    ):
        column[twins + 1] = column[twins]
    # twins are mostly called alike: one character in common
    people.first[twins + 1] = people.first[twins]
    people.sequence[twins + 1] = (people.sequence[twins] + 2) % 1000
    couples = left[(chance >= rates.twins) & (chance < rates.twins + rates.couples)]
    couples = couples[people.female[couples] != people.female[couples + 1]]
    people.marital[couples] = people.marital[couples + 1] = 20
    for column in (people.home, people.street, people.house):
        column[couples + 1] = column[couples]
    people.born[couples + 1] = np.clip(
        people.born[couples] + rng.integers(-1500, 1500, len(couples)), EPOCH_1930, EPOCH_1930 + BORN_DAYS
    )


def texts(array: Column) -> Column:
    """Return an array in one piece."""
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def name_of(people: People, rows: Ints) -> tuple[Column, Column, Column]:
    """Return surname, first and second character of the given name (empty for none) of some people."""
    stock = names()
    female = array(people.female[rows])
    first, second = (_given(stock, column[rows], female) for column in (people.first, people.second))
    return stock.surnames.take(array(people.surname[rows])), first, second


def _given(stock: Names, index: Ints, female: Column) -> Column:
    options = [
        # sexes differ in length and the index of the other sex is taken only to be thrown away
        characters.take(array(np.clip(index, 0, len(characters) - 1)))
        for characters in stock.given
    ]
    return pc.if_else(array(index < 0), pa.scalar(""), pc.if_else(female, options[1], options[0]))
