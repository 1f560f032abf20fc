"""Point queries that come at once: few statements, everybody's own rows, and nobody's trouble but one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from jutong.node.errors import KeyUnfitError, SourceSlowError
from jutong.node.live.gathering import AT_ONCE, MOST_TOGETHER, Gathering, Values
from jutong.node.live.source import PointQuery, Row

PLAN, OTHER = (PointQuery("", table, ("xm",), ("sfzh",), (), 2) for table in ("person", "car"))


class Database:
    """Answers when it is let, and writes down what it was asked."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.asked: list[tuple[str, int]] = []
        self.problem: Exception | None = None

    async def alone(self, query: PointQuery, values: Values) -> Sequence[Row]:
        self.asked.append((query.table, 1))
        await self.opened.wait()
        if values[0] == "unfit":
            raise KeyUnfitError
        return [(f"{query.table} {values[0]}",)]

    async def together(self, query: PointQuery, keys: Sequence[Values]) -> Sequence[tuple[int, Row]]:
        self.asked.append((query.table, len(keys)))
        await self.opened.wait()
        if self.problem is not None:
            raise self.problem
        if any(key[0] == "unfit" for key in keys):
            raise KeyUnfitError
        found = [(number, (f"{query.table} {key[0]}",)) for number, key in enumerate(keys) if key[0] != "none"]
        return [*found[::-1], *found[:1]]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def gathering(database: Database) -> Gathering:
    return Gathering(database.alone, database.together)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def ask(gathering: Gathering, *keys: str, query: PointQuery = PLAN) -> list[asyncio.Task[Sequence[Row]]]:
    return [asyncio.create_task(gathering.fetch(query, (key,))) for key in keys]


def numbered(count: int) -> list[str]:
    return [f"{number}" for number in range(count)]


async def test_what_comes_meanwhile_goes_together_and_everybody_gets_their_own(
    database: Database, gathering: Gathering
) -> None:
    calls = ask(gathering, *numbered(AT_ONCE + MOST_TOGETHER + 3))
    await settle()
    assert database.asked == [("person", 1)] * AT_ONCE
    database.opened.set()
    for number, call in enumerate(calls):
        rows = await call
        assert set(rows) == {(f"person {number}",)}
    assert sorted(size for _, size in database.asked[AT_ONCE:]) == [3, MOST_TOGETHER]
    assert await gathering.fetch(PLAN, ("after",)) == [("person after",)]
    assert gathering._plans == {}


async def test_a_key_without_rows_and_one_with_two(database: Database, gathering: Gathering) -> None:
    calls = ask(gathering, *numbered(AT_ONCE), "two", "none")
    await settle()
    database.opened.set()
    assert len(await calls[-2]) == 2
    assert await calls[-1] == []


async def test_plans_do_not_wait_for_each_other(database: Database, gathering: Gathering) -> None:
    ours = ask(gathering, *numbered(AT_ONCE + 2))
    theirs = ask(gathering, "x", query=OTHER)
    await settle()
    assert database.asked == [("person", 1)] * AT_ONCE + [("car", 1)]
    database.opened.set()
    assert await theirs[0] == [("car x",)]
    await asyncio.gather(*ours)


async def test_a_key_that_cannot_be_one_spoils_nobody_elses_answer(database: Database, gathering: Gathering) -> None:
    calls = ask(gathering, *numbered(AT_ONCE), "a", "unfit", "b")
    await settle()
    database.opened.set()
    assert await calls[-3] == [("person a",)]
    assert await calls[-1] == [("person b",)]
    with pytest.raises(KeyUnfitError):
        await calls[-2]
    assert gathering._plans == {}


async def test_a_failing_statement_fails_all_of_its_calls(database: Database, gathering: Gathering) -> None:
    calls = ask(gathering, *numbered(AT_ONCE), "a", "b")
    await settle()
    database.problem = SourceSlowError(source="s", seconds=5)
    database.opened.set()
    for call in calls[-2:]:
        with pytest.raises(SourceSlowError):
            await call
    assert [len(await call) for call in calls[:AT_ONCE]] == [1] * AT_ONCE
    assert gathering._plans == {}


async def test_who_hangs_up_while_waiting_is_not_asked_for(database: Database, gathering: Gathering) -> None:
    calls = ask(gathering, *numbered(AT_ONCE), "gone", "stays")
    await settle()
    calls[-2].cancel()
    await settle()
    database.opened.set()
    assert set(await calls[-1]) == {("person stays",)}
    assert database.asked[-1] == ("person", 1)
    await asyncio.gather(*calls[:AT_ONCE])


async def test_who_hangs_up_while_being_read_for_breaks_nothing(database: Database, gathering: Gathering) -> None:
    first = ask(gathering, *numbered(AT_ONCE))
    await settle()
    later = ask(gathering, "gone", "stays")
    await settle()
    first[0].cancel()  # its place goes to the two
    await settle()
    assert database.asked[-1] == ("person", 2)
    later[0].cancel()
    await settle()
    database.opened.set()
    assert set(await later[1]) == {("person stays",)}
    await asyncio.gather(*first[1:])
    assert gathering._plans == {}
