"""What every step of a return shares: the lock, the door, the audit event, the notices."""

from __future__ import annotations

from datetime import datetime

from jutong.center.audit import actions as audit
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.process import admission
from jutong.center.process.table import Row
from jutong.center.returns.enums import ReturnEvent
from jutong.center.returns.models import ReturnFlow
from jutong.center.returns.parties import sides_of
from jutong.center.returns.rules import RETURNS
from jutong.center.sharing.actions._common import notify

SUBJECT = "return"
"""The subject kind of a return's clocks and audit events."""


def begin(flow: ReturnFlow, event: ReturnEvent, by: Actor) -> tuple[ReturnFlow, Row]:
    """Lock a return and return it with the row of a step the actor may take now.

    Raises:
        NotFoundError: for somebody who may not know of it.
        StepNotAllowedError: if the state does not allow the event.
        WrongSideError: if it belongs to other parties.
        ForbiddenError: if the post does not carry the permission.
    """
    locked = (
        ReturnFlow.objects.select_for_update(of=("self",))
        .select_related("requester", "provider", "entry", "version", "system", "application")
        .get(id=flow.id)
    )
    sides = sides_of(locked, by)
    return locked, admission.admit(RETURNS, locked.state, event, sides=sides, label=locked.number, by=by)


def record(verb: str, flow: ReturnFlow, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step."""
    audit.record(
        event=f"returns:case:{verb}", by=by, now=now, subject_kind=SUBJECT, subject_id=flow.id,
        subject_label=str(flow), state=str(flow.state), **details,
    )  # fmt: skip


def tell(
    organisation: Organisation, role: Role | None, text: str, flow: ReturnFlow, now: datetime, **more: str
) -> None:
    """Leave a notice about a return."""
    notify(
        organisation, role, text, f"/returns/{flow.number}", now, number=flow.number, title=flow.version.name, **more
    )
