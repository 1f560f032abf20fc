from __future__ import annotations

from typing import Any

import pytest

from jutong.center.fleet.errors import SourceUnknownError
from jutong.center.fleet.models import Source
from jutong.center.fleet.receipts import Applied, apply_receipt
from jutong.center.jobs import actions, queries
from jutong.center.jobs.errors import EntryUnboundError, JobRunningError, RuleColumnError
from jutong.center.jobs.models import Job
from jutong.center.org.actor import platform_actor
from jutong.contracts import rules as rule
from jutong.contracts.receipts import MovedReceipt, RuleCount
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_steps import orders
from tests.sharing_world import NOW, World, at, new_id

WATCH = platform_actor("job watch")


def ordered(world: World, days: float = 0) -> Job:
    if not world.entry.bindings.exists():
        world.bind()
    return actions.order_job(entry=world.entry, by=world.steward, now=at(days))


def moved(world: World, job: Job, state: str, days: float = 1, **changes: Any) -> Applied:
    body: dict[str, Any] = {"job_id": str(job.id), "state": state, **changes}
    envelope = world.receipt("moved", MovedReceipt(**body), at(days))
    return apply_receipt(node=world.node, envelope=envelope, now=at(days))


DONE: dict[str, Any] = {
    "rows_read": 5, "rows_written": 5, "source_digest": "sha256:aa", "target_digest": "sha256:aa", "delta_version": 3,
    "finished_ms": 1_700_000_000_000, "leaf_index": 9,
}  # fmt: skip


def test_an_ordered_job_tells_the_node_what_to_move(world: World) -> None:
    job = ordered(world)
    assert (job.state, job.target, job.rows_written) == ("ordered", "t_306001_1", None)
    assert orders("job") == [
        {
            "job_id": str(job.id), "source": "civil", "schema_name": "public", "table": "marriage",
            "columns": ["id_number", "name", "marital", "address", "division"], "target": "t_306001_1",
        }
    ]  # fmt: skip


def test_only_the_holders_steward_moves_its_data(world: World) -> None:
    world.bind()
    with pytest.raises(ForbiddenError):
        actions.order_job(entry=world.entry, by=world.provider_head, now=NOW)
    with pytest.raises(NotFoundError):
        actions.order_job(entry=world.entry, by=world.stranger, now=NOW)


def test_nothing_bound_nothing_to_move(world: World) -> None:
    with pytest.raises(EntryUnboundError):
        actions.order_job(entry=world.entry, by=world.steward, now=NOW)
    world.bind()
    Source.objects.update(name="elsewhere")
    with pytest.raises(SourceUnknownError):
        actions.order_job(entry=world.entry, by=world.steward, now=NOW)
    assert not Job.objects.exists()


def test_one_move_of_an_entry_at_a_time(world: World) -> None:
    job = ordered(world)
    with pytest.raises(JobRunningError):
        ordered(world)
    moved(world, job, "failed", problem="断了")
    assert ordered(world, 2).state == "ordered"


def test_figures_come_from_the_receipt(world: World) -> None:
    job = ordered(world)
    assert moved(world, job, "running", 0.1, rows_read=2).problem == ""
    job.refresh_from_db()
    assert (job.state, job.rows_read, job.finished_at, job.delta_version) == ("running", 2, None, None)
    moved(world, job, "done", **DONE)
    job.refresh_from_db()
    assert (job.state, job.rows_written, job.delta_version, job.leaf_index) == ("done", 5, 3, 9)
    assert job.finished_at is not None
    assert job.finished_at.year == 2023
    assert "had ended" in moved(world, job, "failed", 2).problem
    job.refresh_from_db()
    assert job.state == "done"


@pytest.mark.parametrize(
    "changes", [{"rows_written": 4}, {"target_digest": "sha256:bb"}, {"source_digest": "", "target_digest": ""}]
)
def test_done_with_two_different_sides_has_failed(world: World, changes: dict[str, Any]) -> None:
    job = ordered(world)
    moved(world, job, "done", **{**DONE, **changes})
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", actions.MISMATCH)


def test_rules_travel_in_the_order_and_only_counts_come_back(world: World) -> None:
    world.bind()
    rules = (rule.Identity(id="number", column="id_number", to_18=True), rule.Unique(id="once", column="gone"))
    with pytest.raises(RuleColumnError) as caught:
        actions.order_job(entry=world.entry, by=world.steward, now=NOW, rules=rules)
    assert caught.value.fields["columns"] == "gone"
    masks = (rule.ColumnMask(column="name", mask="name"),)
    job = actions.order_job(entry=world.entry, by=world.steward, now=NOW, rules=rules[:1], masks=masks)
    (body,) = orders("job")
    assert (body["rules"], body["masks"]) == (job.rules, job.masks) == (
        [{"id": "number", "kind": "identity", "column": "id_number", "action": "set-aside", "most_rows": None,
          "most_permille": None, "to_18": True}],
        [{"column": "name", "mask": "name"}],
    )  # fmt: skip
    counts = (RuleCount(id="number", kind="identity", column="id_number", action="set-aside", rows=2),)
    told = {"rows_quarantined": 2, "rows_skipped": 1, "rows_written": 2, "chunks": 3, "chunks_done": 3, "snapshots": 2}
    moved(world, job, "done", **{**DONE, **told}, rules=counts)
    job.refresh_from_db()
    assert (job.state, job.rows_quarantined, job.rows_skipped, job.snapshots) == ("done", 2, 1, 2)
    assert job.rule_counts == [counts[0].model_dump()]


def test_rows_that_are_nowhere_fail_the_job(world: World) -> None:
    job = ordered(world)
    moved(world, job, "done", **{**DONE, "rows_written": 2, "rows_quarantined": 2})
    job.refresh_from_db()
    assert (job.state, job.problem) == ("failed", actions.MISMATCH)


def test_a_failure_keeps_its_reason(world: World) -> None:
    job = ordered(world)
    moved(world, job, "failed", problem="盘满")
    job.refresh_from_db()
    assert (job.state, job.problem, job.finished_at) == ("failed", "盘满", at(1))


def test_a_job_never_ordered_there_is_not_believed(world: World) -> None:
    ordered(world)
    body = MovedReceipt(job_id=str(new_id()), state="done")
    applied = apply_receipt(node=world.node, envelope=world.receipt("moved", body), now=NOW)
    assert "never ordered" in applied.problem


def test_silence_makes_a_job_unknown_and_a_receipt_settles_it(world: World) -> None:
    job = ordered(world)
    assert actions.mark_unknown(by=WATCH, now=at(0.005)) == 0
    moved(world, job, "running", 1)
    assert actions.mark_unknown(by=WATCH, now=at(1.005)) == 0
    assert actions.mark_unknown(by=WATCH, now=at(2)) == 1
    assert actions.mark_unknown(by=WATCH, now=at(2)) == 0
    job.refresh_from_db()
    assert job.state == "unknown"
    moved(world, job, "done", 3, **DONE)
    job.refresh_from_db()
    assert job.state == "done"


def test_jobs_are_seen_by_the_holder_its_authority_and_who_runs_the_platform(world: World) -> None:
    job = ordered(world)
    for who in (world.steward, world.provider_head, world.authority, world.system_admin):
        assert queries.jobs(who).rows == [job]
        assert queries.job(who, str(job.id)) == job
    assert queries.jobs(world.steward, entry_code="x").rows == []
    assert queries.jobs(world.steward, entry_code="306001/1").rows == [job]
    assert queries.jobs(world.stranger).rows == []
    for wrong in (str(new_id()), "nonsense"):
        with pytest.raises(NotFoundError):
            queries.job(world.steward, wrong)
    with pytest.raises(NotFoundError):
        queries.job(world.stranger, job.id)
    with pytest.raises(ForbiddenError):
        queries.jobs(world.requester)
