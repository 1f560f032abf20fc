"""When a row was last changed, whatever type the department keeps it in."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from jutong.kernel.clock import BEIJING

UNKNOWN = 0
_DAY_DIGITS, _SECOND_DIGITS = 8, 14
_SECONDS = range(10**9, 10**10)
_MILLISECONDS = range(10**12, 10**13)
_LARGEST = 1e15


def to_ms(value: Any) -> int:
    """Return an instant in milliseconds since 1970 UTC, 0 for what is none.

    A time without zone is Beijing's and a date its first moment. Numbers are read as ``20261120``,
    ``20261120102400``, seconds or milliseconds since 1970, by their size.
    """
    if isinstance(value, datetime):
        return _of(value)
    if isinstance(value, date):
        return _of(datetime.combine(value, time()))
    if isinstance(value, bool) or value is None:
        return UNKNOWN
    if isinstance(value, int | float | Decimal):
        plain = float(value)
        return _number(int(value)) if math.isfinite(plain) and abs(plain) < _LARGEST else UNKNOWN
    return _text(value.strip()) if isinstance(value, str) else UNKNOWN


def _of(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)
    return max(int(aware.timestamp() * 1000), UNKNOWN)


def _number(number: int) -> int:
    if number in _SECONDS:
        return number * 1000
    return number if number in _MILLISECONDS else _digits(str(number))


def _digits(digits: str) -> int:
    forms = {_DAY_DIGITS: "%Y%m%d", _SECOND_DIGITS: "%Y%m%d%H%M%S"}
    if len(digits) not in forms:
        return UNKNOWN
    try:
        return _of(datetime.strptime(digits, forms[len(digits)]).replace(tzinfo=BEIJING))
    except ValueError:
        return UNKNOWN


def _text(text: str) -> int:
    if text.isascii() and text.isdigit():
        return _number(int(text)) if len(text) <= _SECOND_DIGITS else UNKNOWN
    try:
        return _of(datetime.fromisoformat(text.replace("/", "-")))
    except ValueError:
        return UNKNOWN
