"""What service changes look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Day, In, Note, Out, Text
from jutong.center.remedy import queries
from jutong.center.remedy.enums import ConsultationStance, ServiceChangeKind
from jutong.center.remedy.models import ServiceChange

Said = Annotated[Text, Field(min_length=1)]
ItemName = Annotated[str, Field(min_length=1, max_length=64)]


class ServiceChangeIn(In):
    """What would change about an interface in use, why, how its users go on, and from which day."""

    entry: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Z]{1,32}/[0-9A-Z]{1,31}$")]
    kind: ServiceChangeKind = Field(strict=False)
    reason: Said
    plan: Said
    items: list[ItemName] = Field(default=[], max_length=200)
    effective_on: Day


class ConsultationIn(In):
    """What the own department says; reasons are needed unless it agrees."""

    stance: ConsultationStance = Field(strict=False)
    text: Annotated[str, Field(max_length=400)] = ""


class ChangeDecisionIn(In):
    """The authority's decision on the filing; a refusal gives its reason."""

    accepted: bool
    note: Note = ""


class ConsultationOut(Out):
    """One department's answer; ``stance`` is empty while it gave none."""

    organisation: OrganisationRef
    stance: str
    text: str
    answered_by: str
    answered_at: datetime | None
    clock: ClockOut | None


class ServiceChangeRowOut(Out):
    """One line of a list of service changes."""

    number: str
    entry_code: str
    entry_name: str
    provider: OrganisationRef
    kind: str
    state: str
    items: list[str]
    effective_on: date
    proposed_at: datetime
    applied_at: datetime | None


class ServiceChangeOut(ServiceChangeRowOut):
    """A service change with everybody's answers and the steps the caller may take now."""

    reason: str
    plan: str
    filing_id: str
    consultations: list[ConsultationOut]
    clock: ClockOut | None
    events: list[str]


def service_change_row(change: ServiceChange) -> ServiceChangeRowOut:
    """Return a change as lists show it."""
    return ServiceChangeRowOut(
        number=change.number,
        entry_code=change.entry.code,
        entry_name=change.entry.published_name,
        provider=organisation_ref(change.entry.organisation),
        kind=change.kind,
        state=change.state,
        items=list(change.items),
        effective_on=change.effective_on,
        proposed_at=change.proposed_at,
        applied_at=change.applied_at,
    )


def service_change_out(view: queries.ServiceChangeView) -> ServiceChangeOut:
    """Return a change with everything."""
    return ServiceChangeOut(
        **dict(service_change_row(view.change)),
        reason=view.change.reason,
        plan=view.change.plan,
        filing_id=str(view.change.filing_id or ""),
        consultations=[
            ConsultationOut(
                organisation=organisation_ref(row.asked.organisation),
                stance=row.asked.stance,
                text=row.asked.text,
                answered_by=person(row.asked.answered_by),
                answered_at=row.asked.answered_at,
                clock=clock_out(row.clock),
            )
            for row in view.consultations
        ],
        clock=clock_out(view.clock),
        events=sorted(view.events),
    )
