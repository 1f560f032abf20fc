"""The write-ahead log: what is durable before anything is acknowledged.

A segment is a file named by its first index. It opens with a header and holds frames; one frame is one batch, so a
power cut can tear the last frame only. A bad frame with a good one behind it is therefore damage, never a torn tail.

    header: magic(8) first(8) crc32(4)
    frame:  magic(4) length(4) crc32(4) payload
    payload: first(8) count(4) then per entry: leaf length(4) attachment length(4) leaf attachment
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from jutong.evidence import files
from jutong.evidence.errors import Told, told
from jutong.kernel.i18n import gettext_noop

Pair = tuple[bytes, bytes]
"""A leaf and its attachment."""

_HEADER = struct.Struct(">8sQI")
_FRAME = struct.Struct(">4sII")
_BATCH = struct.Struct(">QI")
_ENTRY = struct.Struct(">II")
_FILE_MAGIC = b"JTWAL1\r\n"
_FRAME_MAGIC = b"JTF1"


class WalError(ValueError):
    """A segment is damaged beyond a torn tail. ``name`` is the file's."""

    def __init__(self, name: str, problem: Told) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"{name}: {problem}")


@dataclass(frozen=True)
class Segment:
    """What a segment file holds: entries from index ``first`` on, and how many stray bytes follow the last frame."""

    name: str
    first: int
    pairs: list[Pair]
    good: int
    torn: int

    @property
    def end(self) -> int:
        """The index after the last entry."""
        return self.first + len(self.pairs)


def segment_name(first: int) -> str:
    """Return the file name of the segment that starts at an index."""
    return f"{first:020d}.wal"


def encode_frame(first: int, pairs: Sequence[Pair]) -> bytes:
    """Return the frame of one batch."""
    parts = [_BATCH.pack(first, len(pairs))]
    for leaf, attachment in pairs:
        parts += (_ENTRY.pack(len(leaf), len(attachment)), leaf, attachment)
    payload = b"".join(parts)
    return _FRAME.pack(_FRAME_MAGIC, len(payload), zlib.crc32(payload)) + payload


def _decode_frame(data: bytes, at: int, first: int | None) -> tuple[list[Pair], int] | None:
    """Read the frame at an offset, for ``first`` or (None) for any index; None if it is not intact."""
    if at + _FRAME.size > len(data):
        return None
    magic, length, crc = _FRAME.unpack_from(data, at)
    start, end = at + _FRAME.size, at + _FRAME.size + length
    if magic != _FRAME_MAGIC or length < _BATCH.size or end > len(data):
        return None
    if zlib.crc32(memoryview(data)[start:end]) != crc:
        return None
    index, count = _BATCH.unpack_from(data, start)
    if first is not None and index != first:
        return None
    return _decode_pairs(data, start + _BATCH.size, end, count), end


def _decode_pairs(data: bytes, at: int, end: int, count: int) -> list[Pair]:
    pairs: list[Pair] = []
    for _ in range(count):
        leaf, attachment = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        pairs.append((data[at : at + leaf], data[at + leaf : at + leaf + attachment]))
        at += leaf + attachment
    if at != end:
        raise ValueError("a frame with a good checksum has lengths that do not add up")
    return pairs


def read_segment(path: Path) -> Segment:
    """Read a segment up to its last intact frame.

    Raises:
        WalError: for a bad header, or a bad frame that an intact one follows.
        FileNotFoundError: if it is gone.
    """
    data = path.read_bytes()
    if len(data) < _HEADER.size:
        raise WalError(path.name, told(gettext_noop("文件头不完整")))
    magic, first, crc = _HEADER.unpack_from(data)
    if magic != _FILE_MAGIC or crc != zlib.crc32(data[: _HEADER.size - 4]) or path.name != segment_name(first):
        raise WalError(path.name, told(gettext_noop("文件头损坏")))
    pairs: list[Pair] = []
    at = _HEADER.size
    while (found := _decode_frame(data, at, first + len(pairs))) is not None:
        pairs += found[0]
        at = found[1]
    _refuse_damage(path.name, data, at)
    return Segment(path.name, first, pairs, at, len(data) - at)


def _refuse_damage(name: str, data: bytes, at: int) -> None:
    later = data.find(_FRAME_MAGIC, at)
    while later >= 0:
        if _decode_frame(data, later, None) is not None:
            damaged = gettext_noop("第{at}字节处的帧损坏，而第{later}字节处的帧完整")
            raise WalError(name, told(damaged, at=at, later=later))
        later = data.find(_FRAME_MAGIC, later + 1)


def read_all(folder: Path) -> list[Segment]:
    """Read every segment of a folder, in order and without gaps; only the last may have a torn tail.

    Raises:
        WalError: for damage or a gap.
    """
    segments = [read_segment(path) for path in sorted(folder.glob("*.wal"))]
    for former, latter in pairwise(segments):
        if former.torn:
            stray = gettext_noop("末尾有{count}个多余字节，后面却还有下一段")
            raise WalError(former.name, told(stray, count=former.torn))
        if former.end != latter.first:
            gap = gettext_noop("从第{first}条开始，上一段却到第{end}条为止")
            raise WalError(latter.name, told(gap, first=latter.first, end=former.end))
    return segments


class WalWriter:
    """Appends frames to one segment. ``append`` returns when the frame is on disk."""

    def __init__(self, folder: Path, first: int, aside: Path) -> None:
        """Create the segment that starts at ``first``.

        Raises:
            OSError: if the disk refuses.
        """
        self.path = folder / segment_name(first)
        self.first = first
        head = _HEADER.pack(_FILE_MAGIC, first, 0)[:-4]
        files.write_atomic(self.path, head + zlib.crc32(head).to_bytes(4, "big"), aside=aside, durable=True)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        self.size = _HEADER.size

    def append(self, first: int, pairs: Sequence[Pair]) -> None:
        """Write one batch and make it durable.

        Raises:
            OSError: if the disk refuses; nothing of the batch counts, and the segment must not be appended to again.
        """
        frame = encode_frame(first, pairs)
        try:
            files.write_all(self._descriptor, frame)
            os.fdatasync(self._descriptor)
        except OSError:
            self._cut()
            raise
        self.size += len(frame)

    def _cut(self) -> None:
        """Take back a frame that was not acknowledged, as far as the disk allows."""
        try:
            os.ftruncate(self._descriptor, self.size)
            os.fdatasync(self._descriptor)
        except OSError:
            return

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
