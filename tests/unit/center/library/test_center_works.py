from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.fleet.models import Node
from jutong.center.fleet.receipts import Applied, apply_receipt
from jutong.center.library import works
from jutong.center.library.errors import WorkNotCancellableError
from jutong.center.library.models import Library, LibraryKind, Work
from jutong.center.org.actor import Actor, platform_actor
from jutong.contracts.engines import TryEngineOrder
from jutong.contracts.works import WorkReceipt
from tests.sharing_steps import orders
from tests.sharing_world import NOW, World, at, new_id

BY = platform_actor("test")


def ordered(world: World, **more: Any) -> Work:
    return works.order_work(kind="fuse", body=TryEngineOrder(), node=world.node, by=BY, now=NOW, **more)


def told(world: World, work: Work, state: Any, days: float = 1, **more: Any) -> Applied:
    body = WorkReceipt(**{"work_id": str(work.id), "kind": "fuse", "state": state, **more})
    return apply_receipt(node=world.node, envelope=world.receipt("worked", body, at(days)), now=at(days))


def test_an_ordered_work_goes_to_the_node_and_comes_back_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[Any, ...]] = []

    def listener(work: Work, result: dict[str, Any], by: Actor, now: datetime) -> None:
        heard.append((work.id, result, now))

    monkeypatch.setattr(works, "listeners", {})
    works.listen("fuse", listener)
    works.listen("fuse", listener)
    library = Library.objects.create(code="RK", kind=LibraryKind.BASE, title="人口库", version="1", node=world.node)
    work = ordered(world, library=library, table="person")
    assert orders("work") == [{"work_id": str(work.id), "kind": "fuse", "body": {"address": ""}}]
    assert told(world, work, "running", phase="link", done=3, total=9).problem == ""
    work.refresh_from_db()
    assert (work.state, work.phase, work.done, work.total, work.finished_at) == ("running", "link", 3, 9, None)
    assert heard == []
    told(world, work, "done", 2, result={"rows": 4}, log_leaf=7, started_ms=1_700_000_000_000)
    assert heard == [(work.id, {"rows": 4}, at(2))]
    work.refresh_from_db()
    assert (work.state, work.leaf_index, work.result, work.finished_at) == ("done", 7, {"rows": 4}, at(2))
    assert "had ended" in told(world, work, "failed", 3).problem
    assert len(heard) == 1
    assert AuditEvent.objects.filter(event="library:work:report", details__kind="fuse").count() == 1


def test_a_node_speaks_only_of_its_own_works(world: World) -> None:
    work = ordered(world)
    other = Node.objects.create(name="node-2", key_id="k", public_key="p", registered_at=NOW)
    Work.objects.update(node=other)
    assert "never ordered" in told(world, work, "done").problem
    ghost = WorkReceipt(work_id="no-uuid", kind="fuse", state="done")
    envelope = world.receipt("worked", ghost, NOW)
    assert "never ordered" in apply_receipt(node=world.node, envelope=envelope, now=NOW).problem
    ghost = WorkReceipt(work_id=str(new_id()), kind="fuse", state="done")
    assert "never ordered" in works.worked(node=world.node, receipt=ghost, by=BY, now=NOW)
    work.refresh_from_db()
    assert work.state == "ordered"


def test_a_failed_work_is_told_with_its_code_and_calls_no_listener(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    ended: list[str] = []
    monkeypatch.setattr(works, "listeners", {"fuse": [lambda *_: heard.append(1)]})
    monkeypatch.setattr(works, "enders", [lambda work, *_: ended.append(work.state)])
    work = ordered(world)
    told(world, work, "failed", problem="磁盘写不下了", problem_code="library.disk.full", finished_ms=1_700_000_000_000)
    work.refresh_from_db()
    assert (work.problem_code, heard, ended) == ("library.disk.full", [], ["failed"])


def test_an_open_work_can_be_cancelled_and_an_ended_one_not(world: World) -> None:
    work = ordered(world)
    works.cancel_work(work=work, by=BY, now=NOW)
    assert orders("work-control") == [{"work_id": str(work.id)}]
    told(world, work, "cancelled")
    with pytest.raises(WorkNotCancellableError):
        works.cancel_work(work=work, by=BY, now=NOW)
