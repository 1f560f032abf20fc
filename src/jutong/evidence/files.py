"""Files that are either there whole or not there: write aside, make durable, rename, make the folder durable."""

from __future__ import annotations

import contextlib
import os
from itertools import count
from pathlib import Path

_NUMBERS = count()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder and its ancestors, durable."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    sync_folder(folder.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a full disk may take only some of them at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_atomic(path: Path, data: bytes, *, aside: Path, durable: bool) -> None:
    """Replace ``path`` by ``data`` so that a reader sees the old content or the new, never a part.

    Args:
        path: the file; its folder exists.
        data: the content.
        aside: a folder on the same file system for the unfinished file.
        durable: whether content and name must survive a power cut on return.

    Raises:
        OSError: whatever the disk said; the unfinished file is removed as far as possible.
    """
    unfinished = aside / f"{os.getpid()}-{next(_NUMBERS)}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        try:
            write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def overwrite(path: Path) -> None:
    """Write zeroes over a file and make them durable, before it is removed for the sake of erasure."""
    with path.open("r+b") as stream:
        left = os.fstat(stream.fileno()).st_size
        while left > 0:
            left -= stream.write(bytes(min(left, 1 << 20)))
        stream.flush()
        os.fsync(stream.fileno())


def shred(path: Path) -> None:
    """Overwrite a file and remove it."""
    overwrite(path)
    path.unlink()
