"""A backup is encrypted, checked, shared with the one before, and brings back a table, damaged or not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jutong.contracts.library_care import CareResult
from jutong.library.care.backup import check_set, drop, read_set, vault_of
from jutong.library.care.errors import BackupDamagedError, BackupUnknownError
from jutong.library.care.examine import examine
from jutong.library.tables import open_table, read_digest
from tests.unit.library.care.lake import CONSENTS, OWNER, bring, care, ids, number, people, table
from tests.unit.library.care.test_erasing import task

NAME = {"zone": "landed", "code": OWNER, "table": "person"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    for one in range(3):
        bring(table(tmp_path / "library"), people(one))
    bring(table(tmp_path / "library", "other"), people(8))
    return tmp_path


def backed_up(home: Path) -> CareResult:
    done = care(home, {"kind": "backup"})
    assert not [one.problem for one in done.tables if one.problem_code]
    return done


def objects(home: Path) -> list[Path]:
    return sorted(file for file in (home / "backups" / "library" / "objects").rglob("*") if file.is_file())


def test_a_backup_is_encrypted_and_shares_what_did_not_change(home: Path) -> None:
    first = backed_up(home)
    before = objects(home)
    assert len(before) == 4
    assert not [file for file in before if b"PAR1" in file.read_bytes()]
    bring(table(home / "library"), people(4))
    second = backed_up(home)
    assert len(objects(home)) == 5
    assert check_set(vault_of(home), second.set_id) > 0
    drop(vault_of(home), second.set_id)
    assert objects(home) == before
    assert read_set(vault_of(home), first.set_id).tables[1].rows == 3
    with pytest.raises(BackupUnknownError):
        drop(vault_of(home), second.set_id)


def test_a_table_that_is_there_gets_what_was_backed_up_as_a_new_version(home: Path) -> None:
    path = table(home / "library")
    digest, kept = read_digest(path), backed_up(home)
    bring(path, people(5), "overwrite")
    done = care(home, {"kind": "restore", "set_id": kept.set_id, "tables": [NAME]})
    assert (read_digest(path), open_table(path).version()) == (digest, 4)
    assert [one.table.table for one in done.tables] == ["person"]
    assert ids(path, 3) == [number(5)]
    assert examine(path, content=True).findings == ()


def test_what_is_gone_or_damaged_is_built_again(home: Path) -> None:
    path, kept = table(home / "library"), backed_up(home)
    shutil.rmtree(table(home / "library", "other"))
    (path / "_delta_log" / f"{1:020d}.json").write_text("{")
    care(home, {"kind": "restore", "set_id": kept.set_id})
    assert ids(path) == [number(0), number(1), number(2)]
    assert ids(table(home / "library", "other")) == [number(8)]
    assert examine(path, content=True).findings == ()
    assert len(list((home / "library" / ".aside").iterdir())) == 1


def test_a_damaged_backup_changes_nothing(home: Path) -> None:
    kept = backed_up(home)
    found = read_set(vault_of(home), kept.set_id).tables[1].files[0]
    place = home / "backups" / "library" / "objects" / found.object[:2] / found.object
    content = place.read_bytes()
    version = open_table(table(home / "library")).version()
    for damage in (content[:-1], content[:9] + bytes([content[9] ^ 1]) + content[10:], b""):
        place.write_bytes(damage)
        with pytest.raises(BackupDamagedError):
            check_set(vault_of(home), kept.set_id)
        with pytest.raises(BackupDamagedError):
            care(home, {"kind": "restore", "set_id": kept.set_id, "tables": [NAME]})
    assert open_table(table(home / "library")).version() == version
    assert examine(table(home / "library"), content=True).findings == ()
    with pytest.raises(BackupUnknownError):
        care(home, {"kind": "restore", "set_id": kept.set_id, "tables": [{**NAME, "table": "none"}]})


def test_whoever_was_erased_stays_erased(home: Path) -> None:
    kept = backed_up(home)
    done = care(home, task(home, consents=CONSENTS))
    assert done.backups == (kept.set_id,)
    assert ids(table(home / "library")) == [number(0), number(1)]
    care(home, {"kind": "restore", "set_id": kept.set_id})
    assert ids(table(home / "library")) == [number(0), number(1)]
    assert ids(table(home / "library", "other")) == [number(8)]
