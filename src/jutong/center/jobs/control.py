"""A job stopped for now, let go on, or ended by a person. The node's receipt says what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.fleet import actions as fleet
from jutong.center.fleet import queries as fleet_queries
from jutong.center.jobs.errors import JobNotControllableError
from jutong.center.jobs.models import Job, JobState
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.contracts.orders import JobControlOrder
from jutong.kernel.errors import NotFoundError

Action = Literal["pause", "resume", "cancel"]
_MOVING = frozenset((JobState.ORDERED, JobState.WAITING, JobState.RUNNING, JobState.UNKNOWN))
POSSIBLE: dict[Action, frozenset[JobState]] = {
    "pause": _MOVING,
    "resume": frozenset((JobState.PAUSED,)),
    "cancel": _MOVING | {JobState.PAUSED},
}
"""In which states of a job each can be asked for."""


def possible(job: Job) -> tuple[Action, ...]:
    """Return what can be asked for now."""
    return tuple(action for action, states in POSSIBLE.items() if job.state in states)


@transaction.atomic
def control_job(*, job: Job, action: Action, by: Actor, now: datetime) -> None:
    """Order the node to pause a job, let it go on, or end it. Its state changes when the node says so.

    Raises:
        NotFoundError: if the job is another organisation's.
        JobNotControllableError: if its state does not allow it.
    """
    org.require(by, Permission.JOBS_JOB_ORDER)
    locked = Job.objects.select_for_update(of=("self",)).select_related("entry").get(id=job.id)
    if locked.entry.organisation_id != by.organisation_id:
        raise NotFoundError(what=str(job.id))
    if action not in possible(locked):
        raise JobNotControllableError(state=JobState(locked.state).label)
    node = fleet_queries.node_of(kind="job", subject_id=locked.id)
    if node is None:
        raise JobNotControllableError(state=JobState(locked.state).label)
    body = JobControlOrder(job_id=str(locked.id), action=action)
    fleet.issue_order(node=node, kind="job-control", body=body, subject_id=locked.id, by=by, now=now)
    audit.record(
        event="jobs:job:control", by=by, now=now, subject_kind="job", subject_id=locked.id, subject_label=locked.target,
        action=action, state=locked.state,
    )  # fmt: skip
