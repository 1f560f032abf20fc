from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from jutong.demo import cases
from jutong.demo.city import SEED
from jutong.demo.enterprises import ENTERPRISES, Register
from jutong.demo.holdings import Holdings
from jutong.demo.people import PERSONS, Town


@dataclass(frozen=True)
class World:
    """The whole invented truth of one seed, before any register got hold of it."""

    seed: int
    scale: float
    town: Town
    holdings: Holdings
    register: Register
    cases: cases.Cases


@lru_cache(maxsize=2)
def create(*, scale: float = 1.0, seed: int = SEED) -> World:
    """Make the truth: about ``20,000 * scale`` people and ``3,000 * scale`` enterprises besides the known cases.

    Raises:
        ValueError: if ``scale`` is not positive.
    """
    if scale <= 0:
        raise ValueError("a city has a positive scale")
    town, holdings, register = Town(seed), Holdings(seed), Register(seed)
    known = cases.build(town, holdings, register)
    town.grow(max(1, round(PERSONS * scale)))
    register.grow(town.persons, max(1, round(ENTERPRISES * scale)))
    holdings.open_schools()
    holdings.grow(town.households, register.rows)
    return World(seed, scale, town, holdings, register, known)
