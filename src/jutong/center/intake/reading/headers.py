"""Finds the header among the first rows: past empty rows and titles, over one or two lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from jutong.center.intake.reading.listing import Remark, RemarkKind, letters

_NUMBER = re.compile(r"[-+]?[\d,.:/\s年月日%-]+")
_SHARE = 0.6
"""A header fills at least this share of what the first rows usually fill."""
_BETWEEN = "/"

Merge = tuple[int, int, int, int]
"""First row, first column, last row, last column, all from 0 and counted in the sheet."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the header is and what it says. ``first`` and ``last`` are row numbers from 0."""

    first: int
    last: int
    headers: tuple[str, ...]
    remarks: tuple[Remark, ...]


def find(
    rows: Sequence[tuple[str, ...]], merges: Sequence[Merge] = (), *, single: bool = False, ragged: bool = False
) -> Found | None:
    """Return the header of the first rows of a sheet, or None where nothing looks like one.

    Args:
        rows: the first rows of the sheet, empty ones too.
        merges: merged cells; a header cell over several columns is joined with the cells below it.
        single: whether a table of one column is let pass.
        ragged: whether cells beyond the last header mean that a row's cells were cut wrongly (delimited text), and
            not that somebody wrote beside the table.
    """
    fills = [sum(map(bool, row)) for row in rows]
    fewest = 1 if single else 2
    usual = median_low([fill for fill in fills if fill >= fewest] or [0])
    if usual < fewest:
        return None
    wanted = max(_SHARE * usual, fewest)
    for at, row in enumerate(rows):
        if fills[at] and _covered(at, row, merges) >= wanted and not _looks_like_data(row):
            return _read(at, rows, merges, ragged=ragged)
    return None


def _covered(at: int, row: tuple[str, ...], merges: Sequence[Merge]) -> int:
    """Count the filled cells of a row; a merged title over the whole width is one cell, not a header."""
    filled = sum(map(bool, row))
    across = [merge for merge in merges if merge[0] <= at <= merge[2] and merge[3] > merge[1]]
    if filled == 1 and across:
        return 1
    return filled + sum(merge[3] - merge[1] for merge in across)


def _looks_like_data(row: tuple[str, ...]) -> bool:
    filled = [cell for cell in row if cell]
    return any(_NUMBER.fullmatch(cell) for cell in filled) or len(set(filled)) * 2 < len(filled)


def _read(at: int, rows: Sequence[tuple[str, ...]], merges: Sequence[Merge], *, ragged: bool) -> Found:
    across = [merge for merge in merges if merge[0] == at and merge[3] > merge[1]]
    upper = list(rows[at])
    last = at
    if across and at + 1 < len(rows):
        last = at + 1
        upper = _joined(upper, rows[last], across)
    headers, remarks = _named(upper, last + 1, rows[last + 1 :], ragged=ragged)
    return Found(at, last, headers, remarks)


def _joined(upper: list[str], lower: tuple[str, ...], across: Sequence[Merge]) -> list[str]:
    width = max(len(upper), len(lower))
    above = upper + [""] * (width - len(upper))
    for merge in across:
        for column in range(merge[1] + 1, min(merge[3] + 1, width)):
            above[column] = above[merge[1]]
    below = [*lower, *[""] * (width - len(lower))]
    return [_BETWEEN.join(dict.fromkeys(part for part in pair if part)) for pair in zip(above, below, strict=True)]


def _named(
    headers: list[str], line: int, below: Sequence[tuple[str, ...]], *, ragged: bool
) -> tuple[tuple[str, ...], tuple[Remark, ...]]:
    """Return the headers, each with a name of its own, and what was wrong with them."""
    beside = 0 if ragged else max(map(_last_filled, below), default=0)
    width = max(len(headers) if ragged else _last_filled(headers), beside)
    seen: dict[str, int] = {}
    named: list[str] = []
    remarks: list[Remark] = []
    for column in range(width):
        name = " ".join(headers[column].split()) if column < len(headers) else ""
        if not name:
            name = letters(column)
            if any(len(row) > column and row[column] for row in below):
                remarks.append(Remark(RemarkKind.BLANK_HEADER, line, column, name))
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            remarks.append(Remark(RemarkKind.REPEATED_HEADER, line, column, name))
            name = f"{name} ({seen[name]})"
        named.append(name)
    return tuple(named), tuple(remarks)


def _last_filled(row: Sequence[str]) -> int:
    return max((at + 1 for at, cell in enumerate(row) if cell), default=0)
