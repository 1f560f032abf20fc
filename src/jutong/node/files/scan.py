"""The first pass over a file of lines: what it is, before any of it is believed.

One reading of the bytes tells the content's SHA-256, the lines, which of them are blank, whether a value goes over
several lines, whether NUL is in it, and the encoding. The second pass, which makes rows of it, has to account for
every line found here.
"""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from io import BufferedReader

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.node.files.arrival import Arrived
from jutong.node.files.encodings import SURE, Recoded, Stream, beyond_ascii, bom_of, decide
from jutong.node.files.errors import EncodingWrongError
from jutong.node.files.mapping import FileTable

BLOCK = 4 << 20
SAMPLE = 8 << 20
GLIMPSE = 1 << 20
PIECE_BYTES = 128 << 20
"""A plain file of lines is cut into pieces of about this size, so that a killed job does not begin it anew."""

_LF = 10


@dataclass(frozen=True)
class Piece:
    """A stretch of a file from the beginning of one line to the end of another. ``first`` is that line's number."""

    start: int
    stop: int
    first: int


@dataclass(frozen=True)
class Scan:
    """What the first pass found. ``lines`` counts every line, ``blank`` are the numbers of those with nothing on them.

    ``offset`` is where text begins behind a byte order mark. ``spills`` says that a line break stands within quotes, or
    may: that there are quotes in the middle of a cell, of which only a parser knows what they mean.
    """

    sha256: str
    size: int
    lines: int
    blank: npt.NDArray[np.int64]
    spills: bool
    nul: bool
    encoding: str
    damaged: bool
    offset: int
    pieces: tuple[Piece, ...]

    def opened(self, arrived: Arrived, piece: Piece) -> Stream:
        """Open a piece of the file's text as UTF-8."""
        whole = arrived.open()
        if piece.start:
            whole.seek(piece.start)
        else:
            whole.read(self.offset)
        stream: Stream = whole
        if piece.stop < self.size:
            stream = _Stretch(stream, piece.stop - (piece.start or self.offset))
        return stream if self.encoding == "utf-8" and not self.damaged else Recoded(stream, self.encoding)


class _Stretch:
    """The next so-many bytes of a stream."""

    closed = False
    """Arrow asks for it."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        return content

    def close(self) -> None:
        self.closed = True
        self._stream.close()


class _Lines:
    """Counts lines in blocks of bytes, apart from any parser. CR, LF and both together end a line."""

    def __init__(self, quote: str, delimiter: str, *, cut: bool) -> None:
        self.ended = 0
        self.blank: list[npt.NDArray[np.int64]] = []
        self.spills = False
        self.pieces: list[Piece] = []
        self._quote = ord(quote) if quote else 0
        self._before_quote = np.array([_LF, self._quote, ord(delimiter)], dtype=np.uint8)
        self._last = _LF
        self._cut = cut
        self._open = 0
        self._after_end = True
        self._held_cr = False
        self._at = 0
        self._began = (0, 1)

    def add(self, block: bytes, at: int) -> None:
        """Look at another block; ``at`` is where the file goes on behind it."""
        if self._held_cr:
            block = b"\r" + block
        self._held_cr = block.endswith(b"\r")
        if self._held_cr:
            block = block[:-1]
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if block:
            self._look(block, at)

    def end(self, size: int) -> int:
        """Return how many lines there are, the last one without an end among them."""
        if self._held_cr:
            self._held_cr = False
            self._look(b"\n", size)
        self.pieces.append(Piece(self._began[0], size, self._began[1]))
        return self.ended + (not self._after_end)

    def _look(self, block: bytes, at: int) -> None:
        if not self._open and self._is_plain(block):
            self.ended += block.count(b"\n")
            self._after_end, self._last = block.endswith(b"\n"), block[-1]
            self._cut_behind(block, at)
            return
        array = np.frombuffer(block, dtype=np.uint8)
        ends = array == _LF
        outside: npt.NDArray[np.bool_] | None = None
        if self._quote and self._quote in block:
            quotes = array == self._quote
            within = (np.cumsum(quotes, dtype=np.uint8) + np.uint8(self._open)) & 1
            self.spills = self.spills or self._is_stray(array, np.flatnonzero(quotes & (within == 1)))
            outside = within == 0
            self._open = int(within[-1])
        elif self._open:
            outside = np.zeros(len(array), dtype=np.bool_)
        if outside is not None and not self.spills:
            self.spills = bool((ends & ~outside).any())
        if (self._after_end and block[0] == _LF) or b"\n\n" in block:
            self._blank(ends, outside)
        self.ended += int(np.count_nonzero(ends))
        self._after_end, self._last = bool(ends[-1]), block[-1]
        self._cut_behind(block, at)

    def _is_stray(self, array: npt.NDArray[np.uint8], opening: npt.NDArray[np.intp]) -> bool:
        """Tell whether a quote that would open a cell stands in the middle of one."""
        if not opening.size:
            return False
        before = array[opening - 1]
        if opening[0] == 0:
            before[0] = self._last
        return not bool(np.isin(before, self._before_quote).all())

    def _is_plain(self, block: bytes) -> bool:
        """Tell whether there is nothing in a block but lines with something on them."""
        blank = (self._after_end and block[0] == _LF) or b"\n\n" in block
        return not blank and not (self._quote and self._quote in block)

    def _blank(self, ends: npt.NDArray[np.bool_], outside: npt.NDArray[np.bool_] | None) -> None:
        before = np.concatenate(([self._after_end], ends[:-1]))
        blank = ends & before if outside is None else ends & before & outside
        numbers = np.cumsum(ends, dtype=np.int64)[blank]
        self.blank.append(numbers + self.ended)

    def _cut_behind(self, block: bytes, at: int) -> None:
        """End a piece where a block happens to end with a line."""
        if self._cut and self._after_end and not self._open and at - self._began[0] >= PIECE_BYTES:
            self.pieces.append(Piece(self._began[0], at, self._began[1]))
            self._began = (at, self.ended + 1)


def scan(arrived: Arrived, table: FileTable) -> Scan:
    """Read a file once from beginning to end.

    Raises:
        EncodingWrongError: when it is not in the declared encoding, or in none that is known.
        FileBrokenError, FileTooLargeError: when it does not unpack.
        FileArrivingError: when it was written to meanwhile.
    """
    with arrived.open() as stream:
        bom, offset = bom_of(stream.peek(4))
        wide = bom.startswith("utf-16") or table.encoding == "utf-16"
        lines = _Lines(table.quote if table.format == "csv" else "", table.delimiter, cut=arrived.is_plain and not wide)
        first = _Bytes(stream, offset)
        source: Stream = Recoded(first, bom or "utf-16-le") if wide else first
        nul, size = False, offset
        while block := _whole_lines(source):
            size += len(block)
            nul = nul or b"\0" in block
            lines.add(block, size)
            if not wide:
                first.check(block)
        first.check(b"")
    arrived.check_unchanged()
    counted = lines.end(size)
    encoding, damaged = (bom or "utf-16-le", True) if wide else _encoding(table, arrived.name, bom, first)
    pieces = tuple(piece for piece in lines.pieces if piece.start < piece.stop) or (Piece(0, size, 1),)
    if lines.spills:
        pieces = (Piece(0, pieces[-1].stop, 1),)
    blank = np.concatenate(lines.blank) if lines.blank else np.zeros(0, dtype=np.int64)
    return Scan(
        first.sha256.hexdigest(), pieces[-1].stop, counted, blank, spills=lines.spills, nul=nul, encoding=encoding,
        damaged=damaged, offset=offset, pieces=pieces,
    )  # fmt: skip


def glimpse(arrived: Arrived, table: FileTable) -> Scan:
    """Look at the beginning of a file only: enough to know its columns.

    Raises:
        EncodingWrongError: as ``scan`` does.
    """
    with arrived.open() as stream:
        bom, offset = bom_of(stream.peek(4))
        first = _Bytes(stream, offset)
        first.check(first.read(GLIMPSE))
    if bom.startswith("utf-16") or table.encoding == "utf-16":
        encoding = bom or "utf-16-le"
    else:
        encoding, _ = _encoding(table, arrived.name, bom, first)
    none = np.zeros(0, dtype=np.int64)
    size = arrived.stamp[0] if arrived.is_plain else GLIMPSE
    whole = (Piece(0, size, 1),)
    return Scan("", size, 0, none, spills=True, nul=False, encoding=encoding, damaged=True, offset=offset, pieces=whole)


def _whole_lines(source: Stream) -> bytes:
    """Return a block that ends with a line where it can be had cheaply, so that a piece can end there."""
    block = source.read(BLOCK)
    if isinstance(source, _Bytes) and len(block) == BLOCK and not block.endswith(b"\n"):
        return block + source.readline()
    return block


class _Bytes:
    """A stream's bytes as they are, with their digest and what they say of the encoding."""

    def __init__(self, stream: BufferedReader, offset: int) -> None:
        self.sha256 = hashlib.sha256()
        self.beyond = 0
        self.sample = b""
        self.is_utf8 = True
        self._decoder = _strict()
        self._stream = stream
        self.sha256.update(stream.read(offset))

    def read(self, size: int = -1) -> bytes:
        return self._seen(self._stream.read(size))

    def readline(self) -> bytes:
        return self._seen(self._stream.readline(BLOCK))

    def close(self) -> None:
        self._stream.close()

    def _seen(self, block: bytes) -> bytes:
        self.sha256.update(block)
        if len(self.sample) < SAMPLE:
            self.sample += block
        if self.beyond < SURE:
            self.beyond += beyond_ascii(block)
        return block

    def check(self, block: bytes) -> None:
        """Look whether what was read goes on as UTF-8; nothing at the end."""
        if not self.is_utf8:
            return
        if block.endswith(b"\n") and not self._decoder.getstate()[0]:
            offsets = np.array([0, len(block)], dtype=np.int32).tobytes()
            whole = pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(block))
            try:
                whole.validate(full=True)
            except pa.ArrowInvalid:
                self.is_utf8 = False
            return
        try:
            self._decoder.decode(block, not block)
        except UnicodeDecodeError:
            self.is_utf8 = False


def _strict() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")("strict")


def _encoding(table: FileTable, name: str, bom: str, first: _Bytes) -> tuple[str, bool]:
    declared = table.encoding
    if not bom:
        return decide(declared, name=name, beyond=first.beyond, is_utf8=first.is_utf8, sample=first.sample)
    if declared not in {"auto", bom}:
        raise EncodingWrongError(name=name, declared=declared, found=bom)
    return bom, not first.is_utf8
