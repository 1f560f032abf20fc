from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jutong.runtime import postmaster, state
from jutong.runtime.home import Home


@pytest.fixture
def home(tmp_path):
    found = Home(tmp_path / "home")
    found.prepare()
    return found


def test_what_was_written_is_read_back(home):
    row = state.ProcessState("web", 5, 6, 7, 8300, "web.log")
    written = state.State(1, "all", "http://x", state.READY, "now", "embedded", [row])
    written.write(home)
    assert state.read(home) == written
    state.forget(home)
    state.forget(home)
    assert state.read(home) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"processes": [{"nme": 1}]}', '{"processes": [], "x": 1}'])
def test_a_damaged_file_counts_as_none(home, text):
    (home.run / "state.json").write_text(text)
    assert state.read(home) is None


def test_the_lock_tells_whether_a_supervisor_lives(home):
    assert not state.is_supervised(home)
    with home.lock(state.LOCK):
        assert state.is_supervised(home)
    assert not state.is_supervised(home)


def test_a_number_used_again_is_not_ours():
    me = os.getpid()
    assert state.ProcessState("x", me, state.birth(me)).is_ours()
    assert not state.ProcessState("x", me, state.birth(me) + 1).is_ours()
    assert not state.ProcessState("x").is_ours()
    assert state.birth(2**22 + 1) == 0


def test_a_process_that_ended_and_waits_to_be_collected_is_not_alive():
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.read() == b""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not postmaster.is_alive(process.pid)
    process.wait()
    process.stdout.close()


def test_no_data_folder_has_no_users(tmp_path):
    assert postmaster.users_of(tmp_path / "none") == []
    assert postmaster.look(tmp_path / "none") is None


def test_a_process_that_stands_in_a_folder_keeps_its_lock_files(tmp_path):
    data, socket = tmp_path / "data", tmp_path / "socket"
    data.mkdir()
    socket.mkdir()
    locks = (data / "postmaster.pid", socket / ".s.PGSQL.5432.lock")
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=data)
    try:
        for lock in locks:
            lock.write_text(f"{process.pid}\n")
        found = postmaster.look(data)
        assert found is not None
        assert (found.pid, found.ready, found.status) == (process.pid, False, "starting")
        postmaster.forget_stale(data, socket)
        assert all(lock.exists() for lock in locks)
    finally:
        process.communicate(b"\n")
    postmaster.forget_stale(data, socket)
    assert not any(lock.exists() for lock in locks)
