"""What a return says where it is listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.returns.models import Cycle
from jutong.center.sharing.queries.briefs import Brief, describe_with, stated
from jutong.center.sharing.queries.tasks import Task, TaskKind


def connect() -> None:
    """Let the inbox tell these; called when the app is ready."""
    describe_with((TaskKind.RETURN_CHECK,), to_check)


def to_check(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return how many rows the upper department says lie in the area."""
    own = actor.organisation_id or org.NOBODY
    rows = Cycle.objects.filter(
        flow_id__in=[task.subject_id for task in tasks], flow__requester_id=own, compared_at=None
    )
    return {
        str(row.flow_id): Brief(
            stated((_("对方报告"), format_lazy(_("{n}条"), n=row.counted)), (_("用途"), row.flow.scenario)),
            frozenset({"compare"}),
        )
        for row in rows.select_related("flow")
    }
