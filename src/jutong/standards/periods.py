"""The periods the law sets (期限), as data with clause, version and effective date.

A locality may be stricter than the law, never looser (条例第二十三条): a period to act may be shortened, a period to
keep may be lengthened. Where the law gives no number the value is a default of the platform and free to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.shipped import read_json


class PeriodLooserError(JutongError):
    """A local period would be looser than the law."""

    code = "standards.period.looser"
    http_status = 422
    message = gettext_noop("“{name}”的期限不能改为{found}：{clause}规定的是{statutory}，地方规定只能更严。")
    next_step = gettext_noop("请填写不宽于{statutory}的期限。")


class PeriodUnknownError(JutongError):
    """No period of that id is in force on the day asked about."""

    code = "standards.period.unknown"
    http_status = 404
    message = gettext_noop("没有编号为“{period}”且在{on}有效的期限。")
    next_step = gettext_noop("请从期限表中选择编号。")


class Unit(StrEnum):
    """What a length counts."""

    WORKDAY = "workday"
    MONTH = "month"
    YEAR = "year"


class Bound(StrEnum):
    """Which side of the length is lawful."""

    AT_MOST = "at-most"
    AT_LEAST = "at-least"


@dataclass(frozen=True, slots=True)
class Period:
    """One period in one version."""

    id: str
    name: str
    name_en: str
    starts_with: str
    """The event that is day 0."""
    length: int
    unit: Unit
    extension_cap: int
    """Most units by which it may be extended; 0 when it may not."""
    extension_needs: tuple[str, ...]
    """``authority-consent`` and ``requester-notice``: what an extension needs to be lawful."""
    actor: str
    source: str
    clause: str
    statutory: bool
    bound: Bound
    version: int
    effective_from: date
    note: str = ""
    local: bool = False
    """Whether a locality changed it."""

    @property
    def months(self) -> int:
        """The length in months, for periods to keep.

        Raises:
            ValueError: for a period counted in working days.
        """
        if self.unit is Unit.WORKDAY:
            raise ValueError(f"{self.id} is counted in working days")
        return self.length * 12 if self.unit is Unit.YEAR else self.length


@lru_cache(maxsize=1)
def _versions() -> tuple[Period, ...]:
    rows = (_period(row) for row in read_json("periods.json"))
    return tuple(sorted(rows, key=lambda period: (period.effective_from, period.version)))


def _period(row: Mapping[str, Any]) -> Period:
    return Period(
        **{
            **row,
            "unit": Unit(row["unit"]),
            "bound": Bound(row["bound"]),
            "extension_needs": tuple(row["extension_needs"]),
            "effective_from": date.fromisoformat(row["effective_from"]),
        }
    )


def in_force(on: date) -> Mapping[str, Period]:
    """Return the newest version of every period that is in force on a day, by id."""
    return MappingProxyType({period.id: period for period in _versions() if period.effective_from <= on})


def period(period_id: str, *, on: date) -> Period:
    """Return one period as in force on a day.

    Raises:
        PeriodUnknownError: for an unknown id, or before it took effect.
    """
    found = in_force(on).get(period_id)
    if found is None:
        raise PeriodUnknownError(period=period_id, on=on)
    return found


def localise(period: Period, length: int, *, extension_cap: int | None = None) -> Period:
    """Return the period with a locality's own length, and its own cap on extensions if one is given.

    Raises:
        PeriodLooserError: if either would be looser than the law.
        ValueError: for a length below 1 or a cap below 0.
    """
    cap = period.extension_cap if extension_cap is None else extension_cap
    if length < 1 or cap < 0:
        raise ValueError("a period has at least one unit, a cap is not negative")
    if period.statutory:
        looser = length < period.length if period.bound is Bound.AT_LEAST else length > period.length
        if looser:
            raise _looser(period, length, period.length)
        if cap > period.extension_cap:
            raise _looser(period, cap, period.extension_cap)
    return replace(period, length=length, extension_cap=cap, local=True)


def strictest(law: Period, *local: tuple[int, int | None]) -> Period:
    """Return the law's period under local lengths and caps, each as (length, cap or None for the law's own).

    The last one given holds where the law leaves a period open; of a period the law sets the strictest holds, and
    a local one that the law has overtaken since falls away.

    Raises:
        ValueError: for a length below 1 or a cap below 0.
    """
    found = law
    for length, cap in local:
        if length < 1 or (cap is not None and cap < 0):
            raise ValueError("a period has at least one unit, a cap is not negative")
        if law.statutory:
            tighter = max if law.bound is Bound.AT_LEAST else min
            length = tighter(found.length, length)  # noqa: PLW2901 - what is left of the local length
            cap = min(found.extension_cap, found.extension_cap if cap is None else cap)  # noqa: PLW2901
        elif cap is None:
            cap = law.extension_cap  # noqa: PLW2901
        changed = (length, cap) != (law.length, law.extension_cap)
        found = replace(law, length=length, extension_cap=cap, local=changed)
    return found


def _looser(period: Period, found: int, statutory: int) -> PeriodLooserError:
    return PeriodLooserError(period=period.id, name=period.name, clause=period.clause, found=found, statutory=statutory)
