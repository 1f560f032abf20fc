"""Writes the access record of every call into the evidence log. Nothing is answered before it has returned."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from time import perf_counter
from typing import Any, Protocol

from jutong.kernel.errors import JutongError
from jutong.node.gateway import leaves
from jutong.node.gateway.calls import Call
from jutong.node.gateway.verification import normalised
from jutong.node.grants import Grant

OK = "ok"
NOTHING: Mapping[str, Any] = {}
NONE = "-"
TAG_BYTES = 16


class Appends(Protocol):
    """What is needed of the sequencer."""

    async def append(self, leaf: bytes, attachment: bytes = b"") -> int:
        """Return the index once the entry is durable."""


class Reports(Protocol):
    """What takes note of a durable record, to report it to the center."""

    def note(self, index: int, record: Mapping[str, Any]) -> None:
        """Take note of the record at this leaf."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: an information system under its key, or a person trying a grant under a ticket."""

    system_id: str
    system_name: str
    key_id: str
    requester_code: str
    requester_name: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What ties a record to the request: digest of the signed text, the signature, and the replay mark.

    For a ticket: its id, the center's signature on it, and when it ends.
    """

    digest: str
    signature: str
    created: int
    mark: int
    via: str = "signature"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One authenticated request: what it says, or why it says nothing that can be understood, and whose it is.

    ``dress`` puts the answer into the form the caller reads; what it returns is what the record's digest is over.
    """

    record_id: str
    kind: str
    call: Call | JutongError
    asker: Asker
    proof: Proof
    now: float
    dress: Callable[[bytes], bytes] | None = None
    started: float = field(default_factory=perf_counter)

    @property
    def now_ms(self) -> int:
        """The instant of the request, milliseconds since 1970 UTC."""
        return int(self.now * 1000)

    def checked(self) -> Call:
        """Return the call.

        Raises:
            JutongError: if the body was none.
        """
        if isinstance(self.call, JutongError):
            raise self.call
        return self.call


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: ``ok`` or the code of the refusal; which items and rows went out under which digest.

    ``newest_ms`` is when the newest of the rows was changed, 0 where unknown; ``marks`` the corrections shown.
    ``more`` is what only some kinds of calls have in their record.
    """

    code: str
    fields: Sequence[str] = ()
    rows: int = 0
    answer_digest: str = ""
    newest_ms: int = 0
    marks: Sequence[str] = ()
    more: Mapping[str, Any] | None = None


def tag_of(secret: bytes, value: str) -> str:
    """Return the tag that stands for a value under a node's secret."""
    return blake2b(normalised(value).encode(), key=secret, digest_size=TAG_BYTES, person=b"lookup").hexdigest()


class Recorder:
    """Makes records and appends them.

    Args:
        log: the sequencer.
        reports: told about every record once it is durable.
        secret: key of the tags that stand for looked-up values, so that whoever holds it, the provider's node, can
            find every look-up of one person, and nobody else can.
    """

    def __init__(self, log: Appends, reports: Reports, secret: bytes) -> None:
        self._log = log
        self._reports = reports
        self._secret = secret

    def tag(self, value: str) -> str:
        """Return the keyed tag of a looked-up value."""
        return tag_of(self._secret, value)

    async def access(self, attempt: Attempt, grant: Grant | None, outcome: Outcome) -> int:
        """Append the record of one call and return its leaf index once it is durable.

        Raises:
            LogUnwritableError, LogStoppedError, LogOverloadedError, LogClosedError: nothing is recorded, so nothing
                may be answered.
        """
        asker, proof = attempt.asker, attempt.proof
        record = {
            "record_id": attempt.record_id,
            "time_ms": attempt.now_ms,
            "kind": attempt.kind,
            **_of_grant(grant),
            "actor_dept": asker.requester_code,
            "actor_name": asker.requester_name,
            "system_id": asker.system_id,
            "system_name": asker.system_name,
            "key_id": asker.key_id,
            "via": proof.via,
            **self._of_call(attempt.call, grant),
            "fields": list(outcome.fields),
            "request_digest": proof.digest,
            "request_signature": proof.signature,
            "created": proof.created,
            "replay_mark": f"{proof.mark:016x}",
            "answer_digest": outcome.answer_digest,
            "rows": outcome.rows,
            "outcome": outcome.code,
            "took_ms": int((perf_counter() - attempt.started) * 1000),
            "newest_ms": outcome.newest_ms,
            "marks": list(outcome.marks),
            **(outcome.more or NOTHING),
        }
        leaf, attachment = leaves.build(record)
        index = await self._log.append(leaf, attachment)
        self._reports.note(index, record)
        return index

    def _of_call(self, call: Call | JutongError, grant: Grant | None) -> dict[str, Any]:
        if isinstance(call, JutongError):
            return {"purpose": NONE, "basis": "", "case_number": "", "official": NONE, "lookup": []}
        # Which items a refused call named is its business; only a grant's own items are written down.
        known = grant.lookup_set if grant is not None else frozenset()
        keys = call.bulk.keys or (call.key,)
        tags = [{"item": item, "tag": self.tag(value)} for key in keys for item, value in key.items() if item in known]
        return {
            "purpose": call.purpose,
            "basis": grant.order.basis if grant is not None else "",
            "case_number": call.case,
            "official": call.official,
            "lookup": tags,
        }


def _of_grant(grant: Grant | None) -> dict[str, str]:
    if grant is None:
        # What a stranger wrote in place of a grant number has no place in a public leaf.
        names = ("agreement_id", "grant_id", "application_number", "entry_code", "entry_name")
        return dict.fromkeys((*names, "provider_dept", "provider_name"), NONE)
    order = grant.order
    return {
        "agreement_id": order.grant_number,
        "grant_id": order.grant_id,
        "application_number": order.application_number,
        "entry_code": order.entry_code,
        "entry_name": order.entry_name,
        "provider_dept": order.provider_code,
        "provider_name": order.provider_name,
    }


def base64_text(raw: bytes) -> str:
    """Return base64 as text."""
    return binascii.b2a_base64(raw, newline=False).decode()
