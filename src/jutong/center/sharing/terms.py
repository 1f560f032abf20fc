"""How data will be got: in which way, how often, how much and when. What is wrong with it, and what a node is told."""

from __future__ import annotations

from typing import Protocol

from django.utils.translation import gettext as _

from jutong.center.catalog.enums import ShareWay
from jutong.center.catalog.models import EntryVersion
from jutong.center.sharing.enums import Frequency, UseWay
from jutong.center.sharing.findings import Problem, problem
from jutong.contracts.care import Hours
from jutong.standards import grading

HIGHEST_QUOTA = 10_000_000
HIGHEST_RATE = 100_000
"""Calls a minute nobody may ask to exceed."""
DAY_MINUTES = 24 * 60
BULK = frozenset({UseWay.BATCH, UseWay.FILE, UseWay.SUBSCRIPTION})
"""Ways in which rows leave in numbers and not one by one."""


class Terms(Protocol):
    """What is asked for; ``Need`` and ``Application`` are such."""

    @property
    def share_way(self) -> str:
        """A value of ``UseWay``."""

    @property
    def frequency(self) -> str:
        """A value of ``Frequency``."""

    @property
    def expected_monthly(self) -> int:
        """Records a month."""

    @property
    def daily_quota(self) -> int:
        """Calls a day."""

    @property
    def per_minute(self) -> int:
        """Calls a minute, 0 for the node's own limit."""

    @property
    def call_days(self) -> str:
        """Weekdays, Monday as 1."""

    @property
    def first_minute(self) -> int | None:
        """Minute of the day calls begin."""

    @property
    def last_minute(self) -> int | None:
        """Minute of the day calls end."""


def way_allowed(version: EntryVersion, share_way: str) -> bool:
    """Tell whether an entry of this grade may be shared in this way; a version without a grade says nothing.

    A subscription moves rows as batch exchange does, so it asks for the same.
    """
    lawful = ShareWay.BATCH if share_way == UseWay.SUBSCRIPTION else share_way
    return not version.grade or lawful in grading.grade(version.grade).share_ways


def terms_problems(terms: Terms, version: EntryVersion) -> list[Problem]:
    """Return what is wrong with the values themselves."""
    return [*_way(terms, version), *_amounts(terms), *_hours(terms)]


def _way(terms: Terms, version: EntryVersion) -> list[Problem]:
    found = []
    if terms.share_way and terms.share_way not in UseWay.values:
        found.append(problem("share_way", terms.share_way, "/".join(UseWay.values), _("没有这种共享方式"), "条例 22"))
    elif terms.share_way and not way_allowed(version, terms.share_way):
        message = _("重要数据不能成批提供，请改用服务接口")
        found.append(problem("share_way", terms.share_way, UseWay.SERVICE.value, message, grading.CLAUSE))
    if terms.frequency and terms.frequency not in Frequency.values:
        allowed = "/".join(Frequency.values)
        found.append(problem("frequency", terms.frequency, allowed, _("没有这种使用频率"), "条例 20(2)"))
    return found


def _amounts(terms: Terms) -> list[Problem]:
    rows = (
        ("daily_quota", terms.daily_quota, 1, HIGHEST_QUOTA, _("每日用量应在{n}之间")),
        ("per_minute", terms.per_minute, 0, HIGHEST_RATE, _("每分钟次数应在{n}之间，0表示按节点的限制")),
        ("expected_monthly", terms.expected_monthly, 0, 2_000_000_000, _("每月预计条数应在{n}之间")),
    )
    return [
        problem(name, value, f"{least}-{most}", message.format(n=f"{least}-{most}"))
        for name, value, least, most, message in rows
        if not least <= value <= most
    ]


def _hours(terms: Terms) -> list[Problem]:
    days, first, last = terms.call_days, terms.first_minute, terms.last_minute
    if not days and first is None and last is None:
        return []
    found = []
    if not days or list(days) != sorted(set(days) & set("1234567")):
        found.append(problem("call_days", days, "1-7", _("请选择星期几，每天只选一次")))
    if first is None or last is None or not 0 <= first < last <= DAY_MINUTES:
        message = _("调用时间要写开始和结束，结束晚于开始，如08:30到17:30")
        found.append(problem("call_hours", f"{first}-{last}", "00:00-24:00", message))
    return found


def hours_of(terms: Terms) -> tuple[Hours, ...]:
    """Return when calls are allowed as a node is told; empty for any time."""
    if not terms.call_days or terms.first_minute is None or terms.last_minute is None:
        return ()
    days = tuple(int(day) for day in terms.call_days)
    return (Hours(days=days, first_minute=terms.first_minute, last_minute=terms.last_minute),)


def clock_text(minute: int | None) -> str:
    """Return a minute of the day as people write it, such as ``08:30``; empty for none."""
    return "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of(text: str) -> int | None:
    """Return the minute of the day of a text such as ``08:30``, or None where it is none."""
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):  # noqa: PLR2004 - two digits
        return None
    found = int(hours) * 60 + int(minutes)
    return found if int(minutes) < 60 and found <= DAY_MINUTES else None  # noqa: PLR2004 - minutes of an hour
