"""What findings wait for, in the inbox of whoever answers for the table."""

from __future__ import annotations

from datetime import datetime

from jutong.center.clocks import queries as clocks
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.center.quality.actions.findings import SUBJECT, link
from jutong.center.quality.enums import FindingState
from jutong.center.quality.models import Finding
from jutong.center.quality.rules import PERIOD
from jutong.center.quality.words import sentence
from jutong.center.sharing.queries.tasks import Task, TaskKind, register
from jutong.kernel.clock import civil_date

CAP = 200


def register_all() -> None:
    """Tell the inbox; called when the app is ready."""
    register("quality-repair", Permission.QUALITY_FINDING_ANSWER, to_repair)


def to_repair(actor: Actor, now: datetime) -> list[Task]:
    """Return the findings the actor's organisation has to put right."""
    found = Finding.objects.filter(organisation_id=actor.organisation_id or NOBODY, state=FindingState.OPEN)
    rows = list(found.select_related("checked", "organisation").order_by("opened_at")[:CAP])
    known = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    days, today = clocks.calendar() if known else None, civil_date(now)
    tasks = []
    for row in rows:
        clock = known.get((PERIOD, str(row.id)))
        tasks.append(
            Task(
                kind=TaskKind.QUALITY_REPAIR, title=f"{row.checked.title}：{sentence(row.body)}", number=row.number,
                subject_id=str(row.id), organisation=row.organisation.short_name, person="", since=row.opened_at,
                clock=clocks.clock_view(clock, today, days=days) if clock else None, link=link(row),
            )
        )  # fmt: skip
    return tasks
