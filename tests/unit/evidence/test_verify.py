from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jutong.evidence.checkpoint import Checkpoint, SignatureLine
from jutong.evidence.receipt import Receipt
from jutong.evidence.verify import verify
from tests.unit.evidence.support import keys_text, open_log, pairs


@dataclass(frozen=True)
class Case:
    receipt: str
    record: bytes
    keys: str


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    home = tmp_path_factory.mktemp("home")
    with open_log(home) as log:
        log.append(pairs(0, 300))
        log.publish()
        return Case(str(log.receipt(270)), log.get_record("record-270"), keys_text(home))


def changed(case: Case, **parts: Any) -> bytes:
    return json.dumps(json.loads(case.record) | parts).encode()


def test_a_genuine_receipt_and_record_are_proven(case: Case) -> None:
    verdict = verify(case.receipt, case.record, case.keys)
    assert (verdict.ok, verdict.code, verdict.problem) == (True, "", "")
    assert verdict.signers == (case.keys.strip(),)
    assert verdict.record is not None
    assert verdict.record["case_number"] == "JY2026000270"
    assert verdict.receipt == Receipt.parse(case.receipt)


def test_bytes_lines_and_pretty_printing_are_the_same_to_it(case: Case) -> None:
    pretty = json.dumps(json.loads(case.record), indent=2, ensure_ascii=False)
    assert verify(case.receipt.encode(), pretty, [case.keys.strip()]).ok


def test_it_needs_nothing_but_the_standard_library_and_cryptography() -> None:
    program = (
        "import sys; before = set(sys.modules)\n"
        "import jutong.evidence.verify\n"
        "found = {name for name in set(sys.modules) - before}\n"
        "roots = {name.split('.')[0] for name in found} - set(sys.stdlib_module_names)\n"
        "print(sorted(roots - {'_cffi_backend', '_openssl', 'cffi'}))\n"
        "print(sorted(name for name in found if name.startswith('jutong')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    roots, modules = done.stdout.splitlines()
    assert roots == "['cryptography', 'jutong']"
    pure = ["checkpoint", "commitment", "merkle", "receipt", "verify"]
    assert modules == repr(["jutong", "jutong.evidence", *(f"jutong.evidence.{name}" for name in pure)])


def test_it_runs_alone(case: Case, tmp_path: Path) -> None:
    names = ("receipt.txt", "record.json", "keys")
    for name, content in zip(names, (case.receipt.encode(), case.record, case.keys.encode()), strict=True):
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-m", "jutong.evidence.verify", *names]
    good = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (good.returncode, good.stdout) == (0, "proven\n")
    (tmp_path / "keys").write_bytes(b"\xff")
    bad = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert bad.returncode == 1
    assert bad.stdout.startswith("evidence.keys.malformed ")


def test_it_stays_short_enough_to_be_read() -> None:
    source = Path(sys.modules["jutong.evidence.verify"].__file__ or "")
    assert len(source.read_text("utf-8").splitlines()) < 200


def code(case: Case, *, receipt: str | None = None, record: bytes | None = None, keys: str | None = None) -> str:
    return verify(
        case.receipt if receipt is None else receipt,
        case.record if record is None else record,
        case.keys if keys is None else keys,
    ).code


def test_an_altered_record_is_named(case: Case) -> None:
    record = json.loads(case.record)["record"]
    for name, value in (("rows", 2), ("actor_dept", "别的部门"), ("time_ms", record["time_ms"] + 1)):
        found = verify(case.receipt, changed(case, record=record | {name: value}), case.keys)
        assert (found.code, found.problem) == ("evidence.record.altered", name)
    without = {name: value for name, value in record.items() if name != "rows"}
    assert code(case, record=changed(case, record=without)) == "evidence.record.altered"
    hidden = changed(case, record=record | {"case_number": "JY2026999999"})
    assert code(case, record=hidden) == "evidence.record.commitment-wrong"


def test_an_altered_salt_is_named(case: Case) -> None:
    wrong = "evidence.record.salt-altered"
    for salt in ("?", base64.b64encode(bytes(31)).decode(), None, 7):
        assert code(case, record=changed(case, salt=salt)) == wrong
    other = base64.b64encode(bytes(32)).decode()
    assert code(case, record=changed(case, salt=other)) == "evidence.record.commitment-wrong"


@pytest.mark.parametrize(
    "change",
    [
        {"commit": "AAAA"}, {"rows": 9}, {"v": 2}, {"v": True}, {"more": 1}, {"rows": 1.5}, {"time_ms": "x"},
        {"time_ms": -1}, {"time_ms": 2**52},
    ],
)  # fmt: skip
def test_an_altered_leaf_is_named(case: Case, change: dict[str, Any]) -> None:
    leaf = json.loads(case.record)["leaf"] | change
    assert code(case, record=changed(case, leaf=leaf)) == "evidence.record.leaf-altered"


def test_a_leaf_and_record_altered_together_are_still_not_in_the_tree(case: Case) -> None:
    given = json.loads(case.record)
    record, leaf = given["record"] | {"rows": 9}, given["leaf"] | {"rows": 9}
    assert code(case, record=changed(case, record=record, leaf=leaf)) == "evidence.record.leaf-altered"


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"7", b"{}", b"\xff", b'{"record":1,"salt":"","leaf":{}}', b"[" * 100_000]
)
def test_an_unreadable_record_is_named(case: Case, text: bytes) -> None:
    assert code(case, record=text) == "evidence.record.malformed"


def test_a_member_given_twice_or_too_much_is_refused(case: Case) -> None:
    assert code(case, record=case.record.replace(b'{"leaf"', b'{"salt":"x","leaf"')) == "evidence.record.malformed"
    assert code(case, record=changed(case, more=1)) == "evidence.record.malformed"
    record = json.loads(case.record)["record"] | {"price": 1.5}
    assert code(case, record=changed(case, record=record)) == "evidence.record.malformed"


def test_an_altered_receipt_is_named(case: Case) -> None:
    receipt = Receipt.parse(case.receipt)
    assert code(case, receipt=case.receipt[1:]) == "evidence.receipt.malformed"
    moved = Receipt(receipt.index - 1, receipt.hashes, receipt.checkpoint)
    assert code(case, receipt=str(moved)) == "evidence.receipt.proof-wrong"
    shortened = Receipt(receipt.index, receipt.hashes[1:], receipt.checkpoint)
    assert code(case, receipt=str(shortened)) == "evidence.receipt.proof-wrong"


def test_a_checkpoint_that_was_not_signed_is_named(case: Case) -> None:
    receipt = Receipt.parse(case.receipt)
    head = receipt.checkpoint
    larger = Checkpoint(head.origin, head.size + 1, head.root, head.signatures)
    forged = Receipt(receipt.index, receipt.hashes, larger)
    assert code(case, receipt=str(forged)) == "evidence.checkpoint.signature-wrong"


def test_unknown_keys_are_named(case: Case) -> None:
    peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n"
    assert code(case, keys=peter) == "evidence.checkpoint.key-unknown"
    assert code(case, keys=case.keys + peter) == ""
    assert code(case, keys="nonsense\n") == "evidence.keys.malformed"
    assert code(case, keys="") == "evidence.keys.malformed"


def test_lines_by_other_keys_are_reported_as_unchecked(case: Case) -> None:
    receipt = Receipt.parse(case.receipt)
    head = receipt.checkpoint
    lines = (*head.signatures, SignatureLine("witness.example/w1", b"wxyz", bytes(72)))
    cosigned = Receipt(receipt.index, receipt.hashes, Checkpoint(head.origin, head.size, head.root, lines))
    verdict = verify(str(cosigned), case.record, case.keys)
    assert (verdict.ok, verdict.unchecked) == (True, ("witness.example/w1",))
