"""Where the moving feasts of the lunisolar calendar fall (农历的编算和颁行, GB/T 33661-2017).

A month begins on the Beijing day of the new moon; the month that holds the winter solstice is the eleventh; when
thirteen months lie between two solstices, the first without a major solar term (中气) is the leap month. The
astronomy is Meeus, *Astronomical Algorithms*, chapters 25 and 49: the sun to about a hundredth of a degree, a new
moon to a few seconds. Compared with published tables it gives every feast of the years it accepts.
"""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from functools import lru_cache
from math import cos, floor, radians, sin
from typing import NamedTuple

FIRST_YEAR, LAST_YEAR = 2000, 2099
_J2000 = 2451545.0
_EPOCH = date(2000, 1, 1)
_BEIJING = 8 / 24
_MONTH = 29.530588861
_CENTURY = 36525.0
_MAJOR_TERM = 30
_WINTER_SOLSTICE = 270
_CLEAR_BRIGHTNESS = 15

# Amplitude in days, power of the eccentricity factor, multiples of the sun's anomaly, the moon's anomaly and the
# moon's argument of latitude.
_NEW_MOON_TERMS = (
    (-0.40720, 0, 0, 1, 0),
    (0.17241, 1, 1, 0, 0),
    (0.01608, 0, 0, 2, 0),
    (0.01039, 0, 0, 0, 2),
    (0.00739, 1, -1, 1, 0),
    (-0.00514, 1, 1, 1, 0),
    (0.00208, 2, 2, 0, 0),
    (-0.00111, 0, 0, 1, -2),
    (-0.00057, 0, 0, 1, 2),
    (0.00056, 1, 1, 2, 0),
    (-0.00042, 0, 0, 3, 0),
    (0.00042, 1, 1, 0, 2),
    (0.00038, 1, 1, 0, -2),
    (-0.00024, 1, -1, 2, 0),
    (-0.00007, 0, 2, 1, 0),
    (0.00004, 0, 0, 2, -2),
    (0.00004, 0, 3, 0, 0),
    (0.00003, 0, 1, 1, -2),
    (0.00003, 0, 0, 2, 2),
    (-0.00003, 0, 1, 1, 2),
    (0.00003, 0, -1, 1, 2),
    (-0.00002, 0, -1, 1, -2),
    (-0.00002, 0, 1, 3, 0),
    (0.00002, 0, 0, 4, 0),
)
# Amplitude in days, phase and rate in degrees per lunation.
_PLANET_TERMS = (
    (0.000325, 299.77, 0.107408),
    (0.000165, 251.88, 0.016321),
    (0.000164, 251.83, 26.651886),
    (0.000126, 349.42, 36.412478),
    (0.000110, 84.66, 18.206239),
    (0.000062, 141.74, 53.303771),
    (0.000060, 207.14, 2.453732),
    (0.000056, 154.84, 7.306860),
    (0.000047, 34.52, 27.261239),
    (0.000042, 207.19, 0.121824),
    (0.000040, 291.34, 1.844379),
    (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099),
    (0.000023, 331.55, 3.592518),
)


class LunarMonth(NamedTuple):
    """A month of the lunisolar calendar."""

    number: int
    leap: bool
    first_day: date


def lunar_new_year(year: int) -> date:
    """Return the first day of the first month (正月初一) of the lunisolar year that begins in ``year``."""
    return lunar_day(year, 1, 1)


def lunar_day(year: int, month: int, day: int) -> date:
    """Return the Gregorian date of a day of an ordinary (not leap) month, the first to the tenth.

    Raises:
        ValueError: for years outside ``FIRST_YEAR`` to ``LAST_YEAR``, the span that was compared with tables.
    """
    _accept(year)
    first = next(found.first_day for found in _months(year) if found.number == month and not found.leap)
    return first + timedelta(days=day - 1)


def clear_brightness(year: int) -> date:
    """Return the day of 清明 (the sun at 15 degrees) in ``year``.

    Raises:
        ValueError: for years outside ``FIRST_YEAR`` to ``LAST_YEAR``.
    """
    _accept(year)
    return _sun_reaches(_CLEAR_BRIGHTNESS, date(year, 4, 5))


def _accept(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"lunisolar dates are given for {FIRST_YEAR} to {LAST_YEAR}, not {year}")


@lru_cache(maxsize=256)
def _months(year: int) -> tuple[LunarMonth, ...]:
    """Return the months from the eleventh of ``year - 1`` to the tenth of ``year``."""
    opening, closing = (_solstice_month(solstice) for solstice in (year - 1, year))
    starts = [_new_moon_day(lunation) for lunation in range(opening, closing + 1)]
    needs_leap = closing - opening == 13  # noqa: PLR2004 - months of a leap year
    months: list[LunarMonth] = []
    number = 10
    for start, following in itertools.pairwise(starts):
        leap = needs_leap and not _has_major_term(start, following)
        if leap:
            needs_leap = False
        else:
            number = number % 12 + 1
        months.append(LunarMonth(number, leap, start))
    return tuple(months)


def _solstice_month(year: int) -> int:
    """Return the lunation whose month holds the winter solstice of ``year``."""
    solstice = _sun_reaches(_WINTER_SOLSTICE, date(year, 12, 21))
    lunation = round((solstice - _EPOCH).days / _MONTH) + 1
    while _new_moon_day(lunation) > solstice:
        lunation -= 1
    return lunation


def _has_major_term(start: date, following: date) -> bool:
    before, after = (_sun_longitude(_midnight(day)) // _MAJOR_TERM for day in (start, following))
    return before != after


def _midnight(day: date) -> float:
    """Return the Julian ephemeris day of 0:00 in Beijing."""
    universal = (day - _EPOCH).days + _J2000 - 0.5 - _BEIJING
    return universal + _delta_t(universal)


def _beijing_day(ephemeris: float) -> date:
    civil = ephemeris - _delta_t(ephemeris) + _BEIJING
    return _EPOCH + timedelta(days=floor(civil - _J2000 + 0.5))


def _delta_t(julian: float) -> float:
    """Return terrestrial minus universal time in days (Espenak and Meeus, 2005 to 2050, fair to 2100)."""
    years = (julian - _J2000) / 365.25
    return (62.92 + 0.32217 * years + 0.005589 * years * years) / 86400


def _sun_longitude(ephemeris: float) -> float:
    """Return the sun's apparent longitude in degrees, 0 to 360."""
    t = (ephemeris - _J2000) / _CENTURY
    anomaly = radians(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    equation = (
        (1.914602 - 0.004817 * t - 0.000014 * t * t) * sin(anomaly)
        + (0.019993 - 0.000101 * t) * sin(2 * anomaly)
        + 0.000289 * sin(3 * anomaly)
    )
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    return (mean + equation - 0.00569 - 0.00478 * sin(radians(125.04 - 1934.136 * t))) % 360


def _sun_reaches(degrees: float, near: date) -> date:
    """Return the Beijing day on which the sun reaches a longitude, a few days from ``near``."""
    moment = _midnight(near)
    for _ in range(6):
        missing = (degrees - _sun_longitude(moment) + 180) % 360 - 180
        moment += missing / (0.98565 + 0.0333 * cos(radians(_sun_longitude(moment) - 283)))
    return _beijing_day(moment)


@lru_cache(maxsize=4096)
def _new_moon_day(lunation: int) -> date:
    """Return the Beijing day of a new moon; lunation 0 is that of 6 January 2000."""
    k = float(lunation)
    t = k / 1236.85
    eccentricity = 1 - 0.002516 * t - 0.0000074 * t * t
    sun = 2.5534 + 29.10535670 * k - 0.0000014 * t**2 - 0.00000011 * t**3
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t**2 + 0.00001238 * t**3 - 0.000000058 * t**4
    latitude = 160.7108 + 390.67050284 * k - 0.0016118 * t**2 - 0.00000227 * t**3 + 0.000000011 * t**4
    node = 124.7746 - 1.56375588 * k + 0.0020672 * t**2 + 0.00000215 * t**3
    mean = 2451550.09766 + _MONTH * k + 0.00015437 * t**2 - 0.000000150 * t**3 + 0.00000000073 * t**4
    periodic = sum(
        size * eccentricity**power * sin(radians(a * sun + b * moon + c * latitude))
        for size, power, a, b, c in _NEW_MOON_TERMS
    )
    planets = sum(size * sin(radians(phase + rate * k)) for size, phase, rate in _PLANET_TERMS)
    return _beijing_day(mean + periodic + planets - 0.00017 * sin(radians(node)))
