"""What bounds one source: places, the queue before them, and the rest it is given when it keeps failing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from jutong.node.errors import KeyUnfitError, SourceSlowError, SourceUnavailableError
from jutong.node.live.breaker import FAILURES, FIRST_REST_SECONDS, LONGEST_REST_SECONDS, Breaker
from jutong.node.live.errors import SourceBusyError, SourceRestingError
from jutong.node.live.guarded import GuardedBulkSource, GuardedSource, Load, guarded
from jutong.node.live.source import PointQuery, ProbedTable, RangeQuery, Row

QUERY = PointQuery("", "person", ("xm",), ("sfzh",), (), 1)


class Door:
    """A source that answers when it is let."""

    name = "door"

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.asked = 0
        self.problem: Exception | None = None

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        self.asked += 1
        await self.opened.wait()
        if self.problem is not None:
            raise self.problem
        return [(values[0],)]

    async def probe(self, schema: str, table: str) -> ProbedTable:
        return ProbedTable(frozenset({"xm"}), frozenset(), 1)

    async def close(self) -> None:
        self.opened.set()


class BulkDoor(Door):
    async def fetch_many(self, query: PointQuery, keys: Sequence[Sequence[str]]) -> Sequence[tuple[int, Row]]:
        return list(enumerate(keys))

    async def scan(self, query: RangeQuery) -> Sequence[Row]:
        return [("a",)]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_run_than_there_are_places_and_no_more_wait_than_there_is_room() -> None:
    door, load = Door(), Load()
    source = GuardedSource(door, places=2, load=load, most_waiting=3)
    calls = [asyncio.create_task(source.fetch(QUERY, (str(number),))) for number in range(5)]
    await settle()
    assert (door.asked, load.at_sources) == (2, 5)
    with pytest.raises(SourceBusyError) as caught:
        await source.fetch(QUERY, ("late",))
    assert (caught.value.http_status, caught.value.retry_after) == (429, 1)
    door.opened.set()
    assert [(await call)[0][0] for call in calls] == ["0", "1", "2", "3", "4"]
    assert load.at_sources == 0
    assert await source.fetch(QUERY, ("after",)) == [("after",)]


async def test_who_waits_too_long_is_told_to_come_back() -> None:
    door, load = Door(), Load()
    source = GuardedSource(door, places=1, load=load, longest_wait=0.01)
    first = asyncio.create_task(source.fetch(QUERY, ("1",)))
    await settle()
    with pytest.raises(SourceBusyError):
        await source.fetch(QUERY, ("2",))
    door.opened.set()
    await first
    assert await source.fetch(QUERY, ("3",)) == [("3",)]
    assert load.at_sources == 0


async def test_a_caller_that_hangs_up_while_waiting_takes_nobodys_place() -> None:
    door, load = Door(), Load()
    source = GuardedSource(door, places=1, load=load)
    first, second, third = (asyncio.create_task(source.fetch(QUERY, (one,))) for one in "123")
    await settle()
    second.cancel()
    await settle()
    first.cancel()  # its place goes to the third, past the second
    await settle()
    door.opened.set()
    assert await third == [("3",)]
    assert load.at_sources == 0
    assert await source.fetch(QUERY, ("4",)) == [("4",)]


async def test_a_turn_that_comes_together_with_a_hang_up_is_passed_on() -> None:
    door, load = Door(), Load()
    source = GuardedSource(door, places=1, load=load)
    first, second, third = (asyncio.create_task(source.fetch(QUERY, (one,))) for one in "123")
    await settle()
    door.opened.set()
    await first
    second.cancel()  # after its turn was given and before it ran
    assert await third == [("3",)]
    assert load.at_sources == 0


async def test_a_source_that_keeps_failing_is_left_alone_and_tried_with_one_call() -> None:
    now = [100.0]
    door = Door()
    door.opened.set()
    source = GuardedSource(door, places=8, load=Load(), breaker=Breaker("door", lambda: now[0]))
    door.problem = SourceUnavailableError(source="door")
    for _ in range(FAILURES):
        with pytest.raises(SourceUnavailableError):
            await source.fetch(QUERY, ("1",))
    with pytest.raises(SourceRestingError) as caught:
        await source.fetch(QUERY, ("1",))
    assert caught.value.retry_after == FIRST_REST_SECONDS
    assert door.asked == FAILURES

    now[0] += FIRST_REST_SECONDS
    door.opened.clear()
    one_try = asyncio.create_task(source.fetch(QUERY, ("1",)))
    await settle()
    with pytest.raises(SourceRestingError):
        await source.fetch(QUERY, ("2",))
    door.opened.set()
    with pytest.raises(SourceUnavailableError):
        await one_try
    now[0] += FIRST_REST_SECONDS
    with pytest.raises(SourceRestingError):  # a failed try doubles the rest
        await source.fetch(QUERY, ("1",))
    now[0] += FIRST_REST_SECONDS
    door.problem = None
    assert await source.fetch(QUERY, ("1",)) == [("1",)]
    assert not source.breaker.open
    assert await source.fetch(QUERY, ("2",)) == [("2",)]


async def test_a_good_answer_between_failures_and_a_bad_key_leave_a_source_in_use() -> None:
    door = Door()
    door.opened.set()
    source = GuardedSource(door, places=8, load=Load())
    problems = [SourceSlowError(source="door", seconds=5)] * (FAILURES - 1) + [None]
    for problem in problems * 3 + [KeyUnfitError()] * (FAILURES + 1):
        door.problem = problem
        if problem is None:
            await source.fetch(QUERY, ("1",))
        else:
            with pytest.raises(type(problem)):
                await source.fetch(QUERY, ("1",))
    assert not source.breaker.open


async def test_a_try_that_tells_nothing_leaves_room_for_another() -> None:
    now = [0.0]
    door = Door()
    door.opened.set()
    source = GuardedSource(door, places=8, load=Load(), breaker=Breaker("door", lambda: now[0]))
    door.problem = SourceSlowError(source="door", seconds=5)
    for _ in range(FAILURES):
        with pytest.raises(SourceSlowError):
            await source.fetch(QUERY, ("1",))
    now[0] += FIRST_REST_SECONDS
    door.problem = KeyUnfitError()
    with pytest.raises(KeyUnfitError):
        await source.fetch(QUERY, ("1",))
    door.problem = None
    assert await source.fetch(QUERY, ("1",)) == [("1",)]


async def test_a_probe_is_never_turned_away_and_ends_a_rest() -> None:
    door = Door()
    door.opened.set()
    source = GuardedSource(door, places=8, load=Load())
    door.problem = SourceUnavailableError(source="door")
    for _ in range(FAILURES):
        with pytest.raises(SourceUnavailableError):
            await source.fetch(QUERY, ("1",))
    assert source.breaker.open
    assert (await source.probe("", "person")).row_estimate == 1
    assert not source.breaker.open


def test_the_rest_grows_to_its_limit() -> None:
    now = [0.0]
    breaker = Breaker("door", lambda: now[0])
    for _ in range(FAILURES + 3):
        breaker.bad(tried=False)
    rests = []
    for _ in range(6):
        with pytest.raises(SourceRestingError) as caught:
            breaker.check()
        rests.append(caught.value.retry_after)
        now[0] += rests[-1] or 0
        assert breaker.check()
        breaker.bad(tried=True)
        breaker.end_try()
    assert rests == [5, 10, 20, 40, LONGEST_REST_SECONDS, LONGEST_REST_SECONDS]


async def test_what_a_source_can_do_its_guard_can() -> None:
    plain, bulk = guarded(Door(), places=1, load=Load()), guarded(BulkDoor(), places=1, load=Load())
    assert not isinstance(plain, GuardedBulkSource)
    assert isinstance(bulk, GuardedBulkSource)
    assert await bulk.fetch_many(QUERY, [("a",), ("b",)]) == [(0, ("a",)), (1, ("b",))]
    assert await bulk.scan(RangeQuery("", "person", ("xm",), (), ("sfzh",), None, 1)) == [("a",)]
    await plain.close()
