"""What a department writes when it states a need, and what must be right about it (rulebook 6.2, 需求清单)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jutong.center.catalog.enums import ShareWay, UpdateCycle
from jutong.center.demand.enums import Urgency
from jutong.center.ownership.meaning import one_name
from jutong.center.ownership.texts import problem
from jutong.kernel.i18n import gettext_noop

CLAUSE = "条例 20(1)"
MOST_ITEMS = 40
_DIVISION = re.compile(r"[1-9]\d{1,11}")
_REQUIRED = {
    "title": (gettext_noop("数据名称"), 128),
    "basis": (gettext_noop("法定依据"), 500),
    "scenario": (gettext_noop("应用场景"), 500),
}
_DECLARATIONS = {
    "is_true": gettext_noop("真实性"),
    "is_lawful": gettext_noop("合规性"),
    "is_secured": gettext_noop("安全性"),
}
_MISSING = gettext_noop("必须填写，且不超过规定长度")
_PROMISE = gettext_noop("必须承诺")
_NOT_LISTED = gettext_noop("不在允许的取值之内")
_LATER = gettext_noop("期望时间应在今天或以后")
_ITEMS = gettext_noop("每行一个信息项，1到40个，名称不重复、不超过64字，含义不超过200字")
_AREA = gettext_noop("区划范围应是区划代码的开头，2到12位数字")


@dataclass(frozen=True, slots=True)
class WantedItem:
    """One item asked for."""

    name: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class DemandFields:
    """The columns of 需求清单 a department fills."""

    title: str = ""
    basis: str = ""
    scenario: str = ""
    matter: str = ""
    frequency: str = ""
    share_way: str = ""
    urgency: str = Urgency.NORMAL.value
    wanted_on: date | None = None
    division_filter: str = ""
    expected_holder: str = ""
    """Credit code of the department it is expected from; empty for unknown."""
    is_true: bool = False
    is_lawful: bool = False
    is_secured: bool = False
    items: tuple[WantedItem, ...] = ()


def read_items(text: str) -> tuple[WantedItem, ...]:
    """Return the items of lines people typed: name, then the meaning after a blank, comma or tab."""
    rows = []
    for line in text.splitlines():
        name, _, meaning = re.sub(r"[\t,，\s]+", " ", line.strip(), count=1).partition(" ")
        if name:
            rows.append(WantedItem(name, meaning.strip()))
    return tuple(rows)


def demand_problems(fields: DemandFields, today: date) -> list[dict[str, str]]:
    """Return everything that is wrong at once, each with its place."""
    found = [
        problem(name, label, CLAUSE, _MISSING, found=getattr(fields, name)[:100])
        for name, (label, longest) in _REQUIRED.items()
        if not _fits(getattr(fields, name), longest)
    ]
    if fields.matter and not _fits(fields.matter, 128):
        found.append(problem("matter", gettext_noop("关联事项"), "", _MISSING, found=fields.matter[:100]))
    found += [
        problem(name, label, "", _NOT_LISTED, found=getattr(fields, name)[:100])
        for name, label, allowed in (
            ("frequency", gettext_noop("更新频率"), ["", *UpdateCycle.values]),
            ("share_way", gettext_noop("共享方式"), ["", *ShareWay.values]),
            ("urgency", gettext_noop("紧急程度"), Urgency.values),
        )
        if getattr(fields, name) not in allowed
    ]
    if fields.wanted_on is not None and fields.wanted_on < today:
        found.append(problem("wanted_on", gettext_noop("期望时间"), "", _LATER, found=fields.wanted_on.isoformat()))
    if fields.division_filter and not _DIVISION.fullmatch(fields.division_filter):
        found.append(problem("division_filter", gettext_noop("区划范围"), "", _AREA, found=fields.division_filter[:20]))
    if _bad_items(fields.items):
        found.append(problem("items", gettext_noop("数据项"), CLAUSE, _ITEMS, found=str(len(fields.items))))
    return [
        *found,
        *(problem(name, label, "条例 20(2)", _PROMISE) for name, label in _DECLARATIONS.items()
          if not getattr(fields, name)),
    ]  # fmt: skip


def _fits(text: str, longest: int) -> bool:
    return 1 <= len(text.strip()) <= longest and "\x00" not in text


def _bad_items(items: Sequence[WantedItem]) -> bool:
    keys = [item_key(item.name) for item in items]
    shapes = all(_fits(item.name, 64) and len(item.meaning) <= 200 and "\x00" not in item.meaning for item in items)  # noqa: PLR2004 - the columns' lengths
    return not (1 <= len(items) <= MOST_ITEMS and shapes and all(keys) and len(set(keys)) == len(keys))


def item_key(name: str) -> str:
    """Return the form in which wanted items are compared: width, case, blanks and synonyms aside."""
    return one_name(name)[:64]
