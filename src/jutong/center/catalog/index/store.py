"""Where the index lies and which folder is the one in force.

``$JUTONG_HOME/index/`` holds one folder for each time it was made; ``current.json`` names the one in force and is
replaced whole. Only the holder of ``writer.lock``, a lock that ends with its process, writes.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import tantivy
from django.conf import settings

from jutong.center.catalog.index import schema
from jutong.center.catalog.models import EntryChange
from jutong.runtime.home import write_private

CURRENT = "current.json"
STATUS = "status.json"
LOCK = "writer.lock"
BROKEN = "broken"
_PREFIX = "made-"
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Status:
    """What the writer last knew. Times are ISO 8601; ``drift`` is of the last reconciliation."""

    entries: int = 0
    cursor: int = 0
    followed_at: str = ""
    built_at: str = ""
    build_seconds: float = 0.0
    reconciled_at: str = ""
    drift: int = 0
    problem: str = ""
    failed_at: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of an instance's index. Nothing is created before something is written."""

    path: Path
    _guard: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def current(self) -> Path | None:
        """Return the folder in force, None if there is none this program can read."""
        try:
            written: Any = json.loads((self.path / CURRENT).read_text("utf-8"))
            folder, edition = str(written["folder"]), written["edition"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        found = self.path / folder
        usable = edition == schema.edition() and folder.startswith(_PREFIX) and "/" not in folder
        return found if usable and found.is_dir() and not (found / BROKEN).exists() else None

    def stamp(self) -> tuple[int, int]:
        """Return what changes whenever another folder is in force; zeros while none ever was."""
        try:
            found = (self.path / CURRENT).stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino

    def new_folder(self, now: datetime) -> Path:
        """Create an empty folder to make an index in."""
        self.path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        base = f"{_PREFIX}{now:%Y%m%d%H%M%S}"
        for count in range(1000):
            folder = self.path / f"{base}-{count:03}"
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=_PRIVATE)
                return folder
        raise AssertionError("a thousand indexes in one second")

    def put_in_force(self, folder: Path, now: datetime) -> None:
        """Let everyone read a folder from now on, and drop the others; who still reads one of them may go on."""
        text = json.dumps({"folder": folder.name, "edition": schema.edition(), "made_at": now.isoformat()})
        write_private(self.path / CURRENT, text)
        self.clean(folder)

    def clean(self, keep: Path | None) -> None:
        """Drop every index but one, left over by a swap or by a process that was killed while it made one."""
        for found in self.path.glob(f"{_PREFIX}*"):
            if found != keep:
                shutil.rmtree(found, ignore_errors=True)

    def condemn(self, folder: Path) -> None:
        """Mark a folder as unreadable, so that nobody reads it and the writer makes another."""
        with contextlib.suppress(OSError):
            (folder / BROKEN).touch(mode=0o600)

    def status(self) -> Status:
        """Return what the writer last said of itself."""
        try:
            written = json.loads((self.path / STATUS).read_text("utf-8"))
            return Status(**written)
        except (OSError, ValueError, TypeError):
            return Status()

    def tell(self, **changes: Any) -> Status:
        """Write down what the writer knows now; a full disk keeps only this from being written."""
        said = replace(self.status(), **changes)
        with contextlib.suppress(OSError):
            self.path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            write_private(self.path / STATUS, json.dumps(asdict(said)))
        return said

    @contextmanager
    def writing(self, *, wait: bool) -> Iterator[bool]:
        """Be the only writer, in this process and among all; yields whether one is.

        Args:
            wait: whether to wait for another writer to end; else it is left to do the work.
        """
        if not self._guard.acquire(blocking=wait):
            yield False
            return
        try:
            self.path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            descriptor = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                yield _locked(descriptor, wait=wait)
            finally:
                os.close(descriptor)
        finally:
            self._guard.release()


def _locked(descriptor: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_STORES: dict[Path, Store] = {}


def store() -> Store:
    """Return the index of this instance."""
    path = settings.JUTONG.path("index")
    return _STORES.setdefault(path, Store(path))


def opened(folder: Path) -> tantivy.Index:
    """Open the index in a folder.

    Raises:
        ValueError: if it cannot be read.
    """
    return schema.register(tantivy.Index.open(str(folder)))


def created(folder: Path | None = None) -> tantivy.Index:
    """Make an empty index in a folder, or in memory."""
    return schema.register(tantivy.Index(schema.schema(), str(folder)) if folder else tantivy.Index(schema.schema()))


def cursor_of(searcher: tantivy.Searcher) -> int:
    """Return how far the change feed went into what a searcher sees.

    Raises:
        ValueError: if the index does not say.
    """
    note = tantivy.Query.term_query(schema.schema(), "id", schema.CURSOR_ID)
    hits = searcher.search(note, limit=1, count=False).hits
    if not hits:
        raise ValueError("no cursor in the index")
    address: tantivy.DocAddress = hits[0][1]
    return int(searcher.doc(address).get_first("cursor") or 0)


def is_of_this_registry(cursor: int) -> bool:
    """Tell whether the feed has the line a cursor names; else the registry was restored or exchanged."""
    return cursor == 0 or EntryChange.objects.filter(sequence=cursor).exists()


def entries_in(searcher: tantivy.Searcher) -> int:
    """Return how many entries a searcher sees; the cursor's note is none."""
    return max(0, int(searcher.num_docs) - 1)
