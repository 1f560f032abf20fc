"""Looking whether the catalog has what a need asks for, and keeping what was found with its reasons."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.demand.actions import _common as common
from jutong.center.demand.matching import proposals
from jutong.center.demand.models import Demand, Match
from jutong.center.demand.need import WantedItem
from jutong.center.demand.rules import UNROUTED
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission


def look(demand: Demand, now: datetime) -> int:
    """Write the proposals of a need anew, inside the caller's transaction. Returns how many."""
    wanted = [WantedItem(row.name, row.meaning) for row in demand.items.all()]
    found = proposals(demand.requester.division_code, demand.title, wanted, but=[demand.requester_id])
    Match.objects.filter(demand=demand).delete()
    Match.objects.bulk_create(
        Match(demand=demand, entry=row.entry, score=row.score, reasons=list(row.reasons)) for row in found
    )
    return len(found)


@transaction.atomic
def look_again(*, demand: Demand, by: Actor, now: datetime) -> int:
    """Compare a need with what the catalog has now. Returns how many entries are proposed.

    Raises:
        ForbiddenError: if the post does not see needs.
    """
    org.require(by, Permission.DEMAND_DEMAND_VIEW)
    locked = Demand.objects.select_for_update(of=("self",)).select_related("requester").get(id=demand.id)
    if locked.state not in UNROUTED:
        return locked.matches.count()
    count = look(locked, now)
    common.record("compare", locked, by, now, found=count)
    return count
