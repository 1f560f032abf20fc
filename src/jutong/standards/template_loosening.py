"""Whether one edition of the template asks less than another: a local edition may add and tighten, never loosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.template import TemplateEdition, TemplateField, is_open_list

_RANKS = {"O": 0, "C": 1, "M": 2}


class TemplateLoosenedError(JutongError):
    """A local edition asks less than the one it stands on."""

    code = "standards.template.loosened"
    http_status = 422
    message = gettext_noop("模板{edition}在{place}放宽了{base}的要求：{found}；{allowed}。")
    next_step = gettext_noop("地方模板可以增加和收紧，不能放宽；请改正后重新装入。")


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """One thing wrong with a document: where, as a JSON pointer, what stands there, what is allowed."""

    place: str
    found: str
    allowed: str
    is_loosening: bool = False


def refuse_loosening(before: TemplateEdition, after: TemplateEdition) -> None:
    """Let no edition pass that asks less than another.

    Raises:
        TemplateLoosenedError: naming the first field.
    """
    for fault in loosening(before, after):
        raise TemplateLoosenedError(
            edition=after.id, base=before.id, place=fault.place, found=fault.found, allowed=fault.allowed
        )


def loosening(before: TemplateEdition, after: TemplateEdition) -> list[DocumentFault]:
    """Return where one edition asks less than another, whatever each stands on; a field left out is asked no more."""
    found = []
    for row in before.fields:
        place = f"/{row.place}/{row.id}"
        kept = after.field(row.id, row.place)
        if kept is None:
            found.append(DocumentFault(place, row.id, gettext_noop("字段不能去掉"), is_loosening=True))
            continue
        found += [DocumentFault(f"{place}/{name}", row.id, told, is_loosening=True) for name, told in less(row, kept)]
    return found


def less(before: TemplateField, after: TemplateField) -> Iterator[tuple[str, str]]:
    """Yield in which member a field asks less than before, and what is allowed."""
    if _RANKS[after.obligation] < _RANKS[before.obligation]:
        yield "obligation", gettext_noop("必填的不能改成选填")
    if before.obligation == after.obligation == "C" and before.condition != after.condition:
        yield "when", gettext_noop("必填的条件不能改，只能改成总是必填")
    if before.length is not None and (after.length is None or after.length > before.length):
        yield "length", gettext_noop("长度不能放宽")
    is_open = bool(before.list_id) and is_open_list(before.list_id)
    if not is_open and not set(after.codes) <= set(before.codes):
        yield "values", gettext_noop("封闭的代码表不能增加取值")
    if before.empty_when is not None and after.empty_when != before.empty_when:
        yield "empty_when", gettext_noop("不能填写的情形不能取消")
    if before.severity == "error" and after.severity == "warning":
        yield "severity", gettext_noop("错误不能改成提醒")
