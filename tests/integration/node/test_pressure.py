"""Ten times too many calls end in 429, and a slow source slows nobody but its own callers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx

from jutong.node.live.guarded import GuardedSource, guarded
from jutong.node.live.source import PointQuery, ProbedTable, Row
from tests.integration.node.conftest import Running
from tests.integration.node.test_refusals import outcomes
from tests.node_world import grant_order, query_body, until

PLACES = 8


class Sleeping:
    """A department's database that has fallen asleep, until it is woken."""

    name = "asleep"

    def __init__(self) -> None:
        self.awake = asyncio.Event()

    async def fetch(self, query: PointQuery, values: Sequence[str | None]) -> Sequence[Row]:
        await self.awake.wait()
        return [tuple("甲" for _ in query.columns)]

    async def probe(self, schema: str, table: str) -> ProbedTable:
        return ProbedTable(frozenset(("sfzh", "xm")), frozenset({"sfzh"}), 1)

    async def close(self) -> None:
        self.awake.set()


def put_asleep(started: Running) -> tuple[Sleeping, GuardedSource]:
    """Give the node a second source, asleep, with a grant of its own."""
    live = started.node.gateway.serving.sources
    sleeping = Sleeping()
    source = guarded(sleeping, places=PLACES, load=live.load)
    live._open["asleep"] = source
    order = grant_order(
        started.world.caller, grant_id="0190a000-0000-7000-8000-000000000002", grant_number="GR-2026-0002",
        source="asleep", fields=grant_order(started.world.caller).fields[2:3], conditions=(),
    )  # fmt: skip
    from jutong.node.grants import Grant

    started.node.gateway.serving.book.put(Grant(order, probe="ready"))
    return sleeping, source


def sleepy(number: int) -> dict[str, Any]:
    return query_body(grant="GR-2026-0002", key={"公民身份号码": f"{number:018d}"})


async def test_a_slow_source_never_slows_another(started: Running) -> None:
    sleeping, source = put_asleep(started)
    room = PLACES + source._most_waiting
    many = [asyncio.create_task(started.query(sleepy(number))) for number in range(room + 40)]
    load = started.node.gateway.serving.sources.load
    await until(lambda: sum(one.done() for one in many) == 40 and load.at_sources == room)
    turned_away = [one.result() for one in many if one.done()]
    assert {answer.status_code for answer in turned_away} == {429}
    assert {answer.json()["error"]["code"] for answer in turned_away} == {"node.source.busy"}
    assert all(answer.headers["retry-after"] == "1" for answer in turned_away)

    # Meanwhile the other department's callers are answered, however small the gateway's own bound is.
    started.node.gateway.most_under_way = 4
    answers = [await started.query(query_body()) for _ in range(20)]
    assert [answer.status_code for answer in answers] == [200] * 20
    assert not sleeping.awake.is_set()

    sleeping.awake.set()
    answered = Counter([(await one).status_code for one in many])
    assert answered == {200: room, 429: 40}
    assert load.at_sources == 0


async def test_a_burst_ten_times_too_large_is_answered_with_429_and_no_5xx(started: Running) -> None:
    gateway = started.node.gateway
    gateway.most_under_way = 16
    requests = [started.world.request("/gw/v1/query", query_body()) for _ in range(160)]

    async def send(request: httpx.Request) -> httpx.Response:
        return await started.http.send(request)

    answers = await asyncio.gather(*(send(request) for request in requests))
    found = Counter(answer.status_code for answer in answers)
    assert set(found) == {200, 429}
    assert found[200] >= 16
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 429)
    assert gateway.arithmetic.active == 0
    # What was turned away was not answered, so the same signed request may come again.
    again = next(
        request for request, answer in zip(requests, answers, strict=True) if answer.status_code == 429
        and answer.json()["error"]["code"] == "node.gateway.busy"
    )  # fmt: skip
    assert (await send(again)).status_code == 200
    assert sum(record["outcome"] == "ok" for record in outcomes(started)) == found[200] + 1


async def test_a_source_that_keeps_failing_is_not_asked_any_more(started: Running) -> None:
    (started.world.home / "police.sqlite").unlink()
    codes = [(await started.query(query_body())).json()["error"]["code"] for _ in range(7)]
    assert codes == ["node.source.unavailable"] * 5 + ["node.source.resting"] * 2
    response = await started.query(query_body())
    assert response.status_code == 503
    assert 1 <= int(response.headers["retry-after"]) <= 5
