"""期限测算: what a clock would do, day by day with the reason, before anybody starts one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from jutong.center.clocks.errors import ExtensionTooLongError
from jutong.center.clocks.queries import calendar
from jutong.center.clocks.rules import Ruled, Rules
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.deadlines import CountedDay, DueDate, Pause, compute, walk
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.periods import Unit, period

MOST_PAUSES = 5
LONGEST_PAUSE = timedelta(days=366)
"""Bounds of what is worked out on demand; a real clock knows none."""
_EARLIEST = date(2004, 1, 1)
FIELDS = {
    "pauses": gettext_noop("停表起止"),
    "started_on": gettext_noop("收到日期"),
    "period": gettext_noop("期限"),
}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A worked-out clock: the rule, the due date, how far ``gross`` and ``net`` go, and every day of it."""

    ruled: Ruled
    due: DueDate
    gross: int
    net: int
    days: list[CountedDay]


def work_out(
    actor: Actor,
    *,
    period_id: str,
    started_on: date,
    pauses: tuple[Pause, ...] = (),
    extension: int = 0,
    division_code: str = "",
) -> WhatIf:
    """Return what a clock of a period would do, by the rules in force on the day of receipt.

    Args:
        actor: who asks.
        period_id: id of the period, counted in working days.
        started_on: the day of receipt, day 0.
        pauses: first and last days of what the clock would stand still on.
        extension: working days by which it would be extended.
        division_code: of whoever must act; the actor's own without one.

    Raises:
        PeriodUnknownError: if no such period is in force on that day.
        ExtensionTooLongError: past what the rules allow.
        InvalidInputError: for pauses that end before they begin, are too many or too long, or a period to keep.
        CalendarYearMissingError: if counting reaches a year without calendar.
    """
    require(actor, Permission.CLOCKS_CALENDAR_VIEW)
    if period(period_id, on=started_on).unit is not Unit.WORKDAY:
        raise _wrong("period", period_id, gettext_noop("这一项是保存期限，不按工作日计算"))
    _check(started_on, pauses)
    ruled = Rules(started_on).period(period_id, division_code or actor.division_code)
    cap = ruled.period.extension_cap
    if not 0 <= extension <= cap:
        raise ExtensionTooLongError(found=extension, allowed=cap, clause=ruled.clause)
    days, total = calendar(), ruled.period.length + extension
    due = compute(started_on, total, days, pauses)
    walked = walk(started_on, ruled.period.length, days, pauses, extension=extension)
    return WhatIf(ruled, due, days.workdays_between(started_on, due.due_on), total, walked)


def _check(started_on: date, pauses: tuple[Pause, ...]) -> None:
    if started_on < _EARLIEST:
        raise _wrong("started_on", started_on, gettext_noop("请填2004年以后的日期"))
    if len(pauses) > MOST_PAUSES:
        raise _wrong("pauses", len(pauses), gettext_noop("最多填五段停表"))
    for first, last in pauses:
        if last < first or last - first > LONGEST_PAUSE or first < started_on:
            advice = gettext_noop("停表从收到日期之后开始，止日不早于起日，不超过一年")
            raise _wrong("pauses", f"{first} - {last}", advice)


def _wrong(field: str, found: object, message: str) -> InvalidInputError:
    row = {"field": field, "found": str(found), "allowed": message, "clause": "", "message": message}
    return InvalidInputError(problems=[row])
