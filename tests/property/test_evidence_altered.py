"""Whatever byte is changed, in receipt, record or folder, the verification fails."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jutong.evidence import audit as auditing
from jutong.evidence.audit import audit
from jutong.evidence.errors import FolderAlteredError
from jutong.evidence.log import EvidenceLog
from jutong.evidence.receipt import Receipt
from jutong.evidence.verify import verify
from tests.unit.evidence.support import keys_text, open_log, pairs

FLIPS_IN_A_FILE = 30


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "PAUSE", 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    with open_log(home) as log:
        log.append(pairs(0, 300))
        log.publish()
        (home / "receipt.txt").write_text(str(log.receipt(270)), "utf-8")
        (home / "record.json").write_bytes(log.get_record("record-270"))
    return home


def variants(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Each byte in turn: one random bit flipped, and replaced by a byte that likes to be overlooked."""
    for at, byte in enumerate(data):
        for new in {byte ^ 1 << chance.randrange(8), chance.choice(b"\n\r \t0A=/\0")} - {byte}:
            yield data[:at] + bytes([new]) + data[at + 1 :]


def test_no_changed_byte_of_a_receipt_passes(home: Path) -> None:
    receipt, record = (home / "receipt.txt").read_bytes(), (home / "record.json").read_bytes()
    assert verify(receipt, record, keys_text(home)).ok
    tried = 0
    for altered in variants(receipt, random.Random(1)):
        assert not verify(altered, record, keys_text(home)).ok, altered
        tried += 1
    assert tried > len(receipt)


def test_no_changed_byte_of_a_record_passes(home: Path) -> None:
    receipt, record = (home / "receipt.txt").read_bytes(), (home / "record.json").read_bytes()
    for altered in variants(record, random.Random(2)):
        assert not verify(receipt, altered, keys_text(home)).ok, altered


def test_no_changed_byte_of_the_keys_passes(home: Path) -> None:
    receipt, record = (home / "receipt.txt").read_bytes(), (home / "record.json").read_bytes()
    for altered in variants(keys_text(home).encode(), random.Random(3)):
        assert not verify(receipt, record, altered.decode("latin-1")).ok, altered


@pytest.mark.parametrize("cut", range(1, 40))
def test_no_cut_receipt_or_record_passes(home: Path, cut: int) -> None:
    receipt, record = (home / "receipt.txt").read_bytes(), (home / "record.json").read_bytes()
    assert not verify(receipt[:-cut], record, keys_text(home)).ok
    assert not verify(receipt[cut:], record, keys_text(home)).ok
    assert not verify(receipt, record[:-cut], keys_text(home)).ok
    assert not verify(receipt, record[cut:], keys_text(home)).ok


def flip_everywhere(folder: Path, chance: random.Random) -> int:
    """Change bytes of every file, one at a time; return how many changes were tried. Each must be found."""
    tried = 0
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        data = path.read_bytes()
        places = {0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(FLIPS_IN_A_FILE))} if data else set()
        for at in sorted(places):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
            with pytest.raises(FolderAlteredError):
                audit(folder)
            tried += 1
        for changed in (data + b"\0", data[:-1]) if data else (b"\0",):
            path.write_bytes(changed)
            with pytest.raises(FolderAlteredError):
                audit(folder)
        path.write_bytes(data)
    audit(folder)
    return tried


def grow(log: EvidenceLog, chance: random.Random) -> None:
    number = 0
    for _ in range(25):
        count = chance.randrange(1, 40)
        log.append(pairs(number, count))
        number += count
        if chance.random() < 0.4:
            log.publish()


@pytest.mark.parametrize("seed", [1, 2])
def test_no_changed_byte_of_a_folder_at_rest_passes(tmp_path: Path, seed: int) -> None:
    with open_log(tmp_path) as log:
        grow(log, random.Random(seed))
    assert flip_everywhere(tmp_path / "evidence", random.Random(seed)) > 100


def test_no_changed_byte_of_a_folder_in_use_passes(tmp_path: Path) -> None:
    with open_log(tmp_path, segment_bytes=20_000) as log:
        grow(log, random.Random(3))
        log.publish()
        assert flip_everywhere(log.folder, random.Random(3)) > 200


def test_no_changed_byte_in_what_waits_for_publication_passes(tmp_path: Path) -> None:
    with open_log(tmp_path, segment_bytes=20_000) as log:
        grow(log, random.Random(4))
        log.append(pairs(10_000, 3))
        copy = tmp_path / "copy"
        shutil.copytree(log.folder, copy)
    assert audit(copy).unpublished >= 3
    flip_everywhere(copy, random.Random(4))


@given(st.text(max_size=300), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_whatever_is_handed_in_the_verifier_answers(text: str, data: bytes) -> None:
    assert not verify(text, data, text).ok
    assert not verify(data, text, [text]).ok
    assert not verify("c2sp.org/tlog-proof@v1\nindex 0\n" + text, data, "x\n").ok


@given(st.integers(0, 299))
@settings(max_examples=40, deadline=None)
def test_a_receipt_proves_its_own_record_only(home: Path, index: int) -> None:
    with open_log(home) as log:
        receipt, record = log.receipt(index), log.get_record(f"record-{index}")
    assert verify(str(receipt), record, keys_text(home)).ok
    other = (home / "record.json").read_bytes()
    assert verify(str(receipt), other, keys_text(home)).ok is (index == 270)
    assert Receipt.parse(str(receipt)) == receipt
