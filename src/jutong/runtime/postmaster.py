"""What the files and processes of a PostgreSQL data folder say about a running server.

``postmaster.pid`` outlives a killed server and its number may meanwhile belong to another program, so nothing is
believed before the process itself has been looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PID_LINE, STATUS_LINE = 0, 7
EXITED = ("Z", "X")


@dataclass(frozen=True)
class Postmaster:
    """A running server: its process id and what it says it is doing (starting, ready, stopping ...)."""

    pid: int
    status: str

    @property
    def ready(self) -> bool:
        """Whether it takes connections."""
        return self.status == "ready"

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self.status == "stopping"


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and waits to be collected does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rpartition(")")[2].split()[0] not in EXITED


def users_of(data: Path) -> list[int]:
    """Return the processes that work inside a data folder: a postmaster and its children stand in it."""
    try:
        wanted = data.stat()
    except FileNotFoundError:
        return []
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            there = (entry / "cwd").stat()
        except OSError:
            continue
        if (there.st_dev, there.st_ino) == (wanted.st_dev, wanted.st_ino) and is_alive(int(entry.name)):
            found.append(int(entry.name))
    return sorted(found)


def look(data: Path) -> Postmaster | None:
    """Return the server that runs on a data folder, or None."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        pid = int(lines[PID_LINE])
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None
    if not is_alive(pid) or pid not in users_of(data):
        return None
    return Postmaster(pid, lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else "starting")


def forget_stale(data: Path, socket: Path) -> None:
    """Remove the lock files of a server that is gone, in its data and its socket folder.

    Left to itself PostgreSQL would not start while the number in them belongs to any process of its user, even to
    one that ended and waits to be collected. Only done when no process stands in the folder: PostgreSQL's own
    safety net reads these files, and a backend that outlived its postmaster must still be found.
    """
    if not users_of(data):
        for lock in (data / "postmaster.pid", *socket.glob(".s.PGSQL.*")):
            lock.unlink(missing_ok=True)
