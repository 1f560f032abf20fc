from __future__ import annotations

import os
import pwd
import signal
from pathlib import Path

import pytest

from jutong.runtime import account
from jutong.runtime.account import NO_CAPABILITY, Account
from jutong.runtime.errors import ServerUserError

OURSELVES = Account()
STRANGER = Account(uid=54321, gid=54321, name="stranger")


def test_an_ordinary_user_runs_the_server_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account.server_account(tmp_path) == OURSELVES
    assert not OURSELVES.other


def test_root_takes_the_first_known_unprivileged_user(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = account.server_account(tmp_path / "not-there")
    assert found.other
    assert found.name in account.PREFERRED


def test_existing_data_keeps_its_user(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "stat", lambda _: os.stat_result((0o40700, 0, 0, 0, 65534, 65534, 0, 0, 0, 0)))
    monkeypatch.setattr(Path, "exists", lambda _: True)
    assert account.server_account(tmp_path).uid == 65534


def test_data_of_a_user_the_system_does_not_know_is_a_named_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "stat", lambda _: os.stat_result((0o40700, 0, 0, 0, 54321, 54321, 0, 0, 0, 0)))
    monkeypatch.setattr(Path, "exists", lambda _: True)
    with pytest.raises(ServerUserError, match="54321"):
        account.server_account(tmp_path)


@pytest.mark.parametrize("uid", [None, 0])
def test_no_unprivileged_user_is_a_named_error(tmp_path, monkeypatch, uid):
    def lookup(name):
        if uid is None:
            raise KeyError(name)
        return pwd.struct_passwd((name, "x", uid, uid, "", "/", "/bin/false"))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", lookup)
    with pytest.raises(ServerUserError, match="jutong、nobody"):
        account.server_account(tmp_path / "new")


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "enters"),
    [
        (0o700, 54321, 1, True),
        (0o077, 54321, 54321, False),
        (0o710, 1, 54321, True),
        (0o701, 1, 54321, False),
        (0o701, 1, 1, True),
        (0o710, 1, 1, False),
    ],
)
def test_the_right_of_owner_group_or_others_decides(mode, uid, gid, enters):
    found = os.stat_result((mode, 0, 0, 0, uid, gid, 0, 0, 0, 0))
    assert account._may_enter(STRANGER, found) is enters


def test_every_folder_above_counts(tmp_path):
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o700)
    assert not account.can_enter(STRANGER, inner)
    assert account.can_enter(OURSELVES, inner)
    assert account.can_enter(STRANGER, Path("/usr"))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({account.CAP_DAC_READ_SEARCH, account.CAP_DAC_OVERRIDE, account.CAP_SETPCAP}, account.CAP_DAC_READ_SEARCH),
        ({account.CAP_DAC_OVERRIDE, account.CAP_SETPCAP}, account.CAP_DAC_OVERRIDE),
    ],
)
def test_the_narrowest_capability_we_hold_is_handed_on(tmp_path, monkeypatch, held, expected):
    monkeypatch.setattr(account, "permitted", lambda: sum(1 << number for number in held))
    tmp_path.chmod(0o700)
    assert account.capability_for(STRANGER, [tmp_path]) == expected


def test_an_open_folder_needs_none():
    assert account.capability_for(STRANGER, [Path("/usr")]) == NO_CAPABILITY


@pytest.mark.parametrize("held", [0, 1 << account.CAP_DAC_OVERRIDE])
def test_nothing_to_hand_on_is_a_named_error(tmp_path, monkeypatch, held):
    monkeypatch.setattr(account, "permitted", lambda: held)
    tmp_path.chmod(0o700)
    with pytest.raises(ServerUserError, match="cannot enter"):
        account.capability_for(STRANGER, [tmp_path])


@pytest.mark.parametrize(("text", "expected"), [("CapPrm:\t00000006\n", 6), ("Name: x\n", 0), ("CapPrm:\tx\n", 0)])
def test_what_the_kernel_says_we_may_hand_on(monkeypatch, text, expected):
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)
    assert account.permitted() == expected


def test_a_link_is_never_ours(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert OURSELVES.owns(tmp_path / "file")
    assert not OURSELVES.owns(tmp_path / "link")
    assert not STRANGER.owns(tmp_path / "file")


def test_the_command_line_carries_the_conditions():
    command = account.as_account(STRANGER, NO_CAPABILITY, signal.SIGINT, ["/bin/true", "x"])
    assert command[1:3] == ["-I", "-S"]
    assert command[4:] == [str(os.getpid()), "2", "54321", "54321", "-1", "/bin/true", "x"]
