"""The launcher in our own process, with a recording kernel; the real one is met in tests/integration."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess

import pytest

from jutong.runtime import launch
from jutong.runtime.account import CAP_DAC_READ_SEARCH, NO_CAPABILITY, Account, as_account


class Kernel:
    def __init__(self, failing=None):
        self.calls: list[tuple[object, ...]] = []
        self.failing = failing

    def prctl(self, option, *arguments):
        self.calls.append((option, *arguments))
        if option == self.failing:
            ctypes.set_errno(errno.EPERM)
            return -1
        return 0

    def capset(self, header, sets):
        self.calls.append(("capset", sets[0].effective, sets[0].permitted, sets[0].inheritable))
        return 0


@pytest.fixture
def kernel(monkeypatch):
    found = Kernel()
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: found)
    for name in ("setgroups", "setresgid", "setresuid", "umask"):
        monkeypatch.setattr(os, name, lambda *given, name=name: found.calls.append((name, *given)))

    def execute(program, arguments):
        found.calls.append(("exec", program, arguments))
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(os, "execv", execute)
    return found


def arguments(parent=None, uid=-1, capability=-1):
    return [str(parent or os.getppid()), str(int(signal.SIGTERM)), str(uid), str(uid), str(capability), "/bin/x", "y"]


def test_without_a_user_only_the_bond_to_the_parent_is_asked_for(kernel, capsys):
    assert launch.main(arguments()) == launch.NOT_FOUND
    assert kernel.calls == [
        (launch.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (launch.PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0),
        ("umask", 0o077),
        ("exec", "/bin/x", ["/bin/x", "y"]),
    ]
    assert "/bin/x" in capsys.readouterr().err


def test_with_a_user_the_groups_go_first_and_the_bond_comes_after(kernel):
    launch.main(arguments(uid=65534))
    names = [call[0] for call in kernel.calls]
    assert names[:3] == ["setgroups", "setresgid", "setresuid"]
    assert names.index(launch.PR_SET_PDEATHSIG) > names.index("setresuid")


def test_one_capability_and_no_other_is_kept(kernel):
    launch.main(arguments(uid=65534, capability=CAP_DAC_READ_SEARCH))
    bit = 1 << CAP_DAC_READ_SEARCH
    assert ("capset", bit, bit, bit) in kernel.calls
    assert (launch.PR_CAP_AMBIENT, launch.PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0) in kernel.calls
    assert kernel.calls[0] == (launch.PR_SET_SECUREBITS, launch.SECBIT_NO_SETUID_FIXUP, 0, 0, 0)


@pytest.mark.parametrize("failing", [launch.PR_SET_NO_NEW_PRIVS, launch.PR_SET_PDEATHSIG, launch.PR_SET_SECUREBITS])
def test_a_condition_that_cannot_be_met_starts_nothing(kernel, capsys, failing):
    kernel.failing = failing
    assert launch.main(arguments(uid=65534, capability=CAP_DAC_READ_SEARCH)) == launch.REFUSED
    assert not [call for call in kernel.calls if call[0] == "exec"]
    assert "launch:" in capsys.readouterr().err


def test_a_parent_that_is_gone_starts_nothing(kernel, capsys):
    assert launch.main(arguments(parent=999999)) == launch.REFUSED
    assert "parent ended" in capsys.readouterr().err


def test_the_program_takes_the_launchers_place():
    done = subprocess.run(
        as_account(Account(), NO_CAPABILITY, signal.SIGTERM, ["/bin/sh", "-c", "umask; exit 7"]),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (7, "0077")
