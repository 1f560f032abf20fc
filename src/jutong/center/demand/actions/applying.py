"""From a need to an application in one click."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.catalog.enums import FieldMode
from jutong.center.catalog.models import EntryVersion
from jutong.center.demand.actions import _common as common
from jutong.center.demand.enums import DemandEvent
from jutong.center.demand.errors import AppliedTwiceError, DemandNotJoinedError
from jutong.center.demand.models import Demand, DemandApplication
from jutong.center.demand.need import item_key
from jutong.center.demand.parties import participants
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.sharing.actions import Ask, Need
from jutong.center.sharing.actions import draft as draft_application
from jutong.center.sharing.models import Application
from jutong.center.sharing.need import way_allowed


@transaction.atomic
def apply_for_demand(*, demand: Demand, by: Actor, now: datetime) -> Application:
    """Draft an application for the entry that stands for a need, filled from what the department said of it.

    The least is asked for: verification only. Whoever drafts widens it item by item.

    Raises:
        DemandNotJoinedError: if the department neither stated nor joined it.
        AppliedTwiceError: while an earlier application of the department goes on.
        EntryUnpublishedError: if the entry was taken down meanwhile.
        NotShareableError: on 不予共享; then the way on is a dispute.
        OwnDataError: for the entry's own department.
    """
    locked, row = common.begin(demand, DemandEvent.APPLY, by)
    organisation = org.own_organisation(by)
    if organisation.id not in participants(locked):
        raise DemandNotJoinedError(organisation=organisation.short_name, number=locked.number)
    earlier = DemandApplication.objects.filter(
        demand=locked, organisation=organisation, application__closed_at=None
    ).select_related("application")
    running = earlier.first()
    if running is not None:
        raise AppliedTwiceError(
            organisation=organisation.short_name, number=locked.number, application=running.application.number
        )
    entry = locked.entry
    assert entry is not None  # noqa: S101 - the registry keeps no found need without its entry
    application = draft_application(entry=entry, need=_need(locked, entry.published, by), by=by, now=now)
    relate(locked, application, row.next, by=by, now=now)
    return application


def relate(demand: Demand, application: Application, state: str, *, by: Actor, now: datetime) -> None:
    """Note on a locked need that an application came of it."""
    DemandApplication.objects.create(
        demand=demand, application=application, organisation_id=application.requester_id, at=now
    )
    demand.state, demand.changed_at = state, now
    demand.save(update_fields=["state", "changed_at"])
    common.record("apply", demand, by, now, application=application.number)


def _need(demand: Demand, version: EntryVersion | None, by: Actor) -> Need:
    if version is None:
        return Need(title=demand.title)
    wanted = {item.key for item in demand.items.all()}
    scenario = demand.scenario
    if by.organisation_id != demand.requester_id:
        scenario = demand.joiners.get(organisation_id=by.organisation_id or org.NOBODY).scenario
    way = demand.share_way if demand.share_way and way_allowed(version, demand.share_way) else ""
    asked = tuple(
        Ask(item.id, FieldMode.VERIFY.value)
        for item in version.items.all()
        if item.is_key or item_key(item.name) in wanted
    )
    basis = demand.basis if by.organisation_id == demand.requester_id else ""
    return Need(title=demand.title, basis=basis, scenario=scenario, share_way=way, items=asked)
