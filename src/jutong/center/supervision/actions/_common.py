"""What every step of a case shares: the lock, the audit event, the step on record, the notices."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext

from jutong.center.audit import actions as audit
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.process import admission
from jutong.center.sharing.actions._common import notify
from jutong.center.supervision.enums import CaseEvent
from jutong.center.supervision.models import Case, CaseStep
from jutong.center.supervision.parties import sides_of
from jutong.center.supervision.rules import CASES
from jutong.kernel.errors import InvalidInputError
from jutong.standards.violations import offences

SUBJECT = "violation"
"""The subject kind of a case's clocks and audit events."""
LONGEST = 2000


def lock(case_id: UUID) -> Case:
    """Return the case, locked until the transaction ends."""
    return Case.objects.select_for_update(of=("self",)).select_related("concerned", "judge").get(id=case_id)


def begin(case: Case, event: CaseEvent, by: Actor) -> Case:
    """Lock a case for a step the actor may take now, and put it into the state the step leads to; nothing is saved."""
    locked = lock(case.id)
    row = admission.admit(CASES, locked.state, event, sides=sides_of(locked, by), label=locked.number, by=by)
    locked.state = row.next
    return locked


def done(
    case: Case, event: CaseEvent, by: Actor, now: datetime, *, text: str = "", until: date | None = None
) -> CaseStep:
    """Save the case, write the step down and record it; the text stays with the case and out of the trail."""
    case.save()
    step = CaseStep.objects.create(
        case=case, event=event, text=text, until=until, by_id=by.user_id, organisation_id=by.organisation_id, at=now
    )
    audit.record(
        event=f"supervision:violation:{event.value}", by=by, now=now, subject_kind=SUBJECT, subject_id=case.id,
        subject_label=label(case), code=case.code, state=case.state,
    )  # fmt: skip
    return step


def label(case: Case) -> str:
    """Return what people call a case."""
    return f"{case.number} {offences()[case.code].name}"


def link(case: Case) -> str:
    """Return where a case's page is."""
    return f"/violations/{case.number}"


def tell_concerned(case: Case, text: str, now: datetime, **fields: object) -> None:
    """Leave a notice for those who answer for the organisation it is about."""
    role = Role.AUTHORITY if case.concerned.is_authority else Role.OFFICE_HEAD
    notify(case.concerned, role, text, link(case), now, number=case.number, name=offences()[case.code].name, **fields)


def tell_judge(case: Case, text: str, now: datetime, **fields: object) -> None:
    """Leave a notice for whoever judges."""
    if case.judge is not None:
        notify(
            case.judge, Role(case.judge_role), text, link(case), now, number=case.number,
            name=offences()[case.code].name, who=case.concerned.short_name, **fields,
        )  # fmt: skip


def require_text(text: str, field: str = "text") -> str:
    """Return what was written, without blanks around it.

    Raises:
        InvalidInputError: for nothing, or more than 2000 characters.
    """
    clean = text.strip()
    if not 1 <= len(clean) <= LONGEST:
        message = gettext("请写明情况，最多2000字")
        row = {"field": field, "found": str(len(clean)), "allowed": f"1-{LONGEST}", "message": message, "clause": ""}
        raise InvalidInputError(problems=[row])
    return clean
