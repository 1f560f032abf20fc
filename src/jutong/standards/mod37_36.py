"""Check characters of ISO 7064: the hybrid systems MOD 37,36 (letters and digits) and MOD 11,10 (digits)."""

from __future__ import annotations

from jutong.kernel.i18n import gettext_noop
from jutong.standards.findings import Finding, StandardValueError

STANDARD = "ISO 7064"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
REGISTRATION_LENGTH = 15


class CheckCharacterError(StandardValueError):
    """A value protected by an ISO 7064 check character is wrong."""

    code = "standards.iso7064.invalid"


def _hybrid(body: str, alphabet: str) -> str:
    """Return the check character of the hybrid system MOD (n+1),n, n being the size of the alphabet."""
    size = len(alphabet)
    carry = size
    for character in body:
        carry = (carry + alphabet.index(character)) % size or size
        carry = carry * 2 % (size + 1)
    return alphabet[(size + 1 - carry) % size]


def check_character(body: str) -> str:
    """Return the MOD 37,36 check character of digits and capital letters.

    Raises:
        ValueError: if ``body`` holds another character.
    """
    return _hybrid(body, ALPHABET)


def check_digit(body: str) -> str:
    """Return the MOD 11,10 check digit of a row of digits.

    Raises:
        ValueError: if ``body`` holds anything but digits.
    """
    return _hybrid(body, _DIGITS)


def check(value: str) -> Finding | None:
    """Say what is wrong with a text whose last character is its MOD 37,36 check character, or None."""
    if len(value) < 2:  # noqa: PLR2004 - one character and its check
        return _wrong(gettext_noop("长度"), str(len(value)), gettext_noop("至少2位"))
    return _check(value, ALPHABET, gettext_noop("只能是数字和大写英文字母"))


def check_registration_number(value: str) -> Finding | None:
    """Say what is wrong with a 15-digit business registration number (工商注册号, MOD 11,10), or None."""
    if len(value) != REGISTRATION_LENGTH:
        return _wrong(gettext_noop("长度"), str(len(value)), gettext_noop("应为15位"))
    return _check(value, _DIGITS, gettext_noop("只能是数字"))


def require(value: str) -> str:
    """Return ``value`` if its MOD 37,36 check character is right.

    Raises:
        CheckCharacterError: naming the place, what was found and what is allowed.
    """
    finding = check(value)
    if finding:
        raise CheckCharacterError(finding=finding)
    return value


def _check(value: str, alphabet: str, allowed: str) -> Finding | None:
    for position, character in enumerate(value, start=1):
        if character not in alphabet:
            return _wrong(gettext_noop("字符"), f"{character}@{position}", allowed)
    expected = _hybrid(value[:-1], alphabet)
    if value[-1] != expected:
        return _wrong(gettext_noop("校验码"), value[-1], gettext_noop("应为{check}"), check=expected)
    return None


def _wrong(place: str, found: str, allowed: str, **values: object) -> Finding:
    return Finding(STANDARD, place, found, allowed, values)
