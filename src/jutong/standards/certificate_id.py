"""Electronic certificate identifiers (电子证照标识, GB/T 36904-2018).

``1.2.156.3005.2`` . type (18-character credit code of the defining body + 3 digits) . issuer (credit code) .
serial . version (3 digits) . check. The check character is ISO 7064 MOD 37,36 over type, issuer, serial and version
without the dots; the object identifier is not part of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jutong.kernel.i18n import gettext_noop
from jutong.standards import credit_code, mod37_36
from jutong.standards.findings import Finding, StandardValueError

STANDARD = "GB/T 36904-2018"
ROOT = "1.2.156.3005.2"
_TYPE_LENGTH = 21
_THREE_DIGITS = re.compile(r"[0-9]{3}")
_SERIAL = re.compile(r"[0-9A-Z]+")
_FIELDS = 5


class CertificateIdError(StandardValueError):
    """An electronic certificate identifier is wrong."""

    code = "standards.certificate-id.invalid"


@dataclass(frozen=True, slots=True)
class CertificateId:
    """The parts of an identifier."""

    type_code: str
    issuer: str
    serial: str
    version: str

    @property
    def check_character(self) -> str:
        """The MOD 37,36 check character."""
        return mod37_36.check_character(f"{self.type_code}{self.issuer}{self.serial}{self.version}")

    def __str__(self) -> str:
        return f"{ROOT}.{self.type_code}.{self.issuer}.{self.serial}.{self.version}.{self.check_character}"


def check(value: str) -> Finding | None:
    """Say what is wrong with an identifier, or None."""
    root, _, rest = value[: len(ROOT)], value[len(ROOT) : len(ROOT) + 1], value[len(ROOT) + 1 :]
    if root != ROOT or not value.startswith(ROOT + "."):
        return _wrong(gettext_noop("根标识"), root, gettext_noop("应为{root}"), root=ROOT)
    fields = rest.split(".")
    if len(fields) != _FIELDS:
        return _wrong(gettext_noop("段数"), str(len(fields)), gettext_noop("根标识后应有5段"))
    identifier = CertificateId(*fields[:4])
    finding = _check_parts(identifier)
    if finding:
        return finding
    if fields[4] != identifier.check_character:
        return _wrong(gettext_noop("校验码"), fields[4], gettext_noop("应为{check}"), check=identifier.check_character)
    return None


def _check_parts(identifier: CertificateId) -> Finding | None:
    definer, sequence = identifier.type_code[:-3], identifier.type_code[-3:]
    if len(identifier.type_code) != _TYPE_LENGTH or not _THREE_DIGITS.fullmatch(sequence):
        return _wrong(
            gettext_noop("证照类型代码"), identifier.type_code, gettext_noop("应为18位统一社会信用代码加3位数字")
        )
    for place, code in ((gettext_noop("证照类型代码"), definer), (gettext_noop("证照颁发机构代码"), identifier.issuer)):
        if credit_code.check(code) or code != credit_code.normalise(code):
            return _wrong(place, code, gettext_noop("应为有效的统一社会信用代码"))
    if not _SERIAL.fullmatch(identifier.serial):
        return _wrong(gettext_noop("流水号"), identifier.serial, gettext_noop("应为数字和大写英文字母，至少1位"))
    if not _THREE_DIGITS.fullmatch(identifier.version):
        return _wrong(gettext_noop("版本号"), identifier.version, gettext_noop("应为3位数字"))
    return None


def parse(value: str) -> CertificateId:
    """Return the parts of an identifier.

    Raises:
        CertificateIdError: naming the place, what was found and what is allowed.
    """
    finding = check(value)
    if finding:
        raise CertificateIdError(finding=finding)
    return CertificateId(*value[len(ROOT) + 1 :].split(".")[:4])


def form(*, type_code: str, issuer: str, serial: str, version: int = 1) -> str:
    """Return the identifier made of its parts, with its check character.

    Raises:
        CertificateIdError: naming the part that is wrong.
    """
    identifier = CertificateId(type_code, issuer, serial, f"{version:03d}")
    finding = _check_parts(identifier)
    if finding:
        raise CertificateIdError(finding=finding)
    return str(identifier)


def _wrong(place: str, found: str, allowed: str, **values: object) -> Finding:
    return Finding(STANDARD, place, found, allowed, values)
