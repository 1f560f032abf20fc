"""What a need waits for, in the inbox of whoever has to act."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from jutong.center.clocks import queries as clocks
from jutong.center.demand.actions._common import SUBJECT
from jutong.center.demand.enums import DemandState
from jutong.center.demand.models import Demand
from jutong.center.demand.rules import ANSWER_PERIOD, ASSIGN_PERIOD, CATALOG_PERIOD, UNROUTED
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.center.sharing.queries.tasks import Task, TaskKind, register
from jutong.kernel.clock import civil_date

CAP = 200


def register_all() -> None:
    """Tell the inbox; called when the app is ready."""
    register("demand-assign", Permission.DEMAND_DEMAND_ASSIGN, to_assign)
    register("demand-answer", Permission.DEMAND_DEMAND_ANSWER, to_answer)


def to_assign(actor: Actor, now: datetime) -> list[Task]:
    """Return the needs the authority has to dock."""
    rule = Q(state__in=UNROUTED, division_code=actor.division_code)
    return _tasks(rule, dict.fromkeys(UNROUTED, (TaskKind.DEMAND_ASSIGN, ASSIGN_PERIOD)), now)


def to_answer(actor: Actor, now: datetime) -> list[Task]:
    """Return the needs a presumed holder has to answer or to catalog."""
    rule = Q(holder_id=actor.organisation_id or NOBODY)
    kinds = {
        DemandState.ASSIGNED: (TaskKind.DEMAND_ANSWER, ANSWER_PERIOD),
        DemandState.HELD: (TaskKind.DEMAND_CATALOG, CATALOG_PERIOD),
        DemandState.CATALOGUING: (TaskKind.DEMAND_CATALOG, CATALOG_PERIOD),
    }
    return _tasks(rule & Q(state__in=kinds), kinds, now)


def _tasks(rule: Q, kinds: dict[DemandState, tuple[TaskKind, str]], now: datetime) -> list[Task]:
    rows = list(Demand.objects.filter(rule).select_related("requester", "created_by").order_by("stated_at", "id")[:CAP])
    found = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    days = clocks.calendar() if found else None
    today = civil_date(now)
    tasks = []
    for row in rows:
        kind, period = kinds[DemandState(row.state)]
        clock = found.get((period, str(row.id)))
        tasks.append(
            Task(
                kind=kind, title=row.title, number=row.number, subject_id=str(row.id),
                organisation=row.requester.short_name, person=row.created_by.name if row.created_by else "",
                since=row.changed_at, clock=clocks.clock_view(clock, today, days=days) if clock else None,
                link=f"/demands/{row.number}",
            )
        )  # fmt: skip
    return tasks
