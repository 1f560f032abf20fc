"""Quarters as the ledger names them, ``2026Q4``, in Beijing's civil days."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from jutong.kernel.clock import BEIJING

_NAME = re.compile(r"([0-9]{4})Q([1-4])", re.ASCII)
MONTHS = 3


def quarter_of(day: date) -> str:
    """Return the quarter a day lies in."""
    return f"{day.year:04d}Q{(day.month - 1) // MONTHS + 1}"


def before(quarter: str) -> str:
    """Return the quarter before one."""
    year, at = _parts(quarter)
    return f"{year - 1:04d}Q4" if at == 1 else f"{year:04d}Q{at - 1}"


def bounds(quarter: str) -> tuple[datetime, datetime]:
    """Return when a quarter begins and when the next one does.

    Raises:
        ValueError: for what is no quarter.
    """
    year, at = _parts(quarter)
    first = date(year, (at - 1) * MONTHS + 1, 1)
    following = date(year + 1, 1, 1) if at * MONTHS == 12 else date(year, at * MONTHS + 1, 1)  # noqa: PLR2004 - a year
    return _midnight(first), _midnight(following)


def later(day: date, months: int) -> date:
    """Return the day so many months on; the last day of the month where it has no such day."""
    at = day.year * 12 + day.month - 1 + months
    year, month = divmod(at, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(day)


def _parts(quarter: str) -> tuple[int, int]:
    found = _NAME.fullmatch(quarter)
    if found is None:
        raise ValueError(quarter)
    return int(found[1]), int(found[2])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)
