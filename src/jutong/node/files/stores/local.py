"""A folder of this machine."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from typing_extensions import override

from jutong.library.errors import DiskFullError
from jutong.node.connectors.folder import probe
from jutong.node.files.stores import BLOCK, Found, Store
from jutong.node.files.stores.errors import StoreRefusedError
from jutong.node.sources import SourceConfig

MODE = 0o640
"""Who fetches from the folder is of its group."""

FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


class LocalStore(Store):
    """See ``stores.Store``. Others may put links into the folder: none is followed."""

    def __init__(self, source: SourceConfig) -> None:
        self._source = source
        self._root = source.file

    def __enter__(self) -> Self:
        probe(self._source)
        self._root = self._root.resolve()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    @contextlib.contextmanager
    def _named(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in FULL:
                raise DiskFullError(rows=0) from error
            reason = error.strerror or type(error).__name__
            raise StoreRefusedError(source=self._source.name, name=name, reason=reason) from error

    def _place(self, name: str) -> Path:
        """Return where a file is or will be; the folder it is in is a real one below the root."""
        path = self._root / name
        with self._named(name):
            folder = path.parent.resolve()
            if not folder.is_relative_to(self._root):
                raise StoreRefusedError(source=self._source.name, name=name, reason="leads out of the folder")
        return folder / path.name

    @override
    def find(self, name: str) -> Found | None:
        try:
            about = self._place(name).lstat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(about.st_mode):
            raise StoreRefusedError(source=self._source.name, name=name, reason="no plain file")
        return Found(name, about.st_size, about.st_mtime_ns, f"{about.st_mtime_ns}-{about.st_ino}")

    @override
    def blocks(self, name: str) -> Iterator[bytes]:
        with self._named(name), open(self._place(name), "rb", opener=_unlinked) as stream:
            while block := stream.read(BLOCK):
                yield block

    @override
    def put(self, path: Path, name: str) -> None:
        with self._named(name):
            folder = (self._root / name).parent
            if not self._place(name).parent.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
            place = self._place(name)
            place.unlink(missing_ok=True)  # of an earlier try, or a link in our way
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
            with os.fdopen(descriptor, "wb") as copy, path.open("rb") as stream:
                shutil.copyfileobj(stream, copy, BLOCK)
                copy.flush()
                os.fsync(copy.fileno())

    @override
    def move(self, name: str, to: str) -> None:
        with self._named(to):
            place = self._place(to)
            self._place(name).replace(place)
            folder = os.open(place.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    @override
    def remove(self, name: str) -> None:
        with self._named(name):
            self._place(name).unlink(missing_ok=True)


def _unlinked(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW)
