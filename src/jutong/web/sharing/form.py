"""Between a form's text and what the sharing actions take: one step of the wizard changes only its own fields."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from jutong.center.catalog.models import EntryVersion
from jutong.center.sharing.conditions import MOST_CONDITIONS, RowCondition
from jutong.center.sharing.enums import Operator
from jutong.center.sharing.need import Ask, Need, need_of
from jutong.center.sharing.terms import minute_of
from jutong.kernel.errors import InvalidInputError

__all__ = [
    "NOT_WANTED",
    "NUMBERS",
    "PLAIN_TERMS",
    "TERMS",
    "need_of",
    "read_conditions",
    "read_declarations",
    "read_items",
    "read_purpose",
    "read_terms",
]
NOT_WANTED = "none"
NUMBERS = ("daily_quota", "per_minute", "expected_monthly")
PLAIN_TERMS = ("share_way", "frequency", *NUMBERS, "division_filter")
TERMS = (*PLAIN_TERMS, "system", "valid_until", "call_first", "call_last")
_SEPARATORS = re.compile(r"[、,，;；\n]")


def _wrong(field: str, found: str, message: str) -> InvalidInputError:
    return InvalidInputError(problems=[{"field": field, "found": found, "message": message, "clause": ""}])


def read_purpose(need: Need, typed: QueryDict) -> Need:
    """Step 1: what for, on which duty and on what basis.

    Raises:
        InvalidInputError: for a duty that was not taken from the list.
    """
    return replace(
        need,
        title=typed.get("title", ""),
        duty_id=_ident("duty", typed.get("duty", ""), _("请从列表里选一项职责")),
        scenario=typed.get("scenario", ""),
        basis=typed.get("basis", ""),
        scope=typed.get("scope", ""),
    )


def read_items(need: Need, typed: QueryDict, version: EntryVersion) -> Need:
    """Step 2: how much of each item, and why, and which rows.

    Raises:
        InvalidInputError: for a condition on something that is no item.
    """
    asks = [
        Ask(item.id, mode, typed.get(f"w_{item.id}", ""))
        for item in version.items.all()
        if (mode := typed.get(f"f_{item.id}", NOT_WANTED)) != NOT_WANTED
    ]
    return replace(need, items=tuple(asks), conditions=read_conditions(typed))


def read_conditions(typed: QueryDict) -> tuple[RowCondition, ...]:
    """Return the row conditions of a form: ``c0_item``, ``c0_op``, ``c0_values`` and so on; empty rows are left out.

    Raises:
        InvalidInputError: for a condition on something that is no item.
    """
    found = []
    for at in range(MOST_CONDITIONS + 1):
        item = _ident("conditions", typed.get(f"c{at}_item", ""), _("请从列表里选一个信息项"))
        if item is None:
            continue
        operator, text = typed.get(f"c{at}_op", ""), typed.get(f"c{at}_values", "")
        parts = _SEPARATORS.split(text) if operator in {Operator.IN, Operator.PREFIX} else [text]
        found.append(RowCondition(item, operator, tuple(part.strip() for part in parts if part.strip())))
    return tuple(found)


def read_terms(need: Need, typed: QueryDict) -> Need:
    """Step 3: by which way, which system, how often, how much, when, how long.

    Raises:
        InvalidInputError: for text that is no date, number or choice.
    """
    days = "".join(typed.getlist("call_days"))
    return replace(
        need,
        share_way=typed.get("share_way", ""),
        system_id=_ident("system", typed.get("system", ""), _("请从列表里选一个系统")),
        valid_until=_day(typed.get("valid_until", "")),
        frequency=typed.get("frequency", ""),
        daily_quota=_count("daily_quota", typed.get("daily_quota", ""), _("请填每天最多调用几次，只写数字")),
        per_minute=_count("per_minute", typed.get("per_minute", "0"), _("请填每分钟最多几次，只写数字")),
        expected_monthly=_count("expected_monthly", typed.get("expected_monthly", "0"), _("请填条数，只写数字")),
        call_days=days,
        first_minute=_minute(typed.get("call_first", "")) if days or typed.get("call_first") else None,
        last_minute=_minute(typed.get("call_last", "")) if days or typed.get("call_last") else None,
        division_filter=typed.get("division_filter", "").strip(),
    )


def read_declarations(need: Need, typed: QueryDict) -> Need:
    """Step 4: the three declarations of 条例 20(2)."""
    return replace(
        need,
        is_true=typed.get("is_true") == "1",
        is_lawful=typed.get("is_lawful") == "1",
        is_necessary=typed.get("is_necessary") == "1",
    )


def _ident(field: str, text: str, message: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise _wrong(field, text, message) from error


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong("valid_until", text, _("请填日期，如2027-06-30")) from error


def _minute(text: str) -> int:
    found = minute_of(text.strip())
    if found is None:
        raise _wrong("call_hours", text, _("请填时间，如08:30"))
    return found


def _count(field: str, text: str, message: str) -> int:
    clean = text.strip() or "0"
    if not (clean.isascii() and clean.isdigit() and len(clean) <= 10):  # noqa: PLR2004 - digits of what a column holds
        raise _wrong(field, text, message)
    return int(clean)
