"""The fast builder must write the very bytes the evidence package writes and its verifier expects."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jutong.evidence import record as evidence_record
from jutong.evidence.commitment import canonical, commit
from jutong.evidence.errors import EntryTooLargeError
from jutong.node.gateway import leaves

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
MOMENT = datetime(2026, 11, 21, 12, 0, 0, 123000, UTC)


def record_of(**changes: Any) -> dict[str, Any]:
    return {
        "record_id": "0190a000-0000-7000-8000-000000000001", "kind": "query", "agreement_id": "GR-1",
        "actor_dept": "A", "provider_dept": "B", "rows": 1,
        "time_ms": int(MOMENT.timestamp() * 1000), **changes,
    }  # fmt: skip


@given(
    extra=st.dictionaries(
        st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).map(lambda name: "x_" + name),
        st.one_of(TEXT, st.integers(-(2**53) + 1, 2**53 - 1), st.lists(TEXT, max_size=3), st.booleans(), st.none()),
        max_size=6,
    ),
    agreement=TEXT.filter(bool),
)
def test_leaf_and_attachment_equal_the_evidence_packages(extra: dict[str, Any], agreement: str) -> None:
    record = record_of(**extra, agreement_id=agreement)
    leaf, attachment = leaves.build(record)
    salt = base64.b64decode(json.loads(attachment)["salt"])
    with patch("secrets.token_bytes", return_value=salt):
        expected = evidence_record.build(record, MOMENT)
    assert (leaf, attachment) == expected
    assert json.loads(leaf)["commit"] == commit(salt, canonical(json.loads(attachment)["record"]))
    assert canonical(json.loads(attachment)) == attachment


def test_a_leaf_has_a_limit() -> None:
    with pytest.raises(EntryTooLargeError):
        leaves.build(record_of(agreement_id="长" * 1000))


def test_ids_are_uuids_of_their_time() -> None:
    ids = [leaves.new_id(1_800_000_000_000 + n) for n in range(100)]
    assert sorted(ids) == ids
    for text in ids:
        parsed = UUID(text)
        assert str(parsed) == text
        assert parsed.version == 7
        assert parsed.variant == "specified in RFC 4122"
    assert UUID(ids[5]).int >> 80 == 1_800_000_000_005


@given(st.binary(max_size=64), st.binary(max_size=300))
def test_hmac_is_the_librarys(key: bytes, message: bytes) -> None:
    assert leaves.hmac_sha256(key, message) == hmac.digest(key, message, "sha256")


def test_random_bytes_are_never_given_twice() -> None:
    given = [leaves.random_bytes(32) for _ in range(1000)]
    assert {len(one) for one in given} == {32}
    assert len(set(given)) == 1000
