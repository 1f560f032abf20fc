"""What every step of a dispute shares: the lock, the door, the audit event, the notices, the clocks."""

from __future__ import annotations

from datetime import date, datetime

from jutong.center.audit import actions as audit
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.dispute.enums import DisputeEvent
from jutong.center.dispute.models import Dispute
from jutong.center.dispute.parties import sides_of
from jutong.center.dispute.rules import DISPUTES
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.process import admission
from jutong.center.process.table import Row
from jutong.center.sharing.actions._common import notify

SUBJECT = "dispute"
"""The subject kind of a dispute's clocks and audit events."""


def lock(dispute: Dispute) -> Dispute:
    """Return a dispute, locked until the transaction ends."""
    return (
        Dispute.objects.select_for_update(of=("self",))
        .select_related("claimant", "respondent", "coordinator")
        .get(id=dispute.id)
    )


def begin(dispute: Dispute, event: DisputeEvent, by: Actor) -> tuple[Dispute, Row]:
    """Lock a dispute and return it with the row of a step the actor may take now.

    Raises:
        NotFoundError: for somebody who may not know of it.
        StepNotAllowedError: if the state does not allow the event.
        WrongSideError: if it belongs to other parties.
        ForbiddenError: if the post does not carry the permission.
    """
    locked = lock(dispute)
    sides = sides_of(locked, by)
    return locked, admission.admit(DISPUTES, locked.state, event, sides=sides, label=locked.number, by=by)


def moved(dispute: Dispute, row: Row, now: datetime, *fields: str) -> None:
    """Write a dispute in its new state."""
    dispute.state, dispute.moved_at = row.next, now
    dispute.save(update_fields=["state", "moved_at", *fields])


def record(verb: str, dispute: Dispute, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step."""
    audit.record(
        event=f"dispute:case:{verb}", by=by, now=now, subject_kind=SUBJECT, subject_id=dispute.id,
        subject_label=str(dispute), state=str(dispute.state), **details,
    )  # fmt: skip


def tell(organisation: Organisation | None, role: Role | None, text: str, dispute: Dispute, now: datetime) -> None:
    """Leave a notice about a dispute."""
    if organisation is not None:
        link = f"/disputes/{dispute.number}"
        notify(organisation, role, text, link, now, number=dispute.number, subject=dispute.subject_label[:100])


def tell_parties(text: str, dispute: Dispute, now: datetime, *, but: Actor | None = None) -> None:
    """Leave a notice for both parties, or for the one that did not act."""
    for party in (dispute.claimant, dispute.respondent):
        if but is None or party.id != but.organisation_id:
            tell(party, None, text, dispute, now)


def start_clock(period: str, dispute: Dispute, organisation: Organisation, by: Actor, now: datetime) -> None:
    """Start a clock of a stage against whoever has to act."""
    clocks.start(
        period=period, subject_kind=SUBJECT, subject_id=dispute.id, subject_label=str(dispute)[:200],
        organisation=organisation, by=by, now=now,
    )  # fmt: skip


def running(dispute: Dispute, period: str) -> StatutoryClock | None:
    """Return the open clock of a stage."""
    return StatutoryClock.objects.filter(
        subject_kind=SUBJECT, subject_id=str(dispute.id), period=period, state__in=OPEN
    ).first()


def stop_clock(period: str, dispute: Dispute, by: Actor, now: datetime) -> None:
    """Stop a clock of a stage where it runs, on time or late."""
    if running(dispute, period) is not None:
        clocks.stop(subject_kind=SUBJECT, subject_id=dispute.id, period=period, by=by, now=now)


def time_left(dispute: Dispute, period: str, today: date) -> date | None:
    """Return the last day of a stage that still has time, or None once it is over."""
    clock = running(dispute, period)
    return clock.due_on if clock is not None and clock.due_on >= today else None
