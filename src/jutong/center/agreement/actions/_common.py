from __future__ import annotations

from datetime import datetime
from uuid import UUID

from jutong.center.agreement.enums import AgreementEvent
from jutong.center.agreement.models import Agreement
from jutong.center.agreement.paper import draw_up
from jutong.center.agreement.rules import AGREEMENTS
from jutong.center.audit import actions as audit
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.process import admission
from jutong.center.process.table import Row
from jutong.center.sharing.actions import _common as sharing
from jutong.center.sharing.models import Application, Grant
from jutong.center.sharing.parties import sides_of
from jutong.kernel.canonical import digest

SUBJECT = "agreement"
"""The subject kind of an agreement's clock and audit events."""
OPEN = ("drafted", "sent", "signed")
LIVING = ("in-force", "suspended")


def lock(agreement_id: UUID) -> tuple[Agreement, Application]:
    """Return a version and its application, both locked, the application and the grant first."""
    application_id = Agreement.objects.values_list("application_id", flat=True).get(id=agreement_id)
    application = sharing.lock_application(application_id)
    Grant.objects.select_for_update(of=("self",)).filter(application=application).first()
    locked = (
        Agreement.objects.select_for_update(of=("self",))
        .select_related("requester", "provider", "grant", "previous", "application")
        .get(id=agreement_id)
    )
    return locked, application


def begin(agreement: Agreement, event: AgreementEvent, by: Actor) -> tuple[Agreement, Application, Row]:
    """Lock a version and return it with its application and the row of a step the actor may take now."""
    locked, application = lock(agreement.id)
    row = admission.admit(
        AGREEMENTS, locked.state, event, sides=sides_of(application, by), label=locked.number, by=by
    )  # fmt: skip
    return locked, application, row


def write(agreement: Agreement, application: Application) -> None:
    """Draw the document up anew from the terms; the caller saves."""
    agreement.document = draw_up(agreement, application)
    agreement.digest = digest(agreement.document)


def record(event: str, agreement: Agreement, by: Actor, now: datetime, **details: object) -> None:
    """Write the audit event of a step of a version."""
    audit.record(
        event=f"agreement:agreement:{event}", by=by, now=now, subject_kind=SUBJECT, subject_id=agreement.id,
        subject_label=f"{agreement.number} v{agreement.version}", state=agreement.state, digest=agreement.digest,
        **details,
    )  # fmt: skip


def notify(organisation: Organisation, role: Role | None, text: str, agreement: Agreement, now: datetime) -> None:
    """Leave a notice that leads to the agreement; the text may name ``{title}``, ``{number}`` and ``{version}``."""
    sharing.notify(
        organisation, role, text, link(agreement), now, title=agreement.application.title, number=agreement.number,
        version=agreement.version,
    )  # fmt: skip


def link(agreement: Agreement) -> str:
    """Return where an agreement's page is."""
    return f"/agreements/{agreement.number}"
