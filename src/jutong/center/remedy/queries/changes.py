from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.remedy.actions.change import CONSULTATION, SUBJECT, sides_of_change
from jutong.center.remedy.enums import ServiceChangeEvent
from jutong.center.remedy.models import Consultation, ServiceChange
from jutong.center.remedy.rules import CONSULT_PERIOD, FILING_PERIOD, SERVICE_CHANGES
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Grant
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class ConsultationRow:
    """One department's consultation and its clock."""

    asked: Consultation
    clock: ClockView | None


@dataclass(frozen=True, slots=True)
class ServiceChangeView:
    """A change with everybody's answers, the clock of its filing and what the asker may do now."""

    change: ServiceChange
    consultations: list[ConsultationRow]
    clock: ClockView | None
    events: frozenset[ServiceChangeEvent]


def service_changes(actor: Actor) -> QuerySet[ServiceChange]:
    """Return the changes the actor may read, the newest first: own entries, those used, the authority its division."""
    org.require(actor, Permission.SHARING_GRANT_VIEW)
    own = actor.organisation_id or org.NOBODY
    rows = ServiceChange.objects.select_related("entry__organisation", "proposed_by", "filing")
    if actor.role == Role.AUDITOR:
        return rows
    asked = Consultation.objects.filter(organisation_id=own).values("change_id")
    rule = Q(entry__organisation_id=own) | Q(id__in=asked)
    if actor.role in {Role.AUTHORITY, Role.LEADER}:
        rule |= Q(entry__organisation__division_code=actor.division_code)
    return rows.filter(rule)


def service_change(actor: Actor, number: str, *, now: datetime) -> ServiceChangeView:
    """Return one change.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    change = service_changes(actor).filter(number=number).first()
    if change is None:
        raise NotFoundError(what=number)
    rows = list(change.consultations.select_related("organisation", "answered_by"))
    running = clocks.for_subjects(CONSULTATION, [row.id for row in rows])
    filing = clocks.for_subjects(SUBJECT, [change.id]).get((FILING_PERIOD, str(change.id)))
    today, days = civil_date(now), clocks.calendar()
    asked = [
        ConsultationRow(row, clocks.clock_view(clock, today, days=days) if clock else None)
        for row, clock in ((row, running.get((CONSULT_PERIOD, str(row.id)))) for row in rows)
    ]
    return ServiceChangeView(
        change=change,
        consultations=asked,
        clock=clocks.clock_view(filing, today, days=days) if filing else None,
        events=_events(change, actor),
    )


def _events(change: ServiceChange, actor: Actor) -> frozenset[ServiceChangeEvent]:
    sides = sides_of_change(change, actor)
    found = {
        ServiceChangeEvent(row.event)
        for row in SERVICE_CHANGES.rows
        if row.state == change.state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    }
    answered = change.consultations.filter(organisation_id=actor.organisation_id or org.NOBODY).exclude(stance="")
    if answered.exists():
        found.discard(ServiceChangeEvent.ANSWER)
    return frozenset(found)


def broken_services() -> QuerySet[Grant]:
    """Return the supplied grants whose service stands still for the provider's reason, with nothing filed (P7)."""
    states = (GrantState.AWAITING_BINDING, GrantState.FAILED)
    running = Grant.objects.filter(ended_at=None, supplied_at__isnull=False, state__in=states)
    filed = ServiceChange.objects.filter(state__in=("accepted", "effective")).values("entry_id")
    return running.exclude(entry_id__in=filed).select_related("entry", "provider", "requester")
