"""Reading disputes: the parties, the coordinator, the government and the auditor; everybody else is told of none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import ClockView
from jutong.center.dispute.actions._common import SUBJECT
from jutong.center.dispute.enums import DisputeEvent, DisputeState
from jutong.center.dispute.models import Decision, Dispute, Evidence, Proposal, Response, Statement
from jutong.center.dispute.parties import sides_of, visible
from jutong.center.dispute.rules import COORDINATE, DISPUTES, GOVERN, NEGOTIATE, OPEN
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

IDLE_DAYS = 7
"""A coordinator that took no step for so many days is idle, even while its clock runs."""


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal with what the parties said to it."""

    proposal: Proposal
    responses: list[Response]
    is_latest: bool


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute with everything its page shows and what the asker may do on it."""

    dispute: Dispute
    events: frozenset[DisputeEvent]
    clocks: list[ClockView]
    claimed: list[Statement]
    answered: list[Statement]
    evidence: list[Evidence]
    proposals: list[ProposalView]
    decision: Decision | None

    @property
    def clock(self) -> ClockView | None:
        """The clock of the present stage."""
        return self.clocks[-1] if self.clocks else None

    @property
    def to_answer(self) -> Proposal | None:
        """The latest proposal, where there is one."""
        return self.proposals[-1].proposal if self.proposals else None


def disputes(actor: Actor, *, states: Sequence[str] = (), role: str = "") -> QuerySet[Dispute]:
    """Return the disputes the actor may read, the newest first.

    Args:
        actor: who asks.
        states: values of ``DisputeState``; empty for all.
        role: ``raised``, ``answered`` or ``coordinated`` for those where the own organisation is that; else all.

    Raises:
        ForbiddenError: if the post reads no disputes.
    """
    org.require(actor, Permission.DISPUTE_CASE_VIEW)
    rows = Dispute.objects.filter(visible(actor)).select_related("claimant", "respondent", "coordinator")
    if states:
        rows = rows.filter(state__in=states)
    field = {"raised": "claimant_id", "answered": "respondent_id", "coordinated": "coordinator_id"}.get(role)
    if field:
        rows = rows.filter(**{field: actor.organisation_id or NOBODY})
    return rows.order_by("-raised_at", "-id")


def dispute(actor: Actor, number: str) -> Dispute:
    """Return one dispute.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = disputes(actor).filter(number=number).first()
    if found is None:
        raise NotFoundError(what=number)
    return found


def view(actor: Actor, number: str, now: datetime) -> DisputeView:
    """Return one dispute with both views, the evidence, the proposals, the decision and what may be done.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = dispute(actor, number)
    said = list(found.statements.select_related("organisation", "by"))
    offered = list(found.proposals.select_related("organisation", "by").prefetch_related("responses__organisation"))
    rows = {clock.period: clock for clock in clocks.of_subject(SUBJECT, found.id)}
    days, today = clocks.calendar(), civil_date(now)
    return DisputeView(
        dispute=found,
        events=_events(found, actor, offered),
        clocks=[
            clocks.clock_view(rows[period], today, days=days)
            for period in (NEGOTIATE, COORDINATE, GOVERN)
            if period in rows
        ],
        claimed=[row for row in said if row.organisation_id == found.claimant_id],
        answered=[row for row in said if row.organisation_id == found.respondent_id],
        evidence=list(found.evidence.select_related("organisation", "by")),
        proposals=[
            ProposalView(row, list(row.responses.all()), at == len(offered)) for at, row in enumerate(offered, start=1)
        ],
        decision=Decision.objects.filter(dispute=found).select_related("by").first(),
    )


def _events(found: Dispute, actor: Actor, offered: Sequence[Proposal]) -> frozenset[DisputeEvent]:
    """Return the steps the actor's side and post may take now; guards of time are asked on taking one."""
    sides = sides_of(found, actor)
    allowed = {
        DisputeEvent(row.event)
        for row in DISPUTES.rows
        if row.state == found.state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    }
    latest = offered[-1] if offered else None
    mine = actor.organisation_id
    if (
        latest is None
        or latest.organisation_id == mine
        or any(row.organisation_id == mine for row in latest.responses.all())
    ):
        allowed -= {DisputeEvent.ACCEPT, DisputeEvent.REJECT}
    if found.state == DisputeState.NEGOTIATING:
        allowed -= {DisputeEvent.REFER} if found.coordinator_id else {DisputeEvent.ESCALATE}
    return frozenset(allowed)


def clocks_of(rows: Sequence[Dispute], now: datetime) -> dict[str, ClockView]:
    """Return the clock of the present stage of each dispute, by its id."""
    found = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    if not found:
        return {}
    days, today = clocks.calendar(), civil_date(now)
    latest: dict[str, ClockView] = {}
    for period in (NEGOTIATE, COORDINATE, GOVERN):
        for row in rows:
            clock = found.get((period, str(row.id)))
            if clock is not None:
                latest[str(row.id)] = clocks.clock_view(clock, today, days=days)
    return latest


def idle_coordination(now: datetime, *, days: int = IDLE_DAYS) -> QuerySet[Dispute]:
    """Return the disputes a coordinator leaves idle: its time is over, or nothing happened for some days (条例 41, A2).

    The platform's own scan reads them; nothing is asked of a person.
    """
    over = StatutoryClock.objects.filter(
        subject_kind=SUBJECT, period=COORDINATE, state__in=clocks.OPEN, due_on__lt=civil_date(now)
    ).values_list("subject_id", flat=True)
    rule = Q(moved_at__lt=now - timedelta(days=days)) | Q(id__in=list(over))
    return Dispute.objects.filter(rule, state=DisputeState.COORDINATING).select_related("coordinator")


def open_about(kind: str, number: str) -> Dispute | None:
    """Return the open dispute about a case, for the page of the case."""
    return Dispute.objects.filter(subject_kind=kind, subject_number=number, state__in=OPEN).first()
