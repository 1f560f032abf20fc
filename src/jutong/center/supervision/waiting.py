"""What violations wait for, in the inbox of whoever has to act."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import get_language

from jutong.center.clocks import queries as clocks
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.center.sharing.queries.tasks import Task, TaskKind, register
from jutong.center.supervision.actions._common import SUBJECT, link
from jutong.center.supervision.models import Case
from jutong.center.supervision.rules import ANSWERING, JUDGE_PERIOD, JUDGING, RECTIFY_PERIOD
from jutong.kernel.clock import civil_date
from jutong.standards.violations import offences

CAP = 200


def register_all() -> None:
    """Tell the inbox; called when the app is ready."""
    register("violation-decide", Permission.SUPERVISION_VIOLATION_DECIDE, to_decide)
    register("violation-answer", Permission.SUPERVISION_VIOLATION_ANSWER, to_answer)


def to_decide(actor: Actor, now: datetime) -> list[Task]:
    """Return the cases the actor has to judge."""
    rows = Case.objects.filter(judge_id=actor.organisation_id or NOBODY, judge_role=actor.role, state__in=JUDGING)
    return _tasks(TaskKind.VIOLATION_DECIDE, rows.select_related("concerned", "judge").order_by("offered_at"), now)


def to_answer(actor: Actor, now: datetime) -> list[Task]:
    """Return the cases about the actor's organisation that it can answer: to state, or to put right."""
    if actor.role == Role.LEADER:
        return []
    rows = Case.objects.filter(concerned_id=actor.organisation_id or NOBODY, state__in=ANSWERING)
    waiting = rows.exclude(state="offered", stated_at__isnull=False)
    return _tasks(TaskKind.VIOLATION_ANSWER, waiting.select_related("concerned", "judge").order_by("opened_at"), now)


def name_of(code: str) -> str:
    """Return what people call a kind of violation, in the language of whoever is served."""
    offence = offences()[code]
    return offence.name_en if (get_language() or "").startswith("en") else offence.name


def _tasks(kind: TaskKind, found: Iterable[Case], now: datetime) -> list[Task]:
    rows = list(found)[:CAP]
    known = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    days, today = clocks.calendar() if known else None, civil_date(now)
    period = JUDGE_PERIOD if kind is TaskKind.VIOLATION_DECIDE else RECTIFY_PERIOD
    tasks = []
    for row in rows:
        clock = known.get((period, str(row.id)))
        tasks.append(
            Task(
                kind=kind, title=name_of(row.code), number=row.number, subject_id=str(row.id),
                organisation=row.concerned.short_name, person="", since=row.offered_at or row.opened_at,
                clock=clocks.clock_view(clock, today, days=days) if clock else None, link=link(row),
            )
        )  # fmt: skip
    return tasks
