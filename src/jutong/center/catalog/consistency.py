"""What in an entry contradicts itself: formats and ways of sharing (VC-08), census numbers (VC-09), classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from jutong.center.catalog.enums import DataType, ShareAttribute, ShareChannel
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import GUIDE, Finding, Severity
from jutong.center.catalog.obligations import finding
from jutong.center.catalog.shape import LABELS
from jutong.kernel.i18n import gettext_noop
from jutong.standards import classification, lists
from jutong.standards.masks import masks
from jutong.standards.template import TemplateEdition

SELF_DESCRIBED = "self-described"
"""The format whose type its provider describes in own words."""


def consistency_findings(
    fields: EntryFields, items: Sequence[ItemFields], edition: TemplateEdition
) -> Iterator[Finding]:
    """Yield what contradicts itself."""
    yield from _masks(items)
    yield from _format_type(fields)
    yield from _format_and_way(fields)
    yield from _census(fields, edition)
    yield from _classes(fields, edition)


@lru_cache(maxsize=1)
def _format_of_type() -> Mapping[str, str]:
    """Return the format each known type belongs to, by the type in lower case."""
    return {
        kind.lower(): value.code
        for value in lists.closed_list("data-format").values
        for kind in value.details.get("types", ())
    }


def _format_type(fields: EntryFields) -> Iterator[Finding]:
    """VC-08: the second level of the format belongs to the first. The types of the guide are examples."""
    kind = fields.format_type.strip().lower()
    if not kind or not fields.data_format or fields.data_format == SELF_DESCRIBED:
        return
    belongs = _format_of_type().get(kind)
    if belongs == fields.data_format:
        return
    if belongs is None:
        message, way_out = gettext_noop("不是常见的格式类型"), gettext_noop("请核对写法；确是新类型的可以保留")
        yield _vc08("format_type", message, way_out, fields.format_type, is_error=False)
    else:
        message, way_out = gettext_noop("格式类型不属于所选的数据格式"), gettext_noop("请改正格式类型或数据格式")
        yield _vc08("format_type", message, way_out, fields.format_type)


def _format_and_way(fields: EntryFields) -> Iterator[Finding]:
    """VC-08: over the platform, files go as files, and tables by interface or exchange."""
    form = lists.closed_list("data-format").value(fields.data_format)
    ways = form.details.get("ways") if form else None
    is_shared = fields.share_attribute != ShareAttribute.NONE
    is_judged = is_shared and fields.share_channel == ShareChannel.PLATFORM and bool(fields.share_way)
    if is_judged and ways and fields.share_way not in ways:
        message = gettext_noop("共享方式与数据格式不符")
        way_out = gettext_noop("文件类格式用文件下载，数据库用服务接口或批量交换，请改正其中一项")
        yield _vc08("share_way", message, way_out, fields.share_way)


def _masks(items: Sequence[ItemFields]) -> Iterator[Finding]:
    """VC-10: a masking rule suits the type of its item; one that may suit is only pointed out."""
    for at, item in enumerate(items):
        rule = masks().get(item.mask)
        if rule is None or item.data_type in rule.fits or item.data_type not in DataType.values:
            continue
        way_out = gettext_noop("年份、年月只用于日期，数段只用于数值，代号不用于备注；拿不准的用全部遮盖")
        message, place = gettext_noop("脱敏规则与数据类型不符"), f"items.{at}.mask"
        severity: Severity = "warning" if item.data_type in rule.doubtful else "error"
        yield Finding("VC-10", place, LABELS["mask"], GUIDE, message, way_out, rule.label, severity)


def _vc08(name: str, message: str, way_out: str, found: str, *, is_error: bool = True) -> Finding:
    return Finding("VC-08", name, LABELS[name], GUIDE, message, way_out, found, "error" if is_error else "warning")


def _census(fields: EntryFields, edition: TemplateEdition) -> Iterator[Finding]:
    """VC-09: census numbers are not negative, and a part is no more than the whole."""
    for field in edition.extensions:
        value = _number(fields.extensions.get(field.id))
        if field.kind != "number" or value is None:
            continue
        whole = _number(fields.extensions.get(field.at_most)) if field.at_most else None
        if value < 0:
            yield finding(field, gettext_noop("不能是负数"), gettext_noop("请填写零或正数"), found=value)
        elif whole is not None and value > whole:
            message = gettext_noop("已共享、已开放的数量超过了总量")
            yield finding(field, message, gettext_noop("请核对两个数字，单位要一致"), found=value)


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _classes(fields: EntryFields, edition: TemplateEdition) -> Iterator[Finding]:
    """Judge the class and the further classes by the tree."""
    tree = classification.with_local(edition.classes)
    message = gettext_noop("分类表里没有这一项")
    way_out = gettext_noop("请从分类表中选择；类和项由国家规定，目和细目由本地编定")
    for name, codes in (("classification", (fields.classification,)), ("extra_classes", fields.extra_classes)):
        for code in codes:
            if tree.unknown_part(code):
                yield Finding("VC-00", name, LABELS[name], GUIDE, message, way_out, code)
    for code in fields.extra_classes:
        if fields.classification and (code.startswith(fields.classification) or fields.classification.startswith(code)):
            message = gettext_noop("与主分类在同一支上，成了重复")
            way_out = gettext_noop("其他分类要在另一支上；请删去，或改动主分类")
            yield Finding("VC-00", "extra_classes", LABELS["extra_classes"], GUIDE, message, way_out, code)
