"""In what encoding a file is written, and its text as UTF-8 whatever that is.

Bytes that are no text become a mark, so that the line they stand in can be set aside and the others read.
"""

from __future__ import annotations

import codecs
import io
from typing import Protocol

from typing_extensions import override

from jutong.node.files.errors import EncodingWrongError

MARK = "\ufdd0"
"""In the place of bytes that are no text: a code point that Unicode gives to nobody."""

_MARKING = "jutong.mark"
_BLOCK = 1 << 20
_FEW = 4
"""A file with fewer faults than one for so many characters beyond ASCII is damaged, not in another encoding."""

SURE = 24
"""Bytes beyond ASCII from which on it is no accident that a file is valid UTF-8."""

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Stream(Protocol):
    """Bytes to be read on, as far as is needed of them here."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, none at the end."""

    def close(self) -> None:
        """Let go of what is behind it."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - only decoders use it
    return MARK, error.end


codecs.register_error(_MARKING, _mark)


def beyond_ascii(block: bytes) -> int:
    """Count the bytes that are not ASCII."""
    return 0 if block.isascii() else len(block.translate(None, bytes(range(128))))


def bom_of(head: bytes) -> tuple[str, int]:
    """Return the encoding the first bytes say, and how many bytes say it; an empty name where nothing is said."""
    return next(((name, len(bom)) for bom, name in BOMS if head.startswith(bom)), ("", 0))


def looks_like(sample: bytes, encoding: str) -> bool:
    """Tell whether bytes are text in an encoding, damaged in few places at most; they may end in a character."""
    text = codecs.getincrementaldecoder(encoding)(_MARKING).decode(sample)
    faults = text.count(MARK)
    beyond = len(text) - len(text.encode("ascii", "ignore")) - faults
    return faults * _FEW <= beyond


def decide(declared: str, *, name: str, beyond: int, is_utf8: bool, sample: bytes) -> tuple[str, bool]:
    """Return the encoding of a file without a byte order mark, and whether some of its bytes are no text in it.

    Args:
        declared: what its mapping says, or ``auto``.
        name: the file's, for messages.
        beyond: bytes that are not ASCII, as far as counted.
        is_utf8: whether the whole file is valid UTF-8.
        sample: its beginning.

    Raises:
        EncodingWrongError: when it is another one than declared, or none that is known.
    """
    if is_utf8 and (declared in {"auto", "utf-8"} or beyond < SURE):
        return "utf-8", False
    looks = "utf-8" if is_utf8 or looks_like(sample, "utf-8") else "gb18030" if looks_like(sample, "gb18030") else "?"
    if looks == "?" or declared not in {"auto", looks}:
        raise EncodingWrongError(name=name, declared=declared, found=looks)
    return looks, True


class Recoded(io.RawIOBase):
    """A stream in any encoding as UTF-8, with marks for what is no text. Closes the stream it reads.

    Args:
        stream: in ``encoding``, behind its byte order mark.
        encoding: as Python names it.
    """

    def __init__(self, stream: Stream, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(_MARKING)
        self._held = b""
        self._ended = False

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read on."""
        while not self._held and not self._ended:
            block = self._stream.read(_BLOCK)
            self._ended = not block
            self._held = self._decoder.decode(block, self._ended).encode("utf-8", "replace")
        size = min(len(buffer), len(self._held))
        buffer[:size], self._held = self._held[:size], self._held[size:]
        return size

    @override
    def close(self) -> None:
        self._stream.close()
        super().close()
