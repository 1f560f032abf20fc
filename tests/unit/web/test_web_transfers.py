"""Transfers in the page: five steps, the list, one with its runs, and a job as it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jutong.center.fleet.models import Node, Order, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import runs
from jutong.center.jobs.models import Job, Transfer
from jutong.center.jobs.recipients import recipients
from jutong.center.jobs.work import Work
from jutong.center.org.actor import platform_actor
from jutong.center.org.models import User
from jutong.contracts.receipts import FileTold, MovedReceipt, ReplayedReceipt, RuleCount
from tests.sharing_steps import sharing
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import SignIn, Watch

COLUMNS = ("id_number", "name", "marital", "address", "division")
PLAN = {"name": "婚姻登记每日入库", "kind": "workdays", "at": "06:30", "promised_hours": "26", "priority": "9"}


@pytest.fixture
def steward(world: World, enter: SignIn) -> Client:
    world.bind()
    columns = [{"name": name, "type": "character varying(64)", "nullable": True} for name in COLUMNS]
    table = {"schema_name": "public", "name": "marriage", "row_estimate": 1000, "columns": columns}
    locked = {**table, "schema_name": "locked", "name": "marriage_locked"}
    Source.objects.update(tables=[table, {**table, "name": "marriage_copy"}, locked], writes=["public"])
    Node.objects.update(seen_at=NOW)
    return enter("steward")


def text(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


def post(client: Client, address: str, told: dict[str, Any], status: int = 302) -> str:
    answer = client.post(address, told)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer.headers.get("Location", "") or answer.content.decode()


def drafted(client: Client) -> str:
    return post(client, "/transfers/new", {"code": "306001/1"}).removesuffix("/edit/mapping")


def created(client: Client) -> str:
    address = drafted(client)
    post(client, f"{address}/edit/plan", {**PLAN, "then": "next"})
    assert post(client, f"{address}/edit/check", {"then": "create"}) == address
    return address


def told(world: World, job: Job, state: str, after: timedelta, **changes: Any) -> None:
    body = MovedReceipt(job_id=str(job.id), state=state, **changes)  # type: ignore[arg-type]
    apply_receipt(node=Node.objects.get(), envelope=world.receipt("moved", body, NOW + after), now=NOW + after)


def test_a_transfer_is_made_in_five_steps_and_runs(steward: Client) -> None:
    assert "搬这张表" in text(steward, "/transfers/new", q="婚姻")
    assert "没有挂接了表的目录" in text(steward, "/transfers/new", q="没有的")
    address = drafted(steward)
    page = text(steward, f"{address}/edit/mapping")
    work = Work.read(Transfer.objects.get().work)
    kept = [part.id for part in (*work.steps, *work.rules)]
    assert all(f'value="{one}" checked' in page for one in kept)
    assert "目录规定“行政区划”最多只能脱敏提供" in page
    columns = {"col": COLUMNS, "m_1": "name", "m_4": "division"}
    added = {"then": "add", "column": "marital", "kind": "one-of", "value": "1、2 3", "most_shown": "50"}
    typed = {"keep": kept[:-1], **columns, **added, "most_permille": "50"}
    assert post(steward, f"{address}/edit/mapping", typed) == f"{address}/edit/mapping"
    work = Work.read(Transfer.objects.get().work)
    assert [part.id for part in (*work.steps, *work.rules)] == [*kept[:-1], "one-of-marital"]
    assert work.rules[-1].values == ("1", "2", "3")  # type: ignore[union-attr]
    assert [rule.most_permille for rule in work.rules] == [200] * (len(work.rules) - 1) + [50]
    assert [(mask.column, mask.mask) for mask in work.masks] == [("name", "name"), ("division", "division")]
    post(steward, f"{address}/edit/mapping", {**typed, "keep": kept, "then": "stay", "most_permille": "30"})
    assert {rule.most_permille for rule in Work.read(Transfer.objects.get().work).rules} == {30}
    wrong = {"keep": kept, **columns, **added, "kind": "pattern", "value": ""}
    answer = post(steward, f"{address}/edit/mapping", wrong, 422)
    assert "还有1处要改" in answer
    assert "不是这一项能懂的写法" in answer
    fields = {"target": "marriages", "rows_per_second": "2000", "hours_first": "20:00", "hours_last": "06:00"}
    assert post(steward, f"{address}/edit/target", {**fields, "then": "next"}) == f"{address}/edit/plan"
    care = Work.read(Transfer.objects.get().work).care
    assert care is not None
    assert (care.rows_per_second, care.hours[0].first_minute, care.hours[0].last_minute) == (2000, 1200, 360)
    assert "还有1处要改" in post(steward, f"{address}/edit/target", {**fields, "target": "Bad-Name"}, 422)
    assert 'value="20:00"' in text(steward, f"{address}/edit/target")
    for bad in ({"kind": "weekly"}, {"kind": "after"}, {"name": " "}, {"promised_hours": "x"}):
        assert "还有1处要改" in post(steward, f"{address}/edit/plan", {**PLAN, **bad}, 422)
    assert post(steward, f"{address}/edit/plan", {**PLAN, "then": "next"}) == f"{address}/edit/check"
    page = text(steward, f"{address}/edit/check")
    assert "每个工作日06:30" in page
    assert "marriages" in page
    assert "血缘：每一列从哪来" in page
    assert "已脱敏" in page
    job = post(steward, f"{address}/edit/check", {"then": "run"})
    (order,) = Order.objects.filter(kind="job")
    body = order.envelope["body"]
    assert (body["target"], body["priority"], body["care"]["rows_per_second"]) == ("marriages", 9, 2000)
    shown = text(steward, job)
    assert "已下达，等节点来取" in shown
    assert "血缘：每一列从哪来" in shown
    assert "正在运行" in text(steward, "/transfers", show="running")


def test_rows_may_land_in_a_table_whose_columns_are_chosen(steward: Client) -> None:
    address = drafted(steward)
    key = {"into": "civil|public|marriage_copy", "landing": COLUMNS}
    assert post(steward, f"{address}/edit/target", key) == f"{address}/edit/target#h-into"
    page = text(steward, f"{address}/edit/target")
    assert 'name="to_0"' in page
    assert "marriage_locked" not in page  # the node lets nothing be written there
    Source.objects.update(writes=[])
    assert "marriage_copy" in text(steward, f"{address}/edit/target")  # what was chosen is not lost in silence
    assert "节点没有允许写进“public”" in text(steward, f"{address}/edit/check")
    Source.objects.update(writes=["public"])
    chosen = {f"to_{at}": name for at, name in enumerate(COLUMNS[:3])}
    post(steward, f"{address}/edit/target", {**key, **chosen, "then": "next"})
    into = Work.read(Transfer.objects.get().work).into
    assert into is not None
    assert into.columns == tuple((name, name) for name in COLUMNS[:3])
    post(steward, f"{address}/edit/target", {"into": "civil|public|marriage", "landing": COLUMNS}, 422)
    compared = {"mode": "difference", "deletes": "soft", "history": "1"}
    post(steward, f"{address}/edit/target", compared, 422)
    post(steward, f"{address}/edit/target", {**compared, "keys": ["id_number"], "then": "next"})
    mode = Work.read(Transfer.objects.get().work).mode
    assert (mode.kind, mode.keys, mode.deletes, mode.history) == ("difference", ("id_number",), "soft", True)  # type: ignore[union-attr]
    assert "整表比对" in text(steward, f"{address}/edit/check")


def test_a_transfer_is_changed_switched_and_run_by_its_steward_only(steward: Client, enter: SignIn) -> None:
    address = created(steward)
    page = text(steward, address)
    assert "第1版" in page
    assert "现在运行" in page
    for other in ("provider_head", "authority", "system_admin"):
        assert "现在运行" not in text(enter(other), address)
        assert enter(other).post(f"{address}/run").status_code == 403
    assert enter("stranger").get(address).status_code == 404
    post(steward, f"{address}/edit/plan", {**PLAN, "kind": "monthly", "month_days": "1，15", "then": "save"})
    assert "每月1、15日06:30" in text(steward, address)
    post(steward, f"{address}/switch", {"to": "off", "reason": "系统改造"})
    assert "系统改造" in text(steward, address)
    assert "现在是“停用”" in post(steward, f"{address}/switch", {"to": "off"}, 409)
    post(steward, f"{address}/switch", {"to": "on"})
    post(steward, f"{address}/run", {})
    assert "已有一项交换作业" in post(steward, f"{address}/run", {}, 409)
    post(steward, f"{address}/discard", {}, 409)
    gone = drafted(steward)
    assert post(steward, f"{gone}/discard", {}) == "/transfers"
    assert steward.get(gone).status_code == 404


def test_a_running_job_is_followed_without_flooding_and_controlled(
    world: World, steward: Client, enter: SignIn
) -> None:
    post(steward, f"{created(steward)}/run", {})
    job = Job.objects.get()
    Job.objects.update(expected_rows=1000)
    counts = (RuleCount(id="a", kind="identity", column="id_number", action="set-aside", rows=7),)
    going: dict[str, Any] = {
        "rows_read": 400, "chunks": 5, "chunks_done": 2, "rows_per_second": 37, "phase": "reading", "rules": counts,
        "rows_quarantined": 7, "started_ms": int(NOW.timestamp() * 1000),
    }  # fmt: skip
    told(world, job, "running", timedelta(seconds=4), **going)
    page = text(steward, f"/jobs/{job.id}")
    for said in ('已读<b class="num">400</b>行', "还要约<b>6秒</b>", 'value="40"', "完成2段，共5段", "7行", "every 3s"):
        assert said in page, said
    part = {"HX-Request": "true"}
    mark = page.split("progress?seen=")[1].split('"')[0]
    assert steward.get(f"/jobs/{job.id}/progress", {"seen": mark}, headers=part).status_code == 204
    assert "完成第2段" in steward.get(f"/jobs/{job.id}/progress", {"seen": "x"}, headers=part).content.decode()
    assert "<html" in text(steward, f"/jobs/{job.id}/progress")
    assert "暂停" not in text(enter("authority"), f"/jobs/{job.id}")
    post(steward, f"/jobs/{job.id}/control", {"action": "pause"})
    post(steward, f"/jobs/{job.id}/control", {"action": "explode"}, 422)
    assert Order.objects.get(kind="job-control").envelope["body"]["action"] == "pause"
    told(world, job, "paused", timedelta(seconds=6), **{**going, "phase": ""})
    assert "继续" in text(steward, f"/jobs/{job.id}")
    post(steward, f"/jobs/{job.id}/control", {"action": "pause"}, 409)
    digests = {"source_digest": "jc1:1000:aa", "target_digest": "jc1:1000:aa"}
    files = tuple(FileTold(name=f"{n}.csv", sha256=f"{n}" * 64, state=n, of="") for n in ("read", "earlier"))
    ended = {"rows_read": 1000, "rows_written": 993, "files": files}
    told(world, job, "done", timedelta(seconds=9), **{**going, **digests, **ended})
    for number, official in enumerate((world.steward.username, "root@node-1"), start=1):
        done = ReplayedReceipt(
            job_id=str(job.id), number=number, rows=1234, digest="jc1:1234:aa", delta_version=4, official=official,
            time_ms=int(NOW.timestamp() * 1000), left=0, dropped=0,
        )  # fmt: skip
        apply_receipt(node=Node.objects.get(), envelope=world.receipt("replayed", done, NOW), now=NOW)
    page = text(steward, f"/jobs/{job.id}")
    assert "every 3s" not in page
    assert "完成：读出1,000行，写入993行，隔离7行" in page
    for said in (
        "2个文件",
        "earlier.csv",
        "以前的作业搬过",
        f"补录1,234行，{User.objects.get(username=world.steward.username).name}",
        "root@node-1",
    ):
        assert said in page, said
    assert "有隔离行" in text(steward, "/transfers")


@pytest.mark.parametrize(
    ("typed", "made"),
    [
        ("1=男、2=女", {"pairs": (("1", "男"), ("2", "女")), "table": ""}),
        ("gbt2260 1990-12-31→2026-01-01", {"table": "gbt2260", "from_day": "1990-12-31", "to_day": "2026-01-01"}),
    ],
)
def test_codes_are_translated_by_pairs_or_by_editions(steward: Client, typed: str, made: dict[str, Any]) -> None:
    address = drafted(steward)
    added = {"then": "add", "column": "division", "kind": "translate", "value": typed}
    post(steward, f"{address}/edit/mapping", {"col": COLUMNS, **added})
    (step,) = Work.read(Transfer.objects.get().work).steps
    assert made.items() <= step.model_dump().items()


def test_a_late_transfer_stands_first_in_the_list_and_in_the_inbox(world: World, steward: Client, watch: Watch) -> None:
    address = created(steward)
    watch.now = NOW + timedelta(days=9)
    assert runs.tell_late(by=platform_actor("schedule"), now=watch.now) == 1
    page = text(steward, "/transfers", show="trouble")
    assert "数据过期" in page
    inbox = text(steward, "/inbox")
    assert "处理交换任务" in inbox
    assert address in inbox
    assert "没有按约定更新" in text(steward, "/notices")


def test_the_list_asks_as_much_for_many_as_for_one(steward: Client) -> None:
    created(steward)
    text(steward, "/transfers")  # the frame has counted what waits
    with CaptureQueriesContext(connection) as one:
        text(steward, "/transfers")
    for _ in range(3):
        created(steward)
    text(steward, "/transfers")
    with CaptureQueriesContext(connection) as many:
        text(steward, "/transfers")
    assert len(many) == len(one)


def test_a_column_is_encrypted_for_the_holder_of_an_agreement(world: World, steward: Client) -> None:
    address = drafted(steward)
    assert "加密" not in text(steward, f"{address}/edit/mapping")  # nobody holds a grant yet
    grant = sharing(world)
    page = text(steward, f"{address}/edit/mapping")
    agreement = recipients(world.entry)[0].agreement
    assert f"{agreement} {grant.requester.name}" in page
    typed = {"col": COLUMNS, "m_2": "sealed-equal", "then": "next"}
    assert "请选加密或假名是给哪份协议的" in post(steward, f"{address}/edit/mapping", typed, 422)
    post(steward, f"{address}/edit/mapping", {**typed, "agreement": agreement})
    (mask,) = Work.read(Transfer.objects.get().work).masks
    assert (mask.column, mask.mask, mask.agreement) == ("marital", "sealed-equal", agreement)
    assert f'name="agreement_shown" value="{agreement}"' in text(steward, f"{address}/edit/mapping")
    assert agreement in text(steward, address)
    assert "行序指纹" in text(steward, f"{address}/edit/target")
    post(steward, f"{address}/edit/target", {"fingerprint": agreement, "then": "next"})
    work = Work.read(Transfer.objects.get().work)
    assert (work.fingerprint and work.fingerprint.agreement, work.masks) == (agreement, (mask,))
    page = text(steward, f"{address}/edit/target")
    assert f'<option value="{agreement}" selected>' in page
    assert "协议“XY-0”" in post(steward, f"{address}/edit/target", {"fingerprint": "XY-0"}, 422)


def test_following_a_log_is_offered_where_there_is_one(steward: Client) -> None:
    address = drafted(steward)
    for dialect, offered, published in (("postgresql", True, True), ("mysql", True, False), ("sqlite", False, False)):
        Source.objects.update(dialect=dialect)
        page = text(steward, f"{address}/edit/target")
        assert ('value="changes"' in page, 'name="publication"' in page) == (offered, published), dialect
    Source.objects.update(dialect="postgresql")
    form = {"target": "marriages", "mode": "changes", "keys": "id_number", "then": "stay"}
    post(steward, f"{address}/edit/target", form)
    Source.objects.update(dialect="sqlite")
    assert 'value="changes" selected' in text(steward, f"{address}/edit/target")  # the one chosen before stays
    Source.objects.update(dialect="postgresql")
    post(steward, f"{address}/edit/plan", {**PLAN, "then": "next"})
    post(steward, f"{address}/edit/check", {"then": "create"})
    assert "不再为它保留日志" in text(steward, address)
