"""What a correction says where it is listed; never a value, which only the two sides see, once, on the case's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from jutong.center.correction.enums import CorrectionState, Finding
from jutong.center.correction.models import Correction, Recipient
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.queries.briefs import Brief, describe_with, stated
from jutong.center.sharing.queries.tasks import Task, TaskKind


def connect() -> None:
    """Let the inbox tell these; called when the app is ready."""
    describe_with((TaskKind.CORRECTION_ANSWER,), to_answer)
    describe_with((TaskKind.CORRECTION_CONFIRM,), to_confirm)


def _rows(actor: Actor, tasks: Sequence[Task]) -> list[Correction]:
    org.require(actor, Permission.CORRECTION_CASE_VIEW)
    found = Correction.objects.filter(id__in=[task.subject_id for task in tasks])
    return list(found.select_related("version", "provider", "responsible"))


def _facts(row: Correction) -> Brief:
    facts = stated(
        (_("信息项"), "、".join(row.items)),
        (_("责任部门"), row.responsible.short_name),
        (_("涉及业务"), row.business),
        (_("核实结论"), Finding(row.finding).label if row.finding else ""),
    )
    return Brief(facts)


def to_answer(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what is in doubt; a case not taken up yet can be taken up."""
    return {
        str(row.id): Brief(_facts(row).facts, frozenset({"accept"} if row.state == CorrectionState.RAISED else ()))
        for row in _rows(actor, tasks)
        if row.responsible_id == actor.organisation_id
    }


def to_confirm(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what was found: whoever raised it takes the answer, whoever received the row says the new value is in."""
    rows = _rows(actor, tasks)
    own = actor.organisation_id or org.NOBODY
    told = Recipient.objects.filter(
        correction__in=[row.id for row in rows], organisation_id=own, confirmed_at=None, told_at__isnull=False
    )
    received = set(told.values_list("correction_id", flat=True))
    found = {}
    for row in rows:
        mine = row.raiser_id == own and row.confirmed_at is None
        steps = {"confirm"} if mine else {"receive"} if row.id in received else set()
        if mine or row.id in received:
            found[str(row.id)] = Brief(_facts(row).facts, frozenset(steps))
    return found
