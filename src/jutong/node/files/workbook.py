"""Sheets of a workbook: cells as the texts a person would write for them, and no digit made up.

A spreadsheet keeps 15 digits of a number. An identity number of 18 that was typed as a number is gone for good, and
its row is refused with that reason. So is one with a formula that failed or was never worked out: read as an empty
cell nobody would notice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import python_calamine as calamine

from jutong.node.files.arrival import Arrived
from jutong.node.files.errors import FileBrokenError, FileTooLargeError
from jutong.node.files.mapping import FileTable
from jutong.node.files.rows import CELL_ERROR, DIGITS_LOST, LONGEST_TOLD, NUL, RAGGED, FileRows, Refusal

MOST_BYTES = 256 << 20
"""A workbook is read whole."""

MOST_UNPACKED = 2 << 30
MOST_RATIO = 200
FREE_BYTES = 64 << 20
MOST_CELLS = 50_000_000
MOST_COLUMNS = 1_000
BATCH_ROWS = 16_384
SAFE_DIGITS = 10**15
_ERROR = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*?(?: t="e"[^>]*>'
    rb"|>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>)"
)
_BLOCK = 4 << 20
_OVERLAP = 1 << 16


@dataclass(frozen=True)
class Sheet:
    """An open sheet. ``failed`` are the places (row from 1, column from 0) of formulas without a result."""

    rows: Any
    headings: list[str]
    above: int
    failed: frozenset[tuple[int, int]]
    sha256: str
    counted: int


def opened(arrived: Arrived, table: FileTable) -> Sheet:
    """Open the sheet a table is mapped to, by default the first that is not hidden.

    Raises:
        FileBrokenError: when it is no workbook, is locked, or has no such sheet or headings.
        FileTooLargeError: when it is larger than a workbook that is read.
    """
    content = _content(arrived)
    failed_in = _unpacking(arrived.name, content)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        place = _place(book, table.sheet, arrived.name)
        sheet = book.get_sheet_by_index(place)
    except calamine.PasswordError as error:
        raise FileBrokenError(name=arrived.name, reason="the workbook is locked with a password") from error
    except (calamine.CalamineError, OSError) as error:
        raise FileBrokenError(name=arrived.name, reason="no workbook, or a damaged one") from error
    high, wide = sheet.end or (0, 0)
    if (high + 1) * (wide + 1) > MOST_CELLS:
        raise FileTooLargeError(name=arrived.name, limit=f"{MOST_CELLS} cells")
    every = iter(sheet.iter_rows())
    headings = _headings(every, table, arrived.name)
    digest = hashlib.sha256(content).hexdigest()
    failed = failed_in[place] if place < len(failed_in) else frozenset()
    return Sheet(every, headings, table.above, failed, digest, max(high + 1 - table.above, 0))


def _content(arrived: Arrived) -> bytes:
    with arrived.open() as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FileTooLargeError(name=arrived.name, limit=f"{MOST_BYTES >> 20} MiB")
    arrived.check_unchanged()
    return content


def _place(book: calamine.CalamineWorkbook, wanted: str, name: str) -> int:
    for place, about in enumerate(book.sheets_metadata):
        plain = about.typ == calamine.SheetTypeEnum.WorkSheet
        shown = about.visible == calamine.SheetVisibleEnum.Visible
        if plain and (about.name == wanted if wanted else shown):
            return place
    raise FileBrokenError(name=name, reason="the workbook has no such sheet")


def _headings(every: Iterator[Sequence[Any]], table: FileTable, name: str) -> list[str]:
    if table.above == 0:
        return []
    row = next(islice(every, table.above - 1, None), None)
    if row is None or not any(cell != "" for cell in row):
        raise FileBrokenError(name=name, reason="no line of headings")
    cells = [text_of(cell) or "" for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return [cell.strip() for cell in cells]


def _unpacking(name: str, content: bytes) -> list[frozenset[tuple[int, int]]]:
    """Look into the archive a workbook is: that it does not blow up, and which cells of each sheet have no result."""
    if not content.startswith(b"PK"):
        return []  # an .xls is no archive
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(about.file_size for about in parts.infolist())
            if size > min(MOST_UNPACKED, max(FREE_BYTES, len(content) * MOST_RATIO)):
                raise FileTooLargeError(name=name, limit=f"1:{MOST_RATIO}")
            return [_failed(parts, part) for part in _sheet_parts(parts)]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise FileBrokenError(name=name, reason="no workbook, or a damaged one") from error


def _sheet_parts(parts: zipfile.ZipFile) -> list[str]:
    """Return the part of every sheet in the order of the workbook; empty where it cannot be told."""
    known = set(parts.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= known:
        return []
    targets: dict[bytes, str] = {}
    for tag in re.findall(rb"<Relationship\b[^>]*>", parts.read("xl/_rels/workbook.xml.rels")):
        attributes = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
        target = attributes.get(b"Target", b"").decode("utf-8", "replace").lstrip("/")
        targets[attributes.get(b"Id", b"")] = target if target.startswith("xl/") else f"xl/{target}"
    ordered = re.findall(rb'<sheet\b[^>]*?r:id="([^"]*)"', parts.read("xl/workbook.xml"))
    return [targets.get(name, "") if targets.get(name) in known else "" for name in ordered]


def _failed(parts: zipfile.ZipFile, part: str) -> frozenset[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    if not part:
        return frozenset()
    with parts.open(part) as stream:
        held = b""
        while block := stream.read(_BLOCK):
            held += block
            if b't="e"' in held or b"<f" in held:
                found |= {(int(one[2]), _number(one[1])) for one in _ERROR.finditer(held)}
            held = held[-_OVERLAP:]
    return frozenset(found)


def _number(letters: bytes) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + letter - ord("A") + 1
    return found - 1


def rows(sheet: Sheet, columns: Mapping[str, int], wide: int) -> Iterator[FileRows]:
    """Yield the rows below the headings. A row without any value is none.

    Args:
        sheet: just opened; its rows can be taken once.
        columns: place of the cell by the column's name.
        wide: how many cells a row may have, 0 for any number.
    """
    line = sheet.above
    while block := list(islice(sheet.rows, BATCH_ROWS)):
        numbers = range(line + 1, line + 1 + len(block))
        line += len(block)
        filled = [
            (number, row) for number, row in zip(numbers, block, strict=True)
            if any(cell != "" for cell in row) or (sheet.failed and any((number, at) in sheet.failed for at in
                                                                         range(len(row))))
        ]  # fmt: skip
        yield _part(sheet, filled, columns, wide)


def _part(sheet: Sheet, block: list[tuple[int, Sequence[Any]]], columns: Mapping[str, int], wide: int) -> FileRows:
    refused: list[Refusal] = []
    if wide:
        refused += [Refusal(at, RAGGED, value=_told(row)) for at, row in block if any(c != "" for c in row[wide:])]
        long = {one.line for one in refused}
        block = [pair for pair in block if pair[0] not in long]
    cells = {
        name: [row[place] if place < len(row) else "" for _, row in block] for name, place in columns.items()
    }  # fmt: skip
    texts = {name: [text_of(cell) for cell in column] for name, column in cells.items()}
    bad: dict[int, list[tuple[str, str]]] = {}
    for name, place in columns.items():
        for at, (text, cell) in enumerate(zip(texts[name], cells[name], strict=True)):
            failed = sheet.failed and (block[at][0], place) in sheet.failed
            if failed or text is LOST or (text is not None and "\0" in text):
                reason = CELL_ERROR if failed else DIGITS_LOST if text is LOST else NUL
                bad.setdefault(at, []).append((name, reason))
                texts[name][at] = None
                if text is LOST:
                    cells[name][at] = format(cell, ".15g")
    for at, faults in bad.items():
        whole = tuple(texts[name][at] for name in columns)
        refused += [Refusal(block[at][0], why, name, str(cells[name][at])[:200], whole) for name, why in faults]
    good = [at for at in range(len(block)) if at not in bad]
    arrays: list[Any] = [pa.array([texts[name][at] for at in good], pa.string()) for name in columns]
    lines = np.array([block[at][0] for at in good], dtype=np.int64)
    return FileRows(pa.RecordBatch.from_arrays(arrays, names=list(columns)), lines, refused)


class _Lost(str):
    """Stands for a number whose last digits the spreadsheet did not keep."""

    __slots__ = ()


LOST = _Lost("?")


def text_of(cell: Any) -> str | None:
    """Return a cell as text; ``LOST`` for a whole number of more than 15 digits."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return _number_as_text(cell)
    if isinstance(cell, dt.timedelta):
        return _duration(cell)
    return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else str(cell)


def _number_as_text(cell: float) -> str:
    if not float(cell).is_integer():
        return format(cell, ".15g")
    return str(int(cell)) if abs(cell) < SAFE_DIGITS else LOST


def _duration(span: dt.timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


def _told(row: Sequence[Any]) -> str:
    return "\t".join(text_of(cell) or "" for cell in row)[:LONGEST_TOLD]
