"""One call from its decision to its durable record. Whoever asks, by signature or by ticket, passes through here."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import orjson

from jutong.kernel.errors import JutongError
from jutong.node.errors import GatewayFaultError, TooManyRowsError
from jutong.node.freshness import Freshness
from jutong.node.gateway.addresses import Lender
from jutong.node.gateway.calls import Call
from jutong.node.gateway.decide import Permit, check_grant, check_terms, decide, find_grant
from jutong.node.gateway.leaves import random_bytes
from jutong.node.gateway.quota import Quotas
from jutong.node.gateway.recorder import OK, Attempt, Outcome, Recorder
from jutong.node.gateway.verification import as_text, compare
from jutong.node.grants import Column, Grant, GrantBook
from jutong.node.live.pool import Sources
from jutong.node.live.source import Row

LOGGER = logging.getLogger(__name__)
BLIND_BYTES = 16
_LONGEST_OUTCOME = len("unknown")


@dataclass(frozen=True, slots=True)
class Served:
    """An answer whose record is durable: the record's id, the answer's body, and what is in it."""

    record_id: str
    body: bytes
    rows: tuple[dict[str, Any], ...] = ()
    answer: str = ""


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
            if call.kind == "address":
                return await self._lend(attempt, call, grant)
            return await self._answer(attempt, call, decide(call, grant, attempt.now_ms))
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

    async def _answer(self, attempt: Attempt, call: Call, permit: Permit) -> Served:
        grant = permit.grant
        self.quotas.take(grant, attempt.now_ms)
        try:
            rows = await self.sources.get(grant.order.source).fetch(permit.query, permit.values)
            # The grant may have been stopped while the database was working.
            self.freshness.check()
            check_grant(self.book.by_id.get(grant.order.grant_id, grant), attempt.now_ms)
            make = _verified if call.kind == "verify" else _rows
            served = make(attempt.record_id, permit, call, rows)
            if attempt.dress is not None:
                served = replace(served, body=attempt.dress(served.body))
            outcome = Outcome(OK, permit.items, len(served.rows), "sha256:" + sha256(served.body).hexdigest())
            try:
                await self.recorder.access(attempt, grant, outcome)
            except JutongError as error:
                raise UnrecordedError(error) from error
        except BaseException:
            self.quotas.give_back(grant)
            raise
        return served

    async def _lend(self, attempt: Attempt, call: Call, grant: Grant) -> Served:
        """Lend the place of a grant for a minute; on record, like any call, before the address goes out."""
        check_terms(call, grant, attempt.now_ms)
        self.quotas.take(grant, attempt.now_ms)
        try:
            lent = self.lender.lend(grant, attempt.record_id, attempt.now_ms)
            body = orjson.dumps(lent)
            outcome = Outcome(OK, answer_digest="sha256:" + sha256(body).hexdigest())
            try:
                await self.recorder.access(attempt, grant, outcome)
            except JutongError as error:
                raise UnrecordedError(error) from error
        except BaseException:
            self.quotas.give_back(grant)
            raise
        return Served(attempt.record_id, body)


class UnrecordedError(Exception):
    """The log refused; there is nothing to record a refusal with either."""

    def __init__(self, error: JutongError) -> None:
        super().__init__(str(error))
        self.error = error


def _rows(record_id: str, permit: Permit, _: Call, rows: Sequence[Row]) -> Served:
    if len(rows) > permit.grant.order.max_rows:
        raise TooManyRowsError(grant=permit.grant.order.grant_number, limit=permit.grant.order.max_rows)
    visible = permit.grant.visible
    columns = [visible[item] for item in permit.items]
    shown = tuple([_row(columns, row) for row in rows])
    content = {"record": record_id, "rows": shown, "blind": random_bytes(BLIND_BYTES).hex()}
    return Served(record_id, orjson.dumps(content, default=_plain), rows=shown)


def _row(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    return {
        column.item: value if column.mask is None or value is None else column.mask(as_text(value))
        for column, value in zip(columns, row, strict=True)
    }


def _verified(record_id: str, permit: Permit, call: Call, rows: Sequence[Row]) -> Served:
    answer = compare(rows, [call.claims[item] for item in permit.items])
    # The blind value keeps the recorded digest from being guessed from three possible answers, and its length makes
    # all three answers equally long.
    filling = "0" * (_LONGEST_OUTCOME - len(answer))
    content = {"record": record_id, "answer": answer, "blind": random_bytes(BLIND_BYTES).hex() + filling}
    return Served(record_id, orjson.dumps(content), answer=answer)


def _plain(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)
