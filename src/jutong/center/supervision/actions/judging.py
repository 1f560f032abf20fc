"""The steps of a case: to state, to find nothing, to order, to report, to accept or not, to hand on."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.clocks import actions as clocks
from jutong.center.org.actor import Actor
from jutong.center.org.queries import NOBODY, own_organisation
from jutong.center.sharing.numbers import next_number
from jutong.center.supervision.actions import _common as common
from jutong.center.supervision.enums import CaseEvent, CaseState
from jutong.center.supervision.errors import LimitRunningError, NotHeardError
from jutong.center.supervision.models import Case, CaseStep, OrderPaper
from jutong.center.supervision.rules import JUDGE_PERIOD, LONGEST_LIMIT, RECTIFY_PERIOD
from jutong.kernel.canonical import digest
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.violations import offences

PAPER_LETTERS = "ZL"
FORMAT = "jutong.violation-order/1"
_STATED = gettext_noop("{number}：{who}已陈述情况，请核实。")
_DISMISSED = gettext_noop("{number}：“{name}”经核实不成立。")
_ORDERED = gettext_noop("{number}：责令改正“{name}”，请在{until}前改正并报告。")
_REPORTED = gettext_noop("{number}：{who}报告已改正，请验收。")
_ACCEPTED = gettext_noop("{number}：改正已验收通过。")
_REJECTED = gettext_noop("{number}：改正未通过验收，请在{until}前改正。")
_REFERRED = gettext_noop("{number}：已移送有权机关处理。")


@transaction.atomic
def state(*, case: Case, text: str, by: Actor, now: datetime) -> Case:
    """Put the organisation's own account on record, as often as there is something to say (陈述申辩)."""
    locked = common.begin(case, CaseEvent.STATE, by)
    locked.stated_at = locked.stated_at or now
    common.done(locked, CaseEvent.STATE, by, now, text=common.require_text(text))
    common.tell_judge(locked, _STATED, now)
    return locked


@transaction.atomic
def dismiss(*, case: Case, text: str, by: Actor, now: datetime) -> Case:
    """Find, with reasons, that there is no violation."""
    locked = common.begin(case, CaseEvent.DISMISS, by)
    _decided(locked, by, now)
    common.done(locked, CaseEvent.DISMISS, by, now, text=common.require_text(text))
    _stop(locked, JUDGE_PERIOD, by, now)
    common.tell_concerned(locked, _DISMISSED, now)
    return locked


@transaction.atomic
def notice(*, case: Case, text: str, days: int, by: Actor, now: datetime) -> Case:
    """Order that it is put right (责令改正): with reasons, within days, by a paper with a number and a digest.

    Args:
        case: an offered one.
        text: what has to be put right, and why.
        days: working days for it, 1 to 60; the day of the order is not counted.
        by: whoever judges.
        now: when.

    Raises:
        NotHeardError: before the organisation was heard or its days for it are over.
        InvalidInputError: without reasons or for a limit outside 1 to 60.
        CalendarYearMissingError: if the limit lies in a year without calendar.
    """
    locked = common.begin(case, CaseEvent.NOTICE, by)
    today = civil_date(now)
    assert locked.hear_until is not None  # noqa: S101 - the registry pairs it with the offer
    if locked.stated_at is None and today <= locked.hear_until:
        raise NotHeardError(number=locked.number, who=locked.concerned.short_name, until=locked.hear_until)
    clean = common.require_text(text)
    _decided(locked, by, now)
    locked.noticed_on, locked.rectify_until = today, _limit(locked, days, by, now)
    common.done(locked, CaseEvent.NOTICE, by, now, text=clean, until=locked.rectify_until)
    _stop(locked, JUDGE_PERIOD, by, now)
    _serve(locked, clean, by, now)
    common.tell_concerned(locked, _ORDERED, now, until=locked.rectify_until)
    return locked


@transaction.atomic
def report(*, case: Case, text: str, by: Actor, now: datetime) -> Case:
    """Report what was done to put it right."""
    locked = common.begin(case, CaseEvent.REPORT, by)
    common.done(locked, CaseEvent.REPORT, by, now, text=common.require_text(text))
    _stop(locked, RECTIFY_PERIOD, by, now)
    assert locked.judge is not None  # noqa: S101 - the registry pairs it with the state
    clocks.start(
        period=JUDGE_PERIOD, subject_kind=common.SUBJECT, subject_id=locked.id, subject_label=common.label(locked),
        organisation=locked.judge, by=by, now=now,
    )  # fmt: skip
    common.tell_judge(locked, _REPORTED, now)
    return locked


@transaction.atomic
def accept(*, case: Case, text: str = "", by: Actor, now: datetime) -> Case:
    """Find that it was put right."""
    locked = common.begin(case, CaseEvent.ACCEPT, by)
    _decided(locked, by, now)
    common.done(locked, CaseEvent.ACCEPT, by, now, text=text.strip()[: common.LONGEST])
    _stop(locked, JUDGE_PERIOD, by, now)
    common.tell_concerned(locked, _ACCEPTED, now)
    return locked


@transaction.atomic
def reject(*, case: Case, text: str, days: int, by: Actor, now: datetime) -> Case:
    """Find, with reasons, that it was not put right, and set new days.

    Raises:
        InvalidInputError: without reasons or for a limit outside 1 to 60.
    """
    locked = common.begin(case, CaseEvent.REJECT, by)
    clean = common.require_text(text)
    _decided(locked, by, now)
    locked.rectify_until = _limit(locked, days, by, now)
    common.done(locked, CaseEvent.REJECT, by, now, text=clean, until=locked.rectify_until)
    _stop(locked, JUDGE_PERIOD, by, now)
    common.tell_concerned(locked, _REJECTED, now, until=locked.rectify_until)
    return locked


@transaction.atomic
def refer(*, case: Case, text: str, by: Actor, now: datetime) -> Case:
    """Hand it on for sanctions, because it was refused or not put right (条例 39, 40: 拒不改正或者情节严重).

    Raises:
        LimitRunningError: while the days to put it right run and nothing was reported.
        InvalidInputError: without reasons.
    """
    before = common.lock(case.id)
    locked = common.begin(case, CaseEvent.REFER, by)
    assert locked.rectify_until is not None  # noqa: S101 - the registry pairs it with the state
    if before.state == CaseState.NOTICED and civil_date(now) <= locked.rectify_until:
        raise LimitRunningError(number=locked.number, until=locked.rectify_until)
    clean = common.require_text(text)
    _decided(locked, by, now)
    common.done(locked, CaseEvent.REFER, by, now, text=clean)
    clocks.cancel(subject_kind=common.SUBJECT, subject_id=locked.id, by=by, now=now)
    common.tell_concerned(locked, _REFERRED, now)
    return locked


def _decided(case: Case, by: Actor, now: datetime) -> None:
    case.decided_by_id, case.decided_at = by.user_id or NOBODY, now


def _stop(case: Case, period: str, by: Actor, now: datetime) -> None:
    clocks.stop(subject_kind=common.SUBJECT, subject_id=case.id, period=period, by=by, now=now)


def _limit(case: Case, days: int, by: Actor, now: datetime) -> date:
    if not 1 <= days <= LONGEST_LIMIT:
        message = gettext("请填1到60个工作日")
        allowed = f"1-{LONGEST_LIMIT}"
        row = {"field": "days", "found": str(days), "allowed": allowed, "message": message, "clause": ""}
        raise InvalidInputError(problems=[row])
    clock = clocks.start(
        period=RECTIFY_PERIOD, subject_kind=common.SUBJECT, subject_id=case.id, subject_label=common.label(case),
        organisation=case.concerned, by=by, now=now, length=days,
    )  # fmt: skip
    return clock.due_on


def _serve(case: Case, demand: str, by: Actor, now: datetime) -> OrderPaper:
    """Write the order as it is served: what was found, on what evidence, what was said to it, what to do by when."""
    offence, office = offences()[case.code], own_organisation(by)
    heard = CaseStep.objects.filter(case=case, event=CaseEvent.STATE).order_by("at", "id")
    number = next_number(PAPER_LETTERS, now)
    content = {
        "format": FORMAT,
        "number": number,
        "case": case.number,
        "to": {"code": case.concerned.code, "name": case.concerned.name},
        "by": {"code": office.code, "name": office.name, "person": by.name},
        "violation": {"code": case.code, "name": offence.name, "clause": offence.clause},
        "found": case.text.format(**case.fields),
        "evidence": [{"kind": row["kind"], "id": row["id"], "label": row["label"]} for row in case.evidence],
        "heard": [row.text for row in heard],
        "demand": demand,
        "until": case.rectify_until.isoformat() if case.rectify_until else "",
        "issued_on": civil_date(now).isoformat(),
    }
    return OrderPaper.objects.create(
        case=case, number=number, content=content, digest=digest(content), at=now
    )  # fmt: skip
