"""What the reading of a file yields, whatever its form: rows of text with their lines, and lines that are no rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import compute

from jutong.node.files.encodings import MARK

pc: Any = compute
"""The kernels, which the type stubs know in parts only."""

Numbers: TypeAlias = npt.NDArray[np.int64]
RAGGED, NUL, NO_TEXT, NO_JSON, DIGITS_LOST, CELL_ERROR, SHORT = (
    "file-ragged", "file-nul", "file-no-text", "file-no-json", "file-digits-lost", "file-cell-error", "file-short",
)  # fmt: skip
"""Why a line or a cell could not be read: another number of cells than headings; NUL; bytes that are no text in the
file's encoding; no JSON object; a number a spreadsheet has kept 15 digits of; a formula that failed; a line that ends
before its columns do."""

LONGEST_TOLD = 2_000
"""Characters of a refused line that are kept."""


@dataclass(frozen=True)
class Refusal:
    """A line that is no row, or a cell that is no value. ``row`` has the row's other cells, where it is one."""

    line: int
    reason: str
    column: str = ""
    value: str | None = None
    row: tuple[Any, ...] = ()


@dataclass(frozen=True)
class FileRows:
    """Rows in the order of the asked columns, the lines they begin on, and what was refused among them."""

    rows: pa.RecordBatch
    lines: Numbers
    refused: Sequence[Refusal] = field(default=())


def screened(parts: Iterator[FileRows], *, nul: bool, damaged: bool) -> Iterator[FileRows]:
    """Set rows aside that hold NUL or bytes that are no text.

    Args:
        parts: rows of text.
        nul: whether NUL may be among them.
        damaged: whether marks for bytes that are no text may be.
    """
    for part in parts:
        if nul:
            part = _without(part, "\0", NUL)  # noqa: PLW2901 - twice the same step
        if damaged:
            part = _without(part, MARK, NO_TEXT)  # noqa: PLW2901
        yield part


def _without(part: FileRows, sign: str, reason: str) -> FileRows:
    batch = part.rows
    bad: dict[int, list[int]] = {}
    for place, array in enumerate(batch.columns):
        found = pc.fill_null(pc.match_substring(array, pattern=sign), False)
        for row in np.flatnonzero(np.asarray(found)).tolist():
            bad.setdefault(row, []).append(place)
    if not bad:
        return part
    refused = list(part.refused)
    for row, places in bad.items():
        cells = [array[row].as_py() for array in batch.columns]
        kept = tuple(None if place in places else cell for place, cell in enumerate(cells))
        refused += [
            Refusal(int(part.lines[row]), reason, batch.schema.names[place], _shown(cells[place]), kept)
            for place in places
        ]  # fmt: skip
    keep = np.ones(batch.num_rows, dtype=np.bool_)
    keep[list(bad)] = False
    return FileRows(batch.filter(pa.array(keep)), part.lines[keep], refused)


def _shown(text: str) -> str:
    return text[:LONGEST_TOLD].replace("\0", "\u2400").replace(MARK, "\ufffd")
