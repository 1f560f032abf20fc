"""What follows from how grants are used: counts by day, warnings before quota and end, questions about unused ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.consumption import GrantAlert, GrantUse, IdleInquiry
from jutong.center.sharing.enums import AlertKind, GrantState, IdleAnswer, Side
from jutong.center.sharing.errors import IdleNotAskedError
from jutong.center.sharing.findings import problem
from jutong.center.sharing.lasting import IDLE, MONTH, QUOTA_PERCENT, WEEK
from jutong.center.sharing.models import Grant
from jutong.center.sharing.parties import sides_of
from jutong.contracts.receipts import AccessSummary
from jutong.kernel.clock import BEIJING, civil_date
from jutong.kernel.errors import InvalidInputError, NotFoundError

LIMIT = 500
"""Grants one scan looks at; the next one goes on."""
SERVED = "ok"

_ADD_UP = """
    INSERT INTO sharing_grantuse (grant_id, day, calls, refused, rows, last_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (grant_id, day) DO UPDATE SET
        calls = sharing_grantuse.calls + excluded.calls,
        refused = sharing_grantuse.refused + excluded.refused,
        rows = sharing_grantuse.rows + excluded.rows,
        last_at = greatest(sharing_grantuse.last_at, excluded.last_at)
"""


def add_up(calls: Sequence[AccessSummary], *, by: Actor, now: datetime, **_told: Any) -> None:
    """Add calls that are newly on record to the days of their grants, always in one order."""
    days: dict[tuple[str, date], list[AccessSummary]] = {}
    for call in calls:
        days.setdefault((call.grant_id, civil_date(_time(call))), []).append(call)
    values = [
        (
            grant_id, day, len(same), sum(call.outcome != SERVED for call in same), sum(call.rows for call in same),
            max(_time(call) for call in same),
        )
        for (grant_id, day), same in sorted(days.items())
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(_ADD_UP, values)


def _time(call: AccessSummary) -> datetime:
    return datetime.fromtimestamp(call.time_ms / 1000, BEIJING)


def _alert(grant: Grant, kind: AlertKind, key: date, now: datetime) -> bool:
    """Remember that something is told; False where it was told before, by whichever scan."""
    try:
        with transaction.atomic():
            GrantAlert.objects.create(grant=grant, kind=kind, key=key.isoformat(), at=now)
    except IntegrityError:
        return False
    return True


def _tell(grant: Grant, role: Role, text: str, now: datetime, **fields: object) -> None:
    organisation = grant.provider if role == Role.STEWARD else grant.requester
    link = f"/grants/{grant.number}"
    common.notify(organisation, role, text, link, now, number=grant.number, title=grant.application.title, **fields)


def _in_use(now: datetime) -> Any:
    grants = Grant.objects.filter(state=GrantState.ACTIVE, valid_from__lte=now, valid_until__gt=now)
    return grants.select_related("application", "requester", "provider")


def _not_told(kind: AlertKind, **rule: Any) -> Q:
    return ~Q(Exists(GrantAlert.objects.filter(grant=OuterRef("pk"), kind=kind, **rule)))


def alert_holders(*, now: datetime) -> int:
    """Tell the holders of grants whose day's quota is nearly used, or which end within 30 or 7 days; each once.

    Returns how many were told.
    """
    return _alert_quota(now) + _alert_expiry(now, AlertKind.EXPIRY_WEEK, WEEK) + _alert_expiry(
        now, AlertKind.EXPIRY_MONTH, MONTH
    )  # fmt: skip


@transaction.atomic
def _alert_quota(now: datetime) -> int:
    today, count = civil_date(now), 0
    near = GrantUse.objects.filter(
        grant=OuterRef("pk"), day=today, calls__gte=F("refused") + OuterRef("daily_quota") * QUOTA_PERCENT / 100
    )
    waiting = _in_use(now).filter(Exists(near), _not_told(AlertKind.QUOTA, key=today.isoformat()))
    for grant in waiting.order_by("id")[:LIMIT]:
        if _alert(grant, AlertKind.QUOTA, today, now):
            text = gettext_noop("授权{number}“{title}”今天已用去{percent}%以上的次数，每天最多{quota}次。")
            _tell(grant, Role.REQUESTER, text, now, percent=QUOTA_PERCENT, quota=grant.daily_quota)
            count += 1
    return count


@transaction.atomic
def _alert_expiry(now: datetime, kind: AlertKind, ahead: timedelta) -> int:
    count = 0
    ending = _in_use(now).filter(_not_told(kind), valid_until__lte=now + ahead)
    if kind == AlertKind.EXPIRY_MONTH:  # whoever hears of the last week needs not hear of the month as well
        ending = ending.filter(_not_told(AlertKind.EXPIRY_WEEK))
    for grant in ending.order_by("valid_until", "id")[:LIMIT]:
        if _alert(grant, kind, civil_date(grant.valid_until), now):
            text = gettext_noop("授权{number}“{title}”用到{until}为止；还要用的，请现在续期。")
            _tell(grant, Role.REQUESTER, text, now, until=grant.application.valid_until)
            count += 1
    return count


@transaction.atomic
def ask_idle(*, now: datetime) -> int:
    """Ask the holders of grants nobody called for thirty days what they are for. Returns how many were asked.

    Who said that it is still needed is asked again thirty days later.
    """
    since = now - IDLE
    used = GrantUse.objects.filter(grant=OuterRef("pk"), last_at__gt=since)
    asked = IdleInquiry.objects.filter(grant=OuterRef("pk")).filter(Q(answered_at=None) | Q(answered_at__gt=since))
    quiet = _in_use(now).filter(~Exists(used), ~Exists(asked), supplied_at__lte=since, valid_from__lte=since)
    count = 0
    for grant in quiet.select_for_update(of=("self",), skip_locked=True).order_by("id")[:LIMIT]:
        last = GrantUse.objects.filter(grant=grant).order_by("-last_at").values_list("last_at", flat=True).first()
        IdleInquiry.objects.create(grant=grant, idle_since=last or grant.supplied_at or grant.valid_from, asked_at=now)
        common.record_grant("sharing:idle:ask", grant, platform_actor("idle grants"), now)
        text = gettext_noop("授权{number}“{title}”已有{days}天没有调用，请说明是否还需要。")
        _tell(grant, Role.REQUESTER, text, now, days=IDLE.days)
        count += 1
    return count


@transaction.atomic
def answer_idle(*, grant: Grant, answer: str, text: str, by: Actor, now: datetime) -> IdleInquiry:
    """Say what an unused grant is kept for, or that it is not needed; giving it up stays the office head's step.

    Raises:
        NotFoundError: for anybody but the holder.
        IdleNotAskedError: if nobody asked.
        InvalidInputError: without an answer and its reason.
    """
    org.require(by, Permission.SHARING_APPLICATION_DRAFT)
    locked, application = common.lock_grant(grant.id)
    if Side.REQUESTER not in sides_of(application, by):
        raise NotFoundError(what=locked.number)
    open_ = IdleInquiry.objects.select_for_update().filter(grant=locked, answered_at=None).first()
    if open_ is None:
        raise IdleNotAskedError(number=locked.number)
    if answer not in IdleAnswer.values:
        allowed = "/".join(IdleAnswer.values)
        raise InvalidInputError(problems=[problem("answer", answer, allowed, _("请选择还要用或不再需要"))])
    open_.text = common.require_text("text", text, limit=500, message=_("请说明原因，最多500字"), clause="条例 27(1)")
    open_.answer, open_.answered_by_id, open_.answered_at = answer, common.user_id(by), now
    open_.save(update_fields=["answer", "text", "answered_by", "answered_at"])
    common.record_grant("sharing:idle:answer", locked, by, now, answer=answer)
    if answer == IdleAnswer.GIVE_UP:
        ask = gettext_noop("{name}说明授权{number}“{title}”不再需要，请负责人终止使用。")
        _tell(locked, Role.OFFICE_HEAD, ask, now, name=by.name)
    else:
        told = gettext_noop("授权{number}“{title}”长期未用，使用方说明还要用：{reason}")
        _tell(locked, Role.STEWARD, told, now, reason=open_.text[:100])
    return open_
