"""Signed calls through the gateway, and the receipt of each, checked here with nothing but the published key."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from jutong.client import RefusedError
from jutong.evidence.verify import Verdict, verify
from jutong.kernel.i18n import gettext_noop
from jutong.tour.desk import Desk, wait_for
from jutong.tour.errors import FactsDifferError, ProofFailedError
from jutong.tour.facts import CASE_NUMBER, PURPOSE
from jutong.tour.granting import Granted
from jutong.tour.voice import Voice

NOT_YET = "node.receipt.not-yet"
_IN_LEDGER = gettext_noop("调用进入使用台账")
_HAS_RECEIPT = gettext_noop("日志发布检查点")


@dataclass(frozen=True)
class Proof:
    """One call's receipt and record as they were issued, and the published key they were checked with."""

    record: str
    receipt_text: str
    record_json: str
    log_key: str


def call(granted: Granted, official: str, voice: Voice) -> list[str]:
    """Ask one fact both ways, rows and yes or no. Returns the ids of the two access records.

    Raises:
        FactsDifferError: if the answers are not what the demo's registers hold.
        RefusedError: if the gateway refuses.
    """
    fact = granted.fact
    asked = {"grant": granted.number, "purpose": PURPOSE, "case": CASE_NUMBER, "official": official}
    began = time.perf_counter()
    rows = granted.client.query(**asked, key={fact.key_item: fact.key}, fields=fact.fields)
    spent = (time.perf_counter() - began) * 1000
    row = next((found for found in rows.rows if _agrees(found, fact.expected)), None)
    if row is None:
        found = rows.rows[0] if rows.rows else {}
        raise FactsDifferError(what=fact.entry, found=_words(found), expected=_words(fact.expected))
    voice.proof(gettext_noop("查询：{row}（{spent:.0f}毫秒）"), row=_words(row), spent=spent)
    voice.note(gettext_noop("记录{record}，答复由节点签名并已核对"), record=rows.record)
    answer = granted.client.verify(**asked, key={fact.key_item: fact.key}, claims=fact.claims)
    if answer.answer != "yes":
        raise FactsDifferError(what=fact.entry, found=answer.answer, expected="yes")
    voice.proof(gettext_noop("核验“{claims}”：一致"), claims="、".join(fact.claims))
    voice.note(gettext_noop("记录{record}，只答是否，不说哪一项不符"), record=answer.record)
    return [rows.record, answer.record]


def _agrees(row: dict[str, Any], expected: dict[str, str]) -> bool:
    return all(str(row.get(name)) == value for name, value in expected.items())


def _words(row: dict[str, Any]) -> str:
    return "，".join(f"{name} {value}" for name, value in row.items()) or "—"


def prove(granted: Granted, worker: Desk, record: str, voice: Voice) -> Proof:
    """Fetch a call's receipt, check it here, and show where it stands in the log.

    Raises:
        ProofFailedError: if receipt, record and key do not fit together.
        WaitedInVainError: if the log or the ledger does not get to it.
    """
    receipt, content = wait_for(voice.sentence(_HAS_RECEIPT), lambda: _receipt(granted, record))
    kept = wait_for(voice.sentence(_IN_LEDGER), lambda: _access(worker, record))
    proof = Proof(record, receipt, json.dumps(content, ensure_ascii=False, indent=1), kept["log_key"])
    verdict = verify(proof.receipt_text, proof.record_json, [proof.log_key])
    if not verdict.ok or verdict.receipt is None:
        raise ProofFailedError(record=record, verdict=f"{verdict.code} {verdict.problem}".strip())
    _tell(verdict, kept, voice)
    return proof


def _receipt(granted: Granted, record: str) -> tuple[tuple[str, dict[str, Any]], bool, str]:
    try:
        return granted.client.receipt(record), True, ""
    except RefusedError as error:
        if error.code != NOT_YET:
            raise
        return ("", {}), False, error.message


def _access(worker: Desk, record: str) -> tuple[dict[str, Any], bool, str]:
    rows = worker.get("/accesses", limit=100)["rows"]
    if not any(row["record_id"] == record for row in rows):
        return {}, False, f"{len(rows)}"
    found: dict[str, Any] = worker.get(f"/accesses/{record}")
    return found, bool(found["log_key"]), found["record_id"]


def _tell(verdict: Verdict, kept: dict[str, Any], voice: Voice) -> None:
    assert verdict.receipt is not None  # noqa: S101 - a good verdict carries its receipt
    head = verdict.receipt.checkpoint
    voice.proof(
        gettext_noop("记录{record}：日志第{index}条，树共{size}条，根{root}"),
        record=kept["record_id"],
        index=verdict.receipt.index,
        size=head.size,
        root=head.root.hex()[:32],
    )
    voice.note(
        gettext_noop("离线核验通过；台账：{requester}{official}，案号{case}，{rows}行"),
        requester=kept["requester_name"],
        official=kept["official"],
        case=kept["case_number"],
        rows=kept["rows"],
    )


def tampered(proof: Proof, voice: Voice) -> None:
    """Show that one changed byte of the record is found.

    Raises:
        ProofFailedError: if it is not.
    """
    changed = proof.record_json.replace(CASE_NUMBER, CASE_NUMBER[:-1] + "2", 1)
    verdict = verify(proof.receipt_text, changed, [proof.log_key])
    if changed == proof.record_json or verdict.ok:
        raise ProofFailedError(record=proof.record, verdict="an altered record passed")
    voice.proof(gettext_noop("把记录里的案号改动一个字，离线核验不通过：{code}"), code=verdict.code)
