"""What waits, what is late and how many working days are left, once a working day; and a department's week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, override

from jutong.center.audit.actions import record
from jutong.center.clocks.queries import ClockView, calendar
from jutong.center.clocks.queries import running_for as clocks_for
from jutong.center.clocks.queries import views as clock_views
from jutong.center.notify.enums import DeliveryKind, DeliveryState, NoticeGroup, Pace
from jutong.center.notify.message import Line, Message, line_for, number_in
from jutong.center.notify.models import Address, Delivery, DigestMade, WeeklyWish
from jutong.center.notify.outbox import paces_of
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Post, User
from jutong.center.org.queries import actor_for, posts_of
from jutong.center.sharing.queries.inbox import inbox
from jutong.center.sharing.queries.tasks import Task
from jutong.kernel.calendar import CalendarYearMissingError, WorkCalendar
from jutong.kernel.clock import BEIJING
from jutong.kernel.i18n import SOURCE_LANGUAGE

AT = time(8, 30)
"""When digests are made, Beijing."""
MOST_LINES = 10
WEEK_AHEAD = 5
"""Working days within which a department's period counts as of this week."""
_FRIDAY = 4
_OF_APPLICATIONS = ("application-", "reply-", "supplement-", "extension-", "supply-")
Section = tuple[str, list[Line]]


def make_due(*, by: Actor, now: datetime) -> int:
    """Make the digests that are due. Returns how many messages were written.

    Nothing is due before half past eight or on a day off; what was missed is made up later the same day, a week's
    later the same week.
    """
    local = now.astimezone(BEIJING)
    today, opens = local.date(), datetime.combine(local.date(), AT, BEIJING)
    if now < opens or not is_workday(today):
        return 0
    monday = today - timedelta(days=today.weekday())
    made = 0
    for user in _without(_people(opens), DeliveryKind.DAILY, today):
        made += _make(user=user, kind=DeliveryKind.DAILY, day=today, by=by, now=now)
    wishing = _people(opens).filter(weekly_wishes__isnull=False)
    for user in _without(wishing, DeliveryKind.WEEKLY, monday):
        made += _make(user=user, kind=DeliveryKind.WEEKLY, day=monday, by=by, now=now)
    return made


def is_workday(day: date, days: WorkCalendar | None = None) -> bool:
    """Tell whether people work on a day; in a year whose calendar is not out, Monday to Friday."""
    try:
        return (days or calendar()).is_workday(day)
    except CalendarYearMissingError:
        return day.weekday() <= _FRIDAY


def _people(opens: datetime) -> QuerySet[User]:
    reached = Address.objects.filter(removed_at=None, channel__is_on=True, set_at__lt=opens)
    return User.objects.filter(is_active=True, id__in=reached.values("user_id")).order_by("id")


def _without(people: QuerySet[User], kind: DeliveryKind, day: date) -> list[User]:
    done = DigestMade.objects.filter(kind=kind, day=day)
    return list(people.exclude(id__in=done.values("user_id")).distinct())


@transaction.atomic
def _make(*, user: User, kind: DeliveryKind, day: date, by: Actor, now: datetime) -> int:
    """Write one person's digest to every address, unless another process just did."""
    _, first = DigestMade.objects.get_or_create(user=user, kind=kind, day=day, defaults={"made_at": now})
    if not first:
        return 0
    addresses = list(Address.objects.filter(user=user, removed_at=None, channel__is_on=True))
    if kind == DeliveryKind.DAILY:
        held = Delivery.objects.select_for_update().filter(address__in=addresses, state=DeliveryState.HELD)
        rows = list(held)
        wanted = rows or Pace.DAILY in paces_of([user.id])[user.id].values()
        message = daily(user, rows, now) if wanted else None
        held.filter(id__in=[row.id for row in rows]).update(state=DeliveryState.BUNDLED, ended_at=now)
    else:
        message = weekly(user, now)
    if message is None:
        return 0
    made = Delivery.objects.bulk_create(
        Delivery(
            address=address, kind=kind, group=NoticeGroup.WORK, state=DeliveryState.WAITING, digest_on=day,
            body=message.as_body(), next_at=now, created_at=now,
        )
        for address in addresses
    )  # fmt: skip
    record(
        event="notify:digest:make", by=by, now=now, subject_kind="user", subject_id=user.id,
        subject_label=user.username, kind=kind.value, day=day.isoformat(), addresses=len(made),
    )  # fmt: skip
    return len(made)


def daily(user: User, held: Iterable[Delivery], now: datetime) -> Message | None:
    """Return a person's day: what is late, what has a last day, what waits, what was told; ``None`` for nothing."""
    tasks = [task for post in posts_of(user) for task in inbox(actor_for(post), now)]
    tasks.sort(key=lambda task: (task.due_on or date.max, task.since))
    late = [task for task in tasks if task.clock is not None and task.clock.state == "over"]
    timed = [task for task in tasks if task.clock is not None and task not in late]
    open_ended = [task for task in tasks if task.clock is None]
    with override(SOURCE_LANGUAGE):
        told = dict.fromkeys(Line(**line) for row in held for _, lines in row.body["sections"] for line in lines)
        sections = [
            _section(gettext("已经超期"), map(_task_line, late), "/inbox"),
            _section(gettext("有期限的"), map(_task_line, timed), "/inbox"),
            _section(gettext("等您办理"), map(_task_line, open_ended), "/inbox"),
            _section(gettext("新通知"), told, "/notices"),
        ]
        words = {"n": len(tasks), "late": len(late)}
        title = gettext("【聚通】今日汇总：待办%(n)s件，超期%(late)s件") % words
    kept = [section for section in sections if section[1]]
    return Message(title, kept) if kept else None


def weekly(user: User, now: datetime) -> Message | None:
    """Return the week of the departments a head asked for; ``None`` without such a post."""
    wished = set(WeeklyWish.objects.filter(user=user).values_list("organisation_id", flat=True))
    heads = [post for post in posts_of(user) if post.role == Role.DEPARTMENT_HEAD and post.organisation_id in wished]
    if not heads:
        return None
    sections: list[Section] = []
    late_count = soon_count = 0
    with override(SOURCE_LANGUAGE):
        for post in heads:
            late, soon = _department(post, now)
            late_count, soon_count = late_count + len(late), soon_count + len(soon)
            name = post.organisation.short_name
            sections += [
                _section(gettext("%(name)s已经超期") % {"name": name}, late, "/inbox"),
                _section(gettext("%(name)s一周内到期") % {"name": name}, soon, "/inbox"),
            ]
        words = {"late": late_count, "soon": soon_count}
        title = gettext("【聚通】每周汇总：超期%(late)s件，一周内到期%(soon)s件") % words
        kept = [section for section in sections if section[1]]
        return Message(title, kept or [("", [Line(gettext("没有超期和快到期的事项"), "", "/")])])


def _department(post: Post, now: datetime) -> tuple[list[Line], list[Line]]:
    late, soon = [], []
    for clock, view in clock_views(clocks_for(actor_for(post)), now.astimezone(BEIJING).date()):
        number = number_in(clock.subject_label.split(" ", 1)[0])
        link = f"/applications/{number}" if clock.subject_kind == "application" and number else "/inbox"
        line = Line(view.name, number, link, _days(view))
        if view.state == "over":
            late.append(line)
        elif view.state != "paused" and view.remaining <= WEEK_AHEAD:
            soon.append(line)
    return late, soon


def _section(heading: str, lines: Iterable[Line], more: str) -> Section:
    rows = list(lines)
    shown = rows[:MOST_LINES]
    if len(rows) > MOST_LINES:
        shown.append(Line(gettext("还有%(n)s件") % {"n": len(rows) - MOST_LINES}, "", more))
    return gettext("%(heading)s（%(n)s件）") % {"heading": heading, "n": len(rows)}, shown


def _task_line(task: Task) -> Line:
    number = number_in(task.number)
    link = task.link or "/inbox"
    if number and task.kind.value.startswith(_OF_APPLICATIONS):
        link = f"/applications/{number}"
    many = gettext("%(n)s件") % {"n": task.count} if task.count > 1 else ""
    note = _days(task.clock) if task.clock is not None else many
    return Line(str(task.kind.label), number, line_for(link).link, note)


def _days(view: ClockView) -> str:
    """Return how much time is left, in working days."""
    if view.state == "paused":
        return gettext("暂停计时")
    if view.state == "over":
        return gettext("超期%(n)s个工作日") % {"n": -view.remaining}
    return gettext("剩%(n)s个工作日，%(day)s到期") % {"n": view.remaining, "day": view.due_on.isoformat()}
