"""Rounds of the supervisor in which something could not be done, without real processes."""

from __future__ import annotations

import json

import pytest

from jutong.kernel.clock import utc_now
from jutong.kernel.settings import Settings
from jutong.runtime import logs, state, supervisor
from jutong.runtime.errors import PostgresStartError
from jutong.runtime.home import Home


class Registry:
    """A registry that fell and comes back when it is told to the third time."""

    def __init__(self) -> None:
        self.tries = 0

    def exit_code(self):
        return 1 if self.tries < 3 else None

    def start(self):
        self.tries += 1
        if self.tries < 3:
            raise PostgresStartError(reason="x", log="y")

    def pid(self):
        return None


@pytest.fixture
def watched(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    home.prepare()
    found = supervisor.Supervisor(Settings(home=home.path), clock=utc_now, say=lambda _: None, table=())
    monkeypatch.setattr(supervisor, "WATCH_SECONDS", 0.001)
    monkeypatch.setattr(supervisor, "TROUBLE_SECONDS", 0.001)
    logger = logs.supervisor_log(home.logs / "supervisor.log", "info")
    found._log = logger
    yield found
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def said(found) -> list[str]:
    lines = (found.home.logs / "supervisor.log").read_text(encoding="ascii").splitlines()
    return [json.loads(line)["message"].split()[0] for line in lines]


def test_a_registry_that_will_not_start_is_tried_until_it_does(watched):
    watched.server = server = Registry()
    for _ in range(4):
        watched._look_after_everything()
    assert server.tries == 3
    assert said(watched).count("registry.restart-failed") == 2
    assert said(watched)[-1] == "registry.restarted"
    assert state.read(watched.home) is not None


def test_a_state_that_cannot_be_written_is_written_when_it_can(watched, monkeypatch):
    attempts = []
    write = state.State.write

    def full(self, home):
        attempts.append(home)
        if len(attempts) == 1:
            raise OSError(28, "No space left on device")
        write(self, home)
        watched.end()

    monkeypatch.setattr(state.State, "write", full)
    watched._changed = True
    watched._watch()
    assert len(attempts) == 2
    assert said(watched) == ["supervisor.round-failed"]
    assert watched._changed is False


def test_the_logs_are_cut_now_and_then(watched, monkeypatch):
    monkeypatch.setattr(supervisor, "ROTATE_EVERY", 2)
    cut = []

    def rotate(path):
        cut.append(path.name)
        watched.end()

    monkeypatch.setattr(logs, "rotate", rotate)
    watched._watch()
    assert cut == ["supervisor.log"]
