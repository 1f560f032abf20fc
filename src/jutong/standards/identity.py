"""Citizens' identity numbers (公民身份号码, GB 11643-1999): 18 characters, and the 15 digits before 1999.

The old numbers are still met in registers of the 1980s and 1990s. They carry no check character and two digits of
the year: a year of the twentieth century, or of the nineteenth where the sequence is one of the four that were kept
for people over a hundred.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from jutong.kernel.i18n import gettext_noop
from jutong.standards.findings import Finding, StandardValueError

STANDARD = "GB 11643-1999"
LENGTH = 18
OLD_LENGTH = 15
_WEIGHTS = tuple(2**place % 11 for place in range(17, 0, -1))
_CHECKS = "10X98765432"
_EARLIEST = date(1800, 1, 1)
_CENTENARIANS = ("996", "997", "998", "999")
DivisionExists = Callable[[str], bool]
"""Tells whether a six-digit division code has ever been in force; ``divisions.ever_existed`` is one."""


class IdentityNumberError(StandardValueError):
    """An identity number is wrong. The error holds the wrong part only, never the number."""

    code = "standards.identity.invalid"


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """The parts of a valid number, always in its 18-character form."""

    number: str
    division: str
    born_on: date
    sex: Literal["男", "女"]
    old: bool
    """Whether it was given in the 15-digit form."""

    def masked(self) -> str:
        """Return the number with the birth date and the sequence hidden, as pages show it."""
        return f"{self.number[:6]}{'*' * 8}{self.number[-4:]}"


def check_character(body: str) -> str:
    """Return the check character of the 17 digits before it.

    Raises:
        ValueError: if ``body`` is not 17 digits.
    """
    if not _digits(body):
        raise ValueError("an identity number's body has digits only")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))
    return _CHECKS[total % 11]


def normalise(value: str) -> str:
    """Return the number without blanks around it, a final ``x`` as ``X``."""
    return value.strip().upper()


def to_18(old: str) -> str:
    """Return the 18-character form of a 15-digit number.

    Raises:
        IdentityNumberError: if the old number is not valid.
    """
    number = normalise(old)
    if len(number) != OLD_LENGTH:
        raise IdentityNumberError(finding=_wrong(gettext_noop("长度"), str(len(number)), gettext_noop("应为15位")))
    return parse(number).number


def check(value: str, *, division_exists: DivisionExists | None = None, today: date | None = None) -> Finding | None:
    """Say what is wrong with a number, or None.

    Args:
        value: 18 characters or 15 digits; ``x`` is read as ``X``.
        division_exists: when given, the first six digits must be a division it knows.
        today: when given, the birth date may not lie after it.
    """
    number = normalise(value)
    if len(number) not in (LENGTH, OLD_LENGTH):
        return _wrong(gettext_noop("长度"), str(len(number)), gettext_noop("应为18位（或旧号15位）"))
    body = number if len(number) == OLD_LENGTH else number[:-1]
    for position, character in enumerate(body, start=1):
        if not _digits(character):
            return _wrong(gettext_noop("字符"), f"{character}@{position}", gettext_noop("本体只能是数字"))
    if division_exists and not division_exists(number[:6]):
        return _wrong(gettext_noop("地址码"), number[:6], gettext_noop("应为曾经生效的行政区划代码"))
    return _check_birth(_birth_digits(number), today) or _check_last(number)


def _check_birth(digits: str, today: date | None) -> Finding | None:
    place = gettext_noop("出生日期码")
    born_on = _date(digits)
    if born_on is None:
        return _wrong(place, digits, gettext_noop("应为真实存在的日期"))
    if born_on < _EARLIEST:
        return _wrong(place, digits, gettext_noop("不应早于{earliest}"), earliest=_EARLIEST)
    if today and born_on > today:
        return _wrong(place, digits, gettext_noop("不应晚于{today}"), today=today)
    return None


def _check_last(number: str) -> Finding | None:
    if len(number) == OLD_LENGTH:
        return None
    expected = check_character(number[:-1])
    if number[-1] == expected:
        return None
    return _wrong(gettext_noop("校验码"), number[-1], gettext_noop("应为{check}"), check=expected)


def is_valid(value: str) -> bool:
    """Tell whether ``value`` is a valid number, without asking whether its division exists."""
    return check(value) is None


def require(value: str, *, division_exists: DivisionExists | None = None, today: date | None = None) -> str:
    """Return the number in its 18-character form.

    Raises:
        IdentityNumberError: naming the place, what was found and what is allowed.
    """
    return parse(value, division_exists=division_exists, today=today).number


def parse(value: str, *, division_exists: DivisionExists | None = None, today: date | None = None) -> IdentityNumber:
    """Return the parts of a number.

    Raises:
        IdentityNumberError: naming the place, what was found and what is allowed.
    """
    finding = check(value, division_exists=division_exists, today=today)
    if finding:
        raise IdentityNumberError(finding=finding)
    number = normalise(value)
    old = len(number) == OLD_LENGTH
    if old:
        body = number[:6] + _birth_digits(number) + number[12:]
        number = body + check_character(body)
    return IdentityNumber(
        number,
        number[:6],
        date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
        "男" if int(number[16]) % 2 else "女",
        old,
    )


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _birth_digits(number: str) -> str:
    if len(number) == LENGTH:
        return number[6:14]
    return ("18" if number[12:] in _CENTENARIANS else "19") + number[6:12]


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _wrong(place: str, found: str, allowed: str, **values: object) -> Finding:
    return Finding(STANDARD, place, found, allowed, values)
