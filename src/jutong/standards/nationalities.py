"""Nationalities of China (中国各民族名称, GB/T 3304-1991): 56 two-digit codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from jutong.kernel.i18n import gettext_noop
from jutong.standards.findings import Finding, StandardValueError
from jutong.standards.shipped import read_csv

STANDARD = "GB/T 3304-1991"


class NationalityCodeError(StandardValueError):
    """A nationality code is wrong."""

    code = "standards.nationality.invalid"


@lru_cache(maxsize=1)
def names() -> Mapping[str, str]:
    """Return the names by code, in the order of the standard."""
    return MappingProxyType(dict(read_csv("codes/gbt3304-1991.csv")))


def code_of(name: str) -> str | None:
    """Return the code of a name, written with or without 族; None for an unknown one."""
    text = name.strip()
    return next((code for code, full in names().items() if text in (full, full.removesuffix("族"))), None)


def check(code: str) -> Finding | None:
    """Say what is wrong with a code, or None."""
    if code in names():
        return None
    return Finding(STANDARD, gettext_noop("代码"), code, gettext_noop("应为01至56"))


def require(code: str) -> str:
    """Return the code if it is one of the 56.

    Raises:
        NationalityCodeError: naming what was found and what is allowed.
    """
    finding = check(code)
    if finding:
        raise NationalityCodeError(finding=finding)
    return code
