"""What nodes found at night: on record once, told once, and seen by those whose tables they are."""

from __future__ import annotations

from typing import Any

import pytest

from jutong.center.fleet.receipts import Applied, apply_receipt
from jutong.center.jobs import actions, reconciling
from jutong.center.jobs.models import TargetCheck
from jutong.center.sharing.models import Notice
from jutong.contracts.receipts import MovedReceipt, ReconciledReceipt, TableCheck
from jutong.kernel.errors import ForbiddenError
from tests.sharing_world import NOW, World, at, new_id


def found(world: World, job_id: object, state: Any, **changes: Any) -> TableCheck:
    body = {"job_id": str(job_id), "organisation_code": world.civil.code, "target": "t_306001_1", "state": state}
    return TableCheck(**{**body, "rows": 4, "expected_rows": 5, "digest": "b", "expected": "a", **changes})


def night(world: World, days: float, *checks: TableCheck, run: object = None) -> Applied:
    ended = int(at(days).timestamp() * 1000)
    body = ReconciledReceipt(
        run_id=str(run or new_id()), started_ms=ended - 1, finished_ms=ended, checks=checks, leaf_index=7
    )
    return apply_receipt(node=world.node, envelope=world.receipt("reconciled", body, at(days)), now=at(days))


def test_a_table_that_differs_is_told_once_and_seen_by_its_department(world: World) -> None:
    world.bind()
    job = actions.order_job(entry=world.entry, by=world.steward, now=NOW)
    run = new_id()
    assert night(world, 1, found(world, job.id, "same"), run=run).problem == ""
    assert not Notice.objects.filter(link="/jobs/checks").exists()
    night(world, 1, found(world, job.id, "differs"), run=run)  # the same night again is no news
    assert reconciling.checks(world.steward).rows[0].state == "same"
    other = found(world, job.id, "same", organisation_code="11629900MB9999999X")
    assert night(world, 2, found(world, new_id(), "differs", problem="x"), other).problem.startswith("1 tables belong")
    night(world, 3, found(world, "no id", "unreadable", rows=-1, digest=""))
    assert Notice.objects.filter(link="/jobs/checks", organisation=world.civil).count() == 1
    for who in (world.steward, world.authority, world.system_admin):
        (check,) = reconciling.checks(who, state="unreadable").rows
        assert (check.state, check.rows, check.expected, check.leaf_index) == ("unreadable", None, "a", 7)
        assert reconciling.tables(who) == reconciling.Tables(0, 0, 1)
    assert (check.job, TargetCheck.objects.count()) == (None, 3)
    assert TargetCheck.objects.get(state="same").job == job
    assert reconciling.checks(world.stranger).rows == []
    with pytest.raises(ForbiddenError):
        reconciling.checks(world.requester)


def test_what_a_merge_did_is_kept_and_must_add_up(world: World) -> None:
    world.bind()
    done: dict[str, Any] = {
        "state": "done", "rows_read": 5, "rows_written": 5, "source_digest": "a", "target_digest": "a",
        "mode": "difference", "rows_inserted": 1, "rows_updated": 2, "rows_deleted": 9, "table_rows": 5,
        "table_digest": "c", "drift": ("+born",),
    }  # fmt: skip
    for unchanged, state in ((2, "done"), (1, "failed")):
        job = actions.order_job(entry=world.entry, by=world.steward, now=NOW)
        body = MovedReceipt(job_id=str(job.id), **done, rows_unchanged=unchanged)
        apply_receipt(node=world.node, envelope=world.receipt("moved", body, at(1)), now=at(1))
        job.refresh_from_db()
        assert (job.state, job.merged["rows_deleted"], job.merged["drift"]) == (state, 9, ["+born"])
