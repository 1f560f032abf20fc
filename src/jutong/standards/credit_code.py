"""Unified social credit codes (统一社会信用代码, GB 32100-2015), 18 characters with an organisation code inside."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.kernel.i18n import gettext_noop
from jutong.standards import organisation_code
from jutong.standards.findings import Finding, StandardValueError

STANDARD = "GB 32100-2015"
LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""No I, O, S, V, Z: they are mistaken for 1, 0, 5, U, 2."""
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_DIVISION = slice(2, 8)
_SUBJECT = slice(8, 17)


class CreditCodeError(StandardValueError):
    """A unified social credit code is wrong."""

    code = "standards.credit-code.invalid"


@dataclass(frozen=True, slots=True)
class CreditCode:
    """The parts of a valid code."""

    code: str
    authority: str
    """登记管理部门: 1 机构编制, 5 民政, 9 市场监管, N 农业农村, Y 其他 and so on."""
    kind: str
    """机构类别, one character, read together with ``authority``."""
    division: str
    """Division of the registering body (GB/T 2260), six digits."""
    organisation: str
    """The organisation code (GB 11714) inside."""


def check_character(body: str) -> str:
    """Return the check character of the 17 body characters.

    Raises:
        ValueError: if ``body`` is not 17 characters of ``ALPHABET``.
    """
    total = sum(weight * ALPHABET.index(character) for weight, character in zip(_WEIGHTS, body, strict=True))
    return ALPHABET[-total % 31]


def normalise(value: str) -> str:
    """Return the code in capitals without blanks around it."""
    return value.strip().upper()


def check(value: str) -> Finding | None:
    """Say what is wrong with a code, or None. The organisation code inside is checked too."""
    code = normalise(value)
    if len(code) != LENGTH:
        return _wrong(gettext_noop("长度"), str(len(code)), gettext_noop("应为18位"))
    for position, character in enumerate(code, start=1):
        if character not in ALPHABET:
            return _wrong(
                gettext_noop("字符"),
                f"{character}@{position}",
                gettext_noop("只能是数字和大写英文字母（不含I、O、S、V、Z）"),
            )
    division = code[_DIVISION]
    if not division.isdigit():
        return _wrong(gettext_noop("登记管理机关行政区划码"), division, gettext_noop("应为6位数字"))
    expected = check_character(code[:-1])
    if code[-1] != expected:
        return _wrong(gettext_noop("校验码"), code[-1], gettext_noop("应为{check}"), check=expected)
    return _check_subject(code[_SUBJECT])


def _check_subject(subject: str) -> Finding | None:
    expected = organisation_code.check_character(subject[:-1])
    if subject[-1] == expected:
        return None
    return _wrong(
        gettext_noop("主体标识码（组织机构代码）的校验码"),
        subject[-1],
        gettext_noop("应为{check}"),
        check=expected,
    )


def is_valid(value: str) -> bool:
    """Tell whether ``value`` is a valid code."""
    return check(value) is None


def require(value: str) -> str:
    """Return the normalised code.

    Raises:
        CreditCodeError: naming the place, what was found and what is allowed.
    """
    finding = check(value)
    if finding:
        raise CreditCodeError(finding=finding)
    return normalise(value)


def parse(value: str) -> CreditCode:
    """Return the parts of a code.

    Raises:
        CreditCodeError: if it is not valid.
    """
    code = require(value)
    return CreditCode(code, code[0], code[1], code[_DIVISION], code[_SUBJECT])


def _wrong(place: str, found: str, allowed: str, **values: object) -> Finding:
    return Finding(STANDARD, place, found, allowed, values)
