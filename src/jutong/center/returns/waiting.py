"""What a return waits for, in the inbox of whoever has to act."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.center.returns.enums import ReturnState
from jutong.center.returns.models import Cycle, ReturnFlow
from jutong.center.returns.queries import clocks_of
from jutong.center.sharing.queries.tasks import Task, TaskKind, register

CAP = 200


def register_all() -> None:
    """Tell the inbox; called when the app is ready."""
    register("return-answer", Permission.SHARING_RETURN_ANSWER, to_answer)
    register("return-check", Permission.SHARING_RETURN_ASK, to_check)


def to_answer(actor: Actor, now: datetime) -> list[Task]:
    """Return what the upper department has to confirm, or to fill up."""
    states = (ReturnState.ASKED, ReturnState.SHORT)
    rule = Q(provider_id=actor.organisation_id or NOBODY, state__in=states)
    return _tasks(TaskKind.RETURN_ANSWER, rule, now)


def to_check(actor: Actor, now: datetime) -> list[Task]:
    """Return what the lower department has to compare."""
    waiting = Exists(Cycle.objects.filter(flow=OuterRef("pk"), compared_at=None))
    return _tasks(TaskKind.RETURN_CHECK, Q(requester_id=actor.organisation_id or NOBODY) & Q(waiting), now)


def _tasks(kind: TaskKind, rule: Q, now: datetime) -> list[Task]:
    rows = list(ReturnFlow.objects.filter(rule).select_related("requester", "provider", "version", "asked_by")[:CAP])
    clocks = clocks_of(rows, now)
    tasks = []
    for row in rows:
        other = row.requester if kind == TaskKind.RETURN_ANSWER else row.provider
        clock = clocks.get(str(row.id))
        tasks.append(
            Task(
                kind=kind, title=row.version.name, number=row.number, subject_id=str(row.id),
                organisation=other.short_name, person=row.asked_by.name if row.asked_by else "", since=row.asked_at,
                note=row.get_state_display(), clock=clock if clock is not None and clock.state != "done" else None,
                link=f"/returns/{row.number}",
            )
        )  # fmt: skip
    return tasks
