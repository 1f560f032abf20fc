from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jutong.evidence import audit as auditing
from jutong.evidence import merkle
from jutong.evidence.audit import audit, check_against
from jutong.evidence.errors import (
    FolderAlteredError,
    FolderForkedError,
    FolderMissingError,
    FolderOlderError,
    FolderUnreadableError,
)
from jutong.evidence.log import EvidenceLog
from jutong.evidence.tiles import ENTRIES, TileName, TileReader, decode_bundle, encode_bundle
from jutong.evidence.writer import TileWriter
from tests.unit.evidence.support import ORIGIN, SIGNER, open_log, pairs

SIZE = 600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_log(tmp_path) as log:
        for first in range(0, SIZE, 75):
            log.append(pairs(first, 75))
            log.publish()
    return tmp_path / "evidence"


def test_a_sound_folder_passes(folder: Path) -> None:
    report = audit(folder)
    assert (report.checkpoint.size, report.unpublished) == (SIZE, 0)
    assert report.files == sum(len(names) for _, _, names in os.walk(folder))
    assert report.octets > SIZE * 200


def test_a_folder_without_its_write_ahead_log_passes(folder: Path) -> None:
    shutil.rmtree(folder / "wal")
    assert audit(folder).checkpoint.size == SIZE


def test_an_empty_log_passes(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    assert audit(tmp_path / "evidence").checkpoint.size == 0


def test_what_waits_for_publication_is_counted(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 5))
        assert audit(log.folder).unpublished == 5
        log.publish()
        log.append(pairs(5, 300))
        assert audit(log.folder).unpublished == 300


def test_tiles_written_ahead_of_the_checkpoint_are_held_against_the_write_ahead_log(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 300))
        log.publish()
        more = pairs(300, 300)
        log.append(more)
        log._writer.extend([leaf for leaf, _ in more])
        log._writer.flush()
        assert audit(log.folder).unpublished == 300
        for path in ("tile/entries/001", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"):
            data = (log.folder / path).read_bytes()
            (log.folder / path).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
            with pytest.raises(FolderAlteredError):
                audit(log.folder)
            (log.folder / path).write_bytes(data)
        log.reopen()


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (lambda f: (f / "tile/0/001").unlink(), "tile/0/001"),
        (lambda f: (f / "tile/entries/001").unlink(), "tile/entries/001"),
        (lambda f: (f / "tile/0/002.p/88").unlink(), "tile/0/002.p/88"),
        (lambda f: (f / "tile/1/000.p/2").unlink(), "tile/1/000.p/2"),
        (lambda f: (f / "tile/0/003").write_bytes(b""), "tile/0/003"),
        (lambda f: (f / "tile/0/002.p/89").write_bytes(bytes(89 * 32)), "tile/0/002.p/89"),
        (lambda f: (f / "tile/entries/002.p/88").write_bytes(b"\0"), "tile/entries/002.p/88"),
        (lambda f: (f / "tile/entries/002.p/88").write_bytes(b"\0\0"), "tile/entries/002.p/88"),
        (lambda f: (f / "tile/entries/000").write_bytes(b"\0\0" * 256), "tile/0/000"),
        (lambda f: (f / "notes.txt").write_bytes(b"x"), "notes.txt"),
        (lambda f: (f / "tile/0/000.tmp").write_bytes(b"x"), "tile/0/000.tmp"),
        (lambda f: (f / "wal/lock").write_bytes(b"x"), "wal/lock"),
        (lambda f: (f / "wal/other").write_bytes(b""), "wal/other"),
        (lambda f: (f / "keys").unlink(), "keys"),
        (lambda f: (f / "keys").write_bytes(b"\xff"), "keys"),
        (lambda f: (f / "link").symlink_to(f / "keys"), "link"),
    ],
)
def test_a_change_is_found_and_its_file_named(folder: Path, change: Callable[[Path], None], file: str) -> None:
    change(folder)
    with pytest.raises(FolderAlteredError) as found:
        audit(folder)
    assert found.value.fields["file"] == file


def test_a_write_ahead_log_cut_behind_the_checkpoint_is_found(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 2))
        middle = log._segment.size
        log.append(pairs(2, 2))
        log.publish()
        data = log._segment.path.read_bytes()
        for content in (data[:middle], data[:-1], data + b"\0"):
            log._segment.path.write_bytes(content)
            with pytest.raises(FolderAlteredError, match=r"wal/"):
                audit(log.folder)
        log._segment.path.write_bytes(data)
        audit(log.folder)


def test_entries_that_differ_from_the_write_ahead_log_are_found(tmp_path: Path) -> None:
    """Bundle, tiles, root and signature all agree; the write-ahead log alone remembers."""
    log = open_log(tmp_path)
    log.append(pairs(0, 3))
    log.publish()
    shutil.rmtree(log.folder / "tile")
    forged = TileWriter(log.folder)
    forged.load(0)
    forged.extend([leaf for leaf, _ in pairs(10, 3)])
    forged.flush()
    forged.publish(log._sign(3, forged.root()))
    with pytest.raises(FolderAlteredError, match="预写日志"):
        audit(log.folder)
    log._release()
    os.close(log._lock_descriptor)


def rewrite(folder: Path, entries: list[bytes]) -> None:
    """Rewrite the history thoroughly: bundles and all hash tiles agree with the new entries."""
    shutil.rmtree(folder / "tile")
    writer = TileWriter(folder)
    writer.load(0)
    writer.extend(entries)
    writer.flush()


def test_no_rewritten_dropped_or_reordered_entry_passes(tmp_path: Path) -> None:
    size = 60
    with open_log(tmp_path) as log:
        log.append(pairs(0, size))
    folder = tmp_path / "evidence"
    shutil.rmtree(folder / "wal")
    reader = TileReader(folder, size)
    entries = [reader.entry(index) for index in range(size)]
    for index in range(size):
        edited = [*entries[:index], entries[index] + b" ", *entries[index + 1 :]]
        dropped = [*entries[:index], *entries[index + 1 :], entries[index]]
        swapped = entries.copy()
        swapped[index], swapped[index - 1] = swapped[index - 1], swapped[index]
        for changed in {tuple(edited), tuple(dropped), tuple(swapped)} - {tuple(entries)}:
            rewrite(folder, list(changed))
            with pytest.raises(FolderAlteredError) as found:
                audit(folder)
            assert found.value.fields["file"] == "checkpoint"
    rewrite(folder, entries)
    audit(folder)


def test_a_bundle_changed_alone_is_found(folder: Path) -> None:
    path = folder / TileName(ENTRIES, 1).path
    entries = decode_bundle(path.read_bytes())
    path.write_bytes(encode_bundle([entries[1], entries[0], *entries[2:]]))
    with pytest.raises(FolderAlteredError) as found:
        audit(folder)
    assert found.value.fields["file"] == "tile/0/001"


def test_a_folder_that_is_no_log_is_said_to_be_none(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FolderMissingError):
            audit(folder)


def test_a_file_that_may_not_be_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, prefix: str) -> None:
        raise PermissionError(13, "Permission denied", "tile")

    monkeypatch.setattr(auditing, "_walk", refuse)
    with pytest.raises(FolderUnreadableError) as found:
        audit(folder)
    assert found.value.envelope()["error"]["fields"] == {"file": "tile", "reason": "没有权限"}


def test_a_log_that_moved_meanwhile_is_looked_at_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once, looks = auditing._audit_once, []

    def busy(given: Path) -> auditing.AuditReport:
        looks.append(given)
        if len(looks) == 1:
            raise auditing._UnsettledError(file="wal", problem="in between")
        return once(given)

    monkeypatch.setattr(auditing, "_audit_once", busy)
    monkeypatch.setattr(auditing, "PAUSE", 0)
    assert audit(folder).checkpoint.size == SIZE
    assert len(looks) == 2


def test_a_vanishing_segment_is_no_finding_yet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path) -> None:
        raise FileNotFoundError(2, "gone")

    monkeypatch.setattr(auditing, "read_all", gone)
    monkeypatch.setattr(auditing, "PAUSE", 0)
    with pytest.raises(auditing._UnsettledError):
        audit(folder)


def test_a_receipt_is_held_against_the_folder(folder: Path, tmp_path: Path) -> None:
    report = audit(folder)
    with open_log(tmp_path) as log:
        receipt, leaf = log.receipt(5), TileReader(folder, SIZE).entry(5)
        check_against(report, receipt, leaf)
        with pytest.raises(FolderForkedError):
            check_against(report, receipt, leaf + b" ")
        log.append(pairs(SIZE, 1))
        log.publish()
        newer = log.receipt(5)
    with pytest.raises(FolderOlderError):
        check_against(report, newer, leaf)
    check_against(audit(folder), receipt, leaf)
    (folder / "tile/entries/000").unlink()
    with pytest.raises(FolderAlteredError):
        check_against(report, receipt, leaf)


def test_another_history_or_another_log_is_told_apart(folder: Path, tmp_path: Path) -> None:
    report = audit(folder)
    other = tmp_path / "other"
    with open_log(other) as log:
        log.append(pairs(1, SIZE))
        log.publish()
        with pytest.raises(FolderForkedError):
            check_against(report, log.receipt(5), pairs(1, 1)[0][0])
    with EvidenceLog(tmp_path / "third/evidence", signer=SIGNER, origin=ORIGIN + "2") as log:
        log.append([(b"leaf", b"")])
        log.publish()
        merkle.verify_inclusion(0, 1, merkle.leaf_hash(b"leaf"), [], log.checkpoint.root)
        with pytest.raises(FolderForkedError):
            check_against(report, log.receipt(0), b"leaf")


def test_a_write_ahead_log_that_starts_behind_the_checkpoint_is_found(tmp_path: Path) -> None:
    with open_log(tmp_path) as log:
        log.append(pairs(0, 3))
        old = log.publish()
        log.append(pairs(3, 3))
    (tmp_path / "evidence/checkpoint").write_text(str(old), "utf-8")
    with pytest.raises(FolderAlteredError) as found:
        audit(tmp_path / "evidence")
    assert found.value.fields["file"] == "wal/00000000000000000006.wal"
