"""What a need says where it is listed, and whom it may be given to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.demand.matching import presumed_for
from jutong.center.demand.models import Demand
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.queries.briefs import Brief, describe_with, stated
from jutong.center.sharing.queries.tasks import Task, TaskKind, Text

MOST_NAMED = 8
"""Items a row names."""


def connect() -> None:
    """Let the inbox tell these; called when the app is ready."""
    describe_with((TaskKind.DEMAND_ASSIGN,), to_assign)
    describe_with((TaskKind.DEMAND_ANSWER,), to_answer)


def _rows(actor: Actor, tasks: Sequence[Task]) -> QuerySet[Demand]:
    org.require(actor, Permission.DEMAND_DEMAND_VIEW)
    found = Demand.objects.filter(id__in=[task.subject_id for task in tasks])
    return found.select_related("requester", "expected_holder").prefetch_related("items")


def _facts(row: Demand) -> tuple[tuple[Text, Text], ...]:
    names = [item.name for item in row.items.all()]
    listed = "、".join(names[:MOST_NAMED]) + ("…" if len(names) > MOST_NAMED else "")
    return stated(
        (_("信息项"), format_lazy(_("{n}项：{names}"), n=len(names), names=listed)),
        (_("用途"), row.scenario),
        (_("依据"), row.basis),
        (_("方式"), row.get_share_way_display()),
        (_("紧急程度"), row.get_urgency_display()),
        (_("期望时间"), row.wanted_on.isoformat() if row.wanted_on else ""),
        (_("期望提供部门"), row.expected_holder.short_name if row.expected_holder else ""),
    )


def to_assign(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what is needed and who may hold it, the likeliest first; without anybody the page has all departments."""
    rows = list(_rows(actor, tasks))
    presumed = presumed_for(rows)
    found = {}
    for row in rows:
        choices: list[tuple[str, Text]] = []
        for one in presumed[row.id]:
            said: Text = _("，{n}项相同").format(n=len(one.items)) if one.items else ""
            before = f"，{one.answered}" if one.answered else ""
            choices.append((one.organisation.code, f"{one.organisation.short_name}{said}{before}"))
        found[str(row.id)] = Brief(_facts(row), frozenset({"assign"} if choices else ()), choices=tuple(choices))
    return found


def to_answer(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what is asked of a presumed holder."""
    own = actor.organisation_id or org.NOBODY
    return {str(row.id): Brief(_facts(row), frozenset({"answer"})) for row in _rows(actor, tasks).filter(holder_id=own)}
