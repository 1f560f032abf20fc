"""`jutong exchange run`: to its end, by the machine's operator or through the API with a token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from django.test import Client
from django.utils import timezone

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.models import Binding
from jutong.center.fleet.models import Node, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import transfers
from jutong.center.jobs.models import Job, Transfer
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.work import Work
from jutong.center.org.actions import issue_token
from jutong.center.org.models import Post
from jutong.cli import exchange_run
from jutong.cli.exchange import exchange
from jutong.cli.exchange_run import CenterPlainError, CenterRefusedError, CenterUnreachableError
from jutong.contracts.modes import MergeMode
from jutong.contracts.receipts import MovedReceipt, RuleCount
from jutong.kernel.errors import InvalidInputError, NotFoundError
from tests.sharing_world import NOW, World, build

DONE: dict[str, Any] = {
    "rows_read": 1000, "rows_written": 999, "rows_quarantined": 1, "source_digest": "jc1:9:aa",
    "target_digest": "jc1:9:aa", "finished_ms": 60_000,
    "rules": (RuleCount(id="named", kind="not-null", column="name", action="set-aside", rows=1),),
}  # fmt: skip
NAME = "婚姻登记入库"


@pytest.fixture
def world(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    found = build()
    found.bind()
    columns = [{"name": name, "type": "text", "nullable": True} for name in ("id_number", "name", "marital", "address")]
    Source.objects.update(
        tables=[{"schema_name": "public", "name": "marriage", "row_estimate": 2000, "columns": columns}]
    )
    Node.objects.update(seen_at=NOW)
    Binding.objects.update(rows=2000)
    return found


@pytest.fixture
def transfer(world: World) -> Transfer:
    work = Work(mode=MergeMode(keys=("id_number",), watermark="address"))
    terms = transfers.Terms(name=NAME, work=work, schedule=Schedule())
    return transfers.save_transfer(entry=world.entry, terms=terms, by=world.steward, now=NOW)


class Told:
    """The node's word, one receipt every time the command waits."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waiting: Iterator[dict[str, Any]] = iter([])

    def next(self, *receipts: dict[str, Any]) -> None:
        self.waiting = iter(receipts)

    def __call__(self, _seconds: float) -> None:
        job = Job.objects.latest("ordered_at")
        receipt = MovedReceipt(job_id=str(job.id), **next(self.waiting))
        now = timezone.now() + timedelta(seconds=1)
        apply_receipt(node=Node.objects.get(), envelope=self.world.receipt("moved", receipt, now), now=now)


@pytest.fixture
def told(world: World, monkeypatch: pytest.MonkeyPatch) -> Told:
    found = Told(world)
    monkeypatch.setattr("jutong.cli.exchange_run.time.sleep", found)
    return found


def run(*arguments: object) -> Result:
    return CliRunner().invoke(exchange, ["run", *map(str, arguments)])


def answered(request: httpx.Request) -> httpx.Response:
    """Let the center answer in this process."""
    names = ("Authorization", "Accept-Language")
    headers = {name: request.headers[name] for name in names}
    kind, path = request.headers.get("Content-Type", ""), request.url.raw_path.decode()
    answer = Client().generic(request.method, path, request.content, kind, headers=headers)
    return httpx.Response(answer.status_code, content=answer.content)


RUNNING = {"state": "running", "phase": "reading", "rows_read": 500, "rows_per_second": 250}


def test_the_operator_runs_what_is_switched_on_and_sees_it_end(world: World, transfer: Transfer, told: Told) -> None:
    told.next(RUNNING, {**DONE, "state": "done", "mode": "merge", "rows_inserted": 999})
    shown = run(NAME)
    assert shown.exit_code == 0, shown.exception
    bar = next(line for line in shown.output.splitlines() if "500/" in line)
    assert "25%" in bar
    assert "250 行/秒" in bar
    assert "写入 999 行，隔离 1 行" in shown.output
    assert "name  named" in shown.output
    event = AuditEvent.objects.filter(event="jobs:job:order").latest("at")
    assert event.actor_name.startswith("命令行")
    told.next({"state": "failed", "problem": "node.source.unreachable: 断了"})
    failed = run(transfer.id)
    assert (failed.exit_code, "断了" in failed.output) == (1, True)
    transfers.switch_off(transfer=transfer, reason="", by=world.steward, now=NOW)
    assert isinstance(run(transfer.id).exception, NotFoundError), "the department's decision stands"
    assert isinstance(run("没有这项").exception, NotFoundError)


def test_a_program_tries_and_brings_in_again_with_a_token(
    world: World, transfer: Transfer, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post.objects.get(user__username=world.steward.username)
    token = tmp_path / "token"
    token.write_text(issue_token(post=post, by=world.steward, now=timezone.now()) + "\n")
    monkeypatch.setattr(exchange_run, "transport", lambda: httpx.MockTransport(answered))
    there = ("--center", "http://localhost", "--token-file", token)
    told.next({**DONE, "state": "done", "dry": True, "rows_counted": 2000})
    tried = run(NAME, "--dry", "--rows", 1000, *there)
    assert tried.exit_code == 0, tried.exception
    assert "会写入 999 行" in tried.output
    assert "没有写入" in tried.output
    told.next({**DONE, "state": "done", "mode": "merge", "rows_updated": 999})
    again = run(transfer.id, "--from", "2026-01-01", "--to", "2026-02-01", "--json", *there)
    assert json.loads(again.output)["period"] == {"first": "2026-01-01", "until": "2026-02-01"}
    ordered = run(transfer.id, "--no-wait", *there)
    assert (ordered.exit_code, "已下达作业" in ordered.output) == (0, True)
    busy = run(transfer.id, *there).exception
    assert isinstance(busy, CenterRefusedError)
    assert busy.fields["code"] == "jobs.job.running"
    Job.objects.update(state="unknown")
    told.next()
    monkeypatch.setattr(exchange_run._Remote, "order", lambda *_: str(Job.objects.latest("ordered_at").id))
    assert run(transfer.id, *there).exit_code == 3


def test_what_does_not_go_together_is_refused(
    world: World, transfer: Transfer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    for wrong in (("--from", "1"), ("--dry", "--from", "1", "--to", "2"), ("--center", "https://center.example")):
        assert run(NAME, *wrong).exit_code == 2
    plain = run(NAME, "--center", "http://center.example", "--token-file", token)
    assert isinstance(plain.exception, CenterPlainError)

    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    answers: Callable[[], httpx.MockTransport] = lambda: httpx.MockTransport(away)  # noqa: E731 - one line says it
    monkeypatch.setattr(exchange_run, "transport", answers)
    lost = run(NAME, "--center", "http://127.0.0.1:9", "--token-file", token)
    assert isinstance(lost.exception, CenterUnreachableError)
    assert isinstance(run(NAME, "--from", "yesterday", "--to", "today").exception, InvalidInputError)
    assert not Job.objects.exists()
