"""Which files of a folder hold a table's rows now, each complete and each opened as the bytes it unpacks to."""

from __future__ import annotations

import gzip
import os
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from io import BufferedReader
from pathlib import Path

from jutong.kernel.clock import utc_now
from jutong.node.connectors.errors import FolderMissingError
from jutong.node.connectors.folder import inside, probe
from jutong.node.files.bounded import BoundedReader
from jutong.node.files.errors import FileArrivingError, FileBrokenError, NoFileError, TooManyFilesError
from jutong.node.files.mapping import FileTable
from jutong.node.files.matching import UNFINISHED
from jutong.node.sources import SourceConfig

MOST_FILES = 2_000
"""Files, members of archives among them, that one job reads."""

LOOKED_AT = 20_000
LONGEST_WAIT_SECONDS = 60
STEP_SECONDS = 0.5
_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What the standard library raises for archives that are cut off, damaged, encrypted or packed in a way it has not."""


@dataclass(frozen=True)
class Arrived:
    """One file, or one member of a zip archive.

    ``stamp`` tells whether it was written to or put in place anew; outside of ``root`` nothing is opened, whatever was
    put into the file's place meanwhile. ``mark`` is the file's name and state in the folder it came to.
    """

    name: str
    path: Path
    member: str
    stamp: tuple[int, int, int]
    root: Path
    mark: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether its bytes lie on the disk as they are, so that one can begin in the middle."""
        return not self.member and self.path.suffix.lower() != ".gz"

    def check_unchanged(self) -> None:
        """Make sure that the file is still the one that was found.

        Raises:
            FileArrivingError: when it was written to, replaced or removed.
        """
        try:
            now = stamp_of(self.path.stat())
        except OSError:
            now = (0, 0, 0)
        if now != self.stamp:
            raise FileArrivingError(name=self.name)

    def open(self) -> BufferedReader:
        """Open the unpacked bytes; past the bound of what may unpack, reading fails.

        Raises:
            FileBrokenError: when the archive cannot be opened.
        """
        with ExitStack() as stack:
            packed = stack.enter_context(self.packed())
            if self.is_plain:
                stack.pop_all()
                return packed
            try:
                bounded = self._unpacked(packed, stack)
            except _DAMAGED as error:
                raise broken(self.name, error) from error
            stack.pop_all()
        return BufferedReader(bounded, 1 << 20)

    def packed(self) -> BufferedReader:
        """Open the file itself: no link, no pipe, and the very one that was found below the root.

        Raises:
            FileArrivingError: when it is not there any more as it was.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise FileArrivingError(name=self.name) from error
        stream = os.fdopen(descriptor, "rb")
        place = Path(os.path.realpath(f"/proc/self/fd/{descriptor}"))  # where it really lies
        if stamp_of(os.fstat(descriptor)) != self.stamp or not place.is_relative_to(self.root):
            stream.close()
            raise FileArrivingError(name=self.name)
        return stream

    def _unpacked(self, packed: BufferedReader, stack: ExitStack) -> BoundedReader:
        if not self.member:
            return BoundedReader(gzip.GzipFile(fileobj=packed), self.name, packed=self.stamp[0], behind=(packed,))
        archive = stack.enter_context(zipfile.ZipFile(packed))
        about = archive.getinfo(self.member)
        stream = archive.open(about)
        return BoundedReader(stream, self.name, packed=about.compress_size, behind=(archive, packed))


def broken(name: str, error: Exception) -> FileBrokenError:
    """Return the error of an archive that does not unpack."""
    reason = "the archive is encrypted" if "password" in str(error) else "the archive is cut off or damaged"
    return FileBrokenError(name=name, reason=reason)


def arrived(
    source: SourceConfig,
    table: FileTable,
    *,
    clock: Callable[[], datetime] = utc_now,
    pause: Callable[[float], None] = time.sleep,
) -> list[Arrived]:
    """Return the complete files a table stands in, by name; for ``newest`` the one written last.

    A file that was written to a moment ago is waited for, for a minute at most.

    Raises:
        NoFileError: when there is none.
        TooManyFilesError: when there are more than one job reads.
        FileArrivingError: when a file does not come to rest.
        FileBrokenError: when an archive cannot be opened.
        SourceUnreachableError: when the folder cannot be read.
    """
    probe(source)
    found = _matching(source, table)
    if table.arrival == "newest":
        found = sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))[-1:]
    if not found:
        raise NoFileError(source=source.name, pattern=table.pattern)
    root, every = source.file.resolve(), list[Arrived]()
    for path in found:
        _wait_until_at_rest(path, table, clock, pause)
        name = path.relative_to(root).as_posix()
        every += members(path, name, root, mark_of(name, path.stat()))
        if len(every) > MOST_FILES:
            raise TooManyFilesError(pattern=table.pattern, limit=MOST_FILES)
    if not every:
        raise NoFileError(source=source.name, pattern=table.pattern)
    return every


def mark_of(name: str, found: os.stat_result) -> str:
    """Return what tells one state of a file of this machine from another without reading it."""
    return "\n".join((name, *map(str, stamp_of(found))))


def resting_now(source: SourceConfig, table: FileTable, now: datetime) -> tuple[list[str], bool]:
    """Return the marks of the files that hold a table's rows now, and whether all of them have come to rest.

    Raises:
        TooManyFilesError, SourceUnreachableError: as ``arrived``.
    """
    probe(source)
    root, marks, calm = source.file.resolve(), list[str](), True
    for path in _matching(source, table):
        try:
            about = path.stat()
        except OSError:
            continue  # taken away meanwhile
        calm = calm and (
            bool(table.marker) or not -LONGEST_WAIT_SECONDS < now.timestamp() - about.st_mtime < table.settle_seconds
        )
        marks.append(mark_of(path.relative_to(root).as_posix(), about))
    return marks, calm


def _matching(source: SourceConfig, table: FileTable) -> list[Path]:
    root, found = source.file.resolve(), []
    for looked, path in enumerate(root.glob(table.pattern)):
        if looked == LOOKED_AT:
            raise TooManyFilesError(pattern=table.pattern, limit=LOOKED_AT)
        name = path.relative_to(root)
        hidden = any(part.startswith((".", "~$")) for part in name.parts)
        if hidden or path.suffix.lower() in UNFINISHED or not _is_inside(source, name.as_posix()):
            continue
        if table.marker and (path.name.endswith(table.marker) or not path.with_name(path.name + table.marker).exists()):
            continue
        found.append(path)
    return sorted(found)


def _is_inside(source: SourceConfig, name: str) -> bool:
    """Tell whether a name is a file that no link leads out of the folder for."""
    try:
        return stat.S_ISREG(inside(source, name).stat().st_mode)
    except (OSError, FolderMissingError):
        return False


def stamp_of(found: os.stat_result) -> tuple[int, int, int]:
    """Return what changes when a file is written to or put in place anew."""
    return found.st_size, found.st_mtime_ns, found.st_ino


def _wait_until_at_rest(
    path: Path, table: FileTable, clock: Callable[[], datetime], pause: Callable[[float], None]
) -> None:
    """Wait until a file without a marker has been left alone long enough, unless its time is far in the future."""
    if table.marker:
        return
    waited = 0.0
    while -LONGEST_WAIT_SECONDS < clock().timestamp() - path.stat().st_mtime < table.settle_seconds:
        if waited >= max(LONGEST_WAIT_SECONDS, table.settle_seconds):
            raise FileArrivingError(name=path.name)
        pause(STEP_SECONDS)
        waited += STEP_SECONDS


def members(path: Path, name: str, root: Path, mark: str) -> Iterator[Arrived]:
    """Yield a file, or the files in an archive, in the state they have now.

    Raises:
        FileBrokenError: when the archive cannot be opened.
    """
    whole = Arrived(name, path.resolve(), "", stamp_of(path.stat()), root, mark)
    if path.suffix.lower() != ".zip":
        yield whole
        return
    try:
        with whole.packed() as packed, zipfile.ZipFile(packed) as archive:
            listed = archive.infolist()
    except _DAMAGED as error:
        raise broken(name, error) from error
    for about in listed[: MOST_FILES + 1]:
        parts = _named(about).split("/")
        if not about.is_dir() and parts[0] != "__MACOSX" and not parts[-1].startswith((".", "~$")):
            yield replace(whole, name=f"{name}!{_named(about)}", member=about.filename)


def _named(about: zipfile.ZipInfo) -> str:
    """Return a member's name. Windows programs write Chinese names in GBK and do not say so."""
    if about.flag_bits & 0x800:
        return about.filename
    try:
        return about.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return about.filename
