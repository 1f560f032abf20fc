"""A workbook of one sheet, written a column at a time and in constant memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc
import python_calamine as calamine

from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.files.writing.errors import SheetFullError
from jutong.node.files.writing.texts import TEXT

TITLE = "数据"
MOST_ROWS = 1_048_575
"""Rows of a sheet below its headings."""

LONGEST_CELL = 32_767
FIT = r"(?s)[^\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]*"
"""What the text of a cell is made of."""

BATCH_ROWS = 16_384
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    f'<sheet name="{TITLE}" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_FROZEN = '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView>'
_OPEN, _SHUT = '<c t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
_ENCODED = r"_(x[0-9A-Fa-f]{4}_)"
"""Office programs take such a text for a character."""


class SheetWriter:
    """An open workbook.

    Args:
        path: the file.
        names: headings, in order.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._name = path.name
        self._rows = 0
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        for part, content in _PARTS.items():
            self._archive.writestr(part, _HEAD + content)
        self._stream = self._archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        cells = "".join(f"{_OPEN}{escape(name)}{_SHUT}" for name in names)
        opening = f'<worksheet xmlns="{_MAIN}">{_FROZEN}</sheetViews><sheetData><row>{cells}</row>\n'
        self._stream.write((_HEAD + opening).encode())

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows of texts.

        Raises:
            SheetFullError: when there are more than a sheet holds.
        """
        self._rows += batch.num_rows
        if self._rows > MOST_ROWS:
            raise SheetFullError(name=self._name, limit=MOST_ROWS)
        parts: list[Any] = [pa.scalar("<row>")]
        for column in batch.columns:
            cell = pc.binary_join_element_wise(pa.scalar(_OPEN), _escaped(column), pa.scalar(_SHUT), "")
            parts.append(pc.fill_null(cell, "<c/>"))
        for row_block in _rows_of(parts, batch.num_rows):
            self._stream.write(row_block)

    def close(self) -> None:
        """Finish the workbook."""
        self._stream.write(b"</sheetData></worksheet>")
        self._stream.close()
        self._archive.close()


def _rows_of(parts: list[Any], rows: int) -> Iterator[bytes]:
    lines = pc.binary_join_element_wise(*parts, pa.scalar("</row>\n"), "")
    for start in range(0, rows, BATCH_ROWS):
        yield "".join(lines[start : start + BATCH_ROWS].to_pylist()).encode()


def _escaped(texts: Any) -> Any:
    for plain, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        texts = pc.replace_substring(texts, plain, written)
    return pc.replace_substring_regex(texts, _ENCODED, r"_x005F_\1")


def rows(path: Path, names: Sequence[str], expected: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a workbook that was written here. What it does not have at its end are rows without a value.

    Raises:
        ContentDiffersError: when it has more rows, or other headings.
        calamine.CalamineError: when it is damaged.
    """
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    every = iter(book.get_sheet_by_index(0).iter_rows())
    heads = next(every, [])
    if [str(cell) for cell in heads] != list(names):
        raise ContentDiffersError(source_digest=f"{len(names)} columns", target_digest=f"{len(heads)} columns")
    found = 0
    while block := list(islice(every, BATCH_ROWS)):
        found += len(block)
        columns = [pa.array([str(cell) or None for cell in column], TEXT) for column in zip(*block, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, names=list(names))
    if found < expected:
        yield pa.RecordBatch.from_arrays([pa.nulls(expected - found, TEXT) for _ in names], names=list(names))
