"""What every step shares: the locks, who stands where, the audit event and the notices.

Rows are locked in one order everywhere: application, grant, source or node. A receipt and a decision that meet
on one grant therefore wait for each other and never for each other in a circle.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jutong.center.audit import actions as audit
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.process import admission
from jutong.center.sharing import rules
from jutong.center.sharing.enums import Event, Side
from jutong.center.sharing.errors import SamePersonError
from jutong.center.sharing.models import Application, Consent, Grant, Notice
from jutong.center.sharing.office import Delegation
from jutong.center.sharing.parties import sides_of
from jutong.kernel.errors import InvalidInputError

SUBJECT = "application"
"""The subject kind of an application's clocks and audit events."""


def lock_application(application_id: UUID) -> Application:
    """Return the application, locked until the transaction ends."""
    return (
        Application.objects.select_for_update(of=("self",))
        .select_related("entry", "version", "requester", "provider", "system", "created_by")
        .get(id=application_id)
    )


def lock_grant(grant_id: UUID) -> tuple[Grant, Application]:
    """Return a grant and its application, both locked, the application first."""
    application_id = Grant.objects.values_list("application_id", flat=True).get(id=grant_id)
    application = lock_application(application_id)
    grant = (
        Grant.objects.select_for_update(of=("self",))
        .select_related("entry", "requester", "provider", "system")
        .get(id=grant_id)
    )
    return grant, application


def admit(machine: rules.Machine, state: str, event: Event, application: Application, by: Actor) -> rules.Row:
    """Return the row for a step the actor may take now.

    Raises:
        NotFoundError: for somebody who is no party and may not know of it.
        StepNotAllowedError: if the state does not allow the event.
        WrongSideError: if it belongs to other parties.
        ForbiddenError: if the post does not carry the permission.
    """
    return admission.admit(machine, state, event, sides=sides_of(application, by), label=application.number, by=by)


def begin(application: Application, event: Event, by: Actor) -> tuple[Application, rules.Row]:
    """Lock an application and return it with the row of a step the actor may take now."""
    locked = lock_application(application.id)
    return locked, admit(rules.APPLICATIONS, locked.state, event, locked, by)


def user_id(by: Actor) -> UUID:
    """Return who acts; the tables admit people only where a person's name is written down."""
    return by.user_id or org.NOBODY


def two_people(
    first: str, second: str, *, earlier: UUID | None, name: str, by: Actor, delegation: Delegation | None = None
) -> None:
    """Refuse when a step that needs another person is taken by the same one, or in the same one's place.

    Raises:
        SamePersonError: naming both steps and the person.
    """
    if earlier is not None and (earlier == by.user_id or (delegation is not None and earlier == delegation.head_id)):
        raise SamePersonError(first=first, second=second, name=name)


def give_consent(
    application: Application, side: Side, by: Actor, now: datetime, *, agreed: bool, note: str,
    delegation: Delegation | None,
) -> None:  # fmt: skip
    """Keep a consent, or a refusal of it, with the head in whose place it was given."""
    Consent.objects.create(
        application=application, side=side, agreed=agreed, note=note[:500], by_id=user_id(by), at=now,
        on_behalf_of_id=delegation.head_id if delegation is not None else None,
    )  # fmt: skip


def delegated(delegation: Delegation | None) -> dict[str, object]:
    """Return what the audit event of a consent says of the delegation it was given under."""
    return {} if delegation is None else {"delegation": str(delegation.id), "head": delegation.head.username}


def require_text(field: str, text: str, *, limit: int, message: str, clause: str = "") -> str:
    """Return the text without blanks around it.

    Raises:
        InvalidInputError: if nothing is left or it is too long.
    """
    clean = text.strip()
    if not 1 <= len(clean) <= limit:
        row = {"field": field, "found": str(len(clean)), "allowed": f"1-{limit}", "message": message, "clause": clause}
        raise InvalidInputError(problems=[row])
    return clean


def record(event: str, application: Application, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step of an application."""
    audit.record(
        event=event, by=by, now=now, subject_kind=SUBJECT, subject_id=application.id,
        subject_label=f"{application.number} {application.title}", state=application.state, **details,
    )  # fmt: skip


def record_grant(event: str, grant: Grant, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step of a grant."""
    audit.record(
        event=event, by=by, now=now, subject_kind="grant", subject_id=grant.id, subject_label=grant.number,
        state=grant.state, application=str(grant.application_id), **details,
    )  # fmt: skip


def notify(
    organisation: Organisation, role: Role | None, text: str, link: str, now: datetime, **fields: object
) -> None:
    """Leave a notice for everyone in a post of an organisation, or only for those with a role."""
    Notice.objects.create(
        organisation=organisation,
        role=role or "",
        text=text,
        fields={name: str(value) for name, value in fields.items()},
        link=link,
        at=now,
    )


def application_link(application: Application) -> str:
    """Return where an application's page is."""
    return f"/applications/{application.number}"


def is_on(side: Side, application: Application, by: Actor) -> bool:
    """Tell whether the actor stands on a side of the application."""
    return side in sides_of(application, by)
