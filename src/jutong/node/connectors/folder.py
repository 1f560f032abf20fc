"""A folder of files on the node's machine, and what lies below one of its paths."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jutong.contracts.receipts import TableInfo
from jutong.node.connectors.errors import FolderMissingError, SourceUnreachableError
from jutong.node.connectors.limits import LOOK_SECONDS, ROWS_UNKNOWN
from jutong.node.sources import SourceConfig

MOST_FILES = 50_000
"""Files counted in one look; a folder with more has an unknown number."""


@dataclass(frozen=True, slots=True)
class FolderLook:
    """How many files there are, -1 for too many to count, and when the newest was written (ms, 0 for none)."""

    files: int
    newest_ms: int


def probe(source: SourceConfig) -> None:
    """Open the root and leave."""
    if source.store is not None:
        # What is spoken there is loaded when it is needed.
        from jutong.node.files.stores import open_remote  # noqa: PLC0415

        with open_remote(source):
            return
    try:
        with os.scandir(source.file):
            pass
    except OSError as error:
        raise SourceUnreachableError(source=source.name, reason=error.strerror or "unreadable") from error


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """Return the tables that files of the folder are mapped to; without a mapping a folder holds none."""
    probe(source)
    if source.files is None:
        return ()
    # Reading files brings Arrow with it.
    from jutong.node.files.tables import inventory as of_files  # noqa: PLC0415

    return of_files(source)


def inside(source: SourceConfig, path: str) -> Path:
    """Return the real place of a path below the root.

    Raises:
        FolderMissingError: when it does not exist, or a link leads out of the root.
    """
    if source.dialect != "files" or source.path is None:  # what is elsewhere is moved, and not lent
        raise FolderMissingError(source=source.name, path=path)
    try:
        root = source.file.resolve(strict=True)
        found = (root / path).resolve(strict=True)
    except (OSError, ValueError) as error:
        raise FolderMissingError(source=source.name, path=path) from error
    if not found.is_relative_to(root):
        raise FolderMissingError(source=source.name, path=path)
    return found


def look(source: SourceConfig, path: str, seconds: float = LOOK_SECONDS) -> FolderLook:
    """Count the files below a path; links are not followed and hidden files are not counted.

    Raises:
        FolderMissingError: when there is nothing readable at the path.
    """
    place = inside(source, path)
    until = time.monotonic() + seconds
    files, newest = 0, 0.0
    try:
        for entry in _files(place):
            if files >= MOST_FILES or time.monotonic() > until:
                return FolderLook(ROWS_UNKNOWN, int(newest * 1000))
            files += 1
            newest = max(newest, entry)
    except OSError as error:
        raise FolderMissingError(source=source.name, path=path) from error
    return FolderLook(files, int(newest * 1000))


def _files(place: Path) -> Iterator[float]:
    """Yield when each file was last written, in seconds."""
    if place.is_file():
        yield place.stat().st_mtime
        return
    waiting = [place]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    yield entry.stat(follow_symlinks=False).st_mtime
