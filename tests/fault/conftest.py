"""A supervised instance in a folder of its own, and nothing of it left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jutong.runtime import state
from jutong.runtime.home import Home
from jutong.runtime.postgres import Postgres

SECONDS = 60.0


def wait_for(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Instance:
    """One home with the supervisors that were started on it."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.port = free_port()
        self.started: list[subprocess.Popen[str]] = []

    def up(self, *habits: str, role: str = "all", **more: str) -> subprocess.Popen[str]:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("JUTONG_")}
        environment |= {"JUTONG_HOME": str(self.home.path), "JUTONG_PORT": str(self.port), "JUTONG_ROLE": role}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.instance", *habits],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env={**environment, **more},
            cwd=Path(__file__).parents[2], start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def ready(self, *habits: str, **more: str) -> subprocess.Popen[str]:
        process = self.up(*habits, **more)
        said = self.said(process)
        assert said == "ready", said
        return process

    def said(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def end(self, process: subprocess.Popen[str]) -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=SECONDS)

    def process(self, name: str) -> state.ProcessState:
        known = state.read(self.home)
        assert known is not None
        return next(row for row in known.processes if row.name == name)

    def pid(self, name: str) -> int:
        found = self.process(name).pid
        assert found is not None
        return found


@pytest.fixture
def instance() -> Iterator[Instance]:
    room = Path(tempfile.mkdtemp(prefix="jutong-ft-", dir="/tmp"))
    found = Instance(room / "home")
    yield found
    for process in found.started:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=SECONDS)
        if process.stdout is not None:
            process.stdout.close()
    Postgres(found.home.path).stop()
    shutil.rmtree(room, ignore_errors=True)
