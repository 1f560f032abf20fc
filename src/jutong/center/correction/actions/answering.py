"""Verifying a doubt and feeding back (条例 26), and what a dispute about the answer leads to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from jutong.center.clocks import actions as clocks
from jutong.center.correction.actions import receiving
from jutong.center.correction.actions._common import (
    SUBJECT,
    begin,
    lock,
    moved,
    not_raiser,
    start_confirming,
    stop_clock,
    tell,
    write_step,
)
from jutong.center.correction.actions.marking import order_mark
from jutong.center.correction.actions.raising import LONGEST_TEXT, LONGEST_VALUE
from jutong.center.correction.boxes import closed
from jutong.center.correction.enums import UPHELD, Finding
from jutong.center.correction.enums import CorrectionEvent as Ev
from jutong.center.correction.errors import WhollyUpheldError
from jutong.center.correction.models import Correction
from jutong.center.correction.rules import ANSWER_PERIOD, CONFIRM_PERIOD
from jutong.center.org.actor import Actor
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

CLAUSE = "条例 26"
ACCEPTED = gettext_noop("{responsible}已受理校核申请{number}，正在核实")
UPHELD_TEXT = gettext_noop("校核申请{number}已核实并更正，请确认")
REFUSED_TEXT = gettext_noop("校核申请{number}已反馈：{finding}")
DISPUTED = gettext_noop("{raiser}对校核申请{number}的反馈提出争议")
REOPENED = gettext_noop("校核申请{number}按争议结果重新核实")
SETTLED = gettext_noop("校核申请{number}按争议结果办结")
_VERDICT = ["state", "finding", "answer", "answered_by", "answered_at", "mark", "mark_problem"]


@transaction.atomic
def accept(*, correction: Correction, by: Actor, now: datetime) -> Correction:
    """Take the case up for verification; the clock has been running since it was raised."""
    found = begin(correction, Ev.ACCEPT, by)
    not_raiser(found, by)
    moved(found, Ev.ACCEPT)
    found.accepted_by_id, found.accepted_at = by.user_id, now
    found.save(update_fields=["state", "accepted_by", "accepted_at"])
    write_step(found, Ev.ACCEPT, by, now)
    tell(found.raiser, ACCEPTED, found, now, responsible=found.responsible.short_name)
    return found


def _wrong(place: str, field: str, message: str) -> dict[str, str]:
    return {"place": place, "field": field, "found": "", "allowed": message, "message": message, "clause": CLAUSE}


def _check(found: Correction, finding: str, allowed: tuple[str, ...], corrected: Mapping[str, str], text: str) -> None:
    wrong = []
    if finding not in allowed:
        wrong.append(_wrong("finding", gettext_noop("核实结论"), gettext_noop("请选与这一步相符的结论")))
    if not 1 <= len(text.strip()) <= LONGEST_TEXT or "\x00" in text:
        wrong.append(_wrong("text", gettext_noop("反馈说明"), gettext_noop("必须填写，不超过2000字")))
    wrong += [
        _wrong("corrected", name, gettext_noop("不在提出的信息项里")) for name in corrected if name not in found.items
    ]
    wrong += [
        _wrong("corrected", name, gettext_noop("不超过500字"))
        for name, value in corrected.items()
        if len(value) > LONGEST_VALUE or "\x00" in value
    ]
    if finding in UPHELD and not corrected:
        wrong.append(_wrong("corrected", gettext_noop("更正后的值"), gettext_noop("至少更正一项；属实的要逐项更正")))
    if finding == Finding.TRUE and corrected and set(corrected) != set(found.items):
        wrong.append(_wrong("corrected", gettext_noop("更正后的值"), gettext_noop("属实的要逐项更正")))
    if wrong:
        raise InvalidInputError(problems=wrong)


def _feed_back(
    found: Correction, finding: str, *, corrected: Mapping[str, str], text: str, by: Actor, now: datetime
) -> None:
    content = {"corrected": {name: value.strip() for name, value in corrected.items()}, "text": text.strip()}
    found.finding = finding
    found.answer = closed(content, about=f"{found.number} answer")
    found.answered_by_id, found.answered_at = by.user_id, now
    order_mark(found, by, now)
    found.save(update_fields=_VERDICT)
    stop_clock(SUBJECT, found.id, ANSWER_PERIOD, by, now)
    start_confirming(found, found.raiser, by, now)


@transaction.atomic
def uphold(
    *, correction: Correction, finding: str, corrected: Mapping[str, str], text: str, by: Actor, now: datetime
) -> Correction:
    """Correct: the new values are ordered to the node and travel to everybody who had received the row.

    Args:
        correction: the case.
        finding: ``true`` or ``partly``.
        corrected: the new value by item; of every doubted item where the claim is true.
        text: what is fed back.
        by: the actor.
        now: when.

    Raises:
        InvalidInputError: naming the places that are wrong.
        OwnDoubtError: for whoever raised it.
    """
    found = begin(correction, Ev.UPHOLD, by)
    not_raiser(found, by)
    _check(found, finding, tuple(UPHELD), corrected, text)
    moved(found, Ev.UPHOLD)
    _feed_back(found, finding, corrected=corrected, text=text, by=by, now=now)
    write_step(found, Ev.UPHOLD, by, now, note=f"{finding}: {len(corrected)}")
    tell(found.raiser, UPHELD_TEXT, found, now)
    if found.node is None:
        receiving.tell_recipients(found, by, now)
    return found


@transaction.atomic
def refuse(*, correction: Correction, finding: str, text: str, by: Actor, now: datetime) -> Correction:
    """Feed back that nothing is corrected, with the reason; the mark goes.

    Raises:
        InvalidInputError: without a reason or for a finding that asks for a correction.
        OwnDoubtError: for whoever raised it.
    """
    found = begin(correction, Ev.REFUSE, by)
    not_raiser(found, by)
    _check(found, finding, (Finding.FALSE, Finding.UNKNOWN), {}, text)
    moved(found, Ev.REFUSE)
    _feed_back(found, finding, corrected={}, text=text, by=by, now=now)
    write_step(found, Ev.REFUSE, by, now, note=finding)
    tell(found.raiser, REFUSED_TEXT, found, now, finding=Finding(finding).label)
    return found


@transaction.atomic
def dispute(*, correction: Correction, claim: str, facts: str, by: Actor, now: datetime) -> Correction:
    """转争议 (条例 28): open a dispute about the answer; the case follows it, see :func:`disputed`.

    Raises:
        WhollyUpheldError: where the claim was upheld whole.
        DisputeOpenError, InvalidInputError: see ``dispute.actions.raise_dispute``.
    """
    from jutong.center.dispute import actions as disputes  # noqa: PLC0415 - disputes stand above corrections

    found = begin(correction, Ev.DISPUTE, by)
    if found.finding == Finding.TRUE:
        raise WhollyUpheldError(number=found.number)
    disputes.raise_dispute(kind=SUBJECT, number=correction.number, claim=claim, facts=facts, by=by, now=now)
    return lock(correction.id)


@transaction.atomic
def disputed(*, correction: Correction, by: Actor, now: datetime, number: str) -> Correction:
    """Follow a dispute that was raised: the row is marked again until it is over. ``number`` is the dispute's.

    Raises:
        WhollyUpheldError: where the claim was upheld whole.
    """
    found = begin(correction, Ev.DISPUTE, by)
    if found.finding == Finding.TRUE:
        raise WhollyUpheldError(number=found.number)
    moved(found, Ev.DISPUTE)
    found.dispute_number = number
    order_mark(found, by, now)
    found.save(update_fields=["state", "dispute_number", "mark", "mark_problem"])
    stop_clock(SUBJECT, found.id, CONFIRM_PERIOD, by, now)
    write_step(found, Ev.DISPUTE, by, now, note=number)
    tell(found.responsible, DISPUTED, found, now, raiser=found.raiser.short_name)
    return found


@transaction.atomic
def dispute_over(*, correction: Correction, for_raiser: bool, by: Actor, now: datetime) -> Correction:
    """Follow the outcome of a dispute; the platform calls it when the dispute is decided.

    Args:
        correction: the case.
        for_raiser: verify again, with a new clock; otherwise the case is over.
        by: the platform.
        now: when.
    """
    event = Ev.REOPEN if for_raiser else Ev.SETTLE
    found = begin(correction, event, by)
    moved(found, event)
    if for_raiser:
        found.finding, found.answer, found.answered_by, found.answered_at = "", None, None, None
        found.confirmed_at = None
        clocks.start(
            period=ANSWER_PERIOD, subject_kind=SUBJECT, subject_id=found.id, subject_label=found.number,
            organisation=found.responsible, by=by, now=now,
        )  # fmt: skip
    else:
        receiving.archive(found, now)
    order_mark(found, by, now)
    found.save()
    write_step(found, event, by, now)
    for side in (found.raiser, found.responsible):
        tell(side, REOPENED if for_raiser else SETTLED, found, now)
    return found
