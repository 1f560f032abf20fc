"""Rows in dispute: marks them at once, finds out who had read them, and sends corrected values after those."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from jutong.contracts.envelope import ContractError, Document, Envelope, unseal
from jutong.contracts.orders import MarkOrder
from jutong.contracts.receipts import ConfirmedReceipt, MarkReceipt
from jutong.evidence.errors import RecordNotFoundError
from jutong.kernel.clock import Clock
from jutong.kernel.errors import JutongError
from jutong.kernel.keys import Ed25519Signer
from jutong.kernel.sealing import UnreadableBoxError, open_with
from jutong.node.agent.center import Center
from jutong.node.cases import OPEN, Cases
from jutong.node.errors import SourceSlowError, SourceUnavailableError
from jutong.node.gateway.bulk import Due
from jutong.node.gateway.marks import MarkBook, Place, mark_of
from jutong.node.gateway.recorder import OK
from jutong.node.gateway.verification import as_text
from jutong.node.grants import Grant, GrantBook
from jutong.node.live.pool import Sources
from jutong.node.live.source import PointQuery
from jutong.node.state import Task
from jutong.node.tags import TagIndex

MOST_MATCHED = 1_000
MOST_KEY_COLUMNS = 10
FindRecord = Callable[[str], tuple[int, bytes]]
_LOCATOR = TypeAdapter(dict[str, str])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MarkedRow(Document):
    """What is in the sealed part of a mark order: see ``contracts.orders.MarkOrder``."""

    key: dict[str, str]
    items: dict[str, str] = Field(default_factory=dict)
    corrected: dict[str, str] = Field(default_factory=dict)


@dataclass
class Marking:
    """Carries mark orders out and feeds corrections.

    Attributes:
        cases: marks and corrections, durable.
        marks: what the gateway shows.
        book: the grants of this node.
        center: seals receipts.
        sources: the live databases.
        signer: the node's key, which opens what is sealed for it.
        index: finds records by tag.
        find_record: returns leaf index and record of an id; blocking.
        tag: returns the keyed tag of a value.
        clock: the present instant.
    """

    cases: Cases
    marks: MarkBook
    book: GrantBook
    center: Center
    sources: Sources
    signer: Ed25519Signer
    index: TagIndex
    find_record: FindRecord
    tag: Callable[[str], str]
    clock: Clock

    def restore(self) -> None:
        """Show what was marked before a restart."""
        for mark in self.cases.open():
            self.marks.put(mark)

    def _opened(self, order: MarkOrder) -> MarkedRow:
        try:
            row = MarkedRow.model_validate_json(open_with(self.signer, order.sealed))
            if order.locator:
                key = _LOCATOR.validate_json(open_with(self.signer, order.locator))
                row = row.model_copy(update={"key": key})
        except (UnreadableBoxError, ValidationError) as error:
            # Without a trace of it: a validation error repeats what it was given.
            raise ContractError(issuer="center", kind="mark", reason=type(error).__name__) from None
        if not 0 < len(row.key) <= MOST_KEY_COLUMNS:
            raise ContractError(issuer="center", kind="mark", reason="key")
        return row

    async def apply(self, envelope: Envelope, now: datetime) -> None:
        """Apply a mark order; from its return on every answer shows the mark, or no longer does.

        A mark by columns that no grant was tried with waits until ``carry_out`` has tried them: were one of them
        missing, reading it would stop every call.

        Raises:
            ContractError: if it is none, or closed for another node; the center is told.
        """
        order = unseal(envelope, MarkOrder)
        try:
            row = self._opened(order)
        except ContractError:
            failed = MarkReceipt(
                correction_number=order.correction_number, state="failed", problem="the sealed part cannot be read"
            )
            await asyncio.to_thread(self.cases.queue, self.center.seal("mark", failed, now))
            raise
        place = (order.source, order.schema_name, order.table)
        mark = mark_of(
            order.correction_number, place, row.key, row.items.values(), since_ms=order.since_ms, tag=self.tag
        )
        body = envelope.model_dump_json(include={"body"})
        await asyncio.to_thread(self.cases.put, envelope.id, order, mark, body)
        if order.state != OPEN:
            self.marks.drop(order.correction_number)
        elif row.key.keys() <= self._tried(place):
            self.marks.put(mark)

    def _tried(self, place: Place) -> set[str]:
        """Return the columns of a table that a grant was tried with."""
        orders = [grant.order for grant in self.book.by_id.values() if grant.place == place and grant.probe == "ready"]
        return {item.column for order in orders for item in (*order.lookup, *order.fields)}

    async def carry_out(self, task: Task) -> None:
        """Find out how many rows are marked and who had read them, and tell the center.

        Raises:
            SourceUnavailableError, SourceSlowError: the database does not answer; the task stays open.
            sqlite3.Error: if the disk refuses; likewise.
        """
        order = MarkOrder.model_validate_json(orjson.dumps(orjson.loads(task.body)["body"]))
        row = self._opened(order)
        place = (order.source, order.schema_name, order.table)
        holders = [grant for grant in self.book.by_id.values() if grant.place == place]
        wanted = {tuple(self.tag(value) for value in row.key.values())}
        try:
            matched, more = await self._match(place, row.key, holders)
        except (SourceUnavailableError, SourceSlowError):
            raise
        except JutongError as error:
            if order.state == OPEN:
                await self._fail(task, order, error.explain()[:500])
                return
            matched, more = 0, set()  # who had read the row hears of its end all the same
        own = {grant.order.grant_id for grant in holders}
        grants = await asyncio.to_thread(self._readers, wanted | more, own)
        receipt = MarkReceipt(
            correction_number=order.correction_number, state=order.state, matched=matched, grants=grants
        )
        sealed = self.center.seal("mark", receipt, self.clock())
        await asyncio.to_thread(self.cases.finish, task.order_id, order, grants, sealed)
        self._show(order.correction_number)

    def _show(self, correction: str) -> None:
        """Show a mark that was tried, unless a newer order has taken it away meanwhile."""
        for mark in self.cases.open():
            if mark.correction == correction:
                self.marks.put(mark)

    async def _fail(self, task: Task, order: MarkOrder, problem: str) -> None:
        """Give up a mark that no row can be compared with."""
        receipt = MarkReceipt(correction_number=order.correction_number, state="failed", problem=problem)
        sealed = self.center.seal("mark", receipt, self.clock())
        await asyncio.to_thread(self.cases.fail, task.order_id, order, sealed)
        self.marks.drop(order.correction_number)

    async def _match(
        self, place: Place, key: Mapping[str, str], holders: Iterable[Grant]
    ) -> tuple[int, set[tuple[str, ...]]]:
        """Return how many rows the key finds, and by which tags each grant's callers would have looked them up."""
        source, schema, table = place
        lookups = list(dict.fromkeys(grant.lookup_columns for grant in holders if grant.lookup_columns))
        columns = tuple(dict.fromkeys(itertools.chain(key, *lookups)))
        query = PointQuery(schema, table, columns, tuple(key), (), MOST_MATCHED)
        rows = await self.sources.get(source).fetch(query, list(key.values()))
        wanted = {
            tuple(self.tag(as_text(values[column])) for column in lookup)
            for row in rows
            if (values := dict(zip(columns, row, strict=True)))
            for lookup in lookups
            if all(values[column] is not None for column in lookup)
        }
        return len(rows), wanted

    def _readers(self, wanted: Iterable[Sequence[str]], own: set[str]) -> tuple[str, ...]:
        """Return the grants whose records carry all tags of one of the looks at the row."""
        self.index.flush()
        found: set[str] = set()
        for tags in wanted:
            ids = set.intersection(*(set(self.index.find(tag)) for tag in tags))
            for record_id in ids:
                found |= self._reader(record_id)
        return tuple(sorted(found & own))

    def _reader(self, record_id: str) -> set[str]:
        try:
            record: dict[str, Any] = orjson.loads(self.find_record(record_id)[1])["record"]
        except RecordNotFoundError:
            return set()  # erased after its time
        answered = record["outcome"] == OK and (record["rows"] or record["kind"] == "verify")
        return {record["grant_id"]} if answered else set()

    async def due(self, grant_id: str, after: int, limit: int) -> Sequence[Due]:
        """Return corrections behind a place of a grant's feed; see ``gateway.bulk.Corrections``."""
        told = await asyncio.to_thread(self.cases.due, grant_id, after, limit)
        opened = ((one, self._opened(one.order)) for one in told)
        return [Due(one.place, one.order, row.key, row.items, row.corrected) for one, row in opened]

    async def fetched(self, grant_id: str, up_to: int, now_ms: int) -> None:
        """Note corrections as fetched and tell the center; see ``gateway.bulk.Corrections``."""
        await asyncio.to_thread(self._note_fetched, grant_id, up_to, now_ms)

    def _note_fetched(self, grant_id: str, up_to: int, now_ms: int) -> None:
        corrections = self.cases.unfetched(grant_id, up_to)
        now = _EPOCH + timedelta(milliseconds=now_ms)
        receipts = [
            self.center.seal(
                "confirmed", ConfirmedReceipt(correction_number=one, grant_ids=(grant_id,), time_ms=now_ms), now
            )
            for one in corrections
        ]
        if corrections:
            self.cases.fetched(grant_id, corrections, now_ms, receipts)
