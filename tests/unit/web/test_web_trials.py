"""A dry run in the check step, and a back-fill on a transfer's page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jutong.center.fleet.models import Node, Order, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import transfers
from jutong.center.jobs.models import Job
from jutong.center.jobs.work import Work
from jutong.contracts.dry import DryColumn, Told
from jutong.contracts.modes import MergeMode
from jutong.contracts.receipts import MovedReceipt, RuleCount
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import SignIn

COLUMNS = ("id_number", "name", "marital", "address", "division")
PARTIAL = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def steward(world: World, enter: SignIn) -> Client:
    world.bind()
    columns = [{"name": name, "type": "character varying(64)", "nullable": True} for name in COLUMNS]
    Source.objects.update(tables=[{"schema_name": "public", "name": "marriage", "row_estimate": 9, "columns": columns}])
    Node.objects.update(seen_at=NOW)
    return enter("steward")


def text(client: Client, address: str, **headers: Any) -> str:
    answer = client.get(address, **headers)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


def test_a_dry_run_is_asked_for_in_the_check_step_and_shown_there(world: World, steward: Client) -> None:
    address = steward.post("/transfers/new", {"code": "306001/1"}).headers["Location"].removesuffix("/edit/mapping")
    check = f"{address}/edit/check"
    assert "试看一万行" in text(steward, check)
    assert steward.post(check, {"then": "try"}).headers["Location"] == f"{check}#trial"
    job = Job.objects.get()
    shown = text(steward, check)
    assert 'hx-trigger="every 3s"' in shown
    assert "试看一万行" not in shown, "one at a time"
    column = DryColumn(name="marital", type="string", nulls=12_345, distinct=3, forms=(Told(text="9{2}", rows=77),))
    receipt = MovedReceipt(
        job_id=str(job.id), state="done", dry=True, rows_read=20_000, rows_written=19_999, rows_quarantined=1,
        rows_counted=50_000, columns=(column,), problem="node.exchange.rule-limit: 太多",
        rules=(RuleCount(id="n", kind="not-null", column="name", action="set-aside", rows=1),),
    )  # fmt: skip
    apply_receipt(node=Node.objects.get(), envelope=world.receipt("moved", receipt, NOW), now=NOW)
    part = text(steward, f"{address}/trial", **PARTIAL)
    for said in ("19,999", "50,000", "12,345", "9{2}", "真正运行时会停下", "没有值", "试看全部"):
        assert said in part, said
    assert "<html" not in part
    assert "every 3s" not in part
    assert steward.get(f"{address}/trial").headers["Location"] == address
    run = text(steward, f"/jobs/{job.id}")
    assert "这是试运行" in run
    assert "会落地的每一列" in run
    assert "试运行之后这项任务改过" not in text(steward, check)
    steward.post(f"{address}/edit/target", {"target": "other", "mode": "replace", "then": "next"})
    assert "试运行之后这项任务改过" in text(steward, check)
    assert steward.post(check, {"then": "try-all"}).status_code == 302
    assert Order.objects.filter(kind="job").latest("sequence").envelope["body"]["dry"]["rows"] == 0


def test_a_period_is_brought_in_again_from_the_page(world: World, steward: Client) -> None:
    work = Work(mode=MergeMode(keys=("id_number",), watermark="address"))
    terms = transfers.Terms(name="婚姻登记合并", work=work)
    transfer = transfers.save_transfer(entry=world.entry, terms=terms, by=world.steward, now=NOW)
    address = f"/transfers/{transfer.id}"
    assert "补搬一段时间" in text(steward, address)
    for typed in ({"first": "yesterday", "until": "2026-02-01"}, {"first": "2026-02-01", "until": "2026-01-01"}):
        assert steward.post(f"{address}/backfill", typed).status_code == 422
    answer = steward.post(f"{address}/backfill", {"first": "2026-01-01 08:00:00", "until": "2026-02-01"})
    job = Job.objects.get()
    assert answer.headers["Location"] == f"/jobs/{job.id}"
    assert job.period == {"first": "2026-01-01T08:00:00", "until": "2026-02-01"}
    assert "已经读到的位置不变" in text(steward, f"/jobs/{job.id}")
    assert f"/jobs/{job.id}" in text(steward, address)
    assert steward.post(f"{address}/backfill", {"first": "2026-01-01", "until": "2026-02-01"}).status_code == 409
