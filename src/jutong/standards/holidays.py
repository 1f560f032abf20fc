"""Statutory rest days (全国年节及纪念日放假办法) and the provisional working-day calendar made of them.

The State Council's notice for a year comes out in the autumn before it. Until then an operator may load a
provisional year: the thirteen statutory days rest, weekends rest, every other day works. Two things only the notice
decides are left out on purpose. Weekend days turned into working days (调休) are unknown. A statutory day that
falls on a weekend is owed a day off on a working day (第六条), but the law does not say which, so none is placed:
a deadline then comes out a little early rather than late, carries the mark 暂定, and is recomputed when the
notice is loaded. ``owed_days`` lists what is owed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from jutong.kernel.calendar import CalendarYear, DayRow, YearStatus
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards import lunisolar
from jutong.standards.shipped import read_json

_SATURDAY = 5


class CalendarFileError(JutongError):
    """A calendar file an operator wants to load is not one."""

    code = "standards.calendar-file.invalid"
    http_status = 422
    message = gettext_noop("日历文件的{place}不对，现为“{found}”，应为{allowed}。")
    next_step = gettext_noop("请对照平台自带的暂定日历文件改正后重新装入，原有日历没有改动。")


@dataclass(frozen=True, slots=True)
class StatutoryDay:
    """One day on which all citizens rest by law."""

    day: date
    name: str


@lru_cache(maxsize=1)
def _rules() -> Mapping[str, Any]:
    rules: dict[str, Any] = read_json("calendar/statutory-days.json")
    return rules


def statutory_days(year: int) -> tuple[StatutoryDay, ...]:
    """Return the statutory rest days of ``year``, in order.

    Raises:
        ValueError: for a year before the rules took effect or beyond the lunisolar tables.
    """
    rules = _rules()
    if year < date.fromisoformat(rules["effective_from"]).year:
        raise ValueError(f"the rules are in force from {rules['effective_from']}")
    found = [
        StatutoryDay(_anchor(rule, year) + timedelta(days=rule["offset"] + step), rule["name"])
        for rule in rules["days"]
        for step in range(rule["length"])
    ]
    return tuple(sorted(found, key=lambda statutory: statutory.day))


def _anchor(rule: Mapping[str, Any], year: int) -> date:
    if rule["calendar"] == "lunar":
        return lunisolar.lunar_day(year, rule["month"], rule["day"])
    if rule["calendar"] == "solar-term":
        return lunisolar.clear_brightness(year)
    return date(year, rule["month"], rule["day"])


def owed_days(year: int) -> tuple[StatutoryDay, ...]:
    """Return the statutory days of ``year`` that fall on a weekend and are owed a day off elsewhere."""
    return tuple(statutory for statutory in statutory_days(year) if statutory.day.weekday() >= _SATURDAY)


def provisional_year(year: int) -> CalendarYear:
    """Return the provisional calendar of ``year``.

    Raises:
        ValueError: as ``statutory_days``.
    """
    source = _rules()["regulation"]
    rows = tuple(DayRow(found.day, is_workday=False, source=source, note=found.name) for found in statutory_days(year))
    return CalendarYear(year, YearStatus.PROVISIONAL, rows, source)


def provisional_document(year: int) -> dict[str, Any]:
    """Return the provisional calendar of ``year`` in the form of a calendar file.

    Raises:
        ValueError: as ``statutory_days``.
    """
    rules, calendar = _rules(), provisional_year(year)
    return {
        "year": year,
        "status": str(calendar.status),
        "source": calendar.source,
        "clause": rules["clause"],
        "rules_version": rules["version"],
        "rows": [
            {"date": row.day.isoformat(), "is_workday": row.is_workday, "note": row.note} for row in calendar.rows
        ],
        "owed": [{"date": owed.day.isoformat(), "note": owed.name} for owed in owed_days(year)],
    }


def shipped_provisional(year: int) -> CalendarYear:
    """Return a provisional year that travels with the platform (2027 does).

    Raises:
        FileNotFoundError: if none is shipped for ``year``.
    """
    return read_year(read_json(f"calendar/{year}-provisional.json"))


def parse_year(text: str) -> CalendarYear:
    """Read a calendar file: ``year``, ``status`` (official or provisional), ``source`` and ``rows``.

    Raises:
        CalendarFileError: naming the place that is wrong.
        CalendarRowError: for rows that contradict each other.
    """
    try:
        document = json.loads(text)
    except ValueError as problem:
        raise CalendarFileError(place="JSON", found=text[:20], allowed="JSON") from problem
    return read_year(document)


def read_year(document: Any) -> CalendarYear:
    """Build a calendar year from the content of a calendar file.

    Raises:
        CalendarFileError: naming the place that is wrong.
        CalendarRowError: for rows that contradict each other.
    """
    if not isinstance(document, dict):
        raise CalendarFileError(place="/", found=type(document).__name__, allowed="{year, status, source, rows}")
    year, status, source = (document.get(name) for name in ("year", "status", "source"))
    if type(year) is not int:
        raise CalendarFileError(place="/year", found=year, allowed="2027")
    if status not in (YearStatus.OFFICIAL, YearStatus.PROVISIONAL):
        raise CalendarFileError(place="/status", found=status, allowed="official, provisional")
    if not isinstance(source, str) or not source.strip():
        raise CalendarFileError(place="/source", found=source, allowed="“…”")
    rows = document.get("rows")
    if not isinstance(rows, list) or not rows:
        raise CalendarFileError(place="/rows", found=type(rows).__name__, allowed="[{date, is_workday, note}]")
    days = tuple(_row(place, row, source) for place, row in enumerate(rows))
    return CalendarYear(year, YearStatus(status), days, source)


def _row(place: int, row: Any, source: str) -> DayRow:
    try:
        day, is_workday = date.fromisoformat(row["date"]), row["is_workday"]
    except (KeyError, TypeError, ValueError) as problem:
        raise CalendarFileError(
            place=f"/rows/{place}", found=row, allowed='{"date": "2027-01-01", "is_workday": false}'
        ) from problem
    if not isinstance(is_workday, bool):
        raise CalendarFileError(place=f"/rows/{place}/is_workday", found=is_workday, allowed="true, false")
    return DayRow(day, is_workday, source, str(row.get("note", "")))
