"""What somebody proposes a data element to say, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jutong.center.catalog.enums import DataType
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.elements import key

Problem = dict[str, str]
_ENGLISH = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LENGTHS = {
    "name": 64, "english_name": 64, "definition": 500, "pattern": 200, "value_domain": 500, "code_table": 64,
    "standard": 128, "change_note": 500,
}  # fmt: skip
LABELS = {
    "name": gettext_noop("名称"),
    "english_name": gettext_noop("英文名称"),
    "definition": gettext_noop("定义"),
    "data_type": gettext_noop("数据类型"),
    "length": gettext_noop("长度"),
    "precision": gettext_noop("小数位数"),
    "synonyms": gettext_noop("同义词"),
    "pattern": gettext_noop("取值格式"),
    "value_domain": gettext_noop("值域"),
    "code_table": gettext_noop("代码表"),
    "standard": gettext_noop("所依标准"),
    "change_note": gettext_noop("改动说明"),
}
"""What people call each field."""
MOST_SYNONYMS = 30
LONGEST_VALUE = 100_000
_NESTED = re.compile(r"[+*}]\)[+*{]")


@dataclass(frozen=True, slots=True)
class ElementFields:
    """The fields of a data element; coded values are those of ``catalog.enums``."""

    name: str
    english_name: str = ""
    definition: str = ""
    data_type: str = ""
    length: int | None = None
    precision: int | None = None
    synonyms: tuple[str, ...] = ()
    pattern: str = ""
    value_domain: str = ""
    code_table: str = ""
    standard: str = ""
    change_note: str = ""


def fitting(fields: ElementFields) -> None:
    """Let nothing be stored that does not fit its columns.

    Raises:
        InvalidInputError: with everything that is wrong at once.
    """
    problems = list(_misfits(fields))
    if problems:
        raise InvalidInputError(problems=problems)


def _misfits(fields: ElementFields) -> Iterator[Problem]:
    for name, longest in _LENGTHS.items():
        value: str = getattr(fields, name)
        if len(value) > longest or "\x00" in value:
            yield _problem(name, len(value), f"<= {longest}", _("最多{n}个字").format(n=longest))
    if not fields.name.strip():
        yield _problem("name", "", _("必填"), _("没有填写名称"))
    if fields.data_type and fields.data_type not in DataType.values:
        yield _problem("data_type", fields.data_type, "/".join(DataType.values), _("数据类型不在字典中"))
    for name in ("length", "precision"):
        number = getattr(fields, name)
        if number is not None and not 0 <= number <= LONGEST_VALUE:
            yield _problem(name, number, f"0-{LONGEST_VALUE}", _("长度应是正整数"))
    if len(fields.synonyms) > MOST_SYNONYMS or any(not 0 < len(word) <= _LENGTHS["name"] for word in fields.synonyms):
        yield _problem("synonyms", len(fields.synonyms), f"<= {MOST_SYNONYMS}", _("同义词太多或太长"))


def completeness(fields: ElementFields, taken: dict[str, str]) -> list[Problem]:
    """Return what still keeps an element from being submitted.

    Args:
        fields: what it says.
        taken: names and synonyms of the other elements by their compared form, to the code of the element.
    """
    found = [
        _problem(name, "", _("必填"), _("没有填写{what}").format(what=what))
        for name, what in (
            ("english_name", _("英文名称")), ("definition", _("定义")), ("data_type", _("数据类型")),
        )
        if not str(getattr(fields, name)).strip()
    ]  # fmt: skip
    if fields.english_name and not _ENGLISH.fullmatch(fields.english_name):
        allowed = "a-z, 0-9, _"
        found.append(_problem("english_name", fields.english_name, allowed, _("英文名称用小写字母、数字和下划线")))
    if fields.pattern and not _sound(fields.pattern):
        found.append(_problem("pattern", fields.pattern, "regex", _("取值格式不是可用的正则表达式")))
    words = {"name": (fields.name, fields.english_name), "synonyms": fields.synonyms}
    for place, texts in words.items():
        for text in texts:
            other = taken.get(key(text)) if text else None
            if other:
                message = _("“{text}”已是数据元{code}的名称或同义词").format(text=text, code=other)
                found.append(_problem(place, text, _("不与别的数据元相同"), message))
    return found


def _sound(pattern: str) -> bool:
    """Tell whether a pattern compiles and repeats nothing that repeats, which could take for ever."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return not _NESTED.search(pattern)


def _problem(place: str, found: object, allowed: str, message: str) -> Problem:
    return {
        "place": place,
        "field": LABELS[place],
        "found": str(found)[:100],
        "allowed": allowed,
        "message": message,
        "way_out": "",
        "clause": "",
    }
