"""Resource codes (信息资源代码) of 政务信息资源目录编制指南(试行), 发改高技〔2017〕1272号.

A code is a classification code, a slash and a sequence code: one digit of 类, two of 项, three of 目, any number of
细目 characters, then ``/`` and the sequence, unique within its classification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jutong.kernel.i18n import gettext_noop
from jutong.standards.findings import Finding, StandardValueError

STANDARD = "发改高技〔2017〕1272号"
MAX_LENGTH = 64
KINDS = {"1": "基础信息资源", "2": "主题信息资源", "3": "部门信息资源"}
"""What the digit of 类 stands for."""
_PARTS = (
    (gettext_noop("类"), slice(0, 1), re.compile(r"[123]"), gettext_noop("应为1（基础）、2（主题）或3（部门）")),
    (gettext_noop("项"), slice(1, 3), re.compile(r"[0-9]{2}"), gettext_noop("应为2位数字")),
    (gettext_noop("目"), slice(3, 6), re.compile(r"[0-9]{3}"), gettext_noop("应为3位数字")),
    (gettext_noop("细目"), slice(6, None), re.compile(r"[0-9A-Z]*"), gettext_noop("只能是数字和大写英文字母")),
)
_SEQUENCE = re.compile(r"[0-9A-Z]+")


class ResourceCodeError(StandardValueError):
    """A resource code is wrong."""

    code = "standards.resource-code.invalid"


@dataclass(frozen=True, slots=True)
class ResourceCode:
    """The parts of a resource code, all text as written."""

    kind: str
    item: str
    subject: str
    detail: str
    sequence: str

    @property
    def classification(self) -> str:
        """The part before the slash."""
        return f"{self.kind}{self.item}{self.subject}{self.detail}"

    def __str__(self) -> str:
        return f"{self.classification}/{self.sequence}"


def check(value: str) -> Finding | None:
    """Say what is wrong with a resource code, or None."""
    if len(value) > MAX_LENGTH:
        return _wrong(gettext_noop("长度"), str(len(value)), gettext_noop("不超过64位"))
    classification, slash, sequence = value.partition("/")
    if not slash:
        return _wrong(gettext_noop("分隔符"), value, gettext_noop("分类码与顺序码之间应有“/”"))
    for place, part, form, allowed in _PARTS:
        if not form.fullmatch(classification[part]):
            return _wrong(place, classification[part], allowed)
    if not _SEQUENCE.fullmatch(sequence):
        return _wrong(gettext_noop("顺序码"), sequence, gettext_noop("应为数字和大写英文字母，至少1位"))
    return None


def parse(value: str) -> ResourceCode:
    """Return the parts of a resource code.

    Raises:
        ResourceCodeError: naming the place, what was found and what is allowed.
    """
    finding = check(value)
    if finding:
        raise ResourceCodeError(finding=finding)
    classification, _, sequence = value.partition("/")
    return ResourceCode(classification[:1], classification[1:3], classification[3:6], classification[6:], sequence)


def form(*, classification: str, sequence: int, width: int = 5) -> str:
    """Return the code of a classification with a running number, padded to ``width`` digits.

    Raises:
        ResourceCodeError: if the classification is wrong or the code gets too long.
        ValueError: for a running number below 1.
    """
    if sequence < 1:
        raise ValueError("running numbers begin at 1")
    return str(parse(f"{classification}/{sequence:0{width}d}"))


def _wrong(place: str, found: str, allowed: str) -> Finding:
    return Finding(STANDARD, place, found, allowed)
