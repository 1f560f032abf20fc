"""Batches, pages and change feeds: many rows in one call, one decision, one record."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jutong.contracts.orders import MarkOrder
from jutong.node.errors import CursorUnfitError, KeyUnfitError, OrderAmbiguousError, WayUnservedError
from jutong.node.gateway.answers import Served, blind, encoded
from jutong.node.gateway.calls import Call
from jutong.node.gateway.cursors import Cursors, place_of
from jutong.node.gateway.marks import MarkBook
from jutong.node.gateway.narrow import BulkPermit
from jutong.node.gateway.recorder import Attempt, Outcome
from jutong.node.gateway.stretches import NO_ROWS, BulkAnswer, Stretch, told_filters
from jutong.node.gateway.verification import normalised
from jutong.node.grants import Grant
from jutong.node.live.pool import Sources
from jutong.node.live.source import BulkSource, PointQuery, RangeQuery, Row

LOGGER = logging.getLogger(__name__)
AT_ONCE = 8
"""Keys looked up side by side where a source knows no batch."""
MOST_SPLITS = 32
"""Statements a batch may cost besides the first to find the keys that cannot be one."""
MOST_CORRECTIONS = 100


@dataclass(frozen=True, slots=True)
class Due:
    """A correction one grant's holder has to hear of: its place in the feed, what it is, and its open values."""

    place: int
    order: MarkOrder
    key: Mapping[str, str]
    items: Mapping[str, str]
    corrected: Mapping[str, str]


class Corrections(Protocol):
    """What the change feed needs to know of corrections."""

    async def due(self, grant_id: str, after: int, limit: int) -> Sequence[Due]:
        """Return corrections behind a place of the grant's feed."""

    async def fetched(self, grant_id: str, up_to: int, now_ms: int) -> None:
        """Note that the holder has fetched everything up to a place; the center hears of it."""


class MakesFiles(Protocol):
    """What writes files of granted rows."""

    async def make(self, calls: BulkCalls, attempt: Attempt, call: Call, permit: BulkPermit) -> tuple[Served, Outcome]:
        """Write the file and return the answer that tells where it is; nothing is recorded yet."""


@dataclass
class BulkCalls:
    """Answers calls that were decided on.

    Attributes:
        sources: the live databases.
        marks: rows in dispute.
        cursors: makes and reads cursors.
        tag: returns the keyed tag of a value.
        corrections: the feed of corrections.
        files: writes files.
    """

    sources: Sources
    marks: MarkBook
    cursors: Cursors
    tag: Callable[[str], str]
    corrections: Corrections
    files: MakesFiles

    async def answer(self, attempt: Attempt, call: Call, permit: BulkPermit) -> tuple[Served, Outcome]:
        """Read what a call may have and return the answer with how it is recorded; nothing is recorded yet.

        Raises:
            JutongError: if the source or the cursor refuses.
        """
        if call.kind == "batch":
            return await self._batch(attempt, call, permit)
        if call.kind == "page":
            return await self._page(attempt, call, permit)
        if call.kind == "changes":
            return await self._changes(attempt, call, permit)
        return await self.files.make(self, attempt, call, permit)

    def source(self, grant: Grant, way: str) -> BulkSource:
        """Return the source of a grant, if rows can be read from it in an order.

        Raises:
            WayUnservedError: if it only answers for one key at a time.
        """
        source = self.sources.get(grant.order.source)
        if not isinstance(source, BulkSource):
            raise WayUnservedError(source=grant.order.source, way=way)
        return source

    async def tell(self, grant: Grant, up_to: int, now_ms: int) -> None:
        """Note that corrections went out. Should that fail, the next call with the cursor says so again."""
        try:
            await self.corrections.fetched(grant.order.grant_id, up_to, now_ms)
        except sqlite3.Error:
            LOGGER.exception("fetched corrections of grant %s are not noted yet", grant.order.grant_number)

    # -- batches ---------------------------------------------------------------------------------------------

    async def _batch(self, attempt: Attempt, call: Call, permit: BulkPermit) -> tuple[Served, Outcome]:
        grant = permit.grant
        table = self.marks.at(grant.place)
        extra = (*(table.columns if table else ()), *grant.fresh)
        query = grant.plan(permit.items, extra=extra)
        keys = [tuple(key[item] for item in grant.lookup) for key in call.bulk.keys]
        asked = list(dict.fromkeys(keys))
        rows = await self._many(grant, query, asked)
        made = BulkAnswer(self.tag, permit, table)
        each = {key: made.of_key(rows.get(number)) for number, key in enumerate(asked)}
        content = {"record": attempt.record_id, "results": [each[key] for key in keys], "blind": blind()}
        body = encoded(content)
        return made.served(attempt.record_id, body), made.outcome(body, {"keys": len(keys)})

    async def _many(
        self, grant: Grant, query: PointQuery, keys: Sequence[tuple[str, ...]]
    ) -> dict[int, list[Row] | None]:
        """Return rows by the number of their key; None for a key that cannot be one."""
        source = self.sources.get(grant.order.source)
        found: dict[int, list[Row] | None] = {}
        if isinstance(source, BulkSource):
            await _Halving(source, query, keys, found).ask(range(len(keys)))
            return found
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int, key: tuple[str, ...]) -> None:
            async with gate:
                try:
                    found[number] = list(await source.fetch(query, key))
                except KeyUnfitError:
                    found[number] = None

        await asyncio.gather(*(one(number, key) for number, key in enumerate(keys)))
        return found

    # -- pages and changes -----------------------------------------------------------------------------------

    async def _page(self, attempt: Attempt, call: Call, permit: BulkPermit) -> tuple[Served, Outcome]:
        after = self.cursors.take(call, permit.grant)
        stretch = await self.stretch(permit, permit.grant.key_columns, after, "page")
        made, rows = await stretch.rows(self.tag, permit)
        following = self.cursors.give(call, permit.grant, stretch.last) if stretch.more and stretch.last else None
        content = {"record": attempt.record_id, "rows": rows, "next": following, "blind": blind(), **made.marks()}
        body = encoded(content)
        return made.served(attempt.record_id, body), made.outcome(
            body, {"row_tags": made.tags(), **told_filters(call, self.tag)}
        )

    async def _changes(self, attempt: Attempt, call: Call, permit: BulkPermit) -> tuple[Served, Outcome]:
        grant = permit.grant
        place, heard = self._taken(call, grant)
        if heard:
            # Whoever comes back with a cursor behind a correction has it, should the note of it have been lost.
            await self.corrections.fetched(grant.order.grant_id, heard, attempt.now_ms)
        order = tuple(dict.fromkeys((*grant.fresh, *grant.key_columns)))
        stretch = await self.stretch(permit, order, place, "changes") if permit.items else NO_ROWS
        made, rows = await stretch.rows(self.tag, permit)
        due = await self.corrections.due(grant.order.grant_id, heard, MOST_CORRECTIONS)
        heard = due[-1].place if due else heard
        content = {
            "record": attempt.record_id,
            "changes": rows,
            "corrections": [correction(one, grant) for one in due],
            "next": self.cursors.give(call, grant, [stretch.last or place, heard]),
            "more": stretch.more or len(due) == MOST_CORRECTIONS,
            "blind": blind(),
            **made.marks(),
        }
        body = encoded(content)
        more: dict[str, Any] = {"row_tags": made.tags(), **told_filters(call, self.tag)}
        if due:
            more |= {"corrections": [one.order.correction_number for one in due], "corrections_to": heard}
        return made.served(attempt.record_id, body), made.outcome(body, more)

    def _taken(self, call: Call, grant: Grant) -> tuple[list[Any] | None, int]:
        content = self.cursors.take(call, grant)
        if content is None:
            return None, 0
        place, heard = content
        return place, heard

    async def stretch(self, permit: BulkPermit, order: tuple[str, ...], after: list[Any] | None, way: str) -> Stretch:
        """Return the rows behind a place, and whether there are more.

        Raises:
            OrderAmbiguousError: if going on behind the last of them could lose a row.
        """
        grant = permit.grant
        if after is not None and len(after) != len(order):
            raise CursorUnfitError
        table = self.marks.at(grant.place)
        extra = (*(table.columns if table else ()), *grant.fresh)
        columns = (*(grant.visible[item].column for item in permit.items), *extra, *grant.lookup_columns, *order)
        query = RangeQuery(
            schema=grant.order.schema_name,
            table=grant.order.table,
            columns=columns,
            conditions=permit.conditions,
            order=order,
            after=tuple(after) if after is not None else None,
            limit=permit.limit + 1,
        )
        found = await self.source(grant, way).scan(query)
        places = [place_of(tuple(row)[len(columns) - len(order) :]) for row in found[-2:]]
        more = len(found) > permit.limit
        if more and _same(places):
            raise OrderAmbiguousError(source=grant.order.source, columns="、".join(order))
        kept = found[: permit.limit]
        last = (places[0] if more else places[-1]) if found else None
        return Stretch(kept, table, len(order), last, more)


@dataclass
class _Halving:
    """Asks for many keys at once; where one of them cannot be a key, halves until it stands alone."""

    source: BulkSource
    query: PointQuery
    keys: Sequence[tuple[str, ...]]
    found: dict[int, list[Row] | None]
    left: int = MOST_SPLITS

    async def ask(self, numbers: Sequence[int]) -> None:
        try:
            rows = await self.source.fetch_many(self.query, [self.keys[number] for number in numbers])
        except KeyUnfitError:
            if len(numbers) == 1:
                self.found[numbers[0]] = None
                return
            self.left -= 2
            if self.left < 0:
                raise
            await self.ask(numbers[: len(numbers) // 2])
            await self.ask(numbers[len(numbers) // 2 :])
            return
        each: list[list[Row]] = [[] for _ in numbers]
        for at, row in rows:
            each[at].append(row)
        self.found.update(zip(numbers, each, strict=True))


def _same(places: Sequence[list[Any]]) -> bool:
    """Tell whether two places are one, as loosely as any database may see it."""
    first, second = ([normalised(str(value)) for value in place] for place in places)
    return first == second


def correction(due: Due, grant: Grant) -> dict[str, Any]:
    """Return a correction as its grant shows it: the key by the grant's own items, new values under its masks.

    An item granted for verification only is named without its new value.
    """
    named = {item.column: item.item for item in (*grant.order.fields, *grant.order.lookup)}
    fresh = {due.items.get(item, ""): value for item, value in due.corrected.items()}
    values = {
        column.item: value if column.mask is None else column.mask(value)
        for column in grant.visible.values()
        if (value := fresh.get(column.column)) is not None
    }
    touched = [one.item for one in grant.order.fields if one.column in fresh and one.item not in values]
    return {
        "correction": due.order.correction_number,
        "key": {named[column]: value for column, value in due.key.items() if column in grant.lookup_columns},
        "items": values,
        "verify": touched,
    }
