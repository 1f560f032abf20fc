"""Opens a listing of any of the formats that are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jutong.center.intake.reading import archive
from jutong.center.intake.reading.cells import too_big
from jutong.center.intake.reading.columnar import read_parquet
from jutong.center.intake.reading.delimited import decoded, read_delimited
from jutong.center.intake.reading.errors import (
    ArchiveBombError,
    FileEmptyError,
    FileUnreadableError,
    FormatUnknownError,
)
from jutong.center.intake.reading.limits import Limits, shipped_limits
from jutong.center.intake.reading.listing import Format, Listing, Sheet
from jutong.center.intake.reading.objects import read_objects
from jutong.center.intake.reading.workbook import read_workbook
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop

_ZIP, _OLE, _PARQUET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"SQLite format 3", b"GIF8")
_WORKBOOK_PART = "[Content_Types].xml"
_OPEN_DOCUMENT = "mimetype"
_IGNORED = ("__MACOSX/", ".DS_Store", "Thumbs.db")

_Found = tuple[list[Sheet], list[str]]


def read(path: Path, *, name: str, limits: Limits | None = None) -> Listing:
    """Read a listing from a file.

    What the file is, is told by its content; ``name`` is what people call it and stands in errors.

    Raises:
        FormatUnknownError: if it is none of the formats.
        FileUnreadableError: one of its kinds, if it is broken, locked, too big, a bomb or in an unknown encoding.
        FileEmptyError: if no header with a row below is in it.
    """
    allowed = limits or shipped_limits()
    size = path.stat().st_size
    if size > allowed.file_bytes:
        raise too_big(name, gettext_noop("文件字节数"), allowed.file_bytes, size)
    return read_bytes(path.read_bytes(), name=name, limits=allowed)


def read_bytes(content: bytes, *, name: str, limits: Limits | None = None) -> Listing:
    """Read a listing that is in memory, as ``read`` does."""
    allowed = limits or shipped_limits()
    found = _format(content, name)
    if found is Format.ZIP:
        listing = _read_zip(content, name, allowed)
    else:
        sheets, skipped = _read_one(content, found, name, allowed)
        listing = Listing(name, found, tuple(sheets), tuple(skipped))
    if not listing.sheets:
        raise listing.broken[0][1] if listing.broken else FileEmptyError(name=name)
    if len(listing.sheets) > allowed.sheets:
        raise too_big(name, gettext_noop("工作表数"), allowed.sheets, len(listing.sheets))
    return listing


def _format(content: bytes, name: str) -> Format:
    if content.startswith(_ZIP):
        return Format.XLSX if _is_workbook(content) else Format.ZIP
    if content.startswith(_OLE):
        return Format.XLS
    if content.startswith(_PARQUET):
        return Format.PARQUET
    if content.startswith(_BINARY) or _has_nul(content):
        raise FormatUnknownError(name=name, problem=gettext_noop("内容是二进制文件，不是表格"))
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not start:
        raise FileEmptyError(name=name)
    if start == b"<":
        problem = gettext_noop("内容是网页或XML；有的系统把网页存成xls后缀，请用电子表格软件打开后另存为xlsx")
        raise FormatUnknownError(name=name, problem=problem)
    return Format.JSON if start in {b"{", b"["} else Format.CSV


def _has_nul(content: bytes) -> bool:
    return b"\x00" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_workbook(content: bytes) -> bool:
    """Tell a workbook from other zips by the names in it, without unpacking anything."""
    return _WORKBOOK_PART.encode() in content or content[30:38] == _OPEN_DOCUMENT.encode()


def _read_one(content: bytes, found: Format, name: str, limits: Limits) -> _Found:
    if found in {Format.XLSX, Format.XLS}:
        return read_workbook(content, file=name, format_=found, limits=limits)
    if found is Format.PARQUET:
        return [read_parquet(content, file=name, limits=limits)], []
    text = decoded(content, file=name)
    if found is Format.JSON:
        return read_objects(text, file=name, limits=limits), []
    sheet = read_delimited(text, file=name, limits=limits)
    return ([sheet] if sheet else []), []


def _read_zip(content: bytes, name: str, limits: Limits) -> Listing:
    """Read the listings in a zip. What is no listing is named, what is broken is kept with its reason.

    Raises:
        ArchiveBombError: for a zip in a zip, and for workbooks that together unpack to more than is read.
    """
    parts = archive.opened(content, name=name, limits=limits)
    sheets: list[Sheet] = []
    skipped: list[str] = []
    broken: list[tuple[str, JutongError]] = []
    left = limits.unpacked_bytes
    for member in parts.infolist():
        inner = archive.shown_name(member)
        if member.is_dir() or any(part in inner for part in _IGNORED):
            continue
        try:
            body = archive.unpacked(parts, member, name=inner)
            found = _inner_format(body, inner, name)
            made, without = _read_one(body, found, inner, replace(limits, unpacked_bytes=left))
        except (FormatUnknownError, FileEmptyError):
            skipped.append(inner)
        except ArchiveBombError:
            raise
        except FileUnreadableError as error:
            broken.append((inner, error))
        else:
            left -= archive.unpacked_size(body) if found is Format.XLSX else len(body)
            sheets += [_renamed(sheet, inner) for sheet in made]
            skipped += [f"{inner}/{part}" for part in without] if made or without else [inner]
    return Listing(name, Format.ZIP, tuple(sheets), tuple(skipped), tuple(broken))


def _inner_format(body: bytes, inner: str, name: str) -> Format:
    found = _format(body, inner)
    if found is Format.ZIP:
        raise ArchiveBombError(name=name, problem=gettext_noop("压缩包里还有压缩包"), found=inner, most=1)
    return found


def _renamed(sheet: Sheet, inner: str) -> Sheet:
    return replace(sheet, name=inner if sheet.name == inner else f"{inner}/{sheet.name}")
