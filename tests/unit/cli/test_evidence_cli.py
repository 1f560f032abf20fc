from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jutong.cli.evidence import FAILURES, evidence
from jutong.evidence import verify as verifying
from jutong.evidence.checkpoint import SignatureLine
from jutong.evidence.log import EvidenceLog
from jutong.kernel.keys import Ed25519Signer
from tests.unit.evidence.support import open_log, pairs

CODES = [getattr(verifying, name) for name in dir(verifying) if name.isupper()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "home"))
    home = tmp_path / "home"
    with open_log(home) as log:
        log.append(pairs(0, 300))
        log.publish()
        (home / "receipt.txt").write_text(str(log.receipt(270)), "utf-8")
        (home / "record.json").write_bytes(log.get_record("record-270"))
    return home


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evidence, [str(item) for item in arguments])


def verify(home: Path, *more: object) -> Result:
    return run("verify", home / "receipt.txt", "--record", home / "record.json", *more)


def replace(path: Path, old: str, new: str) -> None:
    data = path.read_bytes()
    assert data.count(old.encode()) >= 1
    path.write_bytes(data.replace(old.encode(), new.encode()))


def test_what_is_proven_and_what_is_not_is_said(home: Path) -> None:
    done = verify(home)
    assert done.exit_code == 0, done.output
    for part in ("✓ 通过", "第270条", "300条叶子", "金河市教育局", "16:30:00", "没有证明", "公钥属于谁"):
        assert part in done.output


def test_it_needs_the_published_keys_only(home: Path, tmp_path: Path) -> None:
    shutil.copy(home / "evidence/keys", tmp_path / "published")
    shutil.rmtree(home / "evidence")
    done = verify(home, "--keys", tmp_path / "published")
    assert done.exit_code == 0, done.output
    assert "没有核对存证文件夹" in done.output
    assert "公钥属于谁" not in done.output
    missing = verify(home)
    assert missing.exit_code == 2
    assert "--keys" in missing.output


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("record.json", "JY2026000270", "JY2026000271", "evidence.record.commitment-wrong"),
        ("record.json", '"rows":1,"time', '"rows":2,"time', "evidence.record.leaf-altered"),
        ("record.json", '"salt":"', '"salt":"=', "evidence.record.salt-altered"),
        ("record.json", '{"leaf"', '{"leef"', "evidence.record.malformed"),
        ("receipt.txt", "index 270", "index 271", "evidence.receipt.proof-wrong"),
        ("receipt.txt", "\n300\n", "\n301\n", "evidence.checkpoint.signature-wrong"),
        ("receipt.txt", "— jinhe", "— jinhf", "evidence.checkpoint.key-unknown"),
        ("receipt.txt", "tlog-proof", "tlog-proog", "evidence.receipt.malformed"),
        ("evidence/keys", "jinhe", "jinhf", "evidence.keys.malformed"),
    ],
)
def test_a_failure_names_its_step(home: Path, file: str, old: str, new: str, code: str) -> None:
    replace(home / file, old, new)
    done = verify(home, "--receipt-only")
    assert done.exit_code == 1
    assert f"[{code}]" in done.output
    assert "✗ 不通过" in done.output
    assert "✓" not in done.output


def test_keys_that_are_no_text_are_named(home: Path) -> None:
    (home / "evidence/keys").write_bytes(b"\xff")
    assert "[evidence.keys.malformed]" in verify(home).output


def test_a_changed_folder_is_named_with_its_file(home: Path) -> None:
    path = home / "evidence/tile/entries/000"
    data = path.read_bytes()
    path.write_bytes(data[:500] + bytes([data[500] ^ 1]) + data[501:])
    done = verify(home)
    assert done.exit_code == 1
    assert "[evidence.folder.altered]" in done.output
    assert "tile/" in done.output
    assert "✓" not in done.output
    assert verify(home, "--receipt-only").exit_code == 0
    assert run("audit").exit_code == 1


def test_a_copy_of_the_folder_can_be_named(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "evidence", tmp_path / "copy")
    done = verify(home, "--log", tmp_path / "copy")
    assert done.exit_code == 0, done.output
    shutil.move(home / "evidence", tmp_path / "away")
    assert verify(home, "--log", tmp_path / "copy").exit_code == 0
    shutil.move(tmp_path / "away", home / "evidence")
    (tmp_path / "copy/checkpoint").write_bytes(b"x")
    assert verify(home, "--log", tmp_path / "copy").exit_code == 1
    assert verify(home).exit_code == 0
    assert "[evidence.folder.missing]" in verify(home, "--log", tmp_path / "nowhere").output


def other_log(home: Path) -> Path:
    signer = Ed25519Signer("other", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with EvidenceLog(home / "evidence", signer=signer, origin="other.example/log") as log:
        log.append([(b"leaf", b"")])
    return home / "evidence"


def test_the_log_of_another_department_is_no_contradiction_unless_named(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = other_log(tmp_path / "theirs")
    keys = home / "evidence/keys"
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path / "theirs"))
    done = verify(home, "--keys", keys)
    assert done.exit_code == 0, done.output
    assert "other.example/log" in done.output
    named = verify(home, "--keys", keys, "--log", folder)
    assert named.exit_code == 1
    assert "[evidence.folder.altered]" in named.output
    (folder / "tile/0/000.p/1").write_bytes(bytes(32))
    assert verify(home, "--keys", keys).exit_code == 1


def test_a_folder_signed_by_a_key_that_was_not_given_is_refused(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "evidence", tmp_path / "copy")
    other = other_log(tmp_path / "theirs")
    keys = (home / "evidence/keys").read_text() + (other / "keys").read_text()
    (tmp_path / "all").write_text(keys)
    assert verify(home, "--keys", tmp_path / "all", "--log", tmp_path / "copy").exit_code == 0
    forked = verify(home, "--keys", tmp_path / "all", "--log", other)
    assert "[evidence.folder.forked]" in forked.output


def test_lines_by_witnesses_are_said_to_be_unchecked(home: Path) -> None:
    with (home / "receipt.txt").open("a", encoding="utf-8") as stream:
        stream.write(f"{SignatureLine('witness.example/w1', b'wxyz', bytes(72))}\n")
    done = verify(home)
    assert done.exit_code == 0, done.output
    assert "witness.example/w1" in done.output


def test_wrong_usage_ends_with_two(home: Path) -> None:
    assert run("verify", home / "receipt.txt").exit_code == 2
    assert run("verify", home / "nowhere", "--record", home / "record.json").exit_code == 2
    assert run("show", "-1").exit_code == 2
    assert verify(home, "--lang", "fr").exit_code == 2


def test_audit_prints_the_checkpoint(home: Path, tmp_path: Path) -> None:
    done = run("audit")
    assert done.exit_code == 0, done.output
    assert (home / "evidence/checkpoint").read_text("utf-8") in done.output
    assert run("audit", home / "evidence").exit_code == 0
    with open_log(home) as log:
        log.append(pairs(300, 2))
        assert "另有2条" in run("audit").output
    assert run("audit", tmp_path / "nowhere").exit_code == 1


def test_show_prints_a_leaf(home: Path) -> None:
    done = run("show", "270")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output.partition("leaf hash")[0])["actor_dept"] == "金河市教育局"
    beyond = run("show", "300")
    assert beyond.exit_code == 1
    assert "[evidence.entry.not-found]" in beyond.output
    (home / "evidence/tile/entries/001.p/44").unlink()
    assert "[evidence.folder.altered]" in run("show", "270").output


def test_show_prints_whatever_stands_in_another_log(tmp_path: Path) -> None:
    done = run("show", "0", "--log", other_log(tmp_path))
    assert done.exit_code == 0, done.output
    assert "b'leaf'" in done.output


def test_every_code_of_the_verifier_has_its_error() -> None:
    assert {code for code in CODES if isinstance(code, str) and code.startswith("evidence.")} == set(FAILURES)
    assert all(kind.code == code for code, kind in FAILURES.items())


def test_backup_copies_log_and_records(home: Path, tmp_path: Path) -> None:
    done = run("backup", tmp_path / "copy")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "copy/records/records.db").is_file()
    assert verify(home, "--log", tmp_path / "copy/evidence").exit_code == 0
    assert "[evidence.backup.target-exists]" in run("backup", tmp_path / "copy").output
    assert run("backup", tmp_path / "public", "--public").exit_code == 0
    assert not (tmp_path / "public/records").exists()
