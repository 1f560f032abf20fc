"""Starting, asking after, ending and erasing an instance from another process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jutong.kernel.settings import Settings
from jutong.runtime import logs, state
from jutong.runtime.child import answers
from jutong.runtime.errors import DetachedStartError, NotAHomeError, StopTimeoutError
from jutong.runtime.home import MARKER, Home
from jutong.runtime.postgres import Postgres
from jutong.runtime.services import local_host

STOP_SECONDS = 120.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessReport:
    """One process as it is now."""

    name: str
    pid: int | None
    alive: bool
    healthy: bool
    port: int | None
    restarts: int
    log: str


@dataclass(frozen=True)
class Report:
    """One instance as it is now."""

    running: bool
    phase: str
    home: str
    logs: str
    pid: int | None = None
    role: str = ""
    address: str = ""
    since: str = ""
    registry: str = ""
    processes: list[ProcessReport] = field(default_factory=list)


def report(settings: Settings) -> Report:
    """Look at an instance: what the supervisor wrote, checked against the processes themselves."""
    home = Home(settings.home)
    known = state.read(home)
    if not state.is_supervised(home):
        return Report(running=False, phase="stopped", home=str(home.path), logs=str(home.logs))
    if known is None:
        return Report(running=True, phase=state.STARTING, home=str(home.path), logs=str(home.logs))
    return Report(
        running=True, phase=known.phase, home=str(home.path), logs=str(home.logs), pid=known.pid, role=known.role,
        address=known.address, since=known.since, registry=known.registry,
        processes=[_process(row, settings) for row in known.processes],
    )  # fmt: skip


def _process(row: state.ProcessState, settings: Settings) -> ProcessReport:
    alive = row.is_ours()
    healthy = alive and (row.port is None or answers(local_host(settings.host), row.port))
    return ProcessReport(row.name, row.pid, alive, healthy, row.port, row.restarts, row.log)


def start_detached(home: Home, command: list[str], environment: Mapping[str, str]) -> None:
    """Start a supervisor in the background and return when the instance is ready.

    Raises:
        DetachedStartError: when it ended instead, with what it said.
    """
    home.prepare()
    output = home.logs / "up.log"
    # Not subprocess: its object wants to be waited for, and this process is meant to outlive us.
    pid = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    try:
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            known = state.read(home)
            if known is not None and known.pid == pid and known.phase == state.READY:
                return
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        raise
    raise DetachedStartError(said=logs.tail(output, 3), log=output)


def end(home: Home) -> bool:
    """Ask a running instance to end and wait until it has; return whether there was one.

    Raises:
        StopTimeoutError: when it is still there after two minutes.
    """
    if not state.is_supervised(home):
        return False
    deadline = time.monotonic() + STOP_SECONDS
    asked = False
    while state.is_supervised(home):
        known = state.read(home)
        if known is not None and not asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(known.pid, signal.SIGTERM)
            asked = True
        if time.monotonic() > deadline:
            log = home.logs / "supervisor.log"
            raise StopTimeoutError(pid=known.pid if known else "?", seconds=int(STOP_SECONDS), log=log)
        time.sleep(POLL_SECONDS)
    return True


def erase(home: Home) -> None:
    """End an instance and delete its folder's content.

    Raises:
        NotAHomeError: for a folder that is not an instance's.
    """
    if not home.is_ours():
        raise NotAHomeError(path=home.path, marker=MARKER)
    end(home)
    server = Postgres(home.path)
    server.stop()
    outside = home.run / "socket-folder"
    if outside.exists():
        shutil.rmtree(Path(outside.read_text(encoding="utf-8")), ignore_errors=True)
    home.erase()
