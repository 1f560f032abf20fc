"""Reads xlsx and xls workbooks. Values are read, never formulas; nothing in a workbook is executed."""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from io import BytesIO

import python_calamine as calamine

from jutong.center.intake.reading import archive
from jutong.center.intake.reading.cells import text_of, too_big
from jutong.center.intake.reading.errors import FileProtectedError, FileUnreadableError
from jutong.center.intake.reading.headers import Merge
from jutong.center.intake.reading.limits import Limits
from jutong.center.intake.reading.listing import Format, Remark, RemarkKind, Sheet, letters
from jutong.center.intake.reading.table import Line, sheet_of
from jutong.kernel.i18n import gettext_noop

_BROKEN = gettext_noop("工作簿已损坏")
_NO_VALUE = re.compile(
    rb"""<c\ r="([A-Z]{1,3})(\d{1,7})"[^>]*?
    (?:\ t="e"[^>]*>.*?</c>
      |>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>)""",
    re.VERBOSE | re.DOTALL,
)
_MOST_REMARKS = 10_000


def read_workbook(content: bytes, *, file: str, format_: Format, limits: Limits) -> tuple[list[Sheet], list[str]]:
    """Return the sheets that have a header, and the names of those that have none.

    Raises:
        FileUnreadableError: if it is broken, locked, too big or a bomb.
    """
    parts = archive.opened(content, name=file, limits=limits) if format_ is Format.XLSX else None
    try:
        book = calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    except calamine.PasswordError as error:
        raise FileProtectedError(name=file) from error
    except (calamine.CalamineError, OSError) as error:
        raise FileUnreadableError(name=file, problem=_BROKEN) from error
    sheets: list[Sheet] = []
    skipped: list[str] = []
    unvalued = _without_value(parts) if parts else {}
    for at, about in enumerate(book.sheets_metadata):
        if about.typ != calamine.SheetTypeEnum.WorkSheet:
            skipped.append(about.name)
            continue
        made = _sheet(book, at, unvalued.get(at, ()), file=file, format_=format_, limits=limits)
        if made is None:
            skipped.append(about.name)
        else:
            sheets.append(made)
    return sheets, skipped


def _sheet(
    book: calamine.CalamineWorkbook,
    at: int,
    unvalued: tuple[Remark, ...],
    *,
    file: str,
    format_: Format,
    limits: Limits,
) -> Sheet | None:
    try:
        found = book.get_sheet_by_index(at)
        _measured(found, file, limits)
        values = found.to_python(skip_empty_area=False)
        merged = found.merged_cell_ranges or []
    except (calamine.CalamineError, OSError) as error:
        raise FileUnreadableError(name=file, problem=_BROKEN) from error
    rows = [[text_of(value) for value in row] for row in values]
    merges: list[Merge] = [(start[0], start[1], end[0], end[1]) for start, end in merged]
    remarks = _spread(rows, merges)
    for remark in unvalued:
        remarks[remark.line] += (remark,)
    lines: list[Line] = [(number, tuple(row)) for number, row in enumerate(rows, 1)]
    about = book.sheets_metadata[at]
    hidden = about.visible != calamine.SheetVisibleEnum.Visible
    return sheet_of(
        lambda: lines, file=file, name=about.name, format_=format_, limits=limits, merges=merges, remarks=remarks,
        hidden=hidden,
    )  # fmt: skip


def _measured(found: calamine.CalamineSheet, file: str, limits: Limits) -> None:
    """Refuse a sheet whose one far-off cell would make it vast.

    Raises:
        FileTooBigError: for more rows or columns than are read.
    """
    end = found.end or (0, 0)
    most_rows = limits.rows + limits.header_search_rows
    if end[0] >= most_rows:
        raise too_big(file, gettext_noop("行数"), limits.rows, end[0] + 1, f" ({found.name})")
    if end[1] >= limits.columns:
        raise too_big(file, gettext_noop("列数"), limits.columns, end[1] + 1, f" ({found.name})")


def _spread(rows: list[list[str]], merges: list[Merge]) -> defaultdict[int, tuple[Remark, ...]]:
    """Give every row its share of a cell merged downwards, and remark on it."""
    remarks: defaultdict[int, tuple[Remark, ...]] = defaultdict(tuple)
    for top, left, bottom, right in merges:
        if top >= len(rows) or left >= len(rows[top]) or not rows[top][left]:
            continue
        cells = f"{letters(left)}{top + 1}:{letters(right)}{bottom + 1}"
        for row in range(top, min(bottom + 1, len(rows))):
            if bottom > top:
                rows[row][left] = rows[top][left]
            remarks[row + 1] += (Remark(RemarkKind.MERGED, row + 1, left, cells, bottom + 1),)
    return remarks


def _without_value(parts: zipfile.ZipFile) -> dict[int, tuple[Remark, ...]]:
    """Find the cells of each sheet, by its place in the workbook, whose formula has no result or an error for one.

    The library reads them as empty, which nobody would notice.
    """
    names = _sheet_parts(parts)
    found: dict[int, tuple[Remark, ...]] = {}
    for at, name in enumerate(names):
        remarks: list[Remark] = []
        for match in _NO_VALUE.finditer(parts.read(name) if name else b""):
            column, line = match.group(1).decode(), int(match.group(2))
            remarks.append(Remark(RemarkKind.NO_VALUE, line, _number(column), f"{column}{line}"))
            if len(remarks) >= _MOST_REMARKS:
                break
        found[at] = tuple(remarks)
    return found


def _sheet_parts(parts: zipfile.ZipFile) -> list[str]:
    """Return the part of every sheet in the order of the workbook; empty where it cannot be told."""
    known = set(parts.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= known:
        return []
    targets: dict[str, str] = {}
    for tag in re.findall(rb"<Relationship\b[^>]*>", parts.read("xl/_rels/workbook.xml.rels")):
        attributes = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
        target = attributes.get(b"Target", b"").decode("utf-8", "replace").lstrip("/")
        targets[attributes.get(b"Id", b"").decode()] = target if target.startswith("xl/") else f"xl/{target}"
    ordered = re.findall(rb'<sheet\b[^>]*?r:id="([^"]*)"', parts.read("xl/workbook.xml"))
    names = [targets.get(name.decode(), "") for name in ordered]
    return [name if name in known else "" for name in names]


def _number(column: str) -> int:
    found = 0
    for letter in column:
        found = found * 26 + ord(letter) - ord("A") + 1
    return found - 1
