from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from jutong.evidence.commitment import canonical, commit, strict_base64
from jutong.evidence.errors import EntryTooLargeError, RecordInvalidError
from jutong.evidence.record import build
from jutong.kernel.canonical import canonical_json
from tests.unit.evidence.support import NOW, record


def test_a_leaf_says_who_asked_whom_and_nothing_else() -> None:
    leaf = json.loads(build(record(1), NOW)[0])
    assert set(leaf) == {
        "v", "kind", "agreement_id", "actor_dept", "provider_dept", "time_ms", "rows", "commit",
    }  # fmt: skip
    assert (leaf["v"], leaf["time_ms"]) == (1, 1795249800000)


def test_the_attachment_opens_the_commitment() -> None:
    leaf, attachment = build(record(1), NOW)
    given = json.loads(attachment)
    assert given["leaf"] == json.loads(leaf)
    assert given["record"] == record(1) | {"time_ms": 1795249800000}
    salt = strict_base64(given["salt"])
    assert len(salt) == 32
    assert given["leaf"]["commit"] == commit(salt, canonical(given["record"]))


def test_both_are_canonical_json() -> None:
    leaf, attachment = build(record(1) | {"nested": {"b": ["行", None], "a": False}}, NOW)
    assert leaf == canonical_json(json.loads(leaf))
    assert attachment == canonical_json(json.loads(attachment))


def test_the_same_record_gets_another_salt_and_commitment() -> None:
    assert build(record(1), NOW)[0] != build(record(1), NOW)[0]


def test_a_record_without_an_id_is_given_one() -> None:
    given = record(1)
    del given["record_id"]
    assert len(json.loads(build(given, NOW)[1])["record"]["record_id"]) == 36
    assert "record_id" not in given


def test_a_batch_root_stands_in_the_leaf() -> None:
    assert json.loads(build(record(1) | {"batch_root": "abc"}, NOW)[0])["batch_root"] == "abc"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", None), ("kind", ""), ("agreement_id", 7), ("actor_dept", ["x"]), ("provider_dept", ""),
        ("record_id", ""), ("rows", None), ("rows", -1), ("rows", True), ("rows", "1"), ("batch_root", 1),
        ("price", 1.5), ("rows", 2**53),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(field: str, value: Any) -> None:
    with pytest.raises(RecordInvalidError) as found:
        build(record(1) | {field: value}, NOW)
    assert found.value.fields["field"] == field


def test_a_leaf_is_bounded() -> None:
    with pytest.raises(EntryTooLargeError):
        build(record(1) | {"kind": "x" * 1000}, NOW)


def test_an_instant_needs_its_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        build(record(1), datetime(2026, 1, 1))  # noqa: DTZ001 - the wrong input itself
