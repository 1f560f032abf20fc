"""The person's own file given back with comments on the cells to change, and all findings on a sheet of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.utils.translation import gettext
from openpyxl import Workbook, load_workbook
from openpyxl.utils import column_index_from_string

from jutong.center.intake.columns import ENTRY_SHEET, ITEMS, SUMMARY_SHEET, label_of
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.own_sheets import ORPHANS
from jutong.center.intake.source_rows import letters_by_field
from jutong.center.intake.workbook import sheets

_READABLE = frozenset({"xlsx"})
_SUMMARY = ("工作表", "行", "列", "字段", "要改还是提醒", "问题", "填的是", "怎么改", "规则", "依据")
_TINTS = {"error": sheets.BAD, "warning": sheets.WARN}


@dataclass(frozen=True, slots=True)
class Mark:
    """One finding at its place in the file; ``letter`` is empty where it is about the whole row."""

    sheet: str
    line: int
    letter: str
    finding: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What stands in the comment."""
        return f"{gettext(self.finding['message'])}。{gettext(self.finding['way_out'])}"


def marked(batch: Batch, proposals: Iterable[Proposal], content: bytes | None) -> bytes:
    """Return the file with its findings marked.

    Args:
        batch: the batch.
        proposals: those whose findings are marked, in the order of the file.
        content: the file as it came; where it is no workbook, or gone, one is made of what was read.
    """
    rows = list(proposals)
    book = _opened(content) if content is not None and batch.format in _READABLE else None
    entry_sheet = str(batch.mapping.get("sheet", ENTRY_SHEET)) or ENTRY_SHEET
    if book is None or entry_sheet not in book.sheetnames:
        book = _rebuilt(batch, rows, entry_sheet)
    marks = list(_marks(batch, rows, entry_sheet))
    by_cell: defaultdict[tuple[str, int, str], list[Mark]] = defaultdict(list)
    for mark in marks:
        by_cell[mark.sheet, mark.line, mark.letter or "A"].append(mark)
    for (sheet, line, letter), found in by_cell.items():
        if sheet in book.sheetnames:
            _comment(book[sheet].cell(line, column_index_from_string(letter)), found)
    _summarise(book, marks)
    return sheets.content(book)


def _opened(content: bytes) -> Workbook | None:
    try:
        return load_workbook(BytesIO(content))
    except Exception:  # noqa: BLE001 - what one reader takes another may refuse; the rows are known anyway
        return None


def _rebuilt(batch: Batch, rows: Sequence[Proposal], name: str) -> Workbook:
    """Write what was read into a workbook, each row on its own line."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = "".join(letter for letter in name if letter not in r"[]:*?/\ ")[:31] or ENTRY_SHEET
    headers = [column["header"] for column in batch.mapping.get("columns", ())]
    for at, header in enumerate(headers, start=1):
        sheet.cell(1, at, sheets.cell_text(header)).fill = sheets.HEAD
    for row in rows:
        if row.line >= ORPHANS:
            continue
        for at, header in enumerate(headers, start=1):
            if header in row.raw:
                sheet.cell(_line(batch, row.line), at, sheets.cell_text(str(row.raw[header])))
    return book


def _line(batch: Batch, line: int) -> int:
    """Return the line in the rebuilt sheet: formats without a header line count their rows from 1."""
    return line + 1 if batch.format in {"json", "parquet"} else max(line, 2)


def _marks(batch: Batch, rows: Sequence[Proposal], entry_sheet: str) -> Iterator[Mark]:
    known = letters_by_field(batch.mapping)
    shift = 1 if batch.format in {"json", "parquet"} else 0
    for row in rows:
        item_lines = row.origin.get("item_lines", ())
        for finding in row.findings:
            place = str(finding.get("place", "")).split(".")
            sheet, line = str(finding.get("sheet", entry_sheet)), int(finding.get("line", row.line))
            letter = finding.get("letter") or known.get(place[0], ("", ""))[0]
            if place[0] == ITEMS and len(place) > 1 and place[1].isdigit() and int(place[1]) < len(item_lines):
                sheet, line = "信息项", item_lines[int(place[1])]
            yield Mark(sheet, line + (shift if sheet == entry_sheet else 0), str(letter), finding)


def _comment(cell: Any, found: Sequence[Mark]) -> None:
    worst = "error" if any(mark.finding["severity"] == "error" for mark in found) else "warning"
    cell.fill = _TINTS[worst]
    cell.comment = sheets.comment("\n".join(dict.fromkeys(mark.text for mark in found)))


def _summarise(book: Workbook, marks: Sequence[Mark]) -> None:
    if SUMMARY_SHEET in book.sheetnames:
        del book[SUMMARY_SHEET]
    sheet = book.create_sheet(SUMMARY_SHEET)
    sheet.append([gettext(header) for header in _SUMMARY])
    for mark in marks:
        found = mark.finding
        kind = gettext("要改") if found["severity"] == "error" else gettext("提醒")
        label = found.get("field") or label_of(str(found.get("place", "")))
        sheet.append([
            mark.sheet, mark.line, mark.letter,
            *(sheets.cell_text(str(text)) for text in (
                gettext(label), kind, gettext(found["message"]), found.get("found", ""), gettext(found["way_out"]),
                found["rule"], found.get("clause", ""),
            )),
        ])  # fmt: skip
