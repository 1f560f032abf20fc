"""The key of an agreement's sealed cells, given to its recipient in a box only the recipient's system can open.

Whoever holds a grant in force under the agreement gets it; every giving is a leaf in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from jutong.evidence import record as evidence_record
from jutong.kernel.cells import derived
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.sealing import seal_for
from jutong.node.errors import CallMalformedError, GrantUnknownError
from jutong.node.freshness import Freshness
from jutong.node.gateway.calls import LONGEST_TEXT
from jutong.node.gateway.decide import check_grant, check_hours
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.quota import Quotas
from jutong.node.gateway.recorder import Appends, Asker, Proof, Reports
from jutong.node.grants import Grant, GrantBook

_FIELDS = frozenset({"grant", "official"})


@dataclass(frozen=True)
class CellKeys:
    """Gives keys.

    Attributes:
        book: the node's grants.
        quotas: a key counts as a call of the day.
        freshness: without the center's word nothing is given.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        secret: the node's own, which keys are derived from.
    """

    book: GrantBook
    quotas: Quotas
    freshness: Freshness
    sequencer: Appends
    reports: Reports
    secret: bytes

    async def give(self, body: bytes, asker_of: Callable[[str], Asker], proof: Proof, now: float) -> bytes:
        """Return the answer: the agreement's number and its key, closed for the key the asker signs with.

        Raises:
            CallMalformedError: if the body is not a grant and an official.
            CenterStaleError, GrantUnknownError, GrantRevokedError, QuotaExhaustedError: and whatever else speaks
                against a call under the grant.
            LogUnwritableError, LogStoppedError, LogOverloadedError: nothing is recorded, so nothing is given.
        """
        self.freshness.check()
        said = _read(body)
        asker = asker_of(said["grant"])
        now_ms = int(now * 1000)
        grant = self._grant(said["grant"], asker, now_ms)
        order = grant.order
        agreement = order.agreement_number or order.grant_number
        self.quotas.take(grant, now_ms)
        record = {
            "record_id": new_id(now_ms),
            "time_ms": now_ms,
            "kind": "cell-key",
            "agreement_id": order.grant_number,
            "agreement": agreement,
            "actor_dept": asker.requester_code,
            "actor_name": asker.requester_name,
            "provider_dept": order.provider_code,
            "system_id": asker.system_id,
            "system_name": asker.system_name,
            "key_id": asker.key_id,
            "via": proof.via,
            "official": said["official"],
            "request_digest": proof.digest,
            "request_signature": proof.signature,
            "created": proof.created,
            "replay_mark": f"{proof.mark:016x}",
            "rows": 0,
        }
        leaf, attachment = evidence_record.build(record, datetime.fromtimestamp(now, UTC))
        try:
            index = await self.sequencer.append(leaf, attachment)
        except BaseException:
            self.quotas.give_back(grant)
            raise
        self.reports.note(index, record)
        box = seal_for(self.book.callers[asker.key_id].key.public_key, derived(self.secret, agreement).key)
        return orjson.dumps({"record": record["record_id"], "agreement": agreement, "box": box})

    def _grant(self, number: str, asker: Asker, now_ms: int) -> Grant:
        grant = self.book.by_number.get(number)
        if grant is None or asker.key_id not in grant.callers:
            raise GrantUnknownError(grant=number)
        check_grant(grant, now_ms)
        check_hours(grant, now_ms)
        return grant


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise CallMalformedError(problem=gettext_noop("不是JSON")) from error
    if type(said) is not dict:
        raise CallMalformedError(problem=gettext_noop("须是一个JSON对象"))
    if unknown := said.keys() - _FIELDS:
        raise CallMalformedError(problem=gettext_noop("不认识的字段{name}"), name=min(unknown)[:LONGEST_TEXT])
    for name in sorted(_FIELDS):
        value = said.get(name, "")
        if type(value) is not str or len(value) > LONGEST_TEXT or not value.isprintable():
            text = gettext_noop("{name}须是不超过{limit}个字的文字")
            raise CallMalformedError(problem=text, name=name, limit=LONGEST_TEXT)
    if not said.get("official", "").strip():
        raise CallMalformedError(problem=gettext_noop("official须写明经办人"))
    return {name: said.get(name, "") for name in _FIELDS}
