"""A steward has rows delivered as a file, and has a transfer start when files arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from jutong.center.catalog.models import Binding
from jutong.center.fleet.models import Node, Order, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import arrivals, runs
from jutong.center.jobs.actions import job_moved
from jutong.center.jobs.errors import FileNameUnfitError, FileWayUnfitError, SubjectUnfitError
from jutong.center.jobs.models import Job, Transfer
from jutong.center.jobs.transfers import change_transfer, switch_off
from jutong.center.jobs.work import Work
from jutong.center.org.actor import platform_actor
from jutong.contracts.landing import Landing
from jutong.contracts.modes import MergeMode
from jutong.contracts.receipts import ArrivedReceipt, MovedReceipt, PulledTold
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import SignIn
from tests.unit.web.test_web_transfers import COLUMNS, drafted, post, text


@pytest.fixture
def steward(world: World, enter: SignIn) -> Client:
    world.bind()
    civil = Source.objects.get()
    columns = [{"name": name, "type": "text", "nullable": True} for name in COLUMNS]
    civil.tables = [{"schema_name": "public", "name": "marriage", "row_estimate": 1000, "columns": columns}]
    civil.save()
    Source.objects.create(
        node=civil.node, name="outbox", dialect="files", organisation=civil.organisation, is_ok=True, seen_at=NOW,
        writes=["daily", "."],
        tables=[{"schema_name": "daily", "name": "inbound", "row_estimate": -1, "columns": columns}],
    )  # fmt: skip
    Node.objects.update(seen_at=NOW)
    return enter("steward")


def test_rows_are_delivered_as_a_file_of_a_chosen_folder_name_and_headings(steward: Client, world: World) -> None:
    address = drafted(steward)
    target = f"{address}/edit/target"
    page = text(steward, target)
    assert '<option value="outbox|daily">outbox daily</option><option value="outbox|.">outbox</option>' in page
    assert 'value="t_306001_1-{day}.csv"' in page
    assert "inbound" not in page  # a table of files is read, not written
    typed: dict[str, Any] = {
        "folder": "outbox|daily",
        "file": "婚姻-{day}.csv.zip",
        "landing": COLUMNS,
        "heading_1": "姓名",
    }
    for changes, said in (
        ({"folder": "outbox|secret"}, "请选列出来的文件夹"), ({"file": "../x.csv"}, "文件名要以.csv"),
        ({"into": "civil|public|marriage"}, "只能选一个"), ({"heading_0": "姓名"}, "不能用同一个标题"),
    ):  # fmt: skip
        assert said in post(steward, target, {**typed, **changes}, 422)
    assert "不能用这种写入方式" in post(steward, target, {**typed, "mode": "merge", "keys": ["name"]}, 422)
    post(steward, target, {**typed, "then": "next"})
    into = Work.read(Transfer.objects.get().work).into
    assert into == Landing(
        source="outbox", schema_name="daily", table="婚姻-{day}.csv.zip",
        columns=tuple((name, "姓名" if name == "name" else name) for name in COLUMNS),
    )  # fmt: skip
    again = text(steward, target)
    for shown in ('value="outbox|daily" selected', 'value="婚姻-{day}.csv.zip"', 'value="姓名"'):
        assert shown in again
    assert "outbox:daily/婚姻-{day}.csv.zip" in text(steward, f"{address}/edit/check")
    post(steward, f"{address}/edit/check", {"then": "run"})
    (order,) = Order.objects.filter(kind="job")
    assert order.envelope["body"]["into"]["table"] == "婚姻-{day}.csv.zip"
    assert Job.objects.get().target == "outbox:daily/婚姻-{day}.csv.zip"
    transfer, by = Transfer.objects.get(), world.steward
    bad = into.model_copy(update={"table": "x.exe"})
    with pytest.raises(FileNameUnfitError) as named:
        change_transfer(transfer=transfer, work=Work(into=bad), by=by, now=NOW)
    assert "{day}" in named.value.advise()
    with pytest.raises(FileWayUnfitError):
        change_transfer(transfer=transfer, work=Work(into=into, mode=MergeMode(keys=("name",))), by=by, now=NOW)
    Source.objects.filter(name="outbox").update(writes=[])
    assert 'value="outbox|daily" selected' in text(steward, target)  # what was chosen is not lost in silence


def test_rows_are_published_to_a_subject_of_a_chosen_stream(steward: Client, world: World) -> None:
    outbox = Source.objects.get(name="outbox")
    Source.objects.create(
        node=outbox.node, name="hub", dialect="nats", organisation=outbox.organisation, is_ok=True, seen_at=NOW,
        writes=["PEOPLE"],
    )  # fmt: skip
    address = drafted(steward)
    target = f"{address}/edit/target"
    assert "每行发布成一条JSON消息" in text(steward, target)
    typed: dict[str, Any] = {"folder": "hub|PEOPLE", "file": "people.married", "landing": COLUMNS, "heading_1": "姓名"}
    assert "主题由点隔开" in post(steward, target, {**typed, "file": "people.*"}, 422)
    assert "不能用这种写入方式" in post(steward, target, {**typed, "mode": "difference", "keys": ["name"]}, 422)
    post(steward, target, {**typed, "mode": "merge", "keys": ["name"], "then": "next"})
    work = Work.read(Transfer.objects.get().work)
    assert work.into is not None
    assert (work.into.source, work.into.schema_name, work.into.table) == ("hub", "PEOPLE", "people.married")
    bad = Work(into=work.into.model_copy(update={"table": "$JS.API"}))
    with pytest.raises(SubjectUnfitError):
        change_transfer(transfer=Transfer.objects.get(), work=bad, by=world.steward, now=NOW)
    post(steward, f"{address}/edit/check", {"then": "run"})
    job = Job.objects.get()
    assert job.target == "hub:PEOPLE.people.married"
    told = PulledTold(node="k.1", grant="GR-1", record="0190-r", rows=3, sha256="0" * 64, disputed=2)
    receipt = MovedReceipt(
        job_id=str(job.id), state="done", rows_read=3, rows_written=3, source_digest="d", target_digest="d",
        pulled=(told,), mode="merge", rows_inserted=3, messages=7,
    )  # fmt: skip
    assert job_moved(receipt=receipt, by=platform_actor("测试"), now=NOW) == ""
    page = text(steward, f"/jobs/{job.id}")
    for said in ("对方节点的1份调用记录", "0190-r", "授权GR-1，3行", "2处有异议", "取到7条消息"):
        assert said in page


def test_a_transfer_of_files_runs_when_the_node_says_that_some_came(steward: Client, world: World) -> None:
    address = drafted(steward)
    assert "有新文件到达时" not in text(steward, f"{address}/edit/plan")
    plan = {"name": "到达即搬", "kind": "arrival", "then": "next"}
    assert "不是文件夹里的文件" in post(steward, f"{address}/edit/plan", plan, 422)
    Source.objects.filter(name="outbox").update(name="drops")
    Binding.objects.update(source="drops", schema_name="files", table="inbound")
    assert "有新文件到达时" in text(steward, f"{address}/edit/plan")
    post(steward, f"{address}/edit/plan", plan)
    by, node = platform_actor("schedule"), Node.objects.get()
    assert arrivals.order_everywhere(by=by, now=NOW) == 0  # a draft waits for nothing
    assert post(steward, f"{address}/edit/check", {"then": "create"}) == address
    assert (arrivals.order_everywhere(by=by, now=NOW), arrivals.order_everywhere(by=by, now=NOW)) == (1, 0)
    (order,) = Order.objects.filter(kind="arrivals")
    assert order.envelope["body"] == {"tables": [{"source": "drops", "schema_name": "files", "table": "inbound"}]}
    assert "有新文件到达时" in text(steward, address)

    def came(minute: int, table: str = "inbound", source: str = "drops") -> str:
        now = NOW + timedelta(minutes=minute)
        body = ArrivedReceipt(source=source, schema_name="files", table=table, files=2, seen_ms=0)
        return apply_receipt(node=node, envelope=world.receipt("arrived", body, now), now=now).problem

    def look(minute: int) -> int:
        Node.objects.update(seen_at=NOW + timedelta(minutes=minute))
        return runs.run_due(by=by, now=NOW + timedelta(minutes=minute))

    def done(minute: int) -> None:
        now, job = NOW + timedelta(minutes=minute), Job.objects.latest("ordered_at")
        body = MovedReceipt(job_id=str(job.id), state="done", source_digest="d", target_digest="d")
        apply_receipt(node=node, envelope=world.receipt("moved", body, now), now=now)

    assert came(1, table="other") == ""
    assert "not this node" in came(1, source="strange")
    assert (Job.objects.count(), look(1)) == (0, 0)
    assert came(2) == ""
    assert [job.cause for job in Job.objects.all()] == ["arrival"]
    assert came(3) == ""  # while it runs: kept until it has ended
    post(steward, f"{address}/edit/plan", {**plan, "promised_hours": "48"})
    assert (look(4), Job.objects.count()) == (0, 1)
    done(5)
    assert (look(6), Job.objects.count()) == (1, 2)
    done(7)
    assert (look(8), Job.objects.count()) == (0, 2)
    switch_off(transfer=Transfer.objects.get(), reason="停", by=world.steward, now=NOW)
    assert arrivals.order_everywhere(by=by, now=NOW) == 1
    assert came(9) == ""
    assert Job.objects.count() == 2
