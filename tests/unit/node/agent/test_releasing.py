"""Log of a source that is let go of when nothing follows it any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from jutong.contracts.logs import ReleaseLogOrder
from jutong.node.agent import releasing
from jutong.node.agent.releasing import Releasing
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.exchange.changes import released
from jutong.node.live.pool import Sources
from jutong.node.sources import SourceConfig
from jutong.node.state import State
from tests.unit.node.exchange.moving import ORGANISATION, order_for

CIVIL = SourceConfig("civil", "postgresql", ORGANISATION, dsn="postgresql://reader:x@127.0.0.1:1/civil")


async def test_a_log_is_let_go_of_behind_the_jobs_that_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, done, tried = State(tmp_path / "state.db"), [], []
    job = order_for(CIVIL, "public", "person", "id", target="person")
    body = orjson.dumps({"body": ReleaseLogOrder(source="civil", target="person").model_dump()}).decode()
    state.put_task("1", "job", orjson.dumps({"body": job.model_dump(mode="json")}).decode())
    task = state.put_task("2", "release-log", body)
    state.put_task("3", "job", orjson.dumps({"body": job.model_dump(mode="json")}).decode())  # ordered behind it

    def release(source: SourceConfig, target: str, home: Path) -> None:
        tried.append([one.order_id for one in state.tasks()])
        if len(tried) == 1:
            raise SourceUnreachableError(source=source.name, reason="connection refused")
        done.append((source.name, target, home))

    async def rest(seconds: float) -> None:
        if seconds == releasing.LOOK_SECONDS:
            state.end_task("1")

    monkeypatch.setattr(released, "release", release)
    monkeypatch.setattr(asyncio, "sleep", rest)
    await Releasing(tmp_path, state, Sources({"civil": CIVIL})).run(task)
    assert done == [("civil", "person", tmp_path)]
    assert tried == [["2", "3"], ["2", "3"]]  # not while the earlier job was open, and once more when it failed
    assert [one.order_id for one in state.tasks()] == ["3"]
    gone = state.put_task("4", "release-log", body)
    await Releasing(tmp_path, state, Sources({})).run(gone)  # the source is no longer configured
    assert (len(done), [one.order_id for one in state.tasks()]) == (1, ["3"])
