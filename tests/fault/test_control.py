"""An instance seen, ended and erased from another process."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from jutong.kernel.settings import Settings
from jutong.runtime import control, state
from jutong.runtime.errors import StopTimeoutError
from jutong.runtime.postmaster import is_alive
from tests.fault.conftest import wait_for

pytestmark = pytest.mark.fault


def settings(instance) -> Settings:
    return Settings(home=instance.home.path, port=instance.port)


def start(instance) -> None:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("JUTONG_")}
    environment |= {"JUTONG_HOME": str(instance.home.path), "JUTONG_PORT": str(instance.port)}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2])}
    control.start_detached(instance.home, [sys.executable, "-m", "tests.fault.instance"], environment)


def test_detached_it_is_ready_is_seen_and_is_ended(instance):
    start(instance)
    found = control.report(settings(instance))
    assert (found.running, found.phase, found.registry) == (True, "ready", "embedded")
    assert {row.name: row.healthy for row in found.processes} == {"registry": True, "web": True, "worker": True}
    assert control.end(instance.home)
    assert not control.end(instance.home)
    assert not control.report(settings(instance)).running


def test_erasing_ends_what_runs_first(instance):
    start(instance)
    pid = instance.pid("registry")
    control.erase(instance.home)
    assert list(instance.home.path.iterdir()) == []
    assert not is_alive(pid)


def test_one_that_does_not_end_is_named(instance, monkeypatch):
    start(instance)
    known = state.read(instance.home)
    assert known is not None
    os.kill(known.pid, signal.SIGSTOP)
    monkeypatch.setattr(control, "STOP_SECONDS", 0.2)
    with pytest.raises(StopTimeoutError) as caught:
        control.end(instance.home)
    assert caught.value.fields["pid"] == known.pid
    os.kill(known.pid, signal.SIGCONT)
    wait_for(lambda: not state.is_supervised(instance.home), "it ends once it may run again")
