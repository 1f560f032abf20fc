"""What waits besides applications: consents in a head's place, grants nobody uses, grants that end soon."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.consumption import IdleInquiry
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.lasting import MONTH
from jutong.center.sharing.models import Application, Grant
from jutong.center.sharing.queries.inbox import to_consent, to_consent_reply
from jutong.center.sharing.queries.tasks import Task, TaskKind, register
from jutong.center.sharing.standing_in import as_head
from jutong.kernel.clock import civil_date

CAP = 100


def delegated(actor: Actor, now: datetime) -> list[Task]:
    """Return the consents the actor may give in a head's place."""
    _head, delegation = as_head(actor, Permission.SHARING_APPLICATION_CONSENT, now)
    return [] if delegation is None else [*to_consent(actor, now), *to_consent_reply(actor, now)]


def _held(actor: Actor) -> QuerySet[Grant]:
    own = Grant.objects.filter(requester_id=actor.organisation_id or org.NOBODY, state=GrantState.ACTIVE)
    return own.select_related("application", "provider")


def _task(kind: TaskKind, grant: Grant, since: datetime, note: object) -> Task:
    return Task(
        kind=kind, title=grant.application.title, number=grant.number, subject_id=str(grant.id),
        organisation=grant.provider.short_name, person="", since=since, note=str(note), link=f"/grants/{grant.number}",
    )  # fmt: skip


def idle(actor: Actor, now: datetime) -> list[Task]:
    """Return the grants of the own department somebody has to explain."""
    open_ = IdleInquiry.objects.filter(answered_at=None, grant__in=_held(actor)).order_by("asked_at")
    note = _("长期没有调用，请说明是否还需要")
    rows = open_.select_related("grant__application", "grant__provider")[:CAP]
    return [_task(TaskKind.GRANT_IDLE, row.grant, row.asked_at, note) for row in rows]


def renewals(actor: Actor, now: datetime) -> list[Task]:
    """Return the grants of the own department that end within a month while no renewal is under way."""
    under_way = Application.objects.filter(renews=OuterRef("pk"), closed_at=None)
    ending = _held(actor).filter(~Exists(under_way), valid_until__gt=now, valid_until__lte=now + MONTH)
    return [
        _task(
            TaskKind.GRANT_RENEW, grant, grant.valid_until - MONTH,
            format_lazy(_("{day}前有效"), day=civil_date(grant.valid_until).isoformat()),
        )
        for grant in ending.order_by("valid_until", "id")[:CAP]
    ]  # fmt: skip


def register_all() -> None:
    """Let the inbox ask all of these; called when the app is ready."""
    register("delegated-consents", Permission.SHARING_APPLICATION_DRAFT, delegated)
    register("idle-grants", Permission.SHARING_APPLICATION_DRAFT, idle)
    register("grant-renewals", Permission.SHARING_APPLICATION_DRAFT, renewals)
