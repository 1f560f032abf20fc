"""Whether what was written fits its place: lengths, coded values, codes. A draft must pass this, nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from functools import lru_cache

from django.db import models

from jutong.center.catalog.extensions import MOST_CODES, MOST_EXTENSIONS, extension_findings
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import GUIDE, Finding
from jutong.center.catalog.models import EntryVersion, Item
from jutong.kernel.i18n import gettext_noop
from jutong.standards import resource_code, template_document
from jutong.standards.template import TemplateEdition

LABELS = {
    "name": gettext_noop("数据目录名称"),
    "classification": gettext_noop("信息资源分类"),
    "summary": gettext_noop("摘要"),
    "domain": gettext_noop("所属领域"),
    "items": gettext_noop("数据项"),
    "organisation": gettext_noop("提供单位"),
    "data_format": gettext_noop("数据格式"),
    "update_cycle": gettext_noop("数据更新频率"),
    "share_attribute": gettext_noop("共享属性"),
    "share_way": gettext_noop("共享方式"),
    "share_scope": gettext_noop("共享范围"),
    "share_purpose": gettext_noop("使用用途"),
    "use_conditions": gettext_noop("使用条件"),
    "refusal_reason": gettext_noop("不予共享理由"),
    "basis_kind": gettext_noop("不予共享依据类型"),
    "basis_title": gettext_noop("不予共享依据名称"),
    "basis_article": gettext_noop("不予共享依据条款"),
    "grade": gettext_noop("数据分类分级"),
    "is_open": gettext_noop("是否向社会开放"),
    "not_secret": gettext_noop("不涉密声明"),
    "origin": gettext_noop("来源"),
    "format_type": gettext_noop("格式类型"),
    "share_channel": gettext_noop("共享方式分类"),
    "open_condition": gettext_noop("开放条件"),
    "related_codes": gettext_noop("关联资源代码"),
    "extra_classes": gettext_noop("其他分类"),
    "extensions": gettext_noop("扩展信息"),
    "template": gettext_noop("模板版本"),
    "english_name": gettext_noop("英文名称"),
    "element": gettext_noop("数据元"),
    "code_table": gettext_noop("代码表"),
    "source_code": gettext_noop("来源目录"),
    "column": gettext_noop("列名"),
    "data_type": gettext_noop("数据类型"),
    "length": gettext_noop("数据长度"),
    "is_key": gettext_noop("是否查询键"),
    "is_personal": gettext_noop("是否个人信息"),
    "is_sensitive": gettext_noop("是否敏感个人信息"),
    "widest_mode": gettext_noop("最大开放程度"),
    "mask": gettext_noop("脱敏规则"),
    "note": gettext_noop("说明"),
}
"""What people call each field."""
MOST_ITEMS = 500
_LARGEST = 2**31 - 1
_TOO_LONG = gettext_noop("超过了允许的长度")
_NOT_LISTED = gettext_noop("不在允许的取值之内")
_SHORTEN = gettext_noop("请缩短到规定长度以内")
_CHOOSE = gettext_noop("请从列表中选择")
_WRITE = gettext_noop("请填写")
_MISSING = gettext_noop("必须填写")
_NO_CLASS = gettext_noop("分类代码的格式不对")
_SEE_GUIDE = gettext_noop("请按类、项、目、细目填写分类代码")
_WRONG_CODE = gettext_noop("代码的格式不对")
_SEE_CODE = gettext_noop("信息资源代码是分类代码、“/”和顺序码，如307010/00012，请核对")


def shape_findings(
    fields: EntryFields, items: Sequence[ItemFields], edition: TemplateEdition | None = None
) -> list[Finding]:
    """Return what does not fit; an empty list lets the draft be saved.

    Args:
        fields: the entry's own fields.
        items: its items.
        edition: whose extension fields it may have; the shipped national one, which has none, where left out.
    """
    found = [*_misfits(fields, EntryVersion, ""), *_wrong_codes(fields)]
    found.extend(extension_findings(fields.extensions, edition or template_document.core()))
    if len(fields.extensions) > MOST_EXTENSIONS:
        found.append(_finding("extensions", "extensions", _TOO_LONG, _CHOOSE, str(len(fields.extensions))))
    if not fields.name.strip():
        found.append(_finding("name", "name", _MISSING, _WRITE, ""))
    if resource_code.check(f"{fields.classification}/1"):
        message = _NO_CLASS if fields.classification.strip() else _MISSING
        found.append(_finding("classification", "classification", message, _SEE_GUIDE, fields.classification))
    if len(items) > MOST_ITEMS:
        found.append(_finding("items", "items", _TOO_LONG, gettext_noop("请拆成几条目录"), str(len(items))))
    for at, item in enumerate(items[:MOST_ITEMS]):
        found.extend(_misfits(item, Item, f"items.{at}."))
        if not item.name.strip():
            found.append(_finding(f"items.{at}.name", "name", _MISSING, _WRITE, ""))
        if item.source_code and resource_code.check(item.source_code):
            found.append(_finding(f"items.{at}.source_code", "source_code", _WRONG_CODE, _SEE_CODE, item.source_code))
    return found


def _wrong_codes(fields: EntryFields) -> Iterator[Finding]:
    """Yield related codes and further classes of a wrong form, twice the same, or too many."""
    for name, ending, way_out in (("related_codes", "", _SEE_CODE), ("extra_classes", "/1", _SEE_GUIDE)):
        codes = getattr(fields, name)
        if len(codes) > MOST_CODES:
            yield _finding(name, name, _TOO_LONG, gettext_noop("最多50个，请只留最要紧的"), str(len(codes)))
        for code in codes[:MOST_CODES]:
            if resource_code.check(f"{code}{ending}"):
                yield _finding(name, name, _WRONG_CODE, way_out, code)
        twice = next((code for at, code in enumerate(codes[:MOST_CODES]) if code in codes[:at]), "")
        if twice:
            yield _finding(name, name, gettext_noop("重复了"), gettext_noop("请删去一个"), twice)


@dataclass(frozen=True, slots=True)
class _Column:
    """What fits a column, read from the model once: a batch asks for every row and item."""

    name: str
    longest: int | None
    codes: frozenset[str] | None
    is_count: bool


@lru_cache(maxsize=2)
def _columns(model: type[models.Model]) -> tuple[_Column, ...]:
    found = []
    for spec in dataclass_fields(EntryFields if model is EntryVersion else ItemFields):
        column = model._meta.get_field(spec.name)  # noqa: SLF001 - Django's public _meta
        if isinstance(column, models.PositiveIntegerField):
            found.append(_Column(spec.name, None, None, is_count=True))
        elif isinstance(column, models.CharField):
            codes = frozenset(dict(column.flatchoices)) if column.choices is not None else None
            found.append(_Column(spec.name, column.max_length, codes, is_count=False))
    return tuple(found)


def _misfits(row: EntryFields | ItemFields, model: type[models.Model], prefix: str) -> Iterator[Finding]:
    for column in _columns(model):
        value = getattr(row, column.name)
        if not value and (not column.is_count or value is None):
            continue
        place = prefix + column.name
        if column.is_count:
            if not 1 <= value <= _LARGEST:
                yield _finding(place, column.name, _NOT_LISTED, gettext_noop("请填写正整数"), str(value))
        elif column.codes is not None and value not in column.codes:
            yield _finding(place, column.name, _NOT_LISTED, _CHOOSE, value)
        elif column.longest is not None and len(value) > column.longest:
            yield _finding(place, column.name, _TOO_LONG, _SHORTEN, str(len(value)))
        elif "\x00" in value:
            yield _finding(place, column.name, _NOT_LISTED, _WRITE, "")


def _finding(place: str, name: str, message: str, way_out: str, found: str) -> Finding:
    return Finding("VC-00", place, LABELS[name], GUIDE, message, way_out, found[:100])
