"""Files that come to a folder are told of once, when all have come to rest, and never those that were moved."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from jutong.contracts.envelope import Envelope
from jutong.contracts.modes import MergeMode
from jutong.contracts.orders import ArrivalsOrder, FilesPlace
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import utc_now
from jutong.kernel.keys import generate_signer
from jutong.node.agent import arriving
from jutong.node.agent.center import Center
from jutong.node.exchange.jobs import JobFolder
from jutong.node.exchange.move import Workplace, move
from jutong.node.files import fetching
from jutong.node.files.mapping import FileTables
from jutong.node.files.stores.errors import StoreLostError
from jutong.node.live.pool import Sources
from jutong.node.sources import SourceConfig
from jutong.node.state import State
from tests.unit.node.exchange.moving import ORGANISATION, order_for

PLACE = FilesPlace(source="drops", schema_name="files", table="t")
T0 = 1_790_000_000


class Watch:
    """A node's arrivals over one folder, with a clock in the test's hand."""

    def __init__(self, home: Path, http: httpx.AsyncClient) -> None:
        self.home, self.now = home, float(T0)
        (home / "in").mkdir()
        table = {"pattern": "*.csv", "format": "csv", "settle_seconds": 5, "arrival": "unseen"}
        tables = FileTables.model_validate_json(json.dumps({"tables": {"t": table}}))
        self.source = SourceConfig("drops", "files", ORGANISATION, path=home / "in", files=tables)
        node = generate_signer("node-1")
        self.center = Center("http://127.0.0.1:1", node="node-1", signer=node, key_path=home / "no.pub", client=http)
        self.state = State(home / "state.db")
        self.begin()

    def begin(self) -> None:
        """Start, or start again after a kill."""
        self.looks = arriving.Arrivals(
            self.home, self.state, self.center, Sources({"drops": self.source}),
            lambda: datetime.fromtimestamp(self.now, UTC),
        )  # fmt: skip

    def put(self, name: str, content: str) -> None:
        path = self.home / "in" / name
        path.write_text(content, encoding="utf-8")
        os.utime(path, (self.now, self.now))

    async def told(self, after: float = 0) -> list[int]:
        """Let time pass, look, and return how many files each receipt so far tells of."""
        self.now += after
        await self.looks.look_once()
        bodies = [Envelope.model_validate_json(text).body for _, text in self.state.outbox(20)]
        assert all((body["source"], body["table"]) == ("drops", "t") for body in bodies)
        return [body["files"] for body in bodies]


@pytest.fixture
async def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(arriving, "HERE_SECONDS", 0.0)
    monkeypatch.setattr(arriving, "ELSEWHERE_SECONDS", 0.0)
    async with httpx.AsyncClient() as http:
        made = Watch(tmp_path, http)
        yield made
        made.state.close()


@contextmanager
def under_way(watch: Watch) -> Iterator[MovedReceipt]:
    """A job over the folder that has moved what is there, and has not said so until the end of the block."""
    order = order_for(watch.source, "files", "t", "a").model_copy(update={"mode": MergeMode(keys=("a",))})
    folder = JobFolder(watch.home, order.job_id)
    folder.accept(order)
    place = Workplace(watch.home / "library", folder.path)
    receipt = move(order, watch.source, place=place, clock=utc_now, progress=lambda _: None)
    yield receipt
    folder.finish(receipt)


async def test_a_delivery_is_told_once_when_it_has_come_to_rest(watch: Watch) -> None:
    watch.put("before.csv", "a\n1\n")
    assert await watch.told(60) == []  # nobody waits for files of the table
    watch.state.put_arrivals("o1", ArrivalsOrder(tables=(PLACE,)))
    assert await watch.told() == [1]
    watch.put("b.csv", "a\n2\n")
    assert await watch.told(3) == [1]
    watch.put("c.csv", "a\n3\n")
    assert await watch.told(3) == [1]  # b is at rest, c is not: one delivery
    watch.put("d.csv.part", "a\n")
    assert await watch.told(3) == [1, 2]
    watch.begin()
    assert await watch.told(60) == [1, 2]
    watch.put("c.csv", "a\n4\n")  # written anew
    assert await watch.told(60) == [1, 2, 1]
    (watch.home / "in" / "b.csv").unlink()
    assert await watch.told() == [1, 2, 1]
    watch.put("b.csv", "a\n2\n")  # the name comes again
    assert await watch.told(60) == [1, 2, 1, 1]
    watch.state.put_arrivals("o2", ArrivalsOrder(tables=()))
    watch.put("e.csv", "a\n5\n")
    assert await watch.told(60) == [1, 2, 1, 1]


async def test_what_a_job_has_moved_is_not_told_and_what_came_too_late_for_it_is(watch: Watch) -> None:
    watch.state.put_arrivals("o1", ArrivalsOrder(tables=(PLACE,)))
    watch.put("a.csv", "a\n1\n")
    watch.now += 60
    with under_way(watch) as receipt:
        assert receipt.rows_written == 1
        assert await watch.told() == []  # who knows yet how it ends
        watch.put("late.csv", "a\n2\n")
        assert await watch.told(60) == []
    assert await watch.told() == [1]
    with under_way(watch) as receipt:
        assert receipt.rows_read == 1
    assert await watch.told() == [1]


async def test_a_folder_that_cannot_be_looked_at_keeps_no_other_from_it(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = FilesPlace(source="gone", schema_name="files", table="t")
    watch.state.put_arrivals("o1", ArrivalsOrder(tables=(gone, PLACE)))
    watch.put("a.csv", "a\n1\n")
    assert await watch.told(60) == [1]
    real = fetching.waiting_now
    with monkeypatch.context() as patched:
        patched.setattr(
            fetching, "waiting_now", lambda *_: (_ for _ in ()).throw(StoreLostError(source="x", reason="y"))
        )
        watch.put("b.csv", "a\n2\n")
        assert await watch.told(60) == [1]
    assert fetching.waiting_now is real
    assert await watch.told() == [1, 1]
