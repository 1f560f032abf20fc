"""The data folder of one instance: its layout, its marker, and who may enter."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jutong.runtime.errors import DiskFullError, HomeError, NotAHomeError

MARKER = "JUTONG_HOME"
DEMO_MARKER = "JUTONG_DEMO"
FOLDERS = ("keys", "logs", "run", "evidence", "records", "library", "node", "uploads", "index")
PRIVATE = 0o700
PASSABLE = 0o711
MINIMUM_FREE = 200 * 1024 * 1024
"""Bytes that must be free before anything is started."""


@dataclass(frozen=True)
class Home:
    """Paths of one instance. Nothing is created before ``prepare``."""

    path: Path

    @property
    def marker(self) -> Path:
        """The file that says: this folder is ours."""
        return self.path / MARKER

    @property
    def logs(self) -> Path:
        """Folder of the log files."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Folder of what is true only while the instance runs."""
        return self.path / "run"

    @property
    def keys(self) -> Path:
        """Folder of private keys and passwords."""
        return self.path / "keys"

    @property
    def dsn_file(self) -> Path:
        """Where the address of the embedded registry is kept for the platform's own processes."""
        return self.run / "registry.dsn"

    def is_ours(self) -> bool:
        """Return whether the marker is there."""
        return self.marker.is_file()

    def holds_demo(self) -> bool:
        """Return whether the invented city was loaded here; its pages are marked at every later start too."""
        return (self.path / DEMO_MARKER).is_file()

    def mark_demo(self) -> None:
        """Note that the invented city is loaded here."""
        (self.path / DEMO_MARKER).touch(mode=0o600)

    def prepare(self) -> None:
        """Create the folders, or check that they are ours.

        Raises:
            NotAHomeError: for a folder with other content.
            HomeError: for a folder that cannot be created or written.
        """
        try:
            if self.path.exists() and not self.is_ours() and any(self.path.iterdir()):
                raise NotAHomeError(path=self.path, marker=MARKER)
            # Root's server user has to pass through to the registry; everything beside it is closed.
            self.path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            self.path.chmod(PASSABLE if os.geteuid() == 0 else PRIVATE)
            for name in FOLDERS:
                folder = self.path / name
                folder.mkdir(mode=PRIVATE, exist_ok=True)
                folder.chmod(PRIVATE)
            self.marker.touch(mode=0o600)
        except OSError as error:
            raise HomeError(path=self.path, reason=error.strerror or str(error)) from error

    def check_room(self, needed: int = MINIMUM_FREE) -> None:
        """Refuse to go on with too little disk.

        Raises:
            DiskFullError: when fewer than ``needed`` bytes are free.
        """
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise DiskFullError(path=self.path, free_mb=free >> 20, needed_mb=needed >> 20)

    def secret(self, name: str) -> str:
        """Return the random password kept under ``name``, made at the first call."""
        path = self.keys / name
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            write_private(path, secrets.token_urlsafe(32))
            return path.read_text(encoding="ascii").strip()

    @contextmanager
    def lock(self, name: str, *, wait: bool = True) -> Iterator[None]:
        """Hold a lock that ends with the process, however it ends.

        Raises:
            BlockingIOError: when another process holds it and ``wait`` is off.
        """
        descriptor = os.open(self.run / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(descriptor)

    def erase(self) -> None:
        """Delete everything in the folder, the marker last, so that an interrupted erasure can be repeated.

        Raises:
            NotAHomeError: for a folder without our marker.
        """
        if not self.is_ours():
            raise NotAHomeError(path=self.path, marker=MARKER)
        for entry in self.path.iterdir():
            if entry == self.marker:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        self.marker.unlink()


def write_private(path: Path, text: str) -> None:
    """Put ``text`` into a file only we can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
