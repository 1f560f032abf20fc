"""What every step of a complaint or an inquiry shares."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jutong.center.audit import actions as audit
from jutong.center.complaint.enums import ComplaintEvent, InquiryEvent
from jutong.center.complaint.models import Complaint, ComplaintStep, Inquiry
from jutong.center.complaint.parties import sides_of
from jutong.center.complaint.rules import COMPLAINTS, INQUIRIES
from jutong.center.org.actor import Actor
from jutong.center.process import admission
from jutong.kernel.errors import InvalidInputError

LONGEST = 2000


def lock_complaint(complaint_id: UUID) -> Complaint:
    """Return the complaint, locked until the transaction ends."""
    rows = Complaint.objects.select_for_update(of=("self",)).select_related("receiver", "entry", "answered_by")
    return rows.get(id=complaint_id)


def begin(complaint: Complaint, event: ComplaintEvent, by: Actor) -> Complaint:
    """Lock a complaint for a step the actor may take now; see ``process.admission`` for what it raises."""
    locked = lock_complaint(complaint.id)
    row = admission.admit(COMPLAINTS, locked.state, event, sides=sides_of(locked, by), label=locked.number, by=by)
    locked.state = row.next
    return locked


def lock_inquiry(inquiry_id: UUID) -> Inquiry:
    """Return the inquiry, locked until the transaction ends."""
    return Inquiry.objects.select_for_update(of=("self",)).select_related("receiver").get(id=inquiry_id)


def begin_inquiry(inquiry: Inquiry, event: InquiryEvent, by: Actor) -> Inquiry:
    """Lock an inquiry for a step the actor may take now; see ``process.admission`` for what it raises."""
    locked = lock_inquiry(inquiry.id)
    row = admission.admit(INQUIRIES, locked.state, event, sides=sides_of(locked, by), label=locked.number, by=by)
    locked.state = row.next
    return locked


def record_complaint(complaint: Complaint, event: str, by: Actor, now: datetime, *, note: str = "") -> None:
    """Write a step into the complaint and into the audit trail; ``note`` holds no word of the person."""
    shown = "" if by.is_platform or not by.organisation_code else by.name
    ComplaintStep.objects.create(
        complaint=complaint, event=event, state=complaint.state, name=shown, organisation_name=by.organisation_name,
        note=note, at=now,
    )  # fmt: skip
    audit.record(
        event=f"complaint:case:{event or 'receive'}", by=by, now=now, subject_kind="complaint",
        subject_id=complaint.id, subject_label=complaint.number, state=complaint.state, kind=complaint.kind,
        receiver=complaint.receiver.code,
    )  # fmt: skip


def record_inquiry(inquiry: Inquiry, verb: str, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step of an inquiry."""
    audit.record(
        event=f"complaint:inquiry:{verb}", by=by, now=now, subject_kind="inquiry", subject_id=inquiry.id,
        subject_label=inquiry.number, state=inquiry.state, **details,
    )  # fmt: skip


def wrong(place: str, field: str, message: str, clause: str) -> dict[str, str]:
    """Return the row ``InvalidInputError`` lists; what was typed is not repeated."""
    return {"place": place, "field": field, "found": "", "allowed": message, "message": message, "clause": clause}


def text_given(place: str, field: str, text: str, message: str, clause: str) -> str:
    """Return a text without blanks around it.

    Raises:
        InvalidInputError: if it is empty or too long.
    """
    plain = text.strip()
    if not 1 <= len(plain) <= LONGEST or "\x00" in plain:
        raise InvalidInputError(problems=[wrong(place, field, message, clause)])
    return plain
