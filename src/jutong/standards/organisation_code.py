"""Organisation codes (组织机构代码, GB 11714-1997): eight characters and a check character, hyphen optional."""

from __future__ import annotations

from jutong.kernel.i18n import gettext_noop
from jutong.standards.findings import Finding, StandardValueError

STANDARD = "GB 11714-1997"
LENGTH = 9
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class OrganisationCodeError(StandardValueError):
    """An organisation code is wrong."""

    code = "standards.organisation-code.invalid"


def check_character(body: str) -> str:
    """Return the check character of the eight body characters.

    Raises:
        ValueError: if ``body`` is not eight digits or capital letters.
    """
    total = sum(weight * _ALPHABET.index(character) for weight, character in zip(_WEIGHTS, body, strict=True))
    return "0123456789X0"[11 - total % 11]


def normalise(value: str) -> str:
    """Return the nine characters: blanks around them and the hyphen before the check character dropped."""
    text = value.strip().upper()
    return text[:8] + text[9:] if len(text) == LENGTH + 1 and text[8] == "-" else text


def check(value: str) -> Finding | None:
    """Say what is wrong with an organisation code, or None."""
    code = normalise(value)
    if len(code) != LENGTH:
        return _wrong(gettext_noop("长度"), str(len(code)), gettext_noop("应为9位"))
    for position, character in enumerate(code[:-1], start=1):
        if character not in _ALPHABET:
            return _wrong(gettext_noop("本体代码"), f"{character}@{position}", gettext_noop("只能是数字和大写英文字母"))
    expected = check_character(code[:-1])
    if code[-1] != expected:
        return _wrong(gettext_noop("校验码"), code[-1], gettext_noop("应为{check}"), check=expected)
    return None


def require(value: str) -> str:
    """Return the nine characters of a valid code.

    Raises:
        OrganisationCodeError: naming the place, what was found and what is allowed.
    """
    finding = check(value)
    if finding:
        raise OrganisationCodeError(finding=finding)
    return normalise(value)


def _wrong(place: str, found: str, allowed: str, **values: object) -> Finding:
    return Finding(STANDARD, place, found, allowed, values)
