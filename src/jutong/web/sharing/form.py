"""Between a form's text and what the sharing actions take: one step of the wizard changes only its own fields."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from jutong.center.catalog.models import EntryVersion
from jutong.center.sharing.models import Application
from jutong.center.sharing.need import Ask, Need
from jutong.kernel.errors import InvalidInputError

NOT_WANTED = "none"
PLAIN_TERMS = ("share_way", "daily_quota", "division_filter")
TERMS = (*PLAIN_TERMS, "system", "valid_until")


def need_of(application: Application) -> Need:
    """Return what an application asks for now."""
    return Need(
        title=application.title,
        basis=application.basis,
        scenario=application.scenario,
        scope=application.scope,
        share_way=application.share_way,
        valid_until=application.valid_until,
        daily_quota=application.daily_quota,
        division_filter=application.division_filter,
        system_id=application.system_id,
        is_true=application.is_true,
        is_lawful=application.is_lawful,
        is_necessary=application.is_necessary,
        items=tuple(Ask(row.item_id, row.asked, row.reason) for row in application.items.all()),
    )


def _wrong(field: str, found: str, message: str) -> InvalidInputError:
    return InvalidInputError(problems=[{"field": field, "found": found, "message": message, "clause": ""}])


def read_purpose(need: Need, typed: QueryDict) -> Need:
    """Step 1: what for, and on what basis."""
    return replace(
        need,
        title=typed.get("title", ""),
        scenario=typed.get("scenario", ""),
        basis=typed.get("basis", ""),
        scope=typed.get("scope", ""),
    )


def read_items(need: Need, typed: QueryDict, version: EntryVersion) -> Need:
    """Step 2: how much of each item, and why."""
    asks = [
        Ask(item.id, mode, typed.get(f"w_{item.id}", ""))
        for item in version.items.all()
        if (mode := typed.get(f"f_{item.id}", NOT_WANTED)) != NOT_WANTED
    ]
    return replace(need, items=tuple(asks))


def read_terms(need: Need, typed: QueryDict) -> Need:
    """Step 3: by which way, which system, how much, how long.

    Raises:
        InvalidInputError: for text that is no date, number or choice.
    """
    return replace(
        need,
        share_way=typed.get("share_way", ""),
        system_id=_system(typed.get("system", "")),
        valid_until=_day(typed.get("valid_until", "")),
        daily_quota=_count(typed.get("daily_quota", "")),
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


def _system(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise _wrong("system", text, _("请从列表里选一个系统")) from error


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong("valid_until", text, _("请填日期，如2027-06-30")) from error


def _count(text: str) -> int:
    if not text.isdigit():
        raise _wrong("daily_quota", text, _("请填每天最多调用几次，只写数字"))
    return int(text)
