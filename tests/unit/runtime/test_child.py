from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from jutong.kernel.settings import Settings
from jutong.runtime import child as child_module
from jutong.runtime.child import Child, answers, any_alive, end_group
from jutong.runtime.services import Service


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def make(tmp_path, code, port=None):
    service = Service("x", "x", frozenset({"all"}), lambda _: [sys.executable, "-c", code], port)
    return Child(service, Settings(), tmp_path / "x.log", dict(os.environ))


@pytest.fixture
def started(tmp_path):
    made = []

    def start(code, port=None):
        child = make(tmp_path, code, port)
        made.append(child)
        child.start()
        return child

    yield start
    for child in made:
        child.stop(grace=5)


def fall(child):
    codes = iter(child.fell, object())
    return next(code for code in _until_deadline(codes) if code is not None)


def _until_deadline(codes, seconds=30.0):
    deadline = time.monotonic() + seconds
    for code in codes:
        yield code
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_fall_is_told_once_with_its_last_words(started):
    child = started("import sys; sys.exit('gone')")
    assert fall(child) == 1
    assert child.fell() is None
    assert child.last_words() == "gone"
    assert child.pid is None
    assert not child.is_healthy()


def test_the_pause_grows_with_every_fall_and_shrinks_after_a_steady_life(started, monkeypatch):
    child = started("")
    pauses = []
    for _ in range(3):
        fall(child)
        pauses.append(child.due - time.monotonic())
        assert not child.revive()
        child.due = 0
        assert child.revive()
    assert pauses[0] < 0.5 <= pauses[1] + 0.5
    assert pauses[0] < pauses[1] < pauses[2]
    assert child.restarts == 3
    monkeypatch.setattr(child_module, "STEADY_SECONDS", -1.0)
    fall(child)
    assert child.due - time.monotonic() <= child_module.FIRST_PAUSE


def test_the_pause_has_an_end(started):
    child = started("")
    child._falls = 50
    fall(child)
    assert child.due - time.monotonic() <= child_module.LONGEST_PAUSE


def test_a_process_without_a_port_is_healthy_while_it_runs(started):
    child = started("import signal; signal.pause()")
    assert child.is_healthy()
    assert not child.revive()
    assert child.seen().pid == child.pid
    assert child.seen().is_ours()
    child.stop(grace=5)
    assert child.seen().pid is None
    child.stop(grace=5)


def test_a_process_with_a_port_is_healthy_when_it_answers(started, monkeypatch):
    child = started("import signal; signal.pause()", lambda _: 1)
    assert child.port == 1
    assert not child.is_healthy()


def test_what_ignores_the_request_to_end_is_ended(started, tmp_path):
    flag = tmp_path / "deaf"
    child = started(
        f"import signal, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(flag)!r}).touch(); signal.pause()"
    )
    wait_for(flag.exists)
    pid = child.pid
    child.stop(grace=0.1)
    assert pid is not None
    assert not any_alive(pid)


def test_nothing_answers_on_a_closed_port():
    assert not answers("127.0.0.1", 1)


def test_ending_a_group_that_is_gone_does_nothing(monkeypatch):
    def gone(pid, number):
        assert number == signal.SIGKILL
        raise ProcessLookupError

    monkeypatch.setattr(os, "killpg", gone)
    end_group(2**22 - 1)
