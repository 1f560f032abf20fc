"""How each register has the people: what it writes otherwise, lacks, or kept from years ago."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa

from jutong.library.synthetic.people import (
    Column,
    Flags,
    Ints,
    People,
    Rates,
    array,
    counties,
    county_names,
    name_of,
    names,
    pc,
    texts,
)

REGISTERS = ("police", "civil", "social")
_WEIGHTS = tuple(2**place % 11 for place in range(17, 0, -1))
_CHECKS = array(list("10X98765432"))
_CHANGED_FROM = 18_600
_CHANGED_DAYS = 1_500


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one register out of a block: typed columns and what the writings need beside them."""

    register: str
    person: Ints
    columns: dict[str, Column]
    problems: Column


def of(register: str, people: People, rng: np.random.Generator, rates: Rates) -> Rows:
    """Return the rows of a register, those met twice last."""
    place = REGISTERS.index(register)
    kept = np.flatnonzero(rng.random(len(people)) < rates.coverage[place])
    if register == "civil":  # whoever never went there has no record: the single, mostly
        kept = kept[(people.marital[kept] != 10) | (rng.random(len(kept)) < 0.3)]  # noqa: PLR2004 - 10 is single
    again = kept[rng.random(len(kept)) < rates.twice[place]]
    rows = np.concatenate((kept, again))
    draw = _Draw(rng, place, rates, len(rows))
    born = _born(draw, people.born[rows])
    number, problems = _number(draw, people, rows)
    marital = people.marital[rows].copy()
    stale = draw.hit(rates.stale_marital)
    # what a register did not hear of: a marriage it has not seen, a divorce it still calls a marriage
    marital[stale] = np.where(marital[stale] == 20, 10, 20)  # noqa: PLR2004 - 20 is married
    columns = {
        "name": _name(draw, people, rows),
        "identity_number": number,
        "sex": array(np.where(people.female[rows], 2, 1)).cast(pa.string()),
        "birth_date": born,
        "address": _address(draw, people, rows),
        "phone": _phone(draw, people, rows),
        "marital_status": array(marital).cast(pa.string()),
        "life_status": array(
            np.where(people.dead[rows] & (rng.random(len(rows)) < (0.95, 0.2, 0.6)[place]), 2, 1)
        ).cast(pa.string()),
        "changed": array((_CHANGED_FROM + rng.integers(0, _CHANGED_DAYS, len(rows))).astype("int32")).cast(pa.date32()),
    }
    return Rows(register, people.number[rows], columns, problems)


def truth(people: People) -> pa.Table:
    """Return what is true of the people, under their number."""
    every = np.arange(len(people))
    return pa.table(
        {
            "person": people.number,
            "name": pc.binary_join_element_wise(*name_of(people, every), ""),
            "identity_number": checked(bodies(people.division, people.born, people.sequence)),
            "birth_date": array(people.born.astype("datetime64[D]")),
            "marital_status": array(people.marital).cast(pa.string()),
            "dead": array(people.dead),
        }
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    rng: np.random.Generator
    place: int
    rates: Rates
    count: int

    def hit(self, share: tuple[float, float, float]) -> Flags:
        """Return which rows something happens to."""
        return self.rng.random(self.count) < share[self.place]


def _born(draw: _Draw, born: Ints) -> Column:
    days = born + np.where(draw.hit(draw.rates.wrong_day), draw.rng.integers(-15, 16, len(born)), 0)
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    day_number = (dates - month).astype(np.int64)
    month_number = month.astype(np.int64) % 12
    swapped = draw.hit(draw.rates.swapped_date) & (day_number < 12)  # noqa: PLR2004 - else the day is no month
    turned = (month.astype(np.int64) - month_number + day_number).astype("datetime64[M]").astype("datetime64[D]")
    turned = turned + np.minimum(month_number, 27).astype("timedelta64[D]")
    return array(np.where(swapped, turned, dates))


def bodies(division: Ints, born: Ints, sequence: Ints) -> Ints:
    """Return the first seventeen digits of identity numbers."""
    dates = born.astype("datetime64[D]")
    year = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    result: Ints = division * 10**11 + (year * 10_000 + month * 100 + day) * 1000 + sequence
    return result


def checked(body: Ints) -> Column:
    """Return identity numbers of 18 characters."""
    total = sum(weight * (body // 10 ** (16 - at) % 10) for at, weight in enumerate(_WEIGHTS))
    return pc.binary_join_element_wise(array(body).cast(pa.string()), _CHECKS.take(array(total % 11)), "")


def _number(draw: _Draw, people: People, rows: Ints) -> tuple[Column, Column]:
    body = bodies(people.division[rows], people.born[rows], people.sequence[rows])
    wrong = draw.hit(draw.rates.wrong_number)
    missing = draw.hit(draw.rates.missing_number)
    number = checked(body)
    # one digit of the sequence typed wrongly: the check character gives it away
    slip = checked(np.where(body % 10 < 9, body + 1, body - 1))  # noqa: PLR2004 - the last digit
    number = pc.if_else(
        array(wrong),
        pc.binary_join_element_wise(pc.utf8_slice_codeunits(slip, 0, 17), pc.utf8_slice_codeunits(number, 17, 18), ""),
        number,
    )
    number = pc.if_else(array(missing), pa.scalar(None, pa.string()), number)
    problems = pc.if_else(array(wrong & ~missing), "identity_number:check-digit", "")
    return number, problems


def _name(draw: _Draw, people: People, rows: Ints) -> Column:
    surname, first, second = name_of(people, rows)
    stock = names()
    at = people.first[rows]
    common = np.where(people.female[rows], stock.common[1], stock.common[0])
    lost = draw.hit(draw.rates.lost_rare) & (at >= common)
    instead = pc.if_else(array(draw.rng.random(len(rows)) < 0.5), _mapped(first, _sounds()), pa.scalar("·"))  # noqa: PLR2004
    first = pc.if_else(array(lost), instead, first)
    variant, homophone = draw.hit(draw.rates.variant_name), draw.hit(draw.rates.homophone_name)
    surname = pc.if_else(array(variant), _mapped(surname, _variants()), surname)
    first = pc.if_else(array(variant), _mapped(first, _variants()), first)
    second = pc.if_else(array(variant), _mapped(second, _variants()), second)
    turn = draw.rng.random(len(rows)) < 0.5  # noqa: PLR2004 - either character
    first = pc.if_else(array(homophone & turn), _mapped(first, _homophones()), first)
    second = pc.if_else(array(homophone & ~turn), _mapped(second, _homophones()), second)
    return pc.binary_join_element_wise(surname, first, second, "")


def _mapped(column: Column, table: dict[str, str]) -> Column:
    encoded = pc.dictionary_encode(column)
    words = array([table.get(word, word) for word in encoded.dictionary.to_pylist()], pa.string())
    return words.take(encoded.indices)


@cache
def _variants() -> dict[str, str]:
    pairs = json.loads(files("jutong.library.linkage").joinpath("variants.json").read_text("utf-8"))["pairs"]
    return {pair[0]: pair[1] for pair in pairs.split()}


@cache
def _homophones() -> dict[str, str]:
    data = json.loads(files("jutong.library.synthetic").joinpath("names.json").read_text("utf-8"))
    groups = data["homophones"].split()
    return {one: group[(at + 1) % len(group)] for group in groups for at, one in enumerate(group)}


@cache
def _sounds() -> dict[str, str]:
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - half a second that only this needs

    stock = names()
    rare = [one for array, usual in zip(stock.given, stock.common, strict=True) for one in array.to_pylist()[usual:]]
    return {one: lazy_pinyin(one, style=Style.NORMAL)[0] for one in rare}


@cache
def _streets() -> Column:
    words = [a + b for a in "建人解中文新东西南北长和幸光朝永胜前友爱" for b in "设民放山化华安平福明阳兴利进谊国"]
    kinds = ("路", "街", "大道", "巷", "北路", "南路", "东路", "西路", "新村", "花园", "小区", "里", "胡同")
    return array([word + kind for word in words for kind in kinds][:4000])


@cache
def _areas() -> tuple[Column, Column, Column]:
    """Codes of counties, and their names with and without the province."""
    codes, full, short = [], [], []
    for code, path in county_names():
        codes.append(int(code))
        full.append("".join(path))
        short.append("".join(path[1:]))
    return array(codes), array(full), array(short)


def _address(draw: _Draw, people: People, rows: Ints) -> Column:
    old = draw.hit(draw.rates.old_address)
    home = np.where(old, draw.rng.choice(counties(), len(rows)), people.home[rows])
    street = np.where(old, draw.rng.integers(0, 4000, len(rows)), people.street[rows])
    house = np.where(old, draw.rng.integers(1, 2400, len(rows)), people.house[rows])
    codes, full, short = _areas()
    at = pc.index_in(array(home), codes)
    area = pc.if_else(array(draw.rng.random(len(rows)) < 0.5), full.take(at), short.take(at))  # noqa: PLR2004
    lane = pc.binary_join_element_wise(
        array(house // 12 + 1).cast(pa.string()), "号", array(house % 12 + 1).cast(pa.string()), "室", ""
    )
    return texts(pc.binary_join_element_wise(area, _streets().take(array(street % len(_streets()))), lane, ""))


def _phone(draw: _Draw, people: People, rows: Ints) -> Column:
    old = draw.hit(draw.rates.old_phone)
    phone = np.where(old, draw.rng.integers(13_000_000_000, 19_999_999_999, len(rows)), people.phone[rows])
    return pc.if_else(
        array(draw.hit(draw.rates.missing_phone)), pa.scalar(None, pa.string()), array(phone).cast(pa.string())
    )
