"""Bytes that unpack from an archive, up to a bound: a small file must not become a full disk or a day's work."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, Protocol

from typing_extensions import override

from jutong.node.files.errors import FileBrokenError, FileTooLargeError

MOST_BYTES = 16 * 1024**3
FREE_BYTES = 64 * 1024**2
"""Up to here nothing is asked about the ratio: a short table of zeros packs well and honestly."""

MOST_RATIO = 200
"""What packs better than this is no table anybody wrote."""


class Closing(Protocol):
    """What is to be closed."""

    def close(self) -> None:
        """Let go of it."""


class BoundedReader(io.RawIOBase):
    """Reads a stream that unpacks.

    Args:
        stream: the unpacking stream; closed with this one.
        name: of the file, for messages.
        packed: how many bytes it unpacks from.
        behind: what the stream comes from; closed after it.
        most: bytes that may come out.
    """

    def __init__(
        self, stream: IO[bytes] | gzip.GzipFile, name: str, *, packed: int, behind: Sequence[Closing] = (),
        most: int = MOST_BYTES,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._behind = behind
        self._name = name
        self._most = min(most, max(FREE_BYTES, packed * MOST_RATIO))
        self._read = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read on.

        Raises:
            FileBrokenError: when the archive is cut off or damaged.
            FileTooLargeError: when more unpacks than may.
        """
        try:
            content = self._stream.read(len(buffer))
        except (EOFError, zlib.error, zipfile.BadZipFile, OSError) as error:
            raise FileBrokenError(name=self._name, reason="the archive is cut off or damaged") from error
        self._read += len(content)
        if self._read > self._most:
            raise FileTooLargeError(name=self._name, limit=f"{self._most // 1024**2} MiB")
        buffer[: len(content)] = content
        return len(content)

    @override
    def close(self) -> None:
        self._stream.close()
        for one in self._behind:
            one.close()
        super().close()
