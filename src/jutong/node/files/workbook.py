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
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import python_calamine as calamine

from jutong.node.files.arrival import Arrived
from jutong.node.files.errors import FileBrokenError, FileTooLargeError
from jutong.node.files.mapping import FileTable
from jutong.node.files.rows import CELL_ERROR, DIGITS_LOST, LONGEST_TOLD, NUL, RAGGED, FileRows, Numbers, Refusal, pc

MOST_BYTES = 256 << 20
"""A workbook is read whole."""

MOST_UNPACKED = 2 << 30
MOST_RATIO = 200
FREE_BYTES = 64 << 20
MOST_CELLS = 50_000_000
MOST_COLUMNS = 1_000
BATCH_ROWS = 16_384
SAFE_DIGITS = 10**15
TINY = 0.001
LONGEST_PLAIN = 15
"""Characters of a number that surely has no more digits than a sheet keeps."""
_ERROR = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*?(?: t="e"[^>]*>'
    rb"|>\s*<f\b[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>)"
)
_BLOCK = 4 << 20
_OVERLAP = 1 << 16


@dataclass(frozen=True)
class Sheet:
    """An open sheet. ``failed`` tells the places (row from 1, column from 0) of formulas without a result."""

    rows: Any
    headings: list[str]
    above: int
    failed: Callable[[], frozenset[tuple[int, int]]]
    sha256: str
    counted: int


def opened(arrived: Arrived, table: FileTable) -> Sheet:
    """Open the sheet a table is mapped to, by default the first that is not hidden.

    Raises:
        FileBrokenError: when it is no workbook, is locked, or has no such sheet or headings.
        FileTooLargeError: when it is larger than a workbook that is read.
    """
    content = _content(arrived)
    _check_unpacking(arrived.name, content)
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
    failed = cache(partial(_failed, arrived.name, content, place))
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


def _check_unpacking(name: str, content: bytes) -> None:
    """Make sure that the archive a workbook is does not blow up."""
    if not content.startswith(b"PK"):
        return  # an .xls is no archive
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size = sum(about.file_size for about in parts.infolist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise FileBrokenError(name=name, reason="no workbook, or a damaged one") from error
    if size > min(MOST_UNPACKED, max(FREE_BYTES, len(content) * MOST_RATIO)):
        raise FileTooLargeError(name=name, limit=f"1:{MOST_RATIO}")


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


def _failed(name: str, content: bytes, place: int) -> frozenset[tuple[int, int]]:
    """Find the cells whose formula has no result. The library reads them as empty."""
    if not content.startswith(b"PK"):
        return frozenset()
    found: set[tuple[int, int]] = set()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            sheets = _sheet_parts(parts)
            if place >= len(sheets) or not sheets[place]:
                return frozenset()
            with parts.open(sheets[place]) as stream:
                held = b""
                while block := stream.read(_BLOCK):
                    held += block
                    if b't="e"' in held or b"<f" in held:
                        found |= {(int(one[2]), _number(one[1])) for one in _ERROR.finditer(held)}
                    held = held[-_OVERLAP:]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FileBrokenError(name=name, reason="no workbook, or a damaged one") from error
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
            if row[0] != "" or any(cell != "" for cell in row) or any(number == at for at, _ in sheet.failed())
        ]  # fmt: skip
        if filled:
            yield _part(sheet, filled, columns, wide)


def _part(sheet: Sheet, block: list[tuple[int, Sequence[Any]]], columns: Mapping[str, int], wide: int) -> FileRows:
    refused: list[Refusal] = []
    if wide and len(block[0][1]) > wide:
        refused = [Refusal(at, RAGGED, value=_told(row)) for at, row in block if any(c != "" for c in row[wide:])]
        long = {one.line for one in refused}
        block = [pair for pair in block if pair[0] not in long]
    lines = np.array([at for at, _ in block], dtype=np.int64)
    cells = list(zip(*(row for _, row in block), strict=True))
    # A sheet is as wide as its widest row, which may be narrower than what is asked for.
    asked = {name: cells[place] if place < len(cells) else ("",) * len(block) for name, place in columns.items()}
    texts, faults = {}, list[tuple[int, str, str, str]]()
    for name, column in asked.items():
        texts[name], lost = _column(column)
        faults += [(at, name, DIGITS_LOST, format(column[at], ".15g")) for at in lost]
        faults += [(at, name, NUL, "\u2400") for at in _where(pc.match_substring(texts[name], pattern="\0"))]
    some_empty = any(array.null_count for array in texts.values())
    for line, place in sheet.failed() if some_empty else ():
        at = int(np.searchsorted(lines, line))
        if at < len(lines) and lines[at] == line:
            faults += [(at, name, CELL_ERROR, "") for name, wanted in columns.items() if wanted == place]
    rows = pa.RecordBatch.from_arrays(list(texts.values()), names=list(texts))
    if not faults:
        return FileRows(rows, lines, refused)
    refused += _refusals(rows, lines, faults)
    keep = np.ones(len(lines), dtype=np.bool_)
    keep[[at for at, *_ in faults]] = False
    return FileRows(rows.filter(pa.array(keep)), lines[keep], refused)


def _where(found: Any) -> list[int]:
    return [int(at) for at in np.flatnonzero(np.asarray(pc.fill_null(found, False)))]


def _refusals(rows: pa.RecordBatch, lines: Numbers, faults: list[tuple[int, str, str, str]]) -> list[Refusal]:
    bad: dict[int, set[str]] = {}
    for at, name, _, _ in faults:
        bad.setdefault(at, set()).add(name)
    whole = {
        at: tuple(None if name in names else rows[name][at].as_py() for name in rows.schema.names)
        for at, names in bad.items()
    }
    return [Refusal(int(lines[at]), reason, name, value, whole[at]) for at, name, reason, value in faults]


def _column(cells: Sequence[Any]) -> tuple[Any, list[int]]:
    """Return a column as texts, and where the spreadsheet did not keep a number's digits."""
    kinds = set(map(type, cells))
    if kinds == {str}:
        array: Any = pa.array(cells, pa.string())
        return pc.if_else(pc.equal(pc.binary_length(array), 0), pa.scalar(None, pa.string()), array), []
    if kinds == {float} and (numbers := _plain_numbers(cells)) is not None:
        return numbers, []
    texts = [text_of(cell) for cell in cells]
    lost = [at for at, text in enumerate(texts) if text is LOST] if kinds & {int, float} else []
    for at in lost:
        texts[at] = None
    return pa.array(texts, pa.string()), lost


def _plain_numbers(cells: Sequence[float]) -> Any:
    """Return numbers as texts all at once; None when one of them is large, tiny, or longer than a sheet keeps."""
    numbers = np.array(cells, dtype=np.float64)
    size = np.abs(numbers)
    if not bool(((size < SAFE_DIGITS) & ((size >= TINY) | (size == 0))).all()):
        return None
    if bool((numbers == np.floor(numbers)).all()):
        return pa.array(numbers.astype(np.int64)).cast(pa.string())
    texts = pa.array(numbers).cast(pa.string())
    return texts if pc.max(pc.binary_length(texts)).as_py() <= LONGEST_PLAIN else None


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
