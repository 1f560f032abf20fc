"""Files of a folder elsewhere, copied to this machine before they are read: what was looked at is what is moved."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from jutong.kernel.clock import utc_now
from jutong.library.errors import DiskFullError
from jutong.node.files.arrival import (
    LONGEST_WAIT_SECONDS,
    LOOKED_AT,
    MOST_FILES,
    STEP_SECONDS,
    Arrived,
    arrived,
    members,
    resting_now,
)
from jutong.node.files.errors import FileArrivingError, FileTooLargeError, NoFileError, TooManyFilesError
from jutong.node.files.mapping import FileTable
from jutong.node.files.matching import below, matching
from jutong.node.files.stores import Found, RemoteStore, open_remote
from jutong.node.sources import SourceConfig

SPOOL = "fetched"
"""Folder of a job for what it copied."""

GLIMPSE = 4 << 20
"""Bytes of the beginning of a file of lines that tell its columns."""

LARGEST_GLIMPSE = 64 << 20
"""Bytes of a file that can only be looked at whole."""

Clock = Callable[[], datetime]
Pause = Callable[[float], None]


def found_now(store: RemoteStore, table: FileTable) -> list[Found]:
    """Return the files that hold a table's rows, whether or not they have come to rest.

    Raises:
        TooManyFilesError: when there are more files than are looked at.
        StoreLostError, StoreRefusedError: as the store says.
    """
    every: dict[str, Found] = {}
    for found in store.every(below(table.pattern)):
        if len(every) == LOOKED_AT:
            raise TooManyFilesError(pattern=table.pattern, limit=LOOKED_AT)
        every[found.name] = found
    return [every[name] for name in matching(every, table)]


def at_rest(found: Found, table: FileTable, now: datetime) -> bool:
    """Tell whether a file is complete: by its marker, or because it was left alone; far in the future counts as old."""
    age = now.timestamp() - found.mtime_ns / 10**9
    return bool(table.marker) or not -LONGEST_WAIT_SECONDS < age < table.settle_seconds


def _resting(store: RemoteStore, table: FileTable, clock: Clock, pause: Pause) -> list[Found]:
    waited = 0.0
    while True:
        files = found_now(store, table)
        if table.arrival == "newest":
            files = sorted(files, key=lambda one: (one.mtime_ns, one.name))[-1:]
        restless = next((one for one in files if not at_rest(one, table, clock())), None)
        if restless is None:
            return files
        if waited >= max(LONGEST_WAIT_SECONDS, table.settle_seconds):
            raise FileArrivingError(name=restless.name)
        pause(STEP_SECONDS)
        waited += STEP_SECONDS


@contextmanager
def files_of(
    source: SourceConfig,
    table: FileTable,
    spool: Path | None = None,
    *,
    moved: Mapping[str, str] | None = None,
    clock: Clock = utc_now,
    pause: Pause = time.sleep,
) -> Iterator[list[Arrived]]:
    """Yield the complete files a table stands in, wherever the folder is; what was copied for it goes afterwards.

    Args:
        source: the folder.
        table: its mapping.
        spool: where copies lie; those of an earlier run of the job that are still right are taken. None for a folder
            of its own.
        moved: the content that was moved before, by ``mark_of`` the file: such a file is not copied again.
        clock: the present instant.
        pause: waits.

    Raises:
        JutongError: as ``arrival.arrived``, and as the store says.
    """
    if source.store is None:
        yield arrived(source, table, clock=clock, pause=pause)
        return
    with TemporaryDirectory() as place:
        folder = spool or Path(place)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_remote(source) as store:
            files = _resting(store, table, clock, pause)
            if not files:
                raise NoFileError(source=source.name, pattern=table.pattern)
            if len(files) > MOST_FILES:
                raise TooManyFilesError(pattern=table.pattern, limit=MOST_FILES)
            every = _copied(store, files, folder.resolve(), table, moved or {})
        yield every


def waiting_now(source: SourceConfig, table: FileTable, now: datetime) -> tuple[list[str], bool]:
    """Return the marks of the files that hold a table's rows now, and whether all of them have come to rest.

    Raises:
        JutongError: when the folder cannot be looked at.
    """
    if source.store is None:
        return resting_now(source, table, now)
    with open_remote(source) as store:
        files = found_now(store, table)
    return [mark_of(found) for found in files], all(at_rest(found, table, now) for found in files)


def mark_of(found: Found) -> str:
    """Return what tells one state of a file from another without reading it."""
    return f"{found.name}\n{found.size}\n{found.stamp}"


def _copied(
    store: RemoteStore, files: list[Found], folder: Path, table: FileTable, moved: Mapping[str, str]
) -> list[Arrived]:
    new = [found for found in files if mark_of(found) not in moved]
    wanted = new or files[-1:]  # one of them tells the columns
    kept, every = set[str](), list[Arrived]()
    for found in wanted:
        mark = mark_of(found)
        path = folder / (hashlib.sha256(mark.encode()).hexdigest() + PurePosixPath(found.name).suffix.lower())
        kept.add(path.name)
        if not path.is_file():
            _fetch(store, found, path)
        every += members(path, found.name, folder, mark)
        if len(every) > MOST_FILES:
            raise TooManyFilesError(pattern=table.pattern, limit=MOST_FILES)
    for leftover in folder.iterdir():
        if leftover.name not in kept:
            leftover.unlink()
    return every


def _fetch(store: RemoteStore, found: Found, path: Path) -> None:
    fresh = path.with_name(f"{path.name}.new")
    try:
        store.fetch(found, fresh)
    except OSError as error:
        raise DiskFullError(rows=0) from error
    fresh.replace(path)


@contextmanager
def glimpsed(source: SourceConfig, table: FileTable) -> Iterator[Arrived]:
    """Yield the newest file of a table, complete or not; of lines elsewhere the first of them.

    Raises:
        JutongError: when there is none, or it cannot be read.
    """
    newest = table.model_copy(update={"settle_seconds": 0, "arrival": "newest"})
    if source.store is None:
        yield arrived(source, newest)[-1]
        return
    with TemporaryDirectory() as place, open_remote(source) as store:
        files = sorted(found_now(store, newest), key=lambda one: (one.mtime_ns, one.name))
        if not files:
            raise NoFileError(source=source.name, pattern=table.pattern)
        found, suffix = files[-1], PurePosixPath(files[-1].name).suffix.lower()
        by_lines = table.format in {"csv", "jsonl", "fixed"} and suffix not in {".gz", ".zip"}
        if not by_lines and found.size > LARGEST_GLIMPSE:
            raise FileTooLargeError(name=found.name, limit=f"{LARGEST_GLIMPSE >> 20} MiB")
        path = Path(place).resolve() / f"glimpse{suffix}"
        store.fetch(found, path, GLIMPSE if by_lines and found.size > GLIMPSE else 0)
        if by_lines and found.size > GLIMPSE:
            _end_with_a_line(path)
        if not (every := list(members(path, found.name, path.parent, ""))):
            raise NoFileError(source=source.name, pattern=table.pattern)
        yield every[-1]


def _end_with_a_line(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: content.rfind(b"\n") + 1] or content)
