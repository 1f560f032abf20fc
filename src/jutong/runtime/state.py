"""What runs, written down by the supervisor for everyone else: ``$JUTONG_HOME/run/state.json``.

The file may outlive its writer. The lock tells whether a supervisor lives; a process is only believed to be ours
when its start time agrees, because numbers are used again.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jutong.runtime.home import Home, write_private
from jutong.runtime.postmaster import is_alive

LOCK = "supervisor"
STARTING, READY, STOPPING = "starting", "ready", "stopping"
START_TIME_FIELD = 19
"""Index of a process's start time in ``/proc/PID/stat`` behind the parenthesised name."""


@dataclass
class ProcessState:
    """One process as last seen."""

    name: str
    pid: int | None = None
    born: int = 0
    restarts: int = 0
    port: int | None = None
    log: str = ""

    def is_ours(self) -> bool:
        """Return whether the process with this number is still the one we started."""
        return self.pid is not None and is_alive(self.pid) and birth(self.pid) == self.born


@dataclass
class State:
    """One instance as last seen."""

    pid: int
    role: str
    address: str
    phase: str = STARTING
    since: str = ""
    registry: str = ""
    processes: list[ProcessState] = field(default_factory=list)

    def write(self, home: Home) -> None:
        """Replace the state file."""
        write_private(home.run / "state.json", json.dumps(asdict(self), ensure_ascii=False, indent=1))


def read(home: Home) -> State | None:
    """Return what the last supervisor wrote, or None where there is nothing readable."""
    try:
        found: dict[str, Any] = json.loads((home.run / "state.json").read_text(encoding="utf-8"))
        processes = [ProcessState(**row) for row in found.pop("processes")]
        return State(**found, processes=processes)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def forget(home: Home) -> None:
    """Remove the state file."""
    (home.run / "state.json").unlink(missing_ok=True)


def is_supervised(home: Home) -> bool:
    """Return whether a supervisor lives: it holds the lock for as long as it does."""
    try:
        descriptor = os.open(home.run / f"{LOCK}.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def birth(pid: int) -> int:
    """Return the start time of a process in clock ticks since the machine's, 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        return int(text.rpartition(")")[2].split()[START_TIME_FIELD])
    except (OSError, ValueError, IndexError):
        return 0
