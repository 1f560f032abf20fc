from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jutong.evidence import log as logging_
from jutong.evidence import merkle, records
from jutong.evidence.audit import audit
from jutong.evidence.checkpoint import Checkpoint
from jutong.evidence.commitment import canonical, commit, strict_base64
from jutong.evidence.errors import (
    EntryNotFoundError,
    EntryTooLargeError,
    ErasureUnfinishedError,
    LogBusyError,
    LogClosedError,
    LogDamagedError,
    RecordNotFoundError,
)
from jutong.evidence.home import open_log as open_home
from jutong.evidence.log import EvidenceLog
from jutong.evidence.records import RecordStore, record_id_of
from jutong.evidence.tiles import TileReader
from jutong.kernel.keys import Ed25519Signer
from jutong.kernel.settings import Settings
from tests.unit.evidence.support import ORIGIN, SIGNER, open_log, pair, pairs, salt_of

OTHER = Ed25519Signer("other", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def leaves(log: EvidenceLog) -> list[bytes]:
    reader = TileReader(log.folder, log.published_size)
    return [reader.entry(index) for index in range(log.published_size)]


def test_a_new_log_publishes_the_empty_tree_and_its_key(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        assert (log.size, log.published_size, log.failed) == (0, 0, False)
        assert log.checkpoint.root == merkle.EMPTY_ROOT
    assert (tmp_path / "evidence/keys").read_text() == f"{log.key}\n"
    assert Checkpoint.parse((tmp_path / "evidence/checkpoint").read_text()).verify([log.key]) == (log.key,)


def test_entries_are_numbered_published_and_proved(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        assert [log.append(pairs(0, 3)), log.append(pairs(3, 600)), log.append([])] == [0, 3, 603]
        assert (log.size, log.published_size) == (603, 0)
        checkpoint = log.publish()
        assert (checkpoint.size, log.publish()) == (603, checkpoint)
        reader = TileReader(log.folder, 603)
        for index in (0, 255, 256, 602):
            log.receipt(index).prove(merkle.leaf_hash(reader.entry(index)))
        with pytest.raises(EntryNotFoundError):
            log.receipt(603)
        with pytest.raises(EntryNotFoundError):
            log.receipt(-1)


def test_everything_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    given = pairs(0, 700)
    with open_log(tmp_path) as log:
        log.append(given[:300])
        log.publish()
        log.append(given[300:])
    assert [path.name for path in (tmp_path / "evidence/wal").glob("*.wal")] == ["00000000000000000700.wal"]
    with open_log(tmp_path) as log:
        assert (log.size, log.published_size) == (700, 700)
        assert leaves(log) == [leaf for leaf, _ in given]
        assert log.find_record("record-345") == (345, given[345][1])
        assert log.append(pairs(700, 1)) == 700


def test_a_record_is_found_before_and_after_publication(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        given = pairs(0, 5)
        log.append(given)
        assert log.find_record("record-3") == (3, given[3][1])
        log.publish()
        assert log.get_record("record-3") == given[3][1]
        with pytest.raises(RecordNotFoundError):
            log.get_record("record-9")
        with pytest.raises(RecordNotFoundError):
            log.get_record("record")


def test_segments_are_dropped_once_published_and_indexed(tmp_path: Path) -> None:
    with open_log(tmp_path, segment_bytes=4000) as log:
        for number in range(40):
            log.append(pairs(number, 1))
        assert len(list((tmp_path / "evidence/wal").glob("*.wal"))) > 3
        log.publish()
        assert len(list((tmp_path / "evidence/wal").glob("*.wal"))) == 1
        assert log.get_record("record-0")
        assert audit(log.folder).checkpoint.size == 40


def test_records_do_not_stay_in_the_write_ahead_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 2))
        log.publish()
        assert b"JY2026000000" in everything(log.folder)
        monkeypatch.setattr(logging_, "SEGMENT_SECONDS", 0.0)
        log.publish()
        assert b"JY2026" not in everything(log.folder)
        assert log.get_record("record-1")
        names = sorted((log.folder / "wal").iterdir())
        log.publish()
        assert sorted((log.folder / "wal").iterdir()) == names


def test_partial_tiles_go_when_the_full_one_is_there(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        for number in range(0, 250, 50):
            log.append(pairs(number, 50))
            log.publish()
        assert len(list((log.folder / "tile/0/000.p").iterdir())) == 5
        log.append(pairs(250, 20))
        log.publish()
        assert not (log.folder / "tile/0/000.p").exists()
        assert not (log.folder / "tile/entries/000.p").exists()


def everything(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def test_an_erased_record_is_nowhere_and_leaf_and_root_stay(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 300))
        log.publish()
        attachment = log.get_record("record-7")
        kept = log.get_record("record-8")
        receipt = log.receipt(7)
        log.append(pairs(300, 5))
        canaries = (salt_of(attachment).encode(), b"JY2026000007")
        assert all(canary in everything(tmp_path) for canary in canaries)
        log.erase("record-7")
        assert not any(canary in everything(tmp_path) for canary in canaries)
        assert salt_of(kept).encode() in everything(tmp_path)
        with pytest.raises(RecordNotFoundError):
            log.get_record("record-7")
        with pytest.raises(RecordNotFoundError):
            log.erase("record-7")
        receipt.prove(merkle.leaf_hash(TileReader(log.folder, log.published_size).entry(7)))
        assert audit(log.folder).checkpoint.size == 305
    with open_log(tmp_path) as log:
        assert log.get_record("record-8") == kept
        with pytest.raises(RecordNotFoundError):
            log.get_record("record-7")


def test_a_record_can_be_erased_before_it_was_published(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 2))
        salt = salt_of(log.get_record("record-1"))
        log.erase("record-1")
        assert salt.encode() not in everything(tmp_path)
        assert log.published_size == 2


def test_an_erased_record_is_not_found_by_trying_without_its_salt(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 1))
        kept = json.loads(log.get_record("record-0"))
        log.erase("record-0")
        leaf = json.loads(TileReader(log.folder, 1).entry(0))
    assert commit(strict_base64(kept["salt"]), canonical(kept["record"])) == leaf["commit"]
    for number in range(2000):
        guess = canonical(kept["record"] | {"case_number": f"JY2026{number:06d}"})
        for salt in (b"", bytes(32)):
            assert commit(salt, guess) != leaf["commit"]


def test_a_reader_of_the_record_store_delays_erasure_and_rotation_but_not_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BUSY_SECONDS", 0.01)
    log = open_log(tmp_path)
    log.append(pairs(0, 2))
    log.publish()
    reader = sqlite3.connect(tmp_path / "records/records.db", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM record").fetchone() == (2,)
    log.append(pairs(2, 1))
    with pytest.raises(ErasureUnfinishedError):
        log.erase("record-1")
    assert not log.failed
    log.close()
    with open_log(tmp_path) as log:
        assert log.append(pairs(3, 1)) == 3
        log.publish()
        reader.close()
        log.erase("record-0")
        assert b"JY2026000000" not in everything(tmp_path)
        assert audit(log.folder).checkpoint.size == 4


def test_one_log_has_one_writer(tmp_path: Path) -> None:
    with open_log(tmp_path) as log, pytest.raises(LogBusyError):
        open_log(tmp_path)
    with open_log(tmp_path) as again:
        assert again.key == log.key


def test_too_large_an_entry_is_refused_and_nothing_of_its_batch_written(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        with pytest.raises(EntryTooLargeError):
            log.append([pair(0), (bytes(65_536), b"")])
        assert log.append([(bytes(65_535), b"")]) == 0
        log.publish()
        assert audit(log.folder).checkpoint.size == 1


def test_a_closed_log_refuses(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.close()
    log.close()
    for refused in (lambda: log.append(pairs(0, 1)), log.publish, log.reopen):
        with pytest.raises(LogClosedError):
            refused()


def test_reopening_goes_on_from_the_disk(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 2))
        log.reopen()
        assert (log.size, log.published_size, log.failed) == (2, 2, False)
        assert log.append(pairs(2, 1)) == 2


def test_another_key_does_not_open_the_log_under_its_name(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    with pytest.raises(LogDamagedError) as found:
        EvidenceLog(tmp_path / "evidence", signer=OTHER, origin=ORIGIN)
    assert found.value.fields["file"] == "checkpoint"
    with pytest.raises(LogDamagedError):
        EvidenceLog(tmp_path / "evidence", signer=SIGNER, origin="another.example/log")


def damage(home: Path, path: str, content: bytes | None) -> None:
    if content is None:
        (home / "evidence" / path).unlink()
    else:
        (home / "evidence" / path).write_bytes(content)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("checkpoint", None),
        ("checkpoint", b"nonsense"),
        ("checkpoint", b"\xff"),
        ("keys", b"nonsense\n"),
        ("tile/0/001.p/44", bytes(44 * 32)),
        ("tile/0/001.p/44", None),
        ("tile/entries/001.p/44", b"\0"),
        ("tile/0/001", bytes(8192)),
        ("tile/0/001.p/45", bytes(45 * 32)),
    ],
)
def test_a_folder_that_contradicts_itself_is_not_opened(tmp_path: Path, path: str, content: bytes | None) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 300))
    for segment in (tmp_path / "evidence/wal").glob("*.wal"):
        segment.unlink()
    damage(tmp_path, path, content)
    with pytest.raises(LogDamagedError):
        open_log(tmp_path)


def test_a_log_cut_behind_its_checkpoint_is_not_opened(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append(pairs(0, 3))
    before = log._segment.path.stat().st_size
    log.append(pairs(3, 3))
    log.publish()
    path, home = log._segment.path, tmp_path
    copied = path.read_bytes()
    log.close()
    for segment in (home / "evidence/wal").glob("*.wal"):
        segment.unlink()
    path.write_bytes(copied[:before])
    with pytest.raises(LogDamagedError) as found:
        open_log(home)
    assert found.value.fields["file"].startswith("wal/")
    path.write_bytes(copied[: before - 10] + b"x" + copied[before - 9 :])
    with pytest.raises(LogDamagedError):
        open_log(home)
    path.write_bytes(copied)
    with open_log(home) as log:
        assert log.size == 6


def test_a_removed_checkpoint_comes_back_from_a_complete_write_ahead_log(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append(pairs(0, 3))
    log.publish()
    log._release()
    os.close(log._lock_descriptor)
    (tmp_path / "evidence/checkpoint").unlink()
    with open_log(tmp_path) as again:
        assert again.published_size == 3


def test_an_instance_keeps_key_records_and_log_apart(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with open_home(settings) as log:
        log.append(pairs(0, 1))
        origin = log.origin
    assert (tmp_path / "keys/log.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "records/records.db").stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "evidence").rglob("*.db*"))
    with open_home(settings) as log:
        assert (log.origin, log.size) == (origin, 1)


def test_attachments_without_an_id_are_not_indexed(tmp_path: Path) -> None:
    for attachment in (b"", b"{", b"[]", b'{"record":{}}', b'{"record":{"record_id":7}}'):
        assert record_id_of(attachment) is None
    with open_log(tmp_path) as log:
        log.append([(b"leaf", b""), pair(1)])
        log.publish()
        assert log.find_record("record-1")[0] == 1


def test_a_failed_insert_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = RecordStore(tmp_path / "records.db")
    store.insert([(0, pair(0)[1])])
    store._db.execute("CREATE TRIGGER no BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(sqlite3.Error):
        store.insert([(1, pair(1)[1]), (2, pair(2)[1])])
    assert store.get("record-1") is None
    assert store.get("record-0") is not None
    store.close()


def test_a_store_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(sqlite3.Error):
        RecordStore(tmp_path / "records.db")


def test_unfinished_files_of_a_crash_are_cleared(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    (tmp_path / "evidence/tmp/77-1").write_bytes(b"half a tile")
    audit(tmp_path / "evidence")
    open_log(tmp_path).close()
    assert list((tmp_path / "evidence/tmp").iterdir()) == []
