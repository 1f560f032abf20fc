"""整改 (条例 27(2)): stop at once, say what has to be put right and by when, judge the result, go on or end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.clocks import actions as clocks
from jutong.center.clocks import queries as clock_queries
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation, require
from jutong.center.process.sides import Side
from jutong.center.remedy.actions import _common as common
from jutong.center.remedy.enums import RectificationEvent as Event
from jutong.center.remedy.enums import RectificationState as State
from jutong.center.remedy.errors import (
    GrantOverError,
    LimitNotOverError,
    OtherSideOrderedError,
    RectificationOpenError,
)
from jutong.center.remedy.models import Rectification, RectificationReport
from jutong.center.remedy.rules import LONGEST_LIMIT, RECTIFICATIONS, RECTIFY_PERIOD
from jutong.center.sharing import actions as sharing
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.center.sharing.numbers import next_number
from jutong.center.usage.models import Access
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.clock import civil_date

SUBJECT = "rectification"
CLAUSE = "条例 27(2)"
LONGEST_TEXT, LONGEST_REPORT, LONGEST_NOTE = 1000, 2000, 500
MOST_RECORDS = 50
_ENDED = (GrantState.REVOKED, GrantState.EXPIRED)


@transaction.atomic
def order_rectification(
    *, grant: Grant, finding: str, demands: str, days: int, by: Actor, now: datetime, records: Sequence[str] = ()
) -> Rectification:
    """Suspend a grant at once, where it is not suspended yet, and order the requester to put things right.

    Args:
        grant: whose use went wrong.
        finding: what was found, at most 1000 characters.
        demands: what has to be put right, at most 1000 characters.
        days: working days for it, 1 to 60; the day of the order is not counted.
        by: the provider or the authority.
        now: when.
        records: ids of access records under this grant that show it, at most 50.

    Raises:
        InvalidInputError: for an empty text, a limit outside 1 to 60 or beyond the known calendar, or a record of
            another grant.
        GrantOverError: if the grant has ended.
        RectificationOpenError: if one runs already.
        NotFoundError: for somebody who is neither provider nor authority.
        ForbiddenError: if the post does not carry the permission.
    """
    require(by, Permission.REMEDY_RECTIFICATION_ORDER)
    locked = common.lock_grant(grant.id)
    side = common.require_side(locked, (Side.PROVIDER, Side.AUTHORITY), by)
    if locked.state in _ENDED:
        raise GrantOverError(grant=locked.number)
    found = _text("finding", finding, _("请写明发现了什么"))
    wanted = _text("demands", demands, _("请写明要整改什么"))
    case = Rectification(
        number=next_number(common.RECTIFICATION_NUMBER, now), grant=locked, state=State.ORDERED, side=side,
        ordered_by_office=own_organisation(by), finding=found, demand_text=wanted, days=_days(days),
        records=_records(locked, records), ordered_by_id=common.user_id(by), ordered_at=now,
    )  # fmt: skip
    running = locked.rectifications.filter(closed_at=None).first()
    with constraint_errors(one_open_rectification=_open(running or case)):
        case.save(force_insert=True)
    if locked.state != GrantState.SUSPENDED:
        sharing.suspend_grant(grant=locked, reason=found[:LONGEST_NOTE], by=by, now=now)
    _start_clock(case, by, now)
    common.record("remedy:rectification:order", SUBJECT, case, by, now, days=case.days, side=side.value)
    text = gettext_noop("{who}责令就授权{grant}限{days}个工作日内整改。")
    _tell(case, text, by, now, days=case.days)
    return case


@transaction.atomic
def report_rectification(*, rectification: Rectification, text: str, by: Actor, now: datetime) -> Rectification:
    """Say what was put right, at most 2000 characters; the clock of the order stops.

    Raises:
        InvalidInputError: without a text.
        StepNotAllowedError: if nothing is asked for now.
        WrongSideError: for others than the requester.
    """
    case = common.lock_rectification(rectification)
    row = _step(case, Event.REPORT, by)
    clean = common.require_text("text", text, limit=LONGEST_REPORT, message=_("请写明怎样整改的"), clause=CLAUSE)
    RectificationReport.objects.create(
        rectification=case, round=case.round, text=clean, by_id=common.user_id(by), at=now
    )
    clocks.stop(subject_kind=SUBJECT, subject_id=case.id, period=RECTIFY_PERIOD, by=by, now=now)
    _move(case, row, "remedy:rectification:report", by, now, round=case.round)
    common.notify(
        case.ordered_by_office, None, gettext_noop("{who}报送了授权{grant}的整改结果，请验收。"), _link(case), now,
        who=by.organisation_name, grant=case.grant.number,
    )  # fmt: skip
    return case


@transaction.atomic
def accept_rectification(*, rectification: Rectification, note: str = "", by: Actor, now: datetime) -> Rectification:
    """Accept the result and let the grant go on; another person than the one who suspended it decides.

    Raises:
        SamePersonError: if the same person suspended the grant.
        OtherSideOrderedError: if the other side ordered it.
        StepNotAllowedError: without a report.
    """
    case = common.lock_rectification(rectification)
    row = _judged(case, Event.ACCEPT, by)
    _decide(case, accepted=True, note=note, by=by, now=now)
    _close(case, row, "remedy:rectification:accept", by, now, note=note)
    _lift(case, by, now)
    _tell(case, gettext_noop("{who}验收通过了授权{grant}的整改。"), by, now)
    return case


@transaction.atomic
def reject_rectification(*, rectification: Rectification, note: str, by: Actor, now: datetime) -> Rectification:
    """Say that the result is not enough, and why; then it may be ordered again, or the share ended.

    Raises:
        InvalidInputError: without a reason.
        OtherSideOrderedError: if the other side ordered it.
        StepNotAllowedError: without a report.
    """
    case = common.lock_rectification(rectification)
    row = _judged(case, Event.REJECT, by)
    why = _text("note", note, _("请写明哪里不到位"), LONGEST_NOTE)
    _decide(case, accepted=False, note=why, by=by, now=now)
    _move(case, row, "remedy:rectification:reject", by, now, round=case.round, reason=why)
    _tell(case, gettext_noop("{who}认定授权{grant}整改不到位：{note}"), by, now, note=why[:100])
    return case


@transaction.atomic
def call_refused(*, rectification: Rectification, note: str, by: Actor, now: datetime) -> Rectification:
    """Say that the department refuses: the limit is over and nothing was reported.

    Raises:
        LimitNotOverError: while the limit runs.
        InvalidInputError: without a reason.
        OtherSideOrderedError: if the other side ordered it.
    """
    case = common.lock_rectification(rectification)
    row = _judged(case, Event.REFUSED, by)
    clock = clock_queries.for_subjects(SUBJECT, [case.id])[RECTIFY_PERIOD, str(case.id)]
    if civil_date(now) <= clock.due_on:
        raise LimitNotOverError(number=case.number, due=clock.due_on)
    why = _text("note", note, _("请写明为什么认定拒不整改"), LONGEST_NOTE)
    clocks.stop(subject_kind=SUBJECT, subject_id=case.id, period=RECTIFY_PERIOD, by=by, now=now)
    _move(case, row, "remedy:rectification:refused", by, now, round=case.round, reason=why)
    _tell(case, gettext_noop("{who}认定授权{grant}到期没有整改：{note}"), by, now, note=why[:100])
    return case


@transaction.atomic
def order_again(*, rectification: Rectification, demands: str, days: int, by: Actor, now: datetime) -> Rectification:
    """Give another limit after a result that was not enough.

    Raises:
        InvalidInputError: for an empty text or a limit outside 1 to 60.
        OtherSideOrderedError: if the other side ordered it.
        StepNotAllowedError: unless the last result was not enough.
    """
    case = common.lock_rectification(rectification)
    row = _judged(case, Event.ORDER_AGAIN, by)
    case.demand_text = _text("demands", demands, _("请写明还要整改什么"))
    case.days, case.round, case.state = _days(days), case.round + 1, row
    case.save(update_fields=["demand_text", "days", "round", "state"])
    _start_clock(case, by, now)
    common.record("remedy:rectification:order-again", SUBJECT, case, by, now, days=case.days, round=case.round)
    _tell(case, gettext_noop("{who}再次责令就授权{grant}限{days}个工作日内整改。"), by, now, days=case.days)
    return case


@transaction.atomic
def terminate(*, rectification: Rectification, note: str, by: Actor, now: datetime) -> Rectification:
    """End the share after a rectification that failed; the disposal of what was received begins with it.

    Raises:
        InvalidInputError: without a reason.
        OtherSideOrderedError: if the other side ordered it.
        StepNotAllowedError: unless the last result was not enough.
    """
    case = common.lock_rectification(rectification)
    row = _judged(case, Event.TERMINATE, by)
    why = _text("note", note, _("请写明终止的理由"), LONGEST_NOTE)
    _close(case, row, "remedy:rectification:terminate", by, now, note=why)
    if case.grant.state not in _ENDED:
        sharing.revoke_grant(grant=case.grant, reason=why, by=by, now=now)
    _tell(case, gettext_noop("授权{grant}整改不到位，{who}已终止共享：{note}"), by, now, note=why[:100])
    return case


@transaction.atomic
def withdraw_rectification(*, rectification: Rectification, note: str, by: Actor, now: datetime) -> Rectification:
    """Take an order back that was given by mistake, and let the grant go on.

    Raises:
        InvalidInputError: without a reason.
        SamePersonError: if the same person suspended the grant.
        OtherSideOrderedError: if the other side ordered it.
        StepNotAllowedError: once it was reported on.
    """
    case = common.lock_rectification(rectification)
    row = _judged(case, Event.WITHDRAW, by)
    why = _text("note", note, _("请写明撤销的理由"), LONGEST_NOTE)
    clocks.cancel(subject_kind=SUBJECT, subject_id=case.id, by=by, now=now)
    _close(case, row, "remedy:rectification:withdraw", by, now, note=why)
    _lift(case, by, now)
    _tell(case, gettext_noop("{who}撤销了对授权{grant}的整改要求：{note}"), by, now, note=why[:100])
    return case


def _step(case: Rectification, event: Event, by: Actor) -> str:
    return common.step(RECTIFICATIONS, case.state, event, case.grant, label=case.number, by=by).next


def _judged(case: Rectification, event: Event, by: Actor) -> str:
    following = _step(case, event, by)
    if case.ordered_by_office_id != by.organisation_id:
        raise OtherSideOrderedError(number=case.number, office=case.ordered_by_office.name)
    return following


def _open(case: Rectification) -> RectificationOpenError:
    return RectificationOpenError(grant=case.grant.number, number=case.number, state=State(case.state).label)


def _text(field: str, text: str, message: str, limit: int = LONGEST_TEXT) -> str:
    return common.require_text(field, text, limit=limit, message=message, clause=CLAUSE)


def _days(days: int) -> int:
    if not 1 <= days <= LONGEST_LIMIT:
        raise common.invalid("days", days, f"1-{LONGEST_LIMIT}", _("请写1到60个工作日"), CLAUSE)
    return days


def _records(grant: Grant, records: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(filter(None, (one.strip() for one in records))))
    message = _("只能是这个授权的留痕编号，最多50个")
    if len(wanted) > MOST_RECORDS:
        raise common.invalid("records", len(wanted), str(MOST_RECORDS), message)
    known = set(Access.objects.filter(record_id__in=wanted, grant_id=grant.id).values_list("pk", flat=True))
    strange = [one for one in wanted if one not in known]
    if strange:
        raise common.invalid("records", strange[0], grant.number, message)
    return wanted


def _start_clock(case: Rectification, by: Actor, now: datetime) -> None:
    """Start the limit; one whose last day lies in a year without calendar is refused at its field."""
    try:
        clocks.start(
            period=RECTIFY_PERIOD, subject_kind=SUBJECT, subject_id=case.id, subject_label=case.number,
            organisation=case.grant.requester, by=by, now=now, length=case.days,
        )  # fmt: skip
    except CalendarYearMissingError as missing:
        message = _("期限落在还没有工作日历的年份，请缩短期限，或先装入日历；要立即停用的，可以在授权页面暂停")
        raise common.invalid("days", case.days, str(missing.fields["year"]), message, CLAUSE) from missing


def _decide(case: Rectification, *, accepted: bool, note: str, by: Actor, now: datetime) -> None:
    RectificationReport.objects.filter(rectification=case, round=case.round).update(
        accepted=accepted, note=note.strip()[:LONGEST_NOTE], decided_by_id=common.user_id(by), decided_at=now
    )


def _move(case: Rectification, following: str, event: str, by: Actor, now: datetime, **details: object) -> None:
    case.state = following
    case.save(update_fields=["state"])
    common.record(event, SUBJECT, case, by, now, **details)


def _close(case: Rectification, following: str, event: str, by: Actor, now: datetime, *, note: str) -> None:
    case.state, case.closing_note = following, note.strip()[:LONGEST_NOTE]
    case.closed_by_id, case.closed_at = common.user_id(by), now
    case.save(update_fields=["state", "closing_note", "closed_by", "closed_at"])
    common.record(event, SUBJECT, case, by, now, round=case.round)


def _lift(case: Rectification, by: Actor, now: datetime) -> None:
    """Let the grant go on, unless its time ran out meanwhile."""
    if case.grant.state == GrantState.SUSPENDED:
        sharing.lift_suspension(grant=case.grant, by=by, now=now)


def _link(case: Rectification) -> str:
    return f"/rectifications/{case.number}"


def _tell(case: Rectification, text: str, by: Actor, now: datetime, **fields: object) -> None:
    common.tell_sides(
        case.grant, text, _link(case), by, now, who=by.organisation_name, grant=case.grant.number, **fields
    )
