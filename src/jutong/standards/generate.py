"""Invented numbers that obey every check, for demonstrations and tests. Nobody real is meant.

Each function draws from the ``random.Random`` it is given, so that one seed makes one city.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

from jutong.standards import credit_code, identity, mod37_36, organisation_code

if TYPE_CHECKING:
    import random

_OLD_SYSTEM_BEGAN = date(1900, 1, 1)
_OLD_SYSTEM_ENDED = date(1999, 9, 30)


def identity_number(rng: random.Random, *, division: str, born_on: date, sex: Literal["男", "女"]) -> str:
    """Return an 18-character identity number (GB 11643).

    Raises:
        ValueError: if ``division`` is not six digits.
    """
    body = f"{_six_digits(division)}{born_on:%Y%m%d}{_sequence(rng, sex):03d}"
    return body + identity.check_character(body)


def old_identity_number(rng: random.Random, *, division: str, born_on: date, sex: Literal["男", "女"]) -> str:
    """Return a 15-digit identity number as issued before October 1999.

    Raises:
        ValueError: if ``division`` is not six digits, or such a number was never issued to one born then.
    """
    if not _OLD_SYSTEM_BEGAN <= born_on <= _OLD_SYSTEM_ENDED:
        raise ValueError("no 15-digit number was issued to anyone born on that day")
    return f"{_six_digits(division)}{born_on:%y%m%d}{_sequence(rng, sex):03d}"


def organisation(rng: random.Random, *, prefix: str = "") -> str:
    """Return a nine-character organisation code (GB 11714); ``prefix`` fixes its first characters.

    Raises:
        ValueError: for a prefix longer than eight characters or with other than digits and capitals.
    """
    body = prefix + "".join(rng.choice("0123456789") for _ in range(8 - len(prefix)))
    return body + organisation_code.check_character(body)


def unified_credit_code(
    rng: random.Random, *, division: str, authority: str = "9", kind: str = "1", prefix: str = "MA"
) -> str:
    """Return an 18-character unified social credit code (GB 32100) with a valid organisation code inside.

    Args:
        rng: where the free characters come from.
        division: six digits, the registering body's division.
        authority: 登记管理部门: ``1`` for departments, ``9`` for enterprises.
        kind: 机构类别, one character.
        prefix: first characters of the organisation code; those given since 2015 begin with ``MA`` or ``MB``.

    Raises:
        ValueError: if a part does not fit the standard.
    """
    body = authority + kind + _six_digits(division) + organisation(rng, prefix=prefix)
    return body + credit_code.check_character(body)


def registration_number(rng: random.Random, *, division: str) -> str:
    """Return an old 15-digit business registration number (工商注册号, ISO 7064 MOD 11,10).

    Raises:
        ValueError: if ``division`` is not six digits.
    """
    body = _six_digits(division) + "".join(rng.choice("0123456789") for _ in range(8))
    return body + mod37_36.check_digit(body)


def with_wrong_check(rng: random.Random, number: str) -> str:
    """Return ``number`` with another last character, the dirt that registers typed by hand carry."""
    return number[:-1] + rng.choice([digit for digit in "0123456789" if digit != number[-1]])


def _sequence(rng: random.Random, sex: Literal["男", "女"]) -> int:
    below_the_centenarians = 497
    return rng.randrange(below_the_centenarians) * 2 + (1 if sex == "男" else 2)


def _six_digits(division: str) -> str:
    if len(division) != 6 or not (division.isascii() and division.isdigit()):  # noqa: PLR2004 - six digits
        raise ValueError("a division code has six digits")
    return division
