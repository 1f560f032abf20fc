from __future__ import annotations

from pathlib import Path

import pytest

from jutong.evidence import merkle
from jutong.evidence.audit import audit
from jutong.evidence.backup import backup
from jutong.evidence.errors import BackupTargetError, FolderAlteredError, FolderMissingError
from jutong.evidence.log import EvidenceLog
from jutong.evidence.tiles import TileReader
from tests.unit.evidence.support import ORIGIN, SIGNER, open_log, pairs

STORE = "records/records.db"


def test_a_living_log_is_copied_as_far_as_it_is_published(tmp_path: Path) -> None:
    home, target = tmp_path / "home", tmp_path / "target"
    with open_log(home) as log:
        log.append(pairs(0, 300))
        log.publish()
        log.append(pairs(300, 7))
        report = backup(log.folder, target, records=home / STORE)
        assert report.checkpoint == log.checkpoint
    with EvidenceLog(target / "evidence", signer=SIGNER, origin=ORIGIN) as restored:
        assert restored.size == 300
        assert restored.get_record("record-299")
        assert restored.append(pairs(300, 1)) == 300
    assert (target / STORE).stat().st_mode & 0o777 == 0o600
    assert audit(target / "evidence").checkpoint.size == 301


def test_a_tile_completed_meanwhile_is_cut_to_what_the_checkpoint_covers(tmp_path: Path) -> None:
    with open_log(tmp_path / "home") as log:
        log.append(pairs(0, 200))
        old = log.publish()
        log.append(pairs(200, 100))
        log.publish()
        (log.folder / "checkpoint").write_text(str(old), "utf-8")
        report = backup(log.folder, tmp_path / "target")
    copy = report.folder
    assert report.checkpoint == old
    assert merkle.tree_root(TileReader(copy, 200).tile(-1, 0)) == old.root
    assert not (copy / "tile/0/000").exists()


def test_a_public_copy_holds_no_record(tmp_path: Path) -> None:
    with open_log(tmp_path / "home") as log:
        log.append(pairs(0, 3))
        log.publish()
        backup(log.folder, tmp_path / "target")
    content = b"".join(path.read_bytes() for path in (tmp_path / "target").rglob("*") if path.is_file())
    assert b"JY2026" not in content
    assert not (tmp_path / "target/records").exists()


def test_an_empty_log_has_a_backup_too(tmp_path: Path) -> None:
    open_log(tmp_path / "home").close()
    assert backup(tmp_path / "home/evidence", tmp_path / "target").checkpoint.size == 0


def test_a_backup_writes_over_nothing_and_copies_no_damage(tmp_path: Path) -> None:
    with pytest.raises(FolderMissingError):
        backup(tmp_path, tmp_path / "target")
    with open_log(tmp_path / "home") as log:
        log.append(pairs(0, 300))
    folder = tmp_path / "home/evidence"
    with pytest.raises(BackupTargetError):
        backup(folder, tmp_path / "home")
    (folder / "tile/0/000").write_bytes(bytes(8192))
    with pytest.raises(FolderAlteredError):
        backup(folder, tmp_path / "second")
    (folder / "tile/0/000").unlink()
    with pytest.raises(FolderAlteredError):
        backup(folder, tmp_path / "third")
