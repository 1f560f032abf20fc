"""Lists as files people open in a spreadsheet; no cell of theirs is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 200
_WIDTH = 22


def harmless(text: str) -> str:
    """Return a cell's text so that no program takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_bytes(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a list as CSV in UTF-8 with a mark, so that spreadsheets read the Chinese right."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    made.write("\ufeff")
    writer.writerow(headers)
    for number, row in enumerate(rows, start=1):
        writer.writerow([harmless(cell) for cell in row])
        if number % _CHUNK == 0:
            yield made.getvalue().encode()
            made.seek(0)
            made.truncate()
    yield made.getvalue().encode()


def workbook_bytes(title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a list as one sheet of an Excel workbook, its first row fixed."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = title
    sheet.append(list(headers))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for at in range(1, len(headers) + 1):
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTH
    for row in rows:
        sheet.append([_written(cell) for cell in row])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _written(text: str) -> str:
    """Return a text as a cell takes it: no formula, and none of the control characters workbooks refuse."""
    return harmless("".join(sign for sign in text if sign >= " " or sign in "\n\t"))
