"""Reads delimited text in the encodings Chinese offices save it in."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from io import StringIO

from jutong.center.intake.reading.cells import text_of
from jutong.center.intake.reading.errors import EncodingUnknownError, FileUnreadableError
from jutong.center.intake.reading.limits import Limits
from jutong.center.intake.reading.listing import Format, Sheet
from jutong.center.intake.reading.table import Line, sheet_of
from jutong.kernel.i18n import gettext_noop

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SEPARATORS = ",\t;|，"
_SAMPLE_LINES = 20


def decoded(content: bytes, *, file: str) -> str:
    """Return a file's text: by its mark, else as UTF-8, else as GB18030.

    Raises:
        EncodingUnknownError: naming the byte, from 1, at which neither fits.
    """
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    try:
        return content.decode(marked or "utf-8")
    except UnicodeDecodeError as error:
        first = error
    if marked:
        raise EncodingUnknownError(name=file, place=first.start + 1) from first
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise EncodingUnknownError(name=file, place=max(first.start, error.start) + 1) from error


def read_delimited(text: str, *, file: str, limits: Limits) -> Sheet | None:
    """Return the one sheet of a delimited text; None where it has no header.

    Raises:
        FileUnreadableError: if a quotation is never closed or a cell is longer than is read.
    """
    separator = _separator(text)

    def lines() -> Iterator[Line]:
        csv.field_size_limit(max(limits.cell_characters * 2, 131_072))
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
        begun = 1
        try:
            for cells in reader:
                yield begun, tuple(text_of(cell) for cell in cells)
                begun = reader.line_num + 1
        except csv.Error as error:
            problem = gettext_noop("分隔文本的引号没有成对，或一格过长")
            raise FileUnreadableError(name=f"{file}:{begun}", problem=problem) from error

    return sheet_of(lines, file=file, name=file, format_=Format.CSV, limits=limits)


def _separator(text: str) -> str:
    """Return the separator that cuts the first lines into the most, and equally many, cells."""
    sample = "\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES])
    best, score = ",", 0.0
    for candidate in SEPARATORS:
        try:
            widths = [len(cells) for cells in csv.reader(StringIO(sample, newline=""), delimiter=candidate) if cells]
        except csv.Error:
            continue
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        found = (usual - 1) * widths.count(usual) / len(widths)
        if found > score:
            best, score = candidate, found
    return best
