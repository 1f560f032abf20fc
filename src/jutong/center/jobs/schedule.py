"""When a transfer runs: a plan in Beijing time that knows working days, as data, and the instants it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, model_validator

from jutong.kernel.calendar import WorkCalendar, YearStatus
from jutong.kernel.clock import BEIJING

Kind = Literal["demand", "minutes", "hours", "daily", "workdays", "weekly", "monthly", "after", "arrival"]
DAY_MINUTES = 24 * 60
LOOK_AHEAD = 400
"""Days a plan is searched for its next turn; every plan has one within a year."""
_LAST_DAYS = 31
_WEEKEND = 5
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


class Schedule(BaseModel):
    """When something runs.

    Attributes:
        kind: ``demand`` only by hand, ``after`` when another transfer ended well, ``arrival`` when files came.
        every: minutes or hours between two turns, counted from midnight; from ``at`` for hours.
        at: the time of day in Beijing.
        days: Monday as 1 for ``weekly``; days of the month for ``monthly``, where one that the month has not is its
            last day.
        transfer: the id of the transfer that is waited for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = "demand"
    every: Annotated[int, Field(ge=1, le=59)] = 1
    at: Annotated[str, Field(pattern=_CLOCK)] = "02:00"
    days: Annotated[tuple[Annotated[int, Field(ge=1, le=31)], ...], Field(max_length=31)] = ()
    transfer: Annotated[str, Field(pattern=r"^([0-9a-f-]{36})?$")] = ""

    @model_validator(mode="after")
    def _whole(self) -> Schedule:
        most = {"minutes": 59, "hours": 23}.get(self.kind, 59)
        if self.every > most:
            raise ValueError(_("间隔不能超过%(most)s") % {"most": most})
        if self.kind in {"weekly", "monthly"} and not self.days:
            raise ValueError(_("请选至少一天"))
        if self.kind == "weekly" and max(self.days) > len(WEEKDAYS):
            raise ValueError(_("星期只有1到7"))
        if (self.kind == "after") != bool(self.transfer):
            raise ValueError(_("请选要等的交换任务"))
        return self

    @property
    def is_timed(self) -> bool:
        """Whether the clock decides."""
        return self.kind not in {"demand", "after", "arrival"}

    @property
    def words(self) -> str:
        """The plan as people say it."""
        return _WORDS[self.kind](self)


def _days_of_week(plan: Schedule) -> str:
    return "、".join(_(WEEKDAYS[day - 1]) for day in sorted(set(plan.days)))


_WORDS: dict[str, Callable[[Schedule], str]] = {
    "demand": lambda _plan: _("只在手工下达时"),
    "minutes": lambda plan: _("每%(n)s分钟") % {"n": plan.every},
    "hours": lambda plan: _("每%(n)s小时，从%(at)s起") % {"n": plan.every, "at": plan.at},
    "daily": lambda plan: _("每天%(at)s") % {"at": plan.at},
    "workdays": lambda plan: _("每个工作日%(at)s") % {"at": plan.at},
    "weekly": lambda plan: _("每%(days)s %(at)s") % {"days": _days_of_week(plan), "at": plan.at},
    "monthly": lambda plan: (
        _("每月%(days)s日%(at)s") % {"days": "、".join(map(str, sorted(set(plan.days)))), "at": plan.at}
    ),
    "after": lambda _plan: _("等上一项任务完成"),
    "arrival": lambda _plan: _("有新文件到达时"),
}


def is_workday(day: date, calendar: WorkCalendar) -> bool:
    """Tell whether a day is a working day; in a year without calendar Monday to Friday are.

    No legal period hangs on a run, and one on a holiday does no harm, so here it is guessed.
    """
    if calendar.year_status(day.year) is YearStatus.MISSING:
        return day.weekday() < _WEEKEND
    return calendar.is_workday(day)


def _runs_on(plan: Schedule, day: date, calendar: WorkCalendar) -> bool:
    if plan.kind == "workdays":
        return is_workday(day, calendar)
    if plan.kind == "weekly":
        return day.isoweekday() in plan.days
    if plan.kind == "monthly":
        is_last = (day + timedelta(days=1)).day == 1
        return day.day in plan.days or (is_last and any(day.day < wanted for wanted in plan.days))
    return True


def _minutes_of(plan: Schedule) -> range:
    """Return the minutes after midnight a plan runs at on a day it runs on."""
    hour, minute = map(int, plan.at.split(":"))
    at = hour * 60 + minute
    if plan.kind == "minutes":
        return range(0, DAY_MINUTES, plan.every)
    if plan.kind == "hours":
        return range(at % (plan.every * 60), DAY_MINUTES, plan.every * 60)
    return range(at, at + 1)


def turns(plan: Schedule, *, after: datetime, calendar: WorkCalendar) -> Iterator[datetime]:
    """Return the instants after ``after`` at which a plan runs, in order; none where no clock decides."""
    if not plan.is_timed:
        return
    first = after.astimezone(BEIJING).date()
    for offset in range(LOOK_AHEAD):
        day = first + timedelta(days=offset)
        if not _runs_on(plan, day, calendar):
            continue
        midnight = datetime.combine(day, time(), BEIJING)
        for minute in _minutes_of(plan):
            instant = midnight + timedelta(minutes=minute)
            if instant > after:
                yield instant


def next_turn(plan: Schedule, *, after: datetime, calendar: WorkCalendar) -> datetime | None:
    """Return when a plan runs next after an instant."""
    return next(turns(plan, after=after, calendar=calendar), None)


def fresh_until(plan: Schedule, *, since: datetime, hours: int, calendar: WorkCalendar) -> datetime:
    """Return until when data of ``since`` is as fresh as promised.

    For a plan of working days a day of rest in between does not count.
    """
    due = since + timedelta(hours=hours)
    if plan.kind != "workdays":
        return due
    day, last = since.astimezone(BEIJING).date() + timedelta(days=1), due.astimezone(BEIJING).date()
    while day <= last:
        if not is_workday(day, calendar):
            due += timedelta(days=1)
            last += timedelta(days=1)
        day += timedelta(days=1)
    return due
