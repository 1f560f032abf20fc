from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jutong.evidence import merkle
from jutong.evidence import sequencer as sequencing
from jutong.evidence.errors import (
    EntryNotFoundError,
    EntryTooLargeError,
    LogClosedError,
    LogOverloadedError,
    LogStoppedError,
    LogUnwritableError,
)
from jutong.evidence.log import EvidenceLog
from jutong.evidence.sequencer import Sequencer
from jutong.evidence.wal import Pair
from tests.unit.evidence.support import open_log, pair, pairs


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EvidenceLog]:
    with open_log(tmp_path) as log:
        yield log


class Gate:
    """Holds the log's appends back until it is opened, and writes down the batches."""

    def __init__(self, log: EvidenceLog, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[int] = []
        self.opened = threading.Event()
        append = log.append

        def gated(batch: list[Pair]) -> int:
            assert self.opened.wait(30)
            self.batches.append(len(batch))
            return append(batch)

        monkeypatch.setattr(log, "append", gated)


async def test_every_caller_gets_its_own_index(log: EvidenceLog) -> None:
    given = pairs(0, 300)
    async with Sequencer(log) as sequencer:
        found = await asyncio.gather(*(sequencer.append(*item) for item in given))
        assert sorted(found) == list(range(300))
        for index, (leaf, _) in zip(found[::50], given[::50], strict=True):
            (await sequencer.receipt(index)).prove(merkle.leaf_hash(leaf))
    assert log.published_size == 300


async def test_what_waits_goes_together_and_at_most_a_thousand_at_once(
    log: EvidenceLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(log, monkeypatch)
    async with Sequencer(log) as sequencer:
        tasks = [asyncio.create_task(sequencer.append(b"leaf"))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(sequencer.append(b"leaf")) for _ in range(2500)]
        await asyncio.sleep(0)
        gate.opened.set()
        assert await asyncio.gather(*tasks) == list(range(2501))
    assert gate.batches == [1, 1000, 1000, 500]


async def test_a_window_gathers_company_while_the_disk_is_idle(
    log: EvidenceLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(log, monkeypatch)
    gate.opened.set()
    async with Sequencer(log, window=0.005) as sequencer:
        first = asyncio.create_task(sequencer.append(b"leaf"))
        await asyncio.sleep(0)
        assert (await sequencer.append(b"leaf"), await first) == (1, 0)
    assert gate.batches == [2]


async def test_a_caller_that_left_before_the_commit_writes_nothing(
    log: EvidenceLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(log, monkeypatch)
    async with Sequencer(log) as sequencer:
        tasks = [asyncio.create_task(sequencer.append(b"leaf")) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        late = [asyncio.create_task(sequencer.append(b"late")) for _ in range(3)]
        await asyncio.sleep(0)
        for task in (tasks[1], *late):
            task.cancel()
        await asyncio.sleep(0)
        gate.opened.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [found[0], found[2]] == [0, 2]
        assert isinstance(found[1], asyncio.CancelledError)
    assert gate.batches == [3]
    assert log.size == 3


async def test_everybody_may_leave(log: EvidenceLog) -> None:
    async with Sequencer(log) as sequencer:
        task = asyncio.create_task(sequencer.append(b"leaf"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert log.size == 0


async def test_everybody_may_leave_a_queue_longer_than_a_batch(log: EvidenceLog) -> None:
    async with Sequencer(log) as sequencer:
        tasks = [asyncio.create_task(sequencer.append(b"leaf")) for _ in range(1500)]
        await asyncio.sleep(0)
        for task in tasks[:1400]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert log.size == 100


async def test_closing_finishes_what_was_handed_in(log: EvidenceLog) -> None:
    sequencer = Sequencer(log)
    await sequencer.start()
    task = asyncio.create_task(sequencer.append(*pair(0)))
    await asyncio.sleep(0)
    await sequencer.close()
    await sequencer.close()
    assert await task == 0
    assert log.published_size == 1
    with pytest.raises(LogClosedError):
        await sequencer.append(b"late")
    with pytest.raises(LogClosedError):
        await sequencer.publish()


async def test_the_log_is_published_without_being_asked(log: EvidenceLog) -> None:
    async with Sequencer(log, publish_every=0.01) as sequencer:
        await sequencer.append(*pair(0))
        async with asyncio.timeout(30):
            while log.published_size < 1:  # noqa: ASYNC110 - another thread publishes and knows no event
                await asyncio.sleep(0.01)


async def test_bounds(log: EvidenceLog, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(log, monkeypatch)
    async with Sequencer(log, most_waiting=2) as sequencer:
        with pytest.raises(EntryTooLargeError):
            await sequencer.append(bytes(65_536))
        with pytest.raises(EntryNotFoundError):
            await sequencer.receipt(0)
        tasks = [asyncio.create_task(sequencer.append(b"leaf")) for _ in range(3)]
        await asyncio.sleep(0)
        gate.opened.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert found[:2] == [0, 1]
        assert isinstance(found[2], LogOverloadedError)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_full_disk_tells_every_waiter_and_the_log_comes_back_alone(
    log: EvidenceLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "REOPEN_EVERY", 0.0)
    async with Sequencer(log) as sequencer:
        assert await sequencer.append(*pair(0)) == 0
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", full)
            broken.setattr(os, "fsync", full)
            found = await asyncio.gather(*(sequencer.append(*pair(n)) for n in range(1, 4)), return_exceptions=True)
            assert [type(item) for item in found] == [LogUnwritableError] * 3
            assert len({id(item) for item in found}) == 3
            with pytest.raises(LogUnwritableError):
                await sequencer.append(*pair(4))
            with pytest.raises(LogUnwritableError):
                await sequencer.publish()
        assert await sequencer.append(*pair(5)) == 1
        await sequencer.receipt(1)
    assert log.get_record("record-0")
    assert log.get_record("record-5")


async def test_a_stopped_log_is_not_tried_more_than_once_a_second(
    log: EvidenceLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "REOPEN_EVERY", 3600.0)
    async with Sequencer(log, publish_every=3600.0) as sequencer:
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", full)
            broken.setattr(os, "fsync", full)
            with pytest.raises(LogUnwritableError):
                await sequencer.append(*pair(0))
            with pytest.raises(LogUnwritableError):
                await sequencer.append(*pair(1))
        with pytest.raises(LogStoppedError):
            await sequencer.append(*pair(2))
    log.reopen()
    assert log.size == 0


async def test_an_unforeseen_failure_reaches_the_waiter_and_spares_the_publisher(
    log: EvidenceLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Sequencer(log, publish_every=3600.0) as sequencer:
        await sequencer.append(*pair(0))
        with monkeypatch.context() as broken:
            broken.setattr(log, "publish", lambda: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                await sequencer.receipt(0)
        await sequencer.receipt(0)
