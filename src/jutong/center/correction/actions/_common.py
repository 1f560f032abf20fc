"""What every step of a correction shares: the lock, the step's row, the audit event and the notices.

Rows are locked in one order everywhere: correction, recipient, clock, node.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jutong.center.audit import actions as audit
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN as RUNNING
from jutong.center.correction.enums import CorrectionEvent
from jutong.center.correction.errors import OwnDoubtError
from jutong.center.correction.models import Correction, CorrectionStep
from jutong.center.correction.parties import sides_of
from jutong.center.correction.rules import CORRECTIONS
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.process import admission
from jutong.center.sharing.actions._common import notify

SUBJECT = "correction"
"""The subject kind of a correction's clocks and audit events."""
RECIPIENT = "correction-recipient"
"""The subject kind of the clocks of those who confirm a corrected value."""


def lock(correction_id: UUID) -> Correction:
    """Return the correction, locked until the transaction ends."""
    return (
        Correction.objects.select_for_update(of=("self",))
        .select_related("entry", "version", "provider", "responsible", "raiser", "grant", "node", "created_by")
        .get(id=correction_id)
    )


def begin(correction: Correction, event: CorrectionEvent, by: Actor) -> Correction:
    """Lock a correction for a step the actor may take now.

    Raises:
        NotFoundError, StepNotAllowedError, WrongSideError, ForbiddenError: see ``process.admission``.
    """
    locked = lock(correction.id)
    admission.admit(CORRECTIONS, locked.state, event, sides=sides_of(locked, by), label=locked.number, by=by)
    return locked


def not_raiser(correction: Correction, by: Actor) -> None:
    """Refuse whoever raised the doubt (条例 26 asks for a verification, not for a second opinion of oneself)."""
    if by.user_id == correction.created_by_id:
        raise OwnDoubtError(name=by.name, number=correction.number)


def moved(correction: Correction, event: CorrectionEvent) -> None:
    """Put the case into the state the table leads to."""
    correction.state = CORRECTIONS.step(correction.state, event, label=correction.number).next


def write_step(correction: Correction, event: str, by: Actor, now: datetime, *, note: str = "") -> None:
    """Write what happened into the case and into the audit trail; ``note`` holds no value of a person."""
    CorrectionStep.objects.create(
        correction=correction, event=event, state=correction.state, name=by.name,
        organisation_name=by.organisation_name, note=note, at=now,
    )  # fmt: skip
    audit.record(
        event=f"correction:case:{event or 'raise'}", by=by, now=now, subject_kind=SUBJECT, subject_id=correction.id,
        subject_label=correction.number, state=correction.state, entry=correction.entry.code,
    )  # fmt: skip


def link(correction: Correction) -> str:
    """Return where the case's page is."""
    return f"/corrections/{correction.number}"


def tell(organisation: Organisation, text: str, correction: Correction, now: datetime, **fields: object) -> None:
    """Leave a notice for an organisation; it names the case and the entry, never the person."""
    notify(organisation, None, text, link(correction), now, number=correction.number, **fields)


def start_confirming(
    correction: Correction, organisation: Organisation, by: Actor, now: datetime, *, recipient_id: UUID | None = None
) -> None:
    """Start the clock of somebody who has to say that the answer arrived, unless it runs."""
    kind, subject = (RECIPIENT, recipient_id) if recipient_id else (SUBJECT, correction.id)
    period = "SLA-COR-CFM"
    if not _running(kind, subject, period):
        clocks.start(
            period=period, subject_kind=kind, subject_id=subject, subject_label=correction.number,
            organisation=organisation, by=by, now=now,
        )  # fmt: skip


def stop_clock(kind: str, subject_id: object, period: str, by: Actor, now: datetime) -> None:
    """Stop a clock that runs."""
    if _running(kind, subject_id, period):
        clocks.stop(subject_kind=kind, subject_id=subject_id, period=period, by=by, now=now)


def _running(kind: str, subject_id: object, period: str) -> bool:
    return StatutoryClock.objects.filter(
        subject_kind=kind, subject_id=str(subject_id), period=period, state__in=RUNNING
    ).exists()
