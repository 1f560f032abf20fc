"""Point queries that come at once over one plan go to the database together.

A driver's round trip costs about as much as everything else the gateway does for a call, and little more for sixteen
keys than for one. A few statements of a plan are under way on their own; calls that come meanwhile gather, and the
next statement takes them along. A lone caller waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from jutong.node.errors import KeyUnfitError
from jutong.node.live.source import PointQuery, Row

AT_ONCE = 4
"""Statements of one plan under way before calls gather."""

MOST_TOGETHER = 16
Values = Sequence[str | None]
Alone = Callable[[PointQuery, Values], Awaitable[Sequence[Row]]]
Together = Callable[[PointQuery, Sequence[Values]], Awaitable[Sequence[tuple[int, Row]]]]


@dataclass
class _Plan:
    """What is under way and what waits over one plan."""

    under_way: int = 0
    waiting: deque[tuple[Values, asyncio.Future[Sequence[Row]]]] = field(default_factory=deque)


class Gathering:
    """Passes point queries on, alone or together.

    Args:
        alone: reads the rows of one key.
        together: reads the rows of several keys, each with its key's number.
    """

    def __init__(self, alone: Alone, together: Together) -> None:
        self._alone = alone
        self._together = together
        self._plans: dict[PointQuery, _Plan] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def fetch(self, query: PointQuery, values: Values) -> Sequence[Row]:
        """Return the rows of one key; errors are those of the two functions."""
        plan = self._plans.get(query)
        if plan is None:
            plan = self._plans[query] = _Plan()
        if plan.under_way >= AT_ONCE:
            answered: asyncio.Future[Sequence[Row]] = asyncio.get_running_loop().create_future()
            plan.waiting.append((values, answered))
            return await answered
        plan.under_way += 1
        try:
            return await self._alone(query, values)
        finally:
            self._go_on(query, plan)

    def _go_on(self, query: PointQuery, plan: _Plan) -> None:
        """Give the place of a statement that ended to those that wait."""
        taken: list[tuple[Values, asyncio.Future[Sequence[Row]]]] = []
        while plan.waiting and len(taken) < MOST_TOGETHER:
            one = plan.waiting.popleft()
            if not one[1].done():
                taken.append(one)
        if taken:
            task = asyncio.get_running_loop().create_task(self._read(query, plan, taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        plan.under_way -= 1
        if not plan.under_way:
            del self._plans[query]

    async def _read(
        self, query: PointQuery, plan: _Plan, taken: list[tuple[Values, asyncio.Future[Sequence[Row]]]]
    ) -> None:
        try:
            rows: list[list[Row]] = [[] for _ in taken]
            for number, row in await self._together(query, [values for values, _ in taken]):
                rows[number].append(row)
            for found, (_, answered) in zip(rows, taken, strict=True):
                if not answered.done():
                    answered.set_result(found)
        except KeyUnfitError:
            await self._one_by_one(query, taken)
        except asyncio.CancelledError:
            for _, answered in taken:
                answered.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - handed to everybody who waits
            _fail(taken, error)
        finally:
            self._go_on(query, plan)

    async def _one_by_one(self, query: PointQuery, taken: list[tuple[Values, asyncio.Future[Sequence[Row]]]]) -> None:
        """Find the keys that cannot be one: they spoil nobody else's answer."""
        for values, answered in taken:
            if answered.done():
                continue
            try:
                found = await self._alone(query, values)
            except Exception as error:  # noqa: BLE001 - handed to the one who waits
                _fail([(values, answered)], error)
            else:
                if not answered.done():
                    answered.set_result(found)


def _fail(taken: list[tuple[Values, asyncio.Future[Sequence[Row]]]], error: Exception) -> None:
    for _, answered in taken:
        if not answered.done():
            answered.set_exception(error)
