from __future__ import annotations

import os
from pathlib import Path

import pytest

from jutong.node.connectors import folder
from jutong.node.connectors.errors import FolderMissingError
from jutong.node.connectors.introspect import inventory
from jutong.node.sources import SourceConfig, check


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "reports"
    (made / "2026" / "11").mkdir(parents=True)
    for number, name in enumerate(("a.csv", "2026/b.csv", "2026/11/c.csv", ".hidden")):
        path = made / name
        path.write_text("x")
        os.utime(path, (1000 + number, 1000 + number))
    (tmp_path / "secret").write_text("x")
    (made / "leak").symlink_to(tmp_path / "secret")
    return made


def source(root: Path) -> SourceConfig:
    return SourceConfig("reports", "files", "X", path=root)


def test_files_are_counted_below_a_path_and_the_newest_is_dated(root: Path) -> None:
    assert folder.look(source(root), "") == folder.FolderLook(3, 1002000)
    assert folder.look(source(root), "2026") == folder.FolderLook(2, 1002000)
    assert folder.look(source(root), "a.csv") == folder.FolderLook(1, 1000000)


@pytest.mark.parametrize("path", ["nowhere", "leak", "../secret", "a\0b"])
def test_nothing_outside_the_root_is_looked_at(root: Path, path: str) -> None:
    with pytest.raises(FolderMissingError):
        folder.look(source(root), path)


def test_too_many_files_are_not_counted_to_the_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_FILES", 2)
    assert folder.look(source(root), "").files == -1


def test_an_unreadable_folder_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(FolderMissingError):
        folder.look(source(root), "2026")
    assert "Permission denied" in check(source(root))


def test_a_folder_is_a_source_without_tables(root: Path) -> None:
    assert check(source(root)) == ""
    assert inventory(source(root)) == ()
    assert check(source(root / "gone")) != ""
