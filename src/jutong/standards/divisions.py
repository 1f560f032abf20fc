"""Administrative divisions (行政区划代码, GB/T 2260), effective-dated since the end of 1980.

``valid_from`` is the first published state of the table that lists a code under a name, ``valid_to`` the first that
no longer does: a merger is dated to the publication after it, not to the day. Codes that only the National Bureau
of Statistics uses (development zones, placeholders such as 市辖区) are marked statistical and are no divisions in
the sense of the standard. A place keeps its code for life in identity numbers, so ``ever_existed`` is what those are
checked with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from jutong.kernel.i18n import gettext_noop
from jutong.standards.findings import Finding, StandardValueError
from jutong.standards.shipped import read_csv

STANDARD = "GB/T 2260"
_LENGTHS = (6, 9, 12)


class DivisionCodeError(StandardValueError):
    """A division code is wrong or not in force."""

    code = "standards.division.invalid"


class Level(StrEnum):
    """Levels of government, from the top."""

    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


@dataclass(frozen=True, slots=True)
class Division:
    """One code under one name during one span of time."""

    code: str
    name: str
    valid_from: date
    valid_to: date | None = None
    """First day on which it is no longer in force; None while it is."""
    statistical: bool = False
    """Whether only statistics use the code."""

    def in_force(self, on: date) -> bool:
        """Tell whether the division was in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    @property
    def level(self) -> Level:
        """The level the code says."""
        return level(self.code)


def level(code: str) -> Level:
    """Return the level a well-formed code belongs to: 6 digits to the county, 9 township, 12 village.

    Raises:
        DivisionCodeError: if the code is not 6, 9 or 12 digits.
    """
    finding = _check_form(code)
    if finding:
        raise DivisionCodeError(finding=finding)
    if len(code) > 6:  # noqa: PLR2004 - beyond GB/T 2260
        return Level.TOWNSHIP if len(code) == 9 else Level.VILLAGE  # noqa: PLR2004
    if code == "100000":
        return Level.NATION
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code.endswith("00") else Level.COUNTY


class DivisionTable:
    """Divisions by code; ``extended`` adds a locality's own ones without touching the real table."""

    def __init__(self, rows: Iterable[Division]) -> None:
        self._rows: dict[str, tuple[Division, ...]] = {}
        for row in sorted(rows, key=lambda division: (division.code, division.valid_from)):
            self._rows[row.code] = (*self._rows.get(row.code, ()), row)

    def extended(self, rows: Iterable[Division]) -> DivisionTable:
        """Return a table with more rows.

        Raises:
            ValueError: if a code is already in use; a local code must not take a real one's place.
        """
        added = list(rows)
        taken = sorted(row.code for row in added if row.code in self._rows)
        if taken:
            raise ValueError(f"division codes already in use: {', '.join(taken)}")
        return DivisionTable([*self, *added])

    def __iter__(self) -> Iterator[Division]:
        for history in self._rows.values():
            yield from history

    def history(self, code: str) -> tuple[Division, ...]:
        """Return everything a code ever stood for, oldest first; empty for an unknown one."""
        return self._rows.get(code, ())

    def ever_existed(self, code: str) -> bool:
        """Tell whether a code was ever a division of the standard; statistical codes do not count."""
        return any(not row.statistical for row in self.history(code))

    def lookup(self, code: str, *, on: date | None = None) -> Division | None:
        """Return the division in force on a day, or, without a day, the one in force at the end of the table."""
        if on is None:
            return next((row for row in reversed(self.history(code)) if row.valid_to is None), None)
        return next((row for row in reversed(self.history(code)) if row.in_force(on)), None)

    def parent(self, code: str, *, on: date | None = None) -> Division | None:
        """Return the division above: village, township, county, prefecture, province; None above a province.

        A county right below a province, as in Beijing or Hainan, has the province for its parent.
        """
        for above in _codes_above(code):
            found = self.lookup(above, on=on)
            if found and not found.statistical:
                return found
        return None

    def path(self, code: str, *, on: date | None = None) -> tuple[Division, ...]:
        """Return the divisions from the province down to the code itself; empty for an unknown code."""
        steps: list[Division] = []
        current = self.lookup(code, on=on)
        while current:
            steps.append(current)
            current = self.parent(current.code, on=on)
        return tuple(reversed(steps))

    def full_name(self, code: str, *, on: date | None = None) -> str:
        """Return the names from the province down, as an address begins; empty for an unknown code."""
        return "".join(division.name for division in self.path(code, on=on))

    def children(self, code: str, *, on: date | None = None) -> tuple[Division, ...]:
        """Return the divisions right below a code, in code order, statistical ones left out."""
        below = (self.lookup(other, on=on) for other in self._rows if other != code)
        return tuple(
            division
            for division in below
            if division and not division.statistical and self._is_parent(code, division.code, on)
        )

    def _is_parent(self, code: str, child: str, on: date | None) -> bool:
        if code not in _codes_above(child):
            return False
        parent = self.parent(child, on=on)
        return parent is not None and parent.code == code

    def check(self, code: str, *, on: date | None = None) -> Finding | None:
        """Say what is wrong with a division code, or None.

        Args:
            code: six digits, or 9 and 12 digits whose first six are checked.
            on: the day on which it must be in force; without it the end of the table.
        """
        finding = _check_form(code)
        if finding:
            return finding
        county = code[:6]
        division = self.lookup(county, on=on)
        if division and not division.statistical:
            return None
        if not self.history(county):
            return _wrong(gettext_noop("代码"), county, gettext_noop("应为GB/T 2260中的代码"))
        if division:
            return _wrong(gettext_noop("代码"), county, gettext_noop("仅供统计使用，应为GB/T 2260中的代码"))
        last = self.history(county)[-1]
        return _wrong(
            gettext_noop("代码"),
            county,
            gettext_noop("应为当日有效的代码（{name}：{valid_from}至{valid_to}）"),
            name=last.name,
            valid_from=last.valid_from,
            valid_to=last.valid_to or "",
        )

    def require(self, code: str, *, on: date | None = None) -> str:
        """Return the code if it is in force.

        Raises:
            DivisionCodeError: naming the place, what was found and what is allowed.
        """
        finding = self.check(code, on=on)
        if finding:
            raise DivisionCodeError(finding=finding)
        return code


@lru_cache(maxsize=1)
def national() -> DivisionTable:
    """Return the shipped table: GB/T 2260 from 1980 to 2026 and the statistical codes of 2023."""
    return DivisionTable(
        Division(
            code,
            name,
            date.fromisoformat(valid_from),
            date.fromisoformat(valid_to) if valid_to else None,
            statistical=use == "S",
        )
        for code, name, valid_from, valid_to, use in read_csv("codes/divisions.csv.gz")
    )


def lookup(code: str, *, on: date | None = None) -> Division | None:
    """Look a code up in the shipped table; see ``DivisionTable.lookup``."""
    return national().lookup(code, on=on)


def parent(code: str, *, on: date | None = None) -> Division | None:
    """Return the division above in the shipped table; see ``DivisionTable.parent``."""
    return national().parent(code, on=on)


def ever_existed(code: str) -> bool:
    """Tell whether a code was ever a division in the shipped table."""
    return national().ever_existed(code)


def _codes_above(code: str) -> tuple[str, ...]:
    above = [code[:length] for length in (9, 6) if len(code) > length]
    county = code[:6]
    return tuple(other for other in (*above, county[:4] + "00", county[:2] + "0000") if other != code)


def _check_form(code: str) -> Finding | None:
    if len(code) not in _LENGTHS:
        return _wrong(gettext_noop("长度"), str(len(code)), gettext_noop("应为6位（乡镇9位、村12位）"))
    if not (code.isascii() and code.isdigit()):
        return _wrong(gettext_noop("代码"), code, gettext_noop("只能是数字"))
    return None


def _wrong(place: str, found: str, allowed: str, **values: object) -> Finding:
    return Finding(STANDARD, place, found, allowed, values)
