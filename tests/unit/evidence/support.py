"""A small log with believable records, for every test of the evidence package."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jutong.evidence.log import EvidenceLog
from jutong.evidence.record import build
from jutong.evidence.wal import Pair
from jutong.kernel.keys import Ed25519Signer

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
ORIGIN = "jinhe.example/log"
SIGNER = Ed25519Signer("log.test", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def record(number: int) -> dict[str, object]:
    return {
        "record_id": f"record-{number}",
        "kind": "query",
        "agreement_id": "grant-7",
        "actor_dept": "金河市教育局",
        "provider_dept": "金河市公安局",
        "rows": 1,
        "purpose": "入学报名",
        "case_number": f"JY2026{number:06d}",
    }


def pair(number: int) -> Pair:
    return build(record(number), NOW)


def pairs(first: int, count: int) -> list[Pair]:
    return [pair(number) for number in range(first, first + count)]


def open_log(home: Path, *, segment_bytes: int = 8 << 20) -> EvidenceLog:
    return EvidenceLog(home / "evidence", signer=SIGNER, origin=ORIGIN, segment_bytes=segment_bytes)


def keys_text(home: Path) -> str:
    return (home / "evidence" / "keys").read_text("utf-8")


def salt_of(attachment: bytes) -> str:
    salt = json.loads(attachment)["salt"]
    assert isinstance(salt, str)
    return salt
