"""Writing sheets: text only, nothing a spreadsheet would take for a formula, drop-down lists where codes stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from jutong.center.intake import codec
from jutong.center.intake.columns import FLAGS, LIST_SHEET, Column

HEAD = PatternFill("solid", fgColor="DCE6F1")
BAD = PatternFill("solid", fgColor="F8D7DA")
WARN = PatternFill("solid", fgColor="FFF3CD")
_BOLD, _WRAP = Font(bold=True), Alignment(wrap_text=True, vertical="top")
_WIDE = frozenset({"summary", "share_scope", "share_purpose", "use_conditions", "refusal_reason", "note"})
_NARROW, _NORMAL, _BROAD = 12, 20, 44
_LAST_ROW = 100_000
"""Drop-down lists reach this far down."""
_AUTHOR = "聚通"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_LONGEST_CELL = 32_767
"""A spreadsheet's own limit."""


def add(book: Workbook, name: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> Any:
    """Add a sheet with a header and rows of texts, and return it."""
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for at, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = _width(column)
    sheet.append([_head(sheet, column) for column in columns])
    for row in rows:
        sheet.append([cell_text(text) if text else None for text in row])
    return sheet


def _head(sheet: Any, column: Column) -> Cell:
    cell = WriteOnlyCell(sheet, value=column.header)
    cell.font, cell.fill, cell.alignment = _BOLD, HEAD, _WRAP
    return cell


def _width(column: Column) -> int:
    if column.field in _WIDE:
        return _BROAD
    return _NARROW if column.field in {"length", "is_key", "is_personal", "is_open"} else _NORMAL


def cell_text(text: str) -> str:
    """Return a text as a cell may hold it."""
    return codec.safe(_CONTROL.sub("", text))[:_LONGEST_CELL]


def lists(columns: Iterable[Column]) -> dict[str, tuple[str, ...]]:
    """Return what stands under each header of the sheet of codes."""
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        if column.choices:
            found[column.header] = tuple(column.choices.values())
    found["是否"] = tuple(FLAGS.values())
    return found


def choose(sheet: Any, columns: Sequence[Column], flags: frozenset[str], known: dict[str, tuple[str, ...]]) -> None:
    """Let coded columns be chosen from the sheet of codes; another value is warned of, and named when it comes in."""
    order = {header: at for at, header in enumerate(known, start=1)}
    for at, column in enumerate(columns, start=1):
        header = "是否" if column.field in flags else column.header
        if header not in order or (not column.choices and column.field not in flags):
            continue
        where, letter = get_column_letter(order[header]), get_column_letter(at)
        area = f"{quote_sheetname(LIST_SHEET)}!${where}$2:${where}${len(known[header]) + 1}"
        rule = DataValidation(type="list", formula1=area, allow_blank=True, errorStyle="warning")
        rule.add(f"{letter}2:{letter}{_LAST_ROW}")
        sheet.data_validations.append(rule)


def comment(text: str) -> Comment:
    """Return a comment for a cell."""
    made = Comment(text[:2000], _AUTHOR)
    made.width, made.height = 320, 120
    return made


def content(book: Workbook) -> bytes:
    """Return a workbook's bytes."""
    out = BytesIO()
    book.save(out)
    return out.getvalue()
