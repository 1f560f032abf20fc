"""Extension fields of an entry: values of the kind the edition says, or named findings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from jutong.center.catalog.findings import GUIDE, Finding
from jutong.kernel.i18n import gettext_noop
from jutong.standards import resource_code
from jutong.standards.template import TemplateEdition, TemplateField

LONGEST_TEXT = 2000
"""Characters of an extension field whose edition names no length."""
MOST_CODES = 50
MOST_EXTENSIONS = 200
PREFIX = "extensions."
"""How the place of a finding about an extension field begins."""
_CHOOSE = gettext_noop("请从列表中选择")
_LARGEST = 10**15


def extension_findings(extensions: Mapping[str, Any], edition: TemplateEdition) -> Iterator[Finding]:
    """Yield what in the extension fields is not of its kind, or not in the edition at all."""
    known = {row.id: row for row in edition.extensions}
    for at, (name, value) in enumerate(extensions.items()):
        if at == MOST_EXTENSIONS:
            break
        field = known.get(name)
        if field is None:
            yield _unknown(name, edition)
        elif not _is_blank(value):
            wrong = _wrong(field, value)
            if wrong:
                yield _finding(field, *wrong, found=str(value)[:100])


def _unknown(name: str, edition: TemplateEdition) -> Finding:
    message = gettext_noop("编制模板里没有这个扩展字段")
    way_out = gettext_noop("请去掉它，或先装入含有它的模板")
    return Finding("VC-00", PREFIX + name[:64], name[:64], edition.clause or GUIDE, message, way_out)


def _is_blank(value: Any) -> bool:
    return value is None or value in ("", [])


def _wrong(field: TemplateField, value: Any) -> tuple[str, str] | None:
    """Return what is wrong with a value and the way out, or None."""
    match field.kind:
        case "number":
            found = _wrong_number(value)
        case "flag":
            found = None if isinstance(value, bool) else (gettext_noop("应为是或否"), _CHOOSE)
        case "codes" | "classes":
            found = _wrong_codes(value, is_class=field.kind == "classes")
        case "class":
            found = _wrong_codes([value], is_class=True)
        case _:
            found = _wrong_text(field, value)
    return found


def _wrong_text(field: TemplateField, value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str) or "\x00" in value:
        return gettext_noop("应为文字"), gettext_noop("请填写文字")
    if field.kind == "date":
        return _wrong_day(value)
    if field.values and value not in field.codes:
        return gettext_noop("不在允许的取值之内"), _CHOOSE
    if len(value) > (field.length or LONGEST_TEXT):
        return gettext_noop("超过了允许的长度"), gettext_noop("请缩短到规定长度以内")
    return None


def _wrong_number(value: Any) -> tuple[str, str] | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and abs(value) <= _LARGEST:
        return None
    return gettext_noop("应为数字"), gettext_noop("只填数字，不写单位和千分位")


def _wrong_day(value: str) -> tuple[str, str] | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return gettext_noop("应为日期"), gettext_noop("请按2026-11-09的形式填写")
    return None


def _wrong_codes(value: Any, *, is_class: bool) -> tuple[str, str] | None:
    if not isinstance(value, list | tuple) or len(value) > MOST_CODES or not all(isinstance(row, str) for row in value):
        return gettext_noop("应为代码的列表"), gettext_noop("每行写一个代码，最多50个")
    if any(resource_code.check(f"{row}/1" if is_class else row) for row in value):
        return gettext_noop("代码的格式不对"), gettext_noop("请核对代码")
    return None


def _finding(field: TemplateField, message: str, way_out: str, *, found: str) -> Finding:
    return Finding(
        "VC-00", PREFIX + field.id, field.label, field.clause or GUIDE, message, way_out, found, field_en=field.label_en
    )
