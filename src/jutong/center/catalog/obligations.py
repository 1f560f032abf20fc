"""What the edition in force asks of an entry: what must be filled in, what must not, how long, and out of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from jutong.center.catalog.extensions import PREFIX
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import GUIDE, Finding, Severity
from jutong.center.catalog.shape import LABELS
from jutong.kernel.i18n import gettext_noop
from jutong.standards.template import TemplateEdition, TemplateField

MISSING = gettext_noop("必须填写")
NOT_LISTED = gettext_noop("不在允许的取值之内")
TOO_LONG = gettext_noop("超过了允许的长度")
ITEM_NAME = gettext_noop("信息项名称")
_FILL = {
    "VC-01": gettext_noop("条例要求的九项内容都要写明，请补充"),
    "VC-03": gettext_noop("有条件共享要列明共享范围和使用用途，请补充"),
    "VC-04": gettext_noop("不予共享要写明理由和依据的名称、条款，请补充"),
}
_FILL_OTHER = gettext_noop("编制模板要求填写，请补充")
_CLEAR = {
    "VC-03": (
        gettext_noop("无条件共享不能附加条件"),
        gettext_noop("请删去条件；确需条件的，共享属性应改为有条件共享"),
    )
}
_CLEAR_OTHER = (gettext_noop("这种情况下不应填写"), gettext_noop("请删去，或改正它所依据的字段"))
_CHOOSE = {
    "VC-04": (
        gettext_noop("依据只能是法律、行政法规或国务院决定"),
        gettext_noop("部门规章、地方性法规和内部规定不能作为依据；没有这三类依据的，应当共享"),
    ),
    "VC-10": (gettext_noop("数据类型不在字典中"), gettext_noop("请从数据类型字典中选择")),
}
_CHOOSE_OTHER = (NOT_LISTED, gettext_noop("请从列表中选择"))
_ONE_ITEM = gettext_noop("请至少列出一个信息项")
_SHORTEN = gettext_noop("请缩短到规定长度以内")
_COLUMNS = frozenset(EntryFields.__dataclass_fields__)


def reader(fields: EntryFields, items: Sequence[ItemFields] = ()) -> Callable[[str], Any]:
    """Return what reads a field of an entry by its id, a column or an extension."""

    def value_of(field_id: str) -> Any:
        if field_id == "items":
            return items
        return getattr(fields, field_id) if field_id in _COLUMNS else fields.extensions.get(field_id)

    return value_of


def entry_obligations(fields: EntryFields, items: Sequence[ItemFields], edition: TemplateEdition) -> Iterator[Finding]:
    """Yield what of the entry itself does not meet the edition."""
    value_of = reader(fields, items)
    for field in _entry_rows(edition):
        value = value_of(field.id)
        if is_blank(value):
            if field.is_obligatory(value_of):
                way_out = _ONE_ITEM if field.kind == "items" else _FILL.get(field.rule, _FILL_OTHER)
                yield finding(field, MISSING, way_out, severity=field.severity)
        elif field.empty_when is not None and field.empty_when.holds(value_of):
            yield finding(field, *_CLEAR.get(field.rule, _CLEAR_OTHER), found=value, severity=field.severity)
        else:
            yield from _misfit(field, value)


def item_obligations(items: Sequence[ItemFields], edition: TemplateEdition) -> Iterator[Finding]:
    """Yield what of the items does not meet the edition; an item without a name is another rule's finding."""
    rows = _item_rows(edition)
    for at, item in enumerate(items):
        for field, codes, asked in rows:
            value = getattr(item, field.id)
            if value == "" or value is None:
                if asked and field.id != "name":
                    told = _CHOOSE[field.rule] if field.rule == "VC-10" and codes else (MISSING, _FILL_OTHER)
                    yield finding(field, *told, place=f"items.{at}.{field.id}")
            elif codes and value not in codes:
                told = _CHOOSE[field.rule] if field.rule == "VC-10" else _CHOOSE_OTHER
                yield finding(field, *told, place=f"items.{at}.{field.id}", found=value)
            elif field.kind == "text" and field.length is not None and len(value) > field.length:
                yield finding(field, TOO_LONG, _SHORTEN, place=f"items.{at}.{field.id}", found=str(len(value)))


@lru_cache(maxsize=32)
def _entry_rows(edition: TemplateEdition) -> tuple[TemplateField, ...]:
    """Return the fields of the entry that can be wrong; a flag that says no is an answer."""
    return tuple(field for field in edition.entry_fields if not field.is_filled and field.kind != "flag")


@lru_cache(maxsize=32)
def _item_rows(edition: TemplateEdition) -> tuple[tuple[TemplateField, frozenset[str], bool], ...]:
    """Return the fields of an item that can be wrong, with their codes and whether they must be filled in."""
    columns = ItemFields.__dataclass_fields__
    return tuple(
        (field, frozenset(field.codes), field.obligation == "M")
        for field in edition.item_fields
        if field.id in columns and (field.values or field.length is not None or field.obligation == "M")
    )


def _misfit(field: TemplateField, value: Any) -> Iterator[Finding]:
    if field.kind == "enum" and value not in field.codes:
        yield finding(field, *_CHOOSE.get(field.rule, _CHOOSE_OTHER), found=value)
    elif field.kind == "text" and field.length is not None and len(str(value)) > field.length:
        yield finding(field, TOO_LONG, _SHORTEN, found=str(len(str(value))))


def is_blank(value: Any) -> bool:
    """Tell whether nothing was filled in; zero and no are something."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (not isinstance(value, bool | int | float) and not value)


def finding(
    field: TemplateField, message: str, way_out: str, *, place: str = "", found: Any = "", severity: Severity = "error"
) -> Finding:
    """Return a finding about a field of the template, in the words people know it by."""
    where = place or (PREFIX + field.id if field.is_extension else field.id)
    label = ITEM_NAME if field.place == "item" and field.id == "name" else LABELS.get(field.id, field.label)
    english = field.label_en if field.is_extension else ""
    clause = field.clause or GUIDE
    return Finding(field.rule, where, label, clause, message, way_out, str(found)[:100], severity, english)
