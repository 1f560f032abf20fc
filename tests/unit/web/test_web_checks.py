"""The page of nightly looks, and what a run's page tells of a merge."""

from __future__ import annotations

from jutong.center.jobs import actions
from jutong.center.jobs.models import TargetCheck
from tests.sharing_world import NOW, World, new_id
from tests.unit.web.conftest import SignIn


def test_tables_that_differ_stand_out_and_a_merge_is_told(world: World, enter: SignIn) -> None:
    assert "还没有核对过" in enter("steward").get("/jobs/checks").content.decode()
    world.bind()
    job = actions.order_job(entry=world.entry, by=world.steward, now=NOW)
    job.merged = {"mode": "difference", "rows_inserted": 3, "rows_deleted": 4, "table_rows": 11, "drift": ["+born"]}
    job.save()
    for target, state in (("a", "same"), ("b", "differs")):
        TargetCheck.objects.create(
            run_id=new_id(), node="n", organisation=world.civil, target=target, job=job, state=state, rows=11,
            expected_rows=12, digest="jc1:11:00", checked_at=NOW,
        )  # fmt: skip
    shown = enter("steward").get("/jobs/checks").content.decode()
    assert all(text in shown for text in ("一致 1 张", "不一致 1 张", "应为 12", f"/jobs/{job.id}"))
    only = enter("steward").get("/jobs/checks?state=differs").content.decode()
    assert (">b<" in only, ">a<" in only) == (True, False)
    told = enter("steward").get(f"/jobs/{job.id}").content.decode()
    assert "新增 3 行，变更 0 行，来源已没有 4 行" in told
    assert "目标表现有 11 行" in told
    assert "字段有变：+born" in told
