"""What a dispute waits for, in the inbox of whoever has to act."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from jutong.center.dispute.enums import DisputeState
from jutong.center.dispute.models import Dispute, Proposal, Response, Statement
from jutong.center.dispute.queries import clocks_of
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.center.sharing.queries.tasks import Task, TaskKind, register

CAP = 200


def register_all() -> None:
    """Tell the inbox; called when the app is ready."""
    register("dispute-answer", Permission.DISPUTE_CASE_RAISE, to_answer)
    register("dispute-mediate", Permission.DISPUTE_CASE_MEDIATE, to_mediate)
    register("dispute-decide", Permission.DISPUTE_CASE_DECIDE, to_decide)


def to_answer(actor: Actor, now: datetime) -> list[Task]:
    """Return the disputes where the own side has said nothing, owes an answer to a proposal, or has to see to it."""
    own = actor.organisation_id or NOBODY
    silent = Q(respondent_id=own, state=DisputeState.NEGOTIATING) & ~Exists(
        Statement.objects.filter(dispute=OuterRef("pk"), organisation_id=own)
    )
    offered = Exists(
        Proposal.objects.filter(dispute=OuterRef("pk"))
        .exclude(organisation_id=own)
        .filter(~Exists(Response.objects.filter(proposal=OuterRef("pk"), organisation_id=own)))
        .filter(~Exists(Proposal.objects.filter(dispute=OuterRef("dispute"), at__gt=OuterRef("at"))))
    )
    party = Q(claimant_id=own) | Q(respondent_id=own)
    open_ = Q(state__in=(DisputeState.NEGOTIATING, DisputeState.COORDINATING))
    agreed = Q(claimant_id=own, state__in=(DisputeState.SETTLED, DisputeState.DECIDED))
    rows = Dispute.objects.filter(silent | (party & open_ & offered) | agreed)
    return _tasks(TaskKind.DISPUTE_ANSWER, rows.select_related("claimant", "respondent", "raised_by")[:CAP], now)


def to_mediate(actor: Actor, now: datetime) -> list[Task]:
    """Return the disputes the authority coordinates, and those where it is the other side itself."""
    own = actor.organisation_id or NOBODY
    rows = Dispute.objects.filter(coordinator_id=own, state=DisputeState.COORDINATING)
    mine = _tasks(TaskKind.DISPUTE_MEDIATE, rows.select_related("claimant", "respondent", "raised_by")[:CAP], now)
    return [*mine, *to_answer(actor, now)]


def to_decide(actor: Actor, now: datetime) -> list[Task]:
    """Return the disputes that wait for the decision of the government of the level."""
    rows = Dispute.objects.filter(government_division=actor.division_code, state=DisputeState.REFERRED)
    return _tasks(TaskKind.DISPUTE_DECIDE, rows.select_related("claimant", "respondent", "raised_by")[:CAP], now)


def _tasks(kind: TaskKind, rows: Iterable[Dispute], now: datetime) -> list[Task]:
    listed = list(rows)
    clocks = clocks_of(listed, now)
    tasks = []
    for row in listed:
        clock = clocks.get(str(row.id))
        tasks.append(
            Task(
                kind=kind, title=row.subject_label, number=row.number, subject_id=str(row.id),
                organisation=row.claimant.short_name, person=row.raised_by.name if row.raised_by else "",
                since=row.moved_at, note=row.get_state_display(),
                clock=clock if clock is not None and clock.state != "done" else None, link=f"/disputes/{row.number}",
            )
        )  # fmt: skip
    return tasks
