"""Looks into zip files, xlsx among them, before anything is unpacked for use.

What a zip says of its sizes may be a lie, so every member is unpacked once and counted, in pieces, until a limit
is passed.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from jutong.center.intake.reading.cells import too_big
from jutong.center.intake.reading.errors import ArchiveBombError, FileProtectedError, FileUnreadableError
from jutong.center.intake.reading.limits import Limits
from jutong.kernel.i18n import gettext_noop

_PIECE = 1 << 20
_HEAD = 30
"""Bytes of a member's own header before its name."""
_ENCRYPTED = 0x1
_BOMB_RATIO = gettext_noop("压缩比超过了正常文件")
_BOMB_SIZE = gettext_noop("展开后的字节数超过上限")
_BROKEN = gettext_noop("压缩包已损坏")


def opened(content: bytes, *, name: str, limits: Limits) -> zipfile.ZipFile:
    """Return a zip whose members were counted and are within the limits.

    Raises:
        ArchiveBombError: if it unpacks to far more than an honest one does.
        FileProtectedError: if it asks for a password.
        FileTooBigError: if it has too many members.
        FileUnreadableError: if it is broken.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise FileUnreadableError(name=name, problem=_BROKEN) from error
    members = archive.infolist()
    if len(members) > limits.members:
        raise too_big(name, gettext_noop("压缩包内文件数"), limits.members, len(members))
    total = 0
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise FileProtectedError(name=name)
        size = 0
        for piece in _pieces(content, member, name):
            size += piece
            total += piece
            if total > limits.unpacked_bytes:
                raise ArchiveBombError(name=name, problem=_BOMB_SIZE, found=total, most=limits.unpacked_bytes)
            if size > limits.ratio_from_bytes and size > limits.ratio * max(member.compress_size, 1):
                raise ArchiveBombError(
                    name=name, problem=_BOMB_RATIO, found=size // max(member.compress_size, 1), most=limits.ratio
                )
    return archive


def _pieces(content: bytes, member: zipfile.ZipInfo, name: str) -> Iterator[int]:
    """Yield the sizes of the pieces a member unpacks to, whatever its header claims."""
    start = _data_start(content, member, name)
    packed = content[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        yield len(packed)
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise FileUnreadableError(name=name, problem=gettext_noop("压缩方法不支持"))
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    while packed:
        try:
            piece = unpacker.decompress(packed, _PIECE)
        except zlib.error as error:
            raise FileUnreadableError(name=name, problem=_BROKEN) from error
        yield len(piece)
        if unpacker.eof or not (piece or unpacker.unconsumed_tail):
            return
        packed = unpacker.unconsumed_tail


def _data_start(content: bytes, member: zipfile.ZipInfo, name: str) -> int:
    head = content[member.header_offset : member.header_offset + _HEAD]
    if len(head) < _HEAD or not head.startswith(b"PK\x03\x04"):
        raise FileUnreadableError(name=name, problem=_BROKEN)
    names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    return member.header_offset + _HEAD + names


def unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, name: str) -> bytes:
    """Return a member's bytes.

    Raises:
        FileUnreadableError: if its content does not match its checksum.
    """
    try:
        return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise FileUnreadableError(name=name, problem=_BROKEN) from error


def unpacked_size(content: bytes) -> int:
    """Return how much a zip that ``opened`` let pass says it unpacks to."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return sum(member.file_size for member in archive.infolist())


def shown_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name as it was written: many programs write GBK without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
