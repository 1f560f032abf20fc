"""Industries (国民经济行业分类, GB/T 4754-2017): 20 sections (门类) and 97 divisions (大类).

The groups and classes below (中类 three digits, 小类 four) are checked for their form and their division. Their
names are not shipped, for want of a table with a licence; an operator who has one gives its rows to ``IndustryTable``
and gets them checked by name too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from jutong.kernel.i18n import gettext_noop
from jutong.standards.findings import Finding, StandardValueError
from jutong.standards.shipped import read_csv

STANDARD = "GB/T 4754-2017"
_FORM = re.compile(r"[A-T]?[0-9]{2,4}|[A-T]")
_SECTION, _DIVISION = 1, 2


class IndustryCodeError(StandardValueError):
    """An industry code is wrong."""

    code = "standards.industry.invalid"


@dataclass(frozen=True, slots=True)
class Industry:
    """One entry of the classification."""

    code: str
    name: str
    section: str
    """Letter of the section (门类) it belongs to."""

    @property
    def level(self) -> int:
        """1 门类, 2 大类, 3 中类, 4 小类."""
        return _SECTION if self.code.isalpha() else len(self.code)


class IndustryTable:
    """The classification as far as it is known here."""

    def __init__(self, rows: Iterable[Industry]) -> None:
        self._rows = {row.code: row for row in rows}
        self._deepest = max((row.level for row in self._rows.values()), default=0)

    def lookup(self, code: str) -> Industry | None:
        """Return the entry of a code, with or without the section letter before the digits."""
        return self._rows.get(_bare(code))

    def sections(self) -> tuple[Industry, ...]:
        """Return the sections in order."""
        return tuple(row for row in self._rows.values() if row.level == _SECTION)

    def check(self, code: str) -> Finding | None:
        """Say what is wrong with a code such as ``I``, ``65``, ``651``, ``6513`` or ``I6513``, or None."""
        if not _FORM.fullmatch(code):
            return _wrong(gettext_noop("代码"), code, gettext_noop("应为门类字母A至T，或2至4位数字"))
        bare = _bare(code)
        division = self._rows.get(bare[:_DIVISION])
        if division is None:
            return _wrong(gettext_noop("大类"), bare[:_DIVISION], gettext_noop("应为GB/T 4754中的大类01至97"))
        if code[0].isalpha() and code[0] != division.section:
            return _wrong(gettext_noop("门类"), code[0], gettext_noop("应为{section}"), section=division.section)
        if _DIVISION < len(bare) <= self._deepest and bare not in self._rows:
            return _wrong(gettext_noop("代码"), bare, gettext_noop("应为GB/T 4754中的代码"))
        return None

    def require(self, code: str) -> str:
        """Return the code if nothing is wrong with it.

        Raises:
            IndustryCodeError: naming the place, what was found and what is allowed.
        """
        finding = self.check(code)
        if finding:
            raise IndustryCodeError(finding=finding)
        return code


@lru_cache(maxsize=1)
def national() -> IndustryTable:
    """Return the shipped sections and divisions."""
    return IndustryTable(
        Industry(code, name, section) for code, name, section in read_csv("codes/gbt4754-2017-divisions.csv")
    )


def _bare(code: str) -> str:
    return code[1:] if len(code) > 1 and code[0].isalpha() else code


def _wrong(place: str, found: str, allowed: str, **values: object) -> Finding:
    return Finding(STANDARD, place, found, allowed, values)
