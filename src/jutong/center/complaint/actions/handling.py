"""What the receiving department does with a complaint (条例 37)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from jutong.center.catalog.models import Entry
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.complaint.actions._common import begin, record_complaint, text_given
from jutong.center.complaint.actions.intake import CLAUSE, RECEIVED, link
from jutong.center.complaint.enums import ComplaintEvent as Ev
from jutong.center.complaint.enums import ComplaintKind
from jutong.center.complaint.errors import AnswererReviewsError, SameDepartmentError
from jutong.center.complaint.models import Complaint
from jutong.center.complaint.rules import HANDLE_PERIOD
from jutong.center.correction import actions as corrections
from jutong.center.correction.actions import About, Claim, File
from jutong.center.correction.boxes import closed
from jutong.center.correction.enums import Origin
from jutong.center.correction.models import Correction
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.sharing.actions._common import notify
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop

_ANSWER = gettext_noop("答复")
_NEEDED = gettext_noop("必须填写，不超过2000字")


@transaction.atomic
def accept(*, complaint: Complaint, by: Actor, now: datetime) -> Complaint:
    """Take the case up; its clock has been running since it came in."""
    found = begin(complaint, Ev.ACCEPT, by)
    found.save(update_fields=["state"])
    record_complaint(found, Ev.ACCEPT, by, now)
    return found


@transaction.atomic
def transfer(*, complaint: Complaint, to: Organisation, by: Actor, now: datetime) -> Complaint:
    """Hand the case on to the department it belongs to; the days it lay here count.

    Raises:
        SameDepartmentError: if it is there already.
    """
    found = begin(complaint, Ev.TRANSFER, by)
    if to.id == found.receiver_id:
        raise SameDepartmentError(number=found.number, name=to.name)
    clocks.cancel(subject_kind="complaint", subject_id=found.id, by=by, now=now)
    found.receiver = to
    found.save(update_fields=["state", "receiver"])
    clocks.start(
        period=HANDLE_PERIOD, subject_kind="complaint", subject_id=found.id, subject_label=found.number,
        organisation=to, by=by, now=now, started_on=civil_date(found.received_at),
    )  # fmt: skip
    record_complaint(found, Ev.TRANSFER, by, now, note=to.short_name)
    notify(to, None, RECEIVED, link(found), now, number=found.number, kind=ComplaintKind(found.kind).label)
    return found


@transaction.atomic
def correct(
    *, complaint: Complaint, entry: Entry, claim: Claim, by: Actor, now: datetime, files: Sequence[File] = ()
) -> Correction:
    """Raise a correction for the person (条例 26, 37); see ``correction.actions.raise_correction``."""
    found = begin(complaint, Ev.CORRECT, by)
    about = About(Origin.CITIZEN, entry, complaint_id=found.id)
    made = corrections.raise_correction(about=about, claim=claim, files=files, by=by, now=now)
    record_complaint(found, Ev.CORRECT, by, now, note=made.number)
    return made


@transaction.atomic
def answer(*, complaint: Complaint, text: str, by: Actor, now: datetime) -> Complaint:
    """Answer: readable with the code. On a review it is the last word of the department.

    Raises:
        InvalidInputError: without a text.
        AnswererReviewsError: if a review is answered by whoever answered first.
    """
    current = Complaint.objects.filter(id=complaint.id).values_list("answered_at", flat=True).get()
    event = Ev.ANSWER if current is None else Ev.DECIDE
    found = begin(complaint, event, by)
    plain = text_given("text", _ANSWER, text, _NEEDED, CLAUSE)
    if event == Ev.DECIDE:
        _decide(found, plain, by, now)
    else:
        found.answer = closed({"text": plain}, about=f"{found.number} answer")
        found.answered_by_id, found.answered_at = by.user_id, now
        found.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    if _runs(found):
        clocks.stop(subject_kind="complaint", subject_id=found.id, period=HANDLE_PERIOD, by=by, now=now)
    record_complaint(found, event, by, now)
    return found


def _decide(found: Complaint, text: str, by: Actor, now: datetime) -> None:
    if found.answered_by_id == by.user_id:
        raise AnswererReviewsError(name=by.name, number=found.number)
    found.review = closed({"text": text}, about=f"{found.number} review")
    found.reviewed_by_id, found.reviewed_at, found.closed_at = by.user_id, now, now
    found.save(update_fields=["state", "review", "reviewed_by", "reviewed_at", "closed_at"])


def _runs(found: Complaint) -> bool:
    return StatutoryClock.objects.filter(
        subject_kind="complaint", subject_id=str(found.id), period=HANDLE_PERIOD, state="running"
    ).exists()
