"""Dry runs and back-fills: jobs beside a transfer's turns, which make nothing fresh and let nothing follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.models import Item
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import extras, lineage
from jutong.center.jobs import transfers as actions
from jutong.center.jobs.actions import NOT_AS_ORDERED
from jutong.center.jobs.errors import BackfillUnfitError, TransferUnreadyError
from jutong.center.jobs.looking import look
from jutong.center.jobs.models import Job, JobNews, Transfer
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.work import Work
from jutong.contracts import steps as step
from jutong.contracts.dry import DryColumn, Told
from jutong.contracts.modes import MergeMode, Period
from jutong.contracts.receipts import MovedReceipt, RuleCount
from jutong.contracts.rules import ColumnMask, NotNull
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests.sharing_world import NOW, World

COLUMNS = ("id_number", "name", "marital", "address", "division")
WORK = Work(
    steps=(
        step.Concat(id="both", columns=("marital", "name"), into="both"),
        step.Substring(id="area", column="marital", into="area", start=1, length=2),
        step.Constant(id="from", into="origin", value="民政"),
    ),
    rules=(NotNull(id="named", column="name"),),
    masks=(ColumnMask(column="division", mask="division"),),
    mode=MergeMode(keys=("id_number",), watermark="address"),
)


@pytest.fixture
def transfer(world: World) -> Transfer:
    world.bind()
    columns = [{"name": name, "type": "character varying(64)", "nullable": True} for name in COLUMNS]
    Source.objects.update(
        tables=[{"schema_name": "public", "name": "marriage", "row_estimate": 5, "columns": columns}], is_ok=True
    )
    Node.objects.update(seen_at=NOW)
    terms = actions.Terms(name="婚姻登记入库", work=WORK, schedule=Schedule(), promised_hours=26)
    return actions.save_transfer(entry=world.entry, terms=terms, by=world.steward, now=NOW)


def moved(world: World, job: Job, state: str, **told: Any) -> Job:
    now = NOW + timedelta(minutes=2)
    receipt = MovedReceipt(job_id=str(job.id), state=state, started_ms=1, finished_ms=60_001, **told)  # type: ignore[arg-type]
    apply_receipt(node=Node.objects.get(), envelope=world.receipt("moved", receipt, now), now=now)
    return Job.objects.get(id=job.id)


def body(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = Order.objects.get(kind="job", subject_id=str(job.id)).envelope["body"]
    return found


def test_a_dry_run_tells_what_would_be_and_changes_nothing(world: World, transfer: Transfer) -> None:
    Item.objects.filter(version=world.entry.published).update(
        is_personal=True, is_sensitive=False, grade="general-1", widest_mode="plain"
    )
    plain = Item.objects.filter(version=world.entry.published, name="婚姻状况")
    assert plain.update(is_personal=False) == 1
    draft = actions.draft_transfer(entry=world.entry, by=world.steward, now=NOW)
    draft = actions.change_transfer(transfer=draft, work=WORK, by=world.steward, now=NOW)
    job = extras.try_transfer(transfer=draft, by=world.steward, now=NOW)
    assert (job.transfer, job.beside, job.is_dry, job.cause) == (None, draft, True, "trial")
    assert body(job)["dry"] == {"rows": 10_000, "shown": ["marital", "area", "origin"]}
    column = DryColumn(name="area", type="string", distinct=2, values=(Told(text="11", rows=7),))
    found = moved(
        world, job, "done", dry=True, rows_read=9, rows_written=8, rows_quarantined=1, rows_counted=500,
        columns=(column,), rules=(RuleCount(id="named", kind="not-null", column="name", action="set-aside", rows=1),),
    )  # fmt: skip
    assert (found.state, found.expected_rows, found.profile[0]["values"][0]["rows"]) == ("done", 500, 7)
    assert lineage.events(found) == [], "nothing went anywhere"
    assert "没有写入任何一行" in JobNews.objects.filter(job=found).latest("at").told("zh-hans")
    assert Transfer.objects.get(id=draft.id).fresh_at is None
    assert look(transfer, NOW).seconds is None, "no run has shown how long one takes"
    plain.update(grade="general-3")
    assert body(extras.try_transfer(transfer=transfer, rows=0, by=world.steward, now=NOW))["dry"] == {
        "rows": 0, "shown": ["origin"],
    }  # fmt: skip
    with pytest.raises(NotFoundError):
        extras.try_transfer(transfer=transfer, by=world.stranger, now=NOW)
    actions.discard_draft(transfer=draft, by=world.steward, now=NOW)
    assert Job.objects.get(id=job.id).beside is None, "what was tried stays on record"


def test_a_node_that_writes_in_a_dry_run_is_found_out(world: World, transfer: Transfer) -> None:
    digest = {"source_digest": "jc1:5:aa", "target_digest": "jc1:5:aa", "rows_read": 5, "rows_written": 5}
    wrote = moved(world, extras.try_transfer(transfer=transfer, by=world.steward, now=NOW), "done", **digest)
    assert (wrote.state, wrote.problem) == ("failed", NOT_AS_ORDERED)
    idle = actions.run_transfer(transfer=transfer, by=world.steward, now=NOW)
    assert moved(world, idle, "done", dry=True, rows_read=5, rows_written=5).problem == NOT_AS_ORDERED


def test_a_period_is_ordered_where_no_row_can_come_twice(world: World, transfer: Transfer) -> None:
    period = Period(first="2026-01-01", until="2026-02-01")
    job = extras.backfill(transfer=transfer, period=period, by=world.steward, now=NOW)
    assert body(job)["period"] == {"first": "2026-01-01", "until": "2026-02-01"}
    assert body(job)["mode"]["watermark"] == "address"
    assert (job.beside, job.period["first"], job.cause) == (transfer, "2026-01-01", "backfill")
    event = AuditEvent.objects.filter(event="jobs:job:order").latest("at")
    assert (event.details["transfer"], event.details["period"]["until"]) == (str(transfer.id), "2026-02-01")
    done = moved(
        world, job, "done", mode="merge", rows_read=2, rows_written=2, rows_updated=2,
        source_digest="jc1:2:aa", target_digest="jc1:2:aa",
    )  # fmt: skip
    assert done.state == "done"
    assert Transfer.objects.get(id=transfer.id).fresh_at is None, "old rows make no data fresh"
    for first, until in (("2026-02-01", "2026-02-01"), ("5", "2026-02-01"), ("2026-02-30", "2026-03-01"), ("9", "-1")):
        with pytest.raises(InvalidInputError):
            extras.backfill(transfer=transfer, period=Period(first=first, until=until), by=world.steward, now=NOW)
    draft = actions.draft_transfer(entry=world.entry, by=world.steward, now=NOW)
    with pytest.raises(TransferUnreadyError):
        extras.backfill(transfer=draft, period=period, by=world.steward, now=NOW)
    for mode in (None, MergeMode(keys=("id_number",))):
        work = WORK.model_copy(update={"mode": mode})
        transfer = actions.change_transfer(transfer=transfer, work=work, by=world.steward, now=NOW)
        with pytest.raises(BackfillUnfitError):
            extras.backfill(transfer=transfer, period=period, by=world.steward, now=NOW)
