"""One supervised process: start it, notice its end, start it again after a growing pause, end it for good."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from jutong.kernel.settings import Settings
from jutong.runtime import state
from jutong.runtime.account import NO_CAPABILITY, Account, as_account
from jutong.runtime.logs import tail
from jutong.runtime.services import Service, local_host

HEALTH_PATH = "/healthz"
HEALTH_SECONDS = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS = 60.0
"""A process that lived this long starts again without the pauses its earlier falls had earned."""
KILLED_SECONDS = 10.0
"""How long the kernel may take to carry out a kill."""
POLL_SECONDS = 0.02


class Child:
    """A service of the table, running or waiting to run again."""

    def __init__(self, service: Service, settings: Settings, log: Path, environment: Mapping[str, str]) -> None:
        self.service = service
        self.settings = settings
        self.log = log
        self.environment = dict(environment)
        self.restarts = 0
        self.due = 0.0
        self._falls = 0
        self._started = 0.0
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._born = 0

    @property
    def port(self) -> int | None:
        """The port it listens on."""
        return self.service.port(self.settings) if self.service.port else None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs; also the id of its process group."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process in a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone."""
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                as_account(Account(), NO_CAPABILITY, signal.SIGTERM, self.service.command(self.settings)),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment, cwd="/", start_new_session=True,
            )  # fmt: skip
        self.log.chmod(0o600)
        self._started = time.monotonic()
        self._born = state.birth(self._process.pid)

    def fell(self) -> int | None:
        """Return the exit code of a process that ended by itself, once, and set when it is due again."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        end_group(self._process.pid)
        self._process = None
        self._falls = 1 if time.monotonic() - self._started > STEADY_SECONDS else self._falls + 1
        self.due = time.monotonic() + min(FIRST_PAUSE * 2 ** (self._falls - 1), LONGEST_PAUSE)
        return code

    def revive(self) -> bool:
        """Start a fallen process whose pause is over; return whether it was."""
        if self._process is not None or time.monotonic() < self.due:
            return False
        self.start()
        self.restarts += 1
        return True

    def is_healthy(self) -> bool:
        """Return whether it runs and, where it listens, answers 200 on its health address."""
        if self._process is None or self._process.poll() is not None:
            return False
        return self.port is None or answers(local_host(self.settings.host), self.port)

    def last_words(self) -> str:
        """Return the last line the process wrote since it was started, fit to stand inside a sentence."""
        return tail(self.log, 1, start=self._log_start).rstrip("。.")

    def stop(self, grace: float) -> None:
        """Ask the process to end, wait ``grace`` seconds, and end what is left of its group."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=grace)
        end_group(self._process.pid)
        self._process.wait()
        self._process = None

    def seen(self) -> state.ProcessState:
        """Return its row of the state file."""
        return state.ProcessState(
            self.service.name, self.pid, self._born if self.pid else 0, self.restarts, self.port, str(self.log)
        )


def answers(host: str, port: int) -> bool:
    """Return whether ``GET /healthz`` is answered with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=HEALTH_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH, headers={"Connection": "close"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def end_group(leader: int) -> None:
    """Kill whatever is left of a process group, and wait until it is gone."""
    deadline = time.monotonic() + KILLED_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
        if not any_alive(leader):
            return
        time.sleep(POLL_SECONDS)


def any_alive(group: int) -> bool:
    """Return whether a living process belongs to a process group; ended ones waiting for their parent do not."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in {"Z", "X"}:
            return True
    return False
