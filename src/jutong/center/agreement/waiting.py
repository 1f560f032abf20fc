"""What waits for signatures and explanations, told to the inbox."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.agreement.actions._common import SUBJECT, link
from jutong.center.agreement.enums import AgreementState, BreachState
from jutong.center.agreement.models import Agreement, Breach
from jutong.center.agreement.rules import SIGNING_PERIOD
from jutong.center.clocks import queries as clocks
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.queries.tasks import Task, TaskKind, register
from jutong.center.sharing.standing_in import as_head
from jutong.kernel.clock import civil_date

CAP = 200


def connect() -> None:
    """Tell the inbox where to ask."""
    register("agreements to sign", Permission.AGREEMENT_AGREEMENT_SIGN, to_sign)
    register("agreements to sign in a head's place", Permission.AGREEMENT_AGREEMENT_DRAFT, to_sign_in_place)
    register("breaches to explain", Permission.AGREEMENT_BREACH_ANSWER, to_explain)


def to_sign(actor: Actor, now: datetime) -> list[Task]:
    """Return the versions that wait for the actor's signature, with the clock of those the provider has signed."""
    own = actor.organisation_id or org.NOBODY
    waiting = (
        Agreement.objects.filter(
            Q(provider_id=own, state__in=(AgreementState.DRAFTED, AgreementState.SENT))
            | Q(requester_id=own, state=AgreementState.SIGNED)
        )
        .select_related("application", "provider", "requester")
        .defer("document", "terms")
    )
    rows = list(waiting.order_by("drafted_at", "id")[:CAP])
    found = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    days = clocks.calendar() if found else None
    tasks = []
    for row in rows:
        clock = found.get((SIGNING_PERIOD, str(row.id)))
        other = row.requester if row.provider_id == own else row.provider
        tasks.append(
            Task(
                kind=TaskKind.AGREEMENT_SIGN, title=row.application.title, number=row.number,
                subject_id=str(row.id), organisation=other.short_name, person="", since=row.drafted_at,
                note=format_lazy(_("第{n}版，{state}"), n=row.version, state=row.get_state_display()),
                clock=clocks.clock_view(clock, civil_date(now), days=days) if clock else None, link=link(row),
            )
        )  # fmt: skip
    return tasks


def to_sign_in_place(actor: Actor, now: datetime) -> list[Task]:
    """Return what the actor may sign under a head's delegation."""
    _head, delegation = as_head(actor, Permission.AGREEMENT_AGREEMENT_SIGN, now)
    return [] if delegation is None else to_sign(actor, now)


def to_explain(actor: Actor, now: datetime) -> list[Task]:
    """Return the breaches the actor's department answers for, and the answers it is to judge."""
    own = actor.organisation_id or org.NOBODY
    rule = Q(responsible_id=own, state=BreachState.FOUND)
    judged = Q(state=BreachState.ANSWERED) & (Q(agreement__provider_id=own) | Q(agreement__requester_id=own))
    rows = Breach.objects.filter(rule | (judged & ~Q(responsible_id=own)))
    rows = rows.defer("evidence", "agreement__document", "agreement__terms")
    return [
        Task(
            kind=TaskKind.AGREEMENT_BREACH, title=row.agreement.application.title, number=row.number,
            subject_id=str(row.id), organisation=row.agreement.provider.short_name, person="", since=row.found_at,
            note=format_lazy("{kind} {state}", kind=row.obligation.get_kind_display(), state=row.get_state_display()),
            link=f"/breaches/{row.number}",
        )
        for row in rows.select_related("agreement__application", "agreement__provider", "obligation").order_by(
            "found_at", "id"
        )[:CAP]
    ]  # fmt: skip
