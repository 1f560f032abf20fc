from __future__ import annotations

import os
import shutil
import stat

import pytest

from jutong.runtime import home as home_module
from jutong.runtime.errors import DiskFullError, HomeError, NotAHomeError
from jutong.runtime.home import Home, write_private


@pytest.fixture
def home(tmp_path):
    found = Home(tmp_path / "home")
    found.prepare()
    return found


def test_the_folders_are_closed_to_others(home):
    assert home.is_ours()
    for name in home_module.FOLDERS:
        assert stat.S_IMODE((home.path / name).stat().st_mode) == 0o700
    assert stat.S_IMODE(home.path.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_preparing_again_closes_what_was_opened(home):
    home.keys.chmod(0o755)
    home.prepare()
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o700


def test_a_home_that_is_a_file_is_a_named_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HomeError):
        Home(tmp_path / "file").prepare()


def test_a_secret_is_made_once(home):
    first = home.secret("x.password")
    assert len(first) >= 32
    assert home.secret("x.password") == first
    assert stat.S_IMODE((home.keys / "x.password").stat().st_mode) == 0o600


def test_a_lock_excludes_another_holder_until_it_is_given_back(home):
    with home.lock("x"), pytest.raises(BlockingIOError), home.lock("x", wait=False):
        pytest.fail("two held the lock")
    with home.lock("x", wait=False):
        pass


def test_too_little_room_is_refused(home, monkeypatch):
    home.check_room()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 150 << 20))
    with pytest.raises(DiskFullError) as caught:
        home.check_room()
    assert caught.value.fields["free_mb"] == 150
    assert caught.value.fields["needed_mb"] == 200


def test_erasing_leaves_an_empty_folder_and_follows_no_link(home, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (home.path / "link").symlink_to(tmp_path / "precious")
    (home.path / "loose").touch()
    home.erase()
    assert list(home.path.iterdir()) == []
    assert (tmp_path / "precious" / "file").exists()


def test_a_folder_without_the_marker_is_never_erased(tmp_path):
    (tmp_path / "thesis").touch()
    with pytest.raises(NotAHomeError):
        Home(tmp_path).erase()
    assert (tmp_path / "thesis").exists()


def test_the_demo_is_remembered(home):
    assert not home.holds_demo()
    home.mark_demo()
    assert home.holds_demo()


def test_a_write_that_fails_leaves_the_old_text_and_no_draft(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_private(path, "old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
