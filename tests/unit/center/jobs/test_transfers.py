"""Saved transfers: made with what is proposed, kept in versions, run by plan and one after another, told when late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import runs
from jutong.center.jobs import transfer_queries as queries
from jutong.center.jobs import transfers as actions
from jutong.center.jobs.errors import (
    EntryUnboundError,
    JobRunningError,
    RuleColumnError,
    TargetUnfitError,
    TransferFollowedError,
    TransferFollowsItselfError,
    TransferStateError,
    TransferUnreadyError,
)
from jutong.center.jobs.looking import look
from jutong.center.jobs.models import Job, JobNews, Transfer
from jutong.center.jobs.ordering import default_target
from jutong.center.jobs.releasing import keeps_log
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.transfer_queries import Health
from jutong.center.jobs.work import Work
from jutong.center.org.actor import platform_actor
from jutong.center.sharing.models import Notice
from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.landing import Landing
from jutong.contracts.modes import ChangesMode
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_steps import orders
from tests.sharing_world import NOW, World, at, new_id

BY = platform_actor("schedule")
NIGHTLY = Schedule(kind="daily", at="02:00")
TURN = datetime.fromisoformat("2026-11-10T02:00:00+08:00")
"""The first turn of what runs nightly, after ``NOW``."""
COLUMNS = ("id_number", "name", "marital", "address", "division")
DONE: dict[str, Any] = {
    "rows_read": 5, "rows_written": 5, "source_digest": "jc1:5:aa", "target_digest": "jc1:5:aa", "delta_version": 3,
    "started_ms": 1_762_711_200_000, "finished_ms": 1_762_711_260_000, "leaf_index": 9,
}  # fmt: skip


@pytest.fixture
def bound(world: World) -> World:
    world.bind()
    columns = [{"name": name, "type": "character varying(64)", "nullable": True} for name in COLUMNS]
    table = {"schema_name": "public", "name": "marriage", "row_estimate": 5, "columns": columns}
    Source.objects.update(tables=[table])
    Node.objects.update(seen_at=NOW)
    return world


def made(world: World, now: datetime = NOW, **changes: Any) -> Transfer:
    terms = actions.Terms(**{"name": "婚姻登记入库", "schedule": NIGHTLY, "promised_hours": 26, **changes})
    return actions.save_transfer(entry=world.entry, terms=terms, by=world.steward, now=now)


def moved(world: World, job: Job, state: str, now: datetime, **changes: Any) -> None:
    envelope = world.receipt("moved", MovedReceipt(job_id=str(job.id), state=state, **changes), now)  # type: ignore[arg-type]
    apply_receipt(node=Node.objects.get(), envelope=envelope, now=now)


def alive(now: datetime) -> datetime:
    Node.objects.update(seen_at=now)
    return now


def test_a_draft_holds_what_is_proposed_and_becomes_a_version_when_switched_on(bound: World) -> None:
    draft = actions.draft_transfer(entry=bound.entry, by=bound.steward, now=NOW)
    work = Work.read(draft.work)
    assert {one.column for one in work.rules} >= {"id_number"}
    assert {one.most_permille for one in work.rules} == {200}, "what fits nothing leaves no empty table"
    assert [mask.column for mask in work.masks] == ["division"], "the catalog gives it out masked only"
    assert (draft.state, draft.version, draft.promised_hours, draft.next_at) == ("draft", 0, 26, None)
    with pytest.raises(TransferUnreadyError):
        actions.run_transfer(transfer=draft, by=bound.steward, now=NOW)
    changed = actions.change_transfer(transfer=draft, by=bound.steward, now=NOW, schedule=NIGHTLY)
    on = actions.switch_on(transfer=changed, by=bound.steward, now=NOW)
    assert (on.state, on.version, on.next_at) == ("on", 1, TURN)
    with pytest.raises(TransferStateError):
        actions.discard_draft(transfer=on, by=bound.steward, now=NOW)
    again = actions.change_transfer(transfer=on, by=bound.steward, now=NOW, name="改名")
    assert [row.number for row in queries.versions(bound.steward, again.id)] == [2, 1]
    same = actions.change_transfer(transfer=again, by=bound.steward, now=NOW, name="改名")
    assert same.version == 2, "nothing changed, so there is no new version"


def test_only_the_holders_steward_makes_transfers_of_what_is_bound(world: World, bound: World) -> None:
    with pytest.raises(ForbiddenError):
        actions.draft_transfer(entry=bound.entry, by=bound.provider_head, now=NOW)
    with pytest.raises(NotFoundError):
        actions.draft_transfer(entry=bound.entry, by=bound.stranger, now=NOW)
    transfer = made(bound)
    for who in (bound.stranger,):
        with pytest.raises(NotFoundError):
            actions.change_transfer(transfer=transfer, by=who, now=NOW, name="别人的")
        with pytest.raises(NotFoundError):
            queries.transfer(who, transfer.id)
    for who in (bound.steward, bound.provider_head, bound.authority, bound.system_admin):
        assert queries.transfer(who, transfer.id) == transfer
    bound.entry.bindings.update(ended_at=NOW)
    with pytest.raises(EntryUnboundError):
        actions.draft_transfer(entry=bound.entry, by=bound.steward, now=NOW)


def test_work_that_does_not_fit_is_refused_before_it_is_kept(bound: World) -> None:
    gone = Work(rules=(rule.NotNull(id="a", column="gone"),))
    twice = Work(steps=(step.Rename(id="r", column="name", to="marital"),))
    for work in (gone, twice):
        with pytest.raises(RuleColumnError):
            made(bound, work=work)
    there = Work(
        steps=(step.Rename(id="r", column="name", to="full_name"),), rules=(rule.NotNull(id="a", column="full_name"),)
    )
    assert Work.read(made(bound, work=there).work) == there
    landing = Landing(source="elsewhere", schema_name="public", table="t", columns=(("name", "name"),))
    with pytest.raises(TargetUnfitError):
        made(bound, work=Work(into=landing))
    bound.source.organisation = bound.other
    Source.objects.create(
        node=bound.node, name="elsewhere", dialect="postgresql", organisation=bound.other, is_ok=True, seen_at=NOW
    )
    with pytest.raises(TargetUnfitError):
        made(bound, work=Work(into=landing))
    Source.objects.filter(name="elsewhere").update(organisation=bound.bigdata)
    for dialect in ("postgresql", "mysql"):
        Source.objects.filter(name="elsewhere").update(dialect=dialect)
        assert look(made(bound, work=Work(into=landing)), NOW).where == "elsewhere:public.t"
    Source.objects.filter(name="elsewhere").update(dialect="sqlite")
    with pytest.raises(TargetUnfitError):
        made(bound, work=Work(into=landing))


def test_a_turn_is_taken_once_and_the_order_carries_the_whole_work(bound: World) -> None:
    work = Work(target="marriages", rules=(rule.NotNull(id="a", column="name"),))
    transfer = made(bound, work=work)
    assert runs.run_due(by=BY, now=alive(TURN - timedelta(seconds=1))) == 0
    assert runs.run_due(by=BY, now=alive(TURN)) == 1
    assert runs.run_due(by=BY, now=alive(TURN)) == 0
    job = Job.objects.get()
    assert (job.transfer, job.transfer_version, job.cause, job.expected_rows) == (transfer, 1, "schedule", None)
    (body,) = orders("job")
    assert (body["target"], [one["id"] for one in body["rules"]], "priority" in body) == ("marriages", ["a"], False)
    assert runs.run_due(by=BY, now=alive(TURN + timedelta(days=1))) == 0, "its last run is still under way"
    transfer.refresh_from_db()
    assert transfer.next_at == TURN + timedelta(days=2)
    with pytest.raises(JobRunningError):
        actions.run_transfer(transfer=transfer, by=bound.steward, now=TURN)


def test_what_was_missed_while_nothing_ran_is_made_up_once(bound: World) -> None:
    made(bound)
    late = TURN + timedelta(days=5, hours=3)
    assert runs.run_due(by=BY, now=late) == 0, "the node is silent, so nothing piles up for it"
    assert queries.views(bound.steward, Transfer.objects.all(), late)[0].health is Health.PROBLEM
    assert runs.run_due(by=BY, now=alive(late)) == 1
    transfer = Transfer.objects.get()
    assert (transfer.problem, transfer.next_at) == ("", TURN + timedelta(days=6))


def test_a_turn_that_cannot_be_ordered_is_told_once(bound: World) -> None:
    transfer = made(bound)
    bound.entry.bindings.update(ended_at=NOW)
    for days in range(2):
        assert runs.run_due(by=BY, now=alive(TURN + timedelta(days=days))) == 0
    transfer.refresh_from_db()
    assert "还没有挂接到数据表" in transfer.problem
    assert Notice.objects.filter(text=runs.UNORDERED_NOTICE).count() == 1
    (task,) = queries.to_repair(bound.steward, NOW)
    assert (task.link, task.title) == (f"/transfers/{transfer.id}", "婚姻登记入库")
    assert queries.to_repair(bound.stranger, NOW) == []


def test_one_runs_after_another_and_none_after_itself(bound: World) -> None:
    first = made(bound, name="先")
    after = Schedule(kind="after", transfer=str(first.id))
    second = made(bound, name="后", schedule=after)
    with pytest.raises(TransferFollowsItselfError):
        actions.change_transfer(
            transfer=first, by=bound.steward, now=NOW, schedule=Schedule(kind="after", transfer=str(second.id))
        )
    with pytest.raises(NotFoundError):
        made(bound, schedule=Schedule(kind="after", transfer=str(new_id())))
    with pytest.raises(TransferFollowedError):
        actions.switch_off(transfer=first, reason="", by=bound.steward, now=NOW)
    runs.run_due(by=BY, now=alive(TURN))
    moved(bound, Job.objects.get(), "failed", TURN, problem="断了")
    assert Job.objects.count() == 1, "nothing runs after a failure"
    job = actions.run_transfer(transfer=first, by=bound.steward, now=TURN)
    moved(bound, job, "done", TURN + timedelta(minutes=2), **DONE)
    follower = Job.objects.exclude(transfer=first).get()
    assert (follower.transfer, follower.cause) == (second, "after")


def test_freshness_is_that_of_the_order_and_late_is_told_once(bound: World) -> None:
    transfer = made(bound)
    assert transfer.due_at == NOW + timedelta(hours=26)
    runs.run_due(by=BY, now=alive(TURN))
    moved(bound, Job.objects.get(), "done", TURN + timedelta(minutes=3), **DONE)
    transfer.refresh_from_db()
    assert (transfer.fresh_at, transfer.due_at) == (TURN, TURN + timedelta(hours=26))
    assert transfer.next_at == TURN + timedelta(days=1)
    late = TURN + timedelta(hours=26, minutes=1)
    assert [runs.tell_late(by=BY, now=late - timedelta(minutes=2)), runs.tell_late(by=BY, now=late)] == [0, 1]
    assert runs.tell_late(by=BY, now=late) == 0
    notice = Notice.objects.get(text=runs.LATE_NOTICE)
    assert (notice.organisation, notice.fields["due"]) == (bound.civil, "2026-11-11 04:00")
    assert AuditEvent.objects.filter(event="jobs:transfer:late").count() == 1
    assert queries.views(bound.steward, [transfer], late)[0].health is Health.LATE
    actions.switch_off(transfer=transfer, reason="系统改造", by=bound.steward, now=late)
    transfer.refresh_from_db()
    assert Transfer.objects.filter(next_at=None, due_at=None, late_at=None).exists()
    assert queries.to_repair(bound.steward, late) == []


def test_the_log_says_what_is_new_and_failures_are_told_once_in_a_row(bound: World) -> None:
    transfer = made(bound)
    job = actions.run_transfer(transfer=transfer, by=bound.steward, now=NOW)
    moved(bound, job, "running", at(0.001), phase="reading", rows_read=2, chunks=4, chunks_done=0)
    moved(bound, job, "running", at(0.002), phase="reading", rows_read=4, chunks=4, chunks_done=1, rows_quarantined=1)
    moved(bound, job, "running", at(0.003), phase="reading", rows_read=4, chunks=4, chunks_done=1)
    moved(bound, job, "paused", at(0.004), rows_read=4, chunks=4, chunks_done=1)
    moved(bound, job, "failed", at(0.005), problem="断了")
    lines = [line.told("zh-hans") for line in JobNews.objects.order_by("at", "id")]
    assert lines == [
        "开始读取来源表。", "完成第1段（共4段），已读4行，隔离1行。", "已暂停，完成的1段保留。", "失败：断了"
    ]  # fmt: skip
    again = actions.run_transfer(transfer=transfer, by=bound.steward, now=at(1))
    moved(bound, again, "failed", at(1.1), problem="又断了")
    assert Notice.objects.filter(text=runs.FAILED_NOTICE).count() == 1
    (view,) = queries.views(bound.steward, queries.transfers(bound.steward, show="trouble"), at(1.2))
    assert (view.health, view.strip, view.well) == (Health.FAILED, ["f", "f"], 0)


def test_a_source_lets_go_of_its_log_when_nothing_follows_it_any_more(bound: World) -> None:
    def released() -> list[dict[str, Any]]:
        return [one.envelope["body"] for one in Order.objects.filter(kind="release-log").order_by("sequence")]

    follows = Work(mode=ChangesMode(keys=("id_number",)))
    transfer = made(bound, work=follows, schedule=Schedule())
    assert keeps_log(transfer) is not None
    other = made(bound, work=follows, schedule=Schedule(), name="另一项")
    actions.switch_off(transfer=transfer, reason="", by=bound.steward, now=NOW)
    assert released() == []  # the other one still follows it into the same table
    other = actions.change_transfer(transfer=other, by=bound.steward, now=NOW, work=Work())
    assert released() == [{"source": Source.objects.get().name, "target": default_target(bound.entry.code)}]
    assert keeps_log(other) is None
    Source.objects.update(dialect="mysql")
    actions.change_transfer(transfer=other, by=bound.steward, now=NOW, work=follows)
    actions.switch_off(transfer=other, reason="", by=bound.steward, now=NOW)
    assert len(released()) == 1  # such a source throws its log away by age


def test_people_are_told_once_before_log_is_lost(bound: World) -> None:
    transfer = made(bound, schedule=Schedule())
    for permille in (100, 600, 900, 200):
        job = actions.run_transfer(transfer=transfer, by=bound.steward, now=NOW + timedelta(minutes=permille))
        moved(bound, job, "done", NOW + timedelta(minutes=permille + 1), **DONE, log_permille=permille)
        told = [notice.fields["percent"] for notice in Notice.objects.filter(text=runs.LOG_NOTICE)]
        assert told == ([] if permille == 100 else ["60"]), permille
