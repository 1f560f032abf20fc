from __future__ import annotations

from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import actions, control, repairing
from jutong.center.jobs.errors import JobNotControllableError, JobRunningError, NothingAsideError
from jutong.center.jobs.models import Job
from jutong.contracts.envelope import unseal
from jutong.contracts.orders import RepairTicketOrder
from jutong.contracts.receipts import ReplayedReceipt, RuleCount
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_steps import orders
from tests.sharing_world import World, at, new_id
from tests.unit.center.jobs.test_jobs import DONE, moved, ordered


def state(job: Job) -> tuple[str, tuple[str, ...]]:
    job.refresh_from_db()
    return job.state, control.possible(job)


def test_a_job_is_paused_let_go_on_and_cancelled_when_the_node_says_so(world: World) -> None:
    job = ordered(world)
    moved(world, job, "running", rows_read=3, phase="reading", rows_per_second=7)
    job.refresh_from_db()
    assert (job.phase, job.rows_per_second) == ("reading", 7)
    control.control_job(job=job, action="pause", by=world.steward, now=at(1))
    assert orders("job-control") == [{"job_id": str(job.id), "action": "pause"}]
    assert state(job) == ("running", ("pause", "cancel"))
    moved(world, job, "paused", rows_read=3)
    assert state(job) == ("paused", ("resume", "cancel"))
    with pytest.raises(JobNotControllableError):
        control.control_job(job=job, action="pause", by=world.steward, now=at(1))
    with pytest.raises(JobRunningError):  # a paused job still holds the entry
        actions.order_job(entry=world.entry, by=world.steward, now=at(1))
    assert actions.mark_unknown(by=world.system_admin, now=at(9)) == 0  # silence of a paused job means nothing
    control.control_job(job=job, action="resume", by=world.steward, now=at(1))
    moved(world, job, "waiting", phase="retry", tries=2, retry_ms=1_700_000_000_000, problem="x")
    assert state(job) == ("waiting", ("pause", "cancel"))
    assert (job.phase, job.tries, job.retry_at is None, job.finished_at) == ("retry", 2, False, None)
    control.control_job(job=job, action="cancel", by=world.steward, now=at(1))
    moved(world, job, "cancelled", finished_ms=1_700_000_000_000)
    assert state(job) == ("cancelled", ())
    assert job.finished_at is not None
    assert "ended as cancelled" in moved(world, job, "running").problem
    assert AuditEvent.objects.filter(event="jobs:job:control").count() == 3


def test_only_the_holder_s_steward_controls_a_job_and_sees_what_it_set_aside(world: World) -> None:
    job = ordered(world)
    for by, error in ((world.provider_head, ForbiddenError), (world.stranger, NotFoundError)):
        with pytest.raises(error):
            control.control_job(job=job, action="pause", by=by, now=at(1))
        with pytest.raises(error):
            repairing.open_quarantine(job=job, by=by, now=at(1))
    assert orders("job-control") == []


def aside(world: World) -> Job:
    job = ordered(world)
    broken = RuleCount(id="r", kind="identity", column="id_number", action="set-aside", rows=2)
    moved(world, job, "done", **{**DONE, "rows_read": 7, "rows_quarantined": 2, "rules": (broken,)})
    job.refresh_from_db()
    world.node.gateway_url = "http://gateway.test"
    world.node.save()
    return job


def test_a_ticket_for_the_quarantine_names_person_job_and_holder(world: World) -> None:
    empty = ordered(world)
    with pytest.raises(NothingAsideError):
        repairing.open_quarantine(job=empty, by=world.steward, now=at(1))
    moved(world, empty, "failed", problem="x")
    job = aside(world)
    given = repairing.open_quarantine(job=job, by=world.steward, now=at(1))
    body = unseal(given.ticket, RepairTicketOrder)
    assert (given.ticket.audience, given.gateway_url) == (world.node.name, "http://gateway.test")
    assert (body.job_id, body.official) == (str(job.id), world.steward.username)
    assert body.organisation_code == world.entry.organisation.code
    assert body.valid_until_ms == int(at(1).timestamp() * 1000) + 300_000
    again = unseal(repairing.open_quarantine(job=job, by=world.steward, now=at(1)).ticket, RepairTicketOrder)
    assert again.nonce != body.nonce
    assert orders("repair-ticket") == []  # it travels through the browser, not in the feed


def test_a_replay_is_taken_once_and_only_from_the_node_that_moved(world: World) -> None:
    job = aside(world)
    body: dict[str, Any] = {
        "job_id": str(job.id), "number": 1, "rows": 2, "digest": "jc1:2:aa", "delta_version": 4, "official": "zhang",
        "time_ms": 1_700_000_000_000, "left": 0, "dropped": 0, "leaf_index": 12,
    }  # fmt: skip
    told = [
        apply_receipt(node=world.node, envelope=world.receipt("replayed", ReplayedReceipt(**one), at(2)), now=at(2))
        for one in (body, body, {**body, "job_id": str(new_id())})
    ]
    assert [one.problem[:8] for one in told] == ["", "replay 1", "job " + told[2].problem[4:8]]
    (replay,) = job.replays.all()
    assert (replay.rows, replay.official, replay.leaf_index) == (2, "zhang", 12)
