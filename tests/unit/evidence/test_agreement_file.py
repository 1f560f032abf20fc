from __future__ import annotations

import base64
import json
from copy import deepcopy
from typing import Any

import pytest
from click.testing import CliRunner

from jutong.cli.evidence import evidence
from jutong.evidence import agreement as offline
from jutong.kernel.canonical import canonical_json, digest
from jutong.kernel.errors import JutongError
from jutong.kernel.keys import Ed25519Signer, generate_signer

DOCUMENT: dict[str, Any] = {
    "kind": "agreement",
    "number": "XY20261109-0001",
    "version": 1,
    "provider": {"code": "A", "name": "市民政局"},
    "requester": {"code": "B", "name": "市教育局"},
    "terms": {"availability": 9900},
}
SIGNERS = {"provider": generate_signer("A"), "requester": generate_signer("B")}


def signature(document: dict[str, Any], by: str, signer: Ed25519Signer, **changes: Any) -> dict[str, Any]:
    statement = {
        "format": offline.STATEMENT, "number": document["number"], "version": document["version"],
        "digest": digest(document), "side": by, "organisation": document[by], "person": "刘文清",
        "post": "工作机构负责人", "at": "2026-11-09T01:12:00.000+00:00", "key_id": signer.key_id, "alg": "ed25519",
    } | changes  # fmt: skip
    return {
        "statement": statement, "alg": "ed25519", "key_id": signer.key_id, "public_key": signer.public_b64,
        "signature": base64.b64encode(signer.sign(canonical_json(statement))).decode(),
    }  # fmt: skip


def whole() -> dict[str, Any]:
    return {
        "format": offline.FORMAT,
        "document": deepcopy(DOCUMENT),
        "digest": digest(DOCUMENT),
        "signatures": [signature(DOCUMENT, side, signer) for side, signer in SIGNERS.items()],
    }


def code_of(file: Any, trusted: dict[str, str] | None = None) -> str:
    content = file if isinstance(file, bytes) else json.dumps(file).encode()
    try:
        offline.check(content, trusted)
    except JutongError as error:
        return error.code
    return ""


def test_a_whole_file_holds() -> None:
    assert code_of(whole()) == ""
    keys = {signer.key_id: signer.public_b64 for signer in SIGNERS.values()}
    assert all(row.is_known_key for row in offline.check(json.dumps(whole()).encode(), keys).signatures)


def test_every_change_of_the_text_is_found() -> None:
    changed = whole()
    changed["document"]["terms"]["availability"] = 9000
    assert code_of(changed) == "evidence.agreement.altered"
    changed["digest"] = digest(changed["document"])
    assert code_of(changed) == "evidence.agreement.signature-wrong"


@pytest.mark.parametrize(
    "changes", [{"side": "requester"}, {"version": 2}, {"number": "XY2"}, {"digest": "sha256:0"}, {"format": "x"}]
)
def test_a_statement_about_something_else_does_not_count(changes: dict[str, Any]) -> None:
    file = whole()
    file["signatures"][0] = signature(DOCUMENT, "provider", SIGNERS["provider"], **changes)
    assert code_of(file) == "evidence.agreement.signature-wrong"


def test_a_changed_statement_or_key_does_not_count() -> None:
    file = whole()
    file["signatures"][0]["statement"]["person"] = "别人"
    assert code_of(file) == "evidence.agreement.signature-wrong"
    file = whole()
    file["signatures"][0]["public_key"] = SIGNERS["requester"].public_b64
    assert code_of(file) == "evidence.agreement.signature-wrong"
    file = whole()
    file["signatures"][0]["alg"] = "sm2"
    assert code_of(file) == "evidence.agreement.signature-wrong"


def test_a_key_that_is_not_the_published_one_does_not_count() -> None:
    stranger = generate_signer("A")
    published = {SIGNERS["provider"].key_id: stranger.public_b64}
    assert code_of(whole(), published) == "evidence.agreement.signature-wrong"
    assert [row.is_known_key for row in offline.check(json.dumps(whole()).encode(), {}).signatures] == [False, False]


def test_a_missing_side_is_named() -> None:
    file = whole()
    del file["signatures"][1]
    assert code_of(file) == "evidence.agreement.unsigned"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b"null", b'{"format": "x", "document": {"kind": "agreement"}}', b"\xff", b"[" * 100_000,
        b" " * (offline.LARGEST + 1),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_said_so(content: bytes) -> None:
    assert code_of(content) == "evidence.agreement.malformed"


@pytest.mark.parametrize("part", ["statement", "signature", "public_key", "key_id"])
def test_a_signature_without_a_part_is_said_so(part: str) -> None:
    file = whole()
    del file["signatures"][0][part]
    assert code_of(file) == "evidence.agreement.malformed"


def test_the_command_says_what_is_proven_and_what_is_not(tmp_path: Any) -> None:
    good, keys = tmp_path / "good.json", tmp_path / "keys.json"
    good.write_text(json.dumps(whole()), encoding="utf-8")
    rows = [{"key_id": signer.key_id, "public_key": signer.public_b64} for signer in SIGNERS.values()]
    keys.write_text(json.dumps(rows), encoding="utf-8")
    run = CliRunner()
    said = run.invoke(evidence, ["agreement", str(good), "--lang", "zh-hans"])
    assert said.exit_code == 0
    assert "XY20261109-0001" in said.output
    assert "公钥属于谁" in said.output
    said = run.invoke(evidence, ["agreement", str(good), "--keys", str(keys), "--lang", "zh-hans"])
    assert said.exit_code == 0
    assert "公钥属于谁" not in said.output
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(whole()).replace("9900", "9000"), encoding="utf-8")
    said = run.invoke(evidence, ["agreement", str(bad), "--lang", "zh-hans"])
    assert said.exit_code == 1
    assert "evidence.agreement.altered" in said.output
    keys.write_text("{}]", encoding="utf-8")
    assert run.invoke(evidence, ["agreement", str(good), "--keys", str(keys)]).exit_code == 1
