"""One call from its decision to its durable record. Whoever asks, by signature or by ticket, passes through here."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import orjson

from jutong.kernel.errors import JutongError
from jutong.node.connectors.moments import to_ms
from jutong.node.errors import GatewayFaultError, TooManyRowsError
from jutong.node.freshness import Freshness
from jutong.node.gateway.addresses import Lender
from jutong.node.gateway.answers import Served, blind, encoded, shown
from jutong.node.gateway.bulk import BulkCalls
from jutong.node.gateway.calls import Call
from jutong.node.gateway.decide import Permit, check_grant, check_terms, decide, find_grant
from jutong.node.gateway.explain import POINTED, body_of, judge
from jutong.node.gateway.marks import Mark, TableMarks, told
from jutong.node.gateway.narrow import BulkPermit, decide_bulk
from jutong.node.gateway.quota import Quotas
from jutong.node.gateway.recorder import OK, Attempt, Outcome, Recorder
from jutong.node.gateway.verification import compare
from jutong.node.grants import Grant, GrantBook
from jutong.node.live.pool import Sources
from jutong.node.live.source import Row

__all__ = ["EXPLAINED", "RefusedCall", "Served", "Serving", "UnrecordedError"]
LOGGER = logging.getLogger(__name__)
EXPLAINED = "explain"
_LONGEST_OUTCOME = len("unknown")


class RefusedCall(Exception):  # noqa: N818 - it carries an error, it is none of its own
    """A refusal and the id of the record that tells of it."""

    def __init__(self, error: JutongError, record_id: str) -> None:
        super().__init__(str(error))
        self.error = error
        self.record_id = record_id


@dataclass
class Serving:
    """Everything a decision needs, in memory."""

    book: GrantBook
    quotas: Quotas
    freshness: Freshness
    sources: Sources
    recorder: Recorder
    lender: Lender
    bulk: BulkCalls

    async def serve(self, attempt: Attempt) -> Served:
        """Answer an authenticated call.

        Raises:
            RefusedCall: if it is refused; the refusal is on record.
            JutongError: if not even that could be recorded.
        """
        grant: Grant | None = None
        try:
            self.freshness.check()
            call = attempt.checked()
            grant = find_grant(call, self.book, attempt.asker.key_id)
            if attempt.kind == EXPLAINED:
                return await self._explain(attempt, call, grant)
            if call.kind in POINTED:
                return await self._answer(attempt, call, grant)
            if call.kind == "address":
                return await self._lend(attempt, call, grant)
            return await self._bulk(attempt, call, decide_bulk(call, grant, attempt.now_ms))
        except UnrecordedError as unrecorded:
            raise unrecorded.error from unrecorded.error.__cause__
        except JutongError as error:
            refused = error
        except Exception as error:
            incident = attempt.record_id[-12:]
            LOGGER.exception("call failed, incident %s", incident)
            refused = GatewayFaultError(incident=incident)
            refused.__cause__ = error
        await self.recorder.access(attempt, grant, Outcome(code=refused.code))
        raise RefusedCall(refused, attempt.record_id)

    async def _answer(self, attempt: Attempt, call: Call, grant: Grant) -> Served:
        table = self.bulk.marks.at(grant.place)
        extra = grant.fresh if table is None else (*table.columns, *grant.fresh)
        permit = decide(call, grant, attempt.now_ms, extra)
        self.quotas.take(grant, attempt.now_ms)
        try:
            rows = await self.sources.get(grant.order.source).fetch(permit.query, permit.values)
            self._still_good(grant, attempt)
            make = _verified if call.kind == "verify" else _rows
            served = make(attempt.record_id, permit, call, rows, table)
            if attempt.dress is not None:
                served = replace(served, body=attempt.dress(served.body))
            digest = "sha256:" + sha256(served.body).hexdigest()
            outcome = Outcome(OK, permit.items, len(served.rows), digest, _newest(permit, rows), served.marks)
            await self._record(attempt, grant, outcome)
        except BaseException:
            self.quotas.give_back(grant)
            raise
        return served

    def _still_good(self, grant: Grant, attempt: Attempt) -> None:
        """Check lease and grant once more: it may have been stopped while the database was working."""
        self.freshness.check()
        check_grant(self.book.by_id.get(grant.order.grant_id, grant), attempt.now_ms)

    async def _record(self, attempt: Attempt, grant: Grant, outcome: Outcome) -> None:
        try:
            await self.recorder.access(attempt, grant, outcome)
        except JutongError as error:
            raise UnrecordedError(error) from error

    async def _bulk(self, attempt: Attempt, call: Call, permit: BulkPermit) -> Served:
        grant, weight = permit.grant, len(call.bulk.keys) or 1
        self.quotas.take(grant, attempt.now_ms, weight)
        try:
            served, outcome = await self.bulk.answer(attempt, call, permit)
            self._still_good(grant, attempt)
            if attempt.dress is not None:
                served = replace(served, body=attempt.dress(served.body))
                outcome = replace(outcome, answer_digest="sha256:" + sha256(served.body).hexdigest())
            await self._record(attempt, grant, outcome)
        except BaseException:
            self.quotas.give_back(grant, weight)
            raise
        heard = (outcome.more or {}).get("corrections_to", 0)
        if heard:
            await self.bulk.tell(grant, heard, attempt.now_ms)
        return served

    async def _explain(self, attempt: Attempt, call: Call, grant: Grant) -> Served:
        """Tell how a call would be decided on; on record, no row read and no call counted."""
        found = judge(call, grant, self.quotas, attempt.now_ms)
        used = self.quotas.used(grant.order.grant_id)
        body = body_of(call, grant, found, record_id=attempt.record_id, used=used)
        told_of = {"kind": call.kind, "rule": found.rule, "allowed": found.error is None}
        digest = "sha256:" + sha256(body).hexdigest()
        await self._record(attempt, grant, Outcome(OK, answer_digest=digest, more={"explained": told_of}))
        return Served(attempt.record_id, body)

    async def _lend(self, attempt: Attempt, call: Call, grant: Grant) -> Served:
        """Lend the place of a grant for a minute; on record, like any call, before the address goes out."""
        check_terms(call, grant, attempt.now_ms)
        self.quotas.take(grant, attempt.now_ms)
        try:
            lent = self.lender.lend(grant, attempt.record_id, attempt.now_ms)
            body = orjson.dumps(lent)
            await self._record(attempt, grant, Outcome(OK, answer_digest="sha256:" + sha256(body).hexdigest()))
        except BaseException:
            self.quotas.give_back(grant)
            raise
        return Served(attempt.record_id, body)


class UnrecordedError(Exception):
    """The log refused; there is nothing to record a refusal with either."""

    def __init__(self, error: JutongError) -> None:
        super().__init__(str(error))
        self.error = error


def _rows(record_id: str, permit: Permit, _: Call, rows: Sequence[Row], table: TableMarks | None) -> Served:
    if len(rows) > permit.grant.order.max_rows:
        raise TooManyRowsError(grant=permit.grant.order.grant_number, limit=permit.grant.order.max_rows)
    visible, width = permit.grant.visible, len(permit.items)
    columns = [visible[item] for item in permit.items]
    whole = len(permit.query.columns) == width
    answered = tuple([shown(columns, row if whole else row[:width]) for row in rows])
    content = {"record": record_id, "rows": answered, "blind": blind()}
    found = _found(table, rows, width)
    if found:
        content["marks"] = told(found, permit.grant)
    return Served(record_id, encoded(content), rows=answered, marks=_corrections(found))


def _verified(record_id: str, permit: Permit, call: Call, rows: Sequence[Row], table: TableMarks | None) -> Served:
    width = len(permit.items)
    answer = compare([row[:width] for row in rows], [call.claims[item] for item in permit.items])
    # The blind value keeps the recorded digest from being guessed from three possible answers, and its length makes
    # all three answers equally long.
    filling = "0" * (_LONGEST_OUTCOME - len(answer))
    content: dict[str, Any] = {"record": record_id, "answer": answer, "blind": blind() + filling}
    found = _found(table, rows, width) if len(rows) == 1 else []
    if found:
        content["marks"] = told(found, permit.grant)
    return Served(record_id, orjson.dumps(content), answer=answer, marks=_corrections(found))


def _found(table: TableMarks | None, rows: Sequence[Row], width: int) -> list[tuple[int, Mark]]:
    if table is None:
        return []
    end = width + len(table.columns)
    return [(number, mark) for number, row in enumerate(rows) for mark in table.of(row[width:end])]


def _corrections(found: list[tuple[int, Mark]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([mark.correction for _, mark in found])) if found else ()


def _newest(permit: Permit, rows: Sequence[Row]) -> int:
    """Return when the newest row was changed; its column is the last one read."""
    if not permit.grant.fresh or not rows:
        return 0
    return max(to_ms(row[-1]) for row in rows)
