"""Row conditions: which rows of an entry a requester asks for, in typed parts a person can read and a node can obey.

Nothing typed here becomes SQL: an operator is one of five words and a value stays a parameter. All conditions of an
application hold together, so whatever a provider adds can only narrow it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from jutong.center.catalog.enums import DataType, FieldMode
from jutong.center.catalog.models import EntryVersion, Item
from jutong.center.sharing.enums import Operator
from jutong.center.sharing.findings import Problem, problem
from jutong.standards import grading

MOST_CONDITIONS = 10
MOST_VALUES = 100
VALUE_LENGTH = 100
CLAUSE = "条例 20(2)"
_TEXT = (Operator.EQ, Operator.IN, Operator.PREFIX)
_NUMBER = (Operator.EQ, Operator.IN, Operator.GE, Operator.LE)
_TIME = (Operator.EQ, Operator.GE, Operator.LE)
OPERATORS: dict[str, tuple[Operator, ...]] = {
    DataType.CHAR: _TEXT,
    DataType.MEMO: (Operator.PREFIX,),
    DataType.GENERAL: (),
    DataType.NUMERIC: _NUMBER,
    DataType.CURRENCY: _NUMBER,
    DataType.DOUBLE: _NUMBER,
    DataType.INTEGER: _NUMBER,
    DataType.FLOAT: _NUMBER,
    DataType.DATE: _TIME,
    DataType.DATETIME: _TIME,
    DataType.LOGICAL: (Operator.EQ,),
}
"""What items of each type (1272号) can be compared by."""
_NUMBERS = {DataType.NUMERIC, DataType.CURRENCY, DataType.DOUBLE, DataType.FLOAT}
_LOGICAL = {"true": "true", "false": "false", "1": "true", "0": "false", "是": "true", "否": "false"}
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RowCondition:
    """One condition as somebody asks for it."""

    item_id: UUID
    operator: str
    values: tuple[str, ...]


class Shown(Protocol):
    """What a sentence is made of; ``ApplicationCondition`` is such."""

    item: Item
    operator: str
    values: Sequence[str]


def may_narrow(item: Item) -> bool:
    """Tell whether rows may be chosen by an item: one that is only verified would be told by the rows that come."""
    widest = grading.allowed_mode(item.grade, item.widest_mode)
    return widest != FieldMode.VERIFY and bool(OPERATORS.get(item.data_type))


def typed(item: Item, text: str) -> str | None:
    """Return a value as an item of its type is written, or None where it is none."""
    value = text.strip()
    if not 1 <= len(value) <= VALUE_LENGTH or not value.isprintable():
        return None
    kind = item.data_type
    if kind == DataType.INTEGER:
        return str(int(value)) if _INTEGER.fullmatch(value) else None
    if kind in _NUMBERS:
        return _number(value)
    if kind in {DataType.DATE, DataType.DATETIME}:
        return _instant(value, whole_day=kind == DataType.DATE)
    return _LOGICAL.get(value.lower()) if kind == DataType.LOGICAL else value


def _number(value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return f"{number:f}" if number.is_finite() and abs(number.adjusted()) < 30 else None  # noqa: PLR2004 - digits


def _instant(value: str, *, whole_day: bool) -> str | None:
    try:
        if whole_day:
            return date.fromisoformat(value).isoformat()
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if found.tzinfo else found.isoformat(sep=" ", timespec="seconds")


def settled(wanted: Sequence[RowCondition], version: EntryVersion) -> tuple[list[RowCondition], list[Problem]]:
    """Return conditions with their values as their types write them, and what is wrong with them."""
    items = {item.id: item for item in version.items.all()}
    found: list[RowCondition] = []
    problems: list[Problem] = []
    if len(wanted) > MOST_CONDITIONS:
        limit = f"<= {MOST_CONDITIONS}"
        message = _("行条件最多{n}条").format(n=MOST_CONDITIONS)
        problems.append(problem("conditions", len(wanted), limit, message, CLAUSE))
    for row in wanted[:MOST_CONDITIONS]:
        item = items.get(row.item_id)
        if item is None:
            problems.append(problem("conditions", row.item_id, "", _("没有这个信息项"), CLAUSE))
            continue
        whole, wrong = _one(item, row)
        problems += wrong
        found.append(whole)
    return found, problems


def _one(item: Item, row: RowCondition) -> tuple[RowCondition, list[Problem]]:
    allowed = OPERATORS.get(item.data_type, ())
    if not may_narrow(item):
        message = _("“{item}”不能用来限定行，它只能核验").format(item=item.name)
        return row, [problem("conditions", item.name, "", message, "条例 13, 15")]
    if row.operator not in allowed:
        words = "、".join(str(operator.label) for operator in allowed)
        message = _("“{item}”是{type}，只能用：{words}").format(
            item=item.name, type=item.get_data_type_display(), words=words
        )
        return row, [problem("conditions", row.operator, words, message, CLAUSE)]
    most = MOST_VALUES if row.operator in {Operator.IN, Operator.PREFIX} else 1
    if not 1 <= len(row.values) <= most:
        message = _("“{item}”的条件要写1到{n}个值").format(item=item.name, n=most)
        return row, [problem("conditions", len(row.values), f"1-{most}", message, CLAUSE)]
    values = [typed(item, value) for value in row.values]
    if None in values:
        message = _("“{item}”是{type}，有的值不是").format(item=item.name, type=item.get_data_type_display())
        return row, [problem("conditions", item.name, item.get_data_type_display(), message, CLAUSE)]
    kept = tuple(dict.fromkeys(value for value in values if value is not None))
    return RowCondition(item.id, row.operator, kept), []


def sentence(condition: Shown) -> str:
    """Return one condition as a person says it: “年龄”不小于18."""
    values = "、".join(condition.values)
    return _("“{item}”{operator}{values}").format(
        item=condition.item.name, operator=Operator(condition.operator).label, values=values
    )


def sentences(conditions: Iterable[Shown]) -> str:
    """Return all conditions in one sentence, empty where there is none."""
    return _("，并且").join(sentence(condition) for condition in conditions)
