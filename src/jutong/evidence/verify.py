"""The offline verifier: receipt, record and published keys in; what they prove out.

It needs the standard library and ``cryptography``, no network, no database and of the platform only the few files it
imports. ``python -m jutong.evidence.verify RECEIPT RECORD KEYS`` runs it alone; it ends with 0 if all is proven.
"""

from __future__ import annotations

import hmac
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jutong.evidence.checkpoint import UnknownKeyError, VerifierKey, WrongSignatureError, parse_keys
from jutong.evidence.commitment import SALT_BYTES, CanonicalError, canonical, commit, strict_base64, strict_json
from jutong.evidence.merkle import ProofError, leaf_hash
from jutong.evidence.receipt import Receipt

VERSION = 1
REPEATED = ("kind", "agreement_id", "actor_dept", "provider_dept", "time_ms", "rows", "batch_root")
"""What a leaf says in the open; the record must say the same."""
LEAF_MEMBERS = {"v", "commit", *REPEATED}
LATEST_TIME = 253_402_300_800_000
"""Milliseconds of the year 10000; also what keeps ``time_ms`` a date."""

KEYS_MALFORMED = "evidence.keys.malformed"
RECEIPT_MALFORMED = "evidence.receipt.malformed"
KEY_UNKNOWN = "evidence.checkpoint.key-unknown"
SIGNATURE_WRONG = "evidence.checkpoint.signature-wrong"
RECORD_MALFORMED = "evidence.record.malformed"
SALT_ALTERED = "evidence.record.salt-altered"
LEAF_ALTERED = "evidence.record.leaf-altered"
RECORD_ALTERED = "evidence.record.altered"
COMMITMENT_WRONG = "evidence.record.commitment-wrong"
PROOF_WRONG = "evidence.receipt.proof-wrong"


class _Refusal(Exception):  # noqa: N818 - control flow inside this module only
    def __init__(self, code: str, problem: object = "") -> None:
        self.code = code
        self.problem = str(problem)
        super().__init__(code)


@dataclass(frozen=True)
class Verdict:
    """What was found. ``code`` is empty when everything holds, else the name of the step that failed."""

    code: str = ""
    problem: str = ""
    receipt: Receipt | None = None
    leaf: bytes = b""
    record: dict[str, Any] | None = None
    signers: tuple[str, ...] = ()
    """Keys whose signatures over the checkpoint were checked and are good."""
    unchecked: tuple[str, ...] = ()
    """Names on signature lines by keys the verifier was not given."""

    @property
    def ok(self) -> bool:
        """Whether receipt and record prove the access."""
        return not self.code


@dataclass(frozen=True)
class _Disclosure:
    record: dict[str, Any]
    record_bytes: bytes
    salt: bytes
    leaf: dict[str, Any]
    leaf_bytes: bytes


def verify(receipt_text: str | bytes, record_json: str | bytes, vkeys: str | bytes | Iterable[str]) -> Verdict:
    """Check that the record was logged: never raises for bad input, the verdict names the failed step.

    Args:
        receipt_text: the receipt as it was issued.
        record_json: record, salt and leaf as they were issued.
        vkeys: published keys ``name+hash+base64``, as lines or as the text of the key file.
    """
    try:
        keys = _read_keys(vkeys)
        receipt, good = _read_receipt(receipt_text, keys)
        disclosure = _read_record(record_json)
        _check_disclosure(receipt, disclosure)
    except _Refusal as refusal:
        return Verdict(refusal.code, refusal.problem)
    known = {(key.name, key.key_id) for key in good}
    unchecked = [line.name for line in receipt.checkpoint.signatures if (line.name, line.key_id) not in known]
    return Verdict(
        receipt=receipt,
        leaf=disclosure.leaf_bytes,
        record=disclosure.record,
        signers=tuple(str(key) for key in good),
        unchecked=tuple(unchecked),
    )


def _read_keys(vkeys: str | bytes | Iterable[str]) -> tuple[VerifierKey, ...]:
    try:
        return parse_keys(_text(vkeys) if isinstance(vkeys, str | bytes) else "".join(f"{line}\n" for line in vkeys))
    except ValueError as problem:
        raise _Refusal(KEYS_MALFORMED, problem) from problem


def _text(data: str | bytes) -> str:
    return data if isinstance(data, str) else data.decode("utf-8")


def _read_receipt(text: str | bytes, keys: tuple[VerifierKey, ...]) -> tuple[Receipt, tuple[VerifierKey, ...]]:
    try:
        receipt = Receipt.parse(_text(text))
        return receipt, receipt.checkpoint.verify(keys)
    except WrongSignatureError as problem:
        raise _Refusal(SIGNATURE_WRONG, problem) from problem
    except UnknownKeyError as problem:
        raise _Refusal(KEY_UNKNOWN, problem) from problem
    except ValueError as problem:
        raise _Refusal(RECEIPT_MALFORMED, problem) from problem


def _read_record(text: str | bytes) -> _Disclosure:
    try:
        found = strict_json(_text(text))
        if not isinstance(found, dict) or set(found) != {"record", "salt", "leaf"}:
            raise ValueError("not exactly record, salt and leaf")  # noqa: TRY301 - one way out
        record, leaf = found["record"], found["leaf"]
        record_bytes = canonical(record)
        if not isinstance(record, dict) or not isinstance(leaf, dict):
            raise ValueError("record and leaf are objects")  # noqa: TRY301, TRY004 - one way out
    except ValueError as problem:
        raise _Refusal(RECORD_MALFORMED, problem) from problem
    try:
        salt = strict_base64(found["salt"])
    except (ValueError, AttributeError) as problem:
        raise _Refusal(SALT_ALTERED, problem) from problem
    if len(salt) != SALT_BYTES:
        raise _Refusal(SALT_ALTERED, f"{len(salt)} bytes instead of {SALT_BYTES}")
    try:
        leaf_bytes = canonical(leaf)
    except CanonicalError as problem:
        raise _Refusal(LEAF_ALTERED, problem) from problem
    if not LEAF_MEMBERS - {"batch_root"} <= set(leaf) <= LEAF_MEMBERS or leaf["v"] is True or leaf["v"] != VERSION:
        raise _Refusal(LEAF_ALTERED, "unknown version or members")
    if type(leaf["time_ms"]) is not int or not 0 <= leaf["time_ms"] < LATEST_TIME:
        raise _Refusal(LEAF_ALTERED, "time_ms")
    return _Disclosure(record, record_bytes, salt, leaf, leaf_bytes)


def _check_disclosure(receipt: Receipt, given: _Disclosure) -> None:
    """Leaf in the tree, record against leaf, salted commitment; a failure is laid at the part that stands alone."""
    differing = [name for name in REPEATED if not _same(given.record, given.leaf, name)]
    expected = commit(given.salt, given.record_bytes)
    committed = hmac.compare_digest(expected.encode(), str(given.leaf.get("commit")).encode())
    try:
        receipt.prove(leaf_hash(given.leaf_bytes))
    except ProofError as problem:
        if committed and not differing:
            raise _Refusal(PROOF_WRONG, problem) from problem
        raise _Refusal(LEAF_ALTERED, problem) from problem
    if differing:
        raise _Refusal(RECORD_ALTERED, "、".join(differing))
    if not committed:
        raise _Refusal(COMMITMENT_WRONG)


def _same(record: dict[str, Any], leaf: dict[str, Any], name: str) -> bool:
    if (name in record) != (name in leaf):
        return False
    return name not in leaf or (type(record[name]) is type(leaf[name]) and record[name] == leaf[name])


def main(receipt: str, record: str, keys: str) -> int:
    """Verify three files and say what came out."""
    verdict = verify(*(Path(name).read_bytes() for name in (receipt, record, keys)))
    sys.stdout.write(f"{verdict.code or 'proven'} {verdict.problem}".strip() + "\n")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
