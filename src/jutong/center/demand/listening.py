"""What happens elsewhere and carries a need on: a publication, an application, a supply."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.center.catalog.models import Entry
from jutong.center.demand.actions import _common as common
from jutong.center.demand.actions.answering import cataloged
from jutong.center.demand.actions.applying import relate
from jutong.center.demand.enums import DemandEvent, DemandState
from jutong.center.demand.models import Demand, DemandApplication
from jutong.center.demand.parties import participants
from jutong.center.demand.rules import DEMANDS
from jutong.center.org.actor import Actor
from jutong.center.process.moments import Moment, listen
from jutong.center.sharing.models import Application, Grant
from jutong.kernel.i18n import gettext_noop

_AWAITED = (DemandState.HELD, DemandState.CATALOGUING)
_APPLICABLE = (DemandState.MATCHED, DemandState.CATALOGED, DemandState.APPLIED)


def begin() -> None:
    """Hear of publications, submitted applications and supplies; called when the app is ready."""
    listen(Moment.ENTRY_PUBLISHED, "demand", entry_published)
    listen(Moment.APPLICATION_SUBMITTED, "demand", application_submitted)
    listen(Moment.GRANT_SUPPLIED, "demand", grant_supplied)


def _locked(**rule: Any) -> list[Demand]:
    rows = Demand.objects.select_for_update(of=("self",)).select_related("requester", "holder")
    return list(rows.filter(**rule).order_by("id"))


def entry_published(entry: Entry, *, by: Actor, now: datetime, **_more: Any) -> None:
    """Let needs whose holder made this entry be cataloged."""
    for demand in _locked(state__in=_AWAITED, draft__entry=entry):
        row = DEMANDS.step(demand.state, DemandEvent.CATALOG, label=demand.number)
        cataloged(demand, row.next, entry, by=by, now=now)


def application_submitted(application: Application, *, by: Actor, now: datetime, **_more: Any) -> None:
    """Relate an application somebody made without the one click to the need it answers."""
    if DemandApplication.objects.filter(application=application).exists():
        return
    for demand in _locked(state__in=_APPLICABLE, entry=application.entry_id):
        if application.requester_id in participants(demand):
            row = DEMANDS.step(demand.state, DemandEvent.APPLY, label=demand.number)
            relate(demand, application, row.next, by=by, now=now)
            return


def grant_supplied(grant: Grant, *, by: Actor, now: datetime, **_more: Any) -> None:
    """Let a need be met once the department that stated it can use the data (条例 22)."""
    link = DemandApplication.objects.filter(application_id=grant.application_id).first()
    if link is None or link.supplied_at is not None:
        return
    link.supplied_at = now
    link.save(update_fields=["supplied_at"])
    for demand in _locked(id=link.demand_id, state=DemandState.APPLIED, requester_id=link.organisation_id):
        row = DEMANDS.step(demand.state, DemandEvent.MEET, label=demand.number)
        common.ended(demand, row, now)
        common.record("meet", demand, by, now, grant=grant.number)
        text = gettext_noop("需求{number}“{title}”已满足：{requester}已能使用。")
        common.tell_participants(text, demand, now, requester=demand.requester.short_name)
