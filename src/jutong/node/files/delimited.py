"""Lines of cells with a delimiter between them: CSV and its kin, a block at a time through Arrow's parser.

An unquoted empty cell is no value, a quoted one an empty text. A line with another number of cells than there are
headings is refused and the others are read. Cells stay text: types are rules.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

from jutong.node.files.arrival import Arrived
from jutong.node.files.encodings import Stream
from jutong.node.files.errors import FileBrokenError
from jutong.node.files.mapping import FileTable
from jutong.node.files.rows import LONGEST_TOLD, RAGGED, FileRows, Numbers, Refusal, pc, screened
from jutong.node.files.scan import Piece, Scan

BLOCK_BYTES = 8 << 20
"""What the parser takes at once; a single row cannot be longer."""

HEAD_BYTES = 1 << 20


def headings(arrived: Arrived, found: Scan, table: FileTable) -> tuple[list[str], int]:
    """Return the headings of a file, and how many lines they and what stands above them take.

    Without a header the places of the first line's cells are the headings, from ``1``.

    Raises:
        FileBrokenError: when the file has no such line.
    """
    stream = found.opened(arrived, found.pieces[0])
    try:
        text = _beginning(stream)
    finally:
        stream.close()
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=table.delimiter, quotechar=table.quote or None,
        quoting=csv.QUOTE_MINIMAL if table.quote else csv.QUOTE_NONE,
    )  # fmt: skip
    try:
        for row in rows:
            if table.above == 0 and row:
                return [str(place) for place in range(1, len(row) + 1)], 0
            if rows.line_num >= table.above > 0:
                return [cell.strip() for cell in row], rows.line_num
    except csv.Error as error:
        raise FileBrokenError(name=arrived.name, reason="no line of headings") from error
    raise FileBrokenError(name=arrived.name, reason="no line of headings")


def _beginning(stream: Stream) -> str:
    head = b""
    while len(head) < HEAD_BYTES and (block := stream.read(HEAD_BYTES - len(head))):
        head += block
    return head.decode("utf-8", "ignore").replace("\0", "")


class Reading:
    """The reading of one piece of a file.

    Args:
        arrived: the file.
        found: what its first pass found.
        table: its mapping.
        piece: which lines.
        columns: place of the cell by the column's name.
        cells: how many cells a line has.
        above: lines at the beginning of the file that are no rows.
    """

    def __init__(
        self, arrived: Arrived, found: Scan, table: FileTable, piece: Piece, *, columns: Mapping[str, int], cells: int,
        above: int,
    ) -> None:  # fmt: skip
        self._arrived, self._found, self._table, self._piece = arrived, found, table, piece
        self._columns, self._cells = columns, cells
        self._above = above if piece.first == 1 else 0
        self._bad: list[arrow_csv.InvalidRow] = []
        self._records = 0
        self._ends_open = False
        self.spilled = 0
        """Lines so far that only go on with a row."""
        self.empty = 0
        """Rows so far without any value, in a file whose blank lines only the parser knows."""
        self._line = piece.first + self._above

    def rows(self) -> Iterator[FileRows]:
        """Yield the rows of the piece, once.

        Raises:
            FileBrokenError: when a quote is never closed.
        """
        return screened(self._parts(), nul=self._found.nul, damaged=self._found.damaged)

    def _parts(self) -> Iterator[FileRows]:
        stream = self._found.opened(self._arrived, self._piece)
        try:
            below = _Below(stream, self._above)
            if below.ended:
                return
            # A stretch whose every line is refused never becomes a batch.
            for batch in self._batches(below):
                yield self._part(batch)
            yield self._part(None)
        except pa.ArrowInvalid as error:
            raise FileBrokenError(name=self._arrived.name, reason=f"a quote is not closed, or a row is longer than "
                                  f"{BLOCK_BYTES >> 20} MiB, behind line {self._line}") from error  # fmt: skip
        finally:
            stream.close()

    def _batches(self, below: _Below) -> Iterator[pa.RecordBatch]:
        names = [f"f{place}" for place in range(self._cells)]
        asked = names if self._found.spills else [names[place] for place in dict.fromkeys(self._columns.values())]
        reader = arrow_csv.open_csv(
            pa.PythonFile(below, "r"),  # type: ignore[arg-type]
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._table.delimiter, quote_char=self._table.quote or False,
                ignore_empty_lines=False, newlines_in_values=self._found.spills, invalid_row_handler=self._refuse,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=asked, strings_can_be_null=True,
                quoted_strings_can_be_null=False, null_values=[""],
            ),
        )  # fmt: skip
        yield from reader

    def _refuse(self, row: arrow_csv.InvalidRow) -> Literal["skip"]:
        self._bad.append(row)
        return "skip"

    def _part(self, batch: pa.RecordBatch | None) -> FileRows:
        """Give the rows of a batch their lines. Rows and refused lines were counted together by the parser."""
        good = batch.num_rows if batch is not None else 0
        bad = [(row, int(row.number or 0) - 1 - self._records) for row in self._bad]
        # The parser may be ahead: what has more good lines before it than this batch belongs to a later one.
        mine = [pair for before, pair in enumerate(bad) if pair[1] - before <= good]
        self._bad = self._bad[len(mine) :]
        order = np.ones(good + len(mine), dtype=np.bool_)
        order[[place for _, place in mine]] = False
        taken = np.ones(len(order), dtype=np.int64)
        if self._found.spills:
            if batch is not None:
                taken[order] += _breaks(batch.columns)
            self._note_end(order, batch, mine[-1][0].text if mine else "")
            taken[~order] += np.array([_breaks_in(row.text) for row, _ in mine], dtype=np.int64)
        begins = self._line + np.cumsum(taken) - taken
        self._records += len(order)
        self._line += int(taken.sum())
        self.spilled += int(taken.sum()) - len(order)
        refused = [
            Refusal(int(line), RAGGED, value=row.text[:LONGEST_TOLD])
            for (row, _), line in zip(mine, begins[~order], strict=True)
        ]  # fmt: skip
        return self._without_blank(batch, begins[order], refused)

    def _note_end(self, order: npt.NDArray[np.bool_], batch: pa.RecordBatch | None, refused: str) -> None:
        """A quote that is never closed takes the end of the file's last line into the row."""
        if order.size:
            last = refused if batch is None or not order[-1] else batch.columns[-1][-1].as_py()
            self._ends_open = (last or "").endswith(("\n", "\r"))

    def without_line(self, lines: int) -> int:
        """Return how many of the file's lines were no row or refused line of their own.

        Args:
            lines: of the whole file.
        """
        over = self._line - 1 - lines
        return self.spilled + self.empty - (1 if over == 1 and self._ends_open else 0)

    def _without_blank(self, batch: pa.RecordBatch | None, lines: Numbers, refused: list[Refusal]) -> FileRows:
        blank = self._found.blank
        names = list(self._columns)
        if batch is None:
            empty: list[Any] = [pa.array([], pa.string()) for _ in names]
            return FileRows(pa.RecordBatch.from_arrays(empty, names=names), lines, refused)
        rows = pa.RecordBatch.from_arrays([batch[f"f{place}"] for place in self._columns.values()], names=names)
        if self._found.spills:
            keep = np.any([np.asarray(array.is_valid()) for array in batch.columns], axis=0)
            self.empty += int(np.count_nonzero(~keep))
            return FileRows(rows.filter(pa.array(keep)), lines[keep], refused)
        if len(blank) and len(lines):
            keep = ~np.isin(lines, blank[np.searchsorted(blank, lines[0]) : np.searchsorted(blank, lines[-1], "right")])
            if not keep.all():
                rows, lines = rows.filter(pa.array(keep)), lines[keep]
        return FileRows(rows, lines, [one for one in refused if not _is_in(blank, one.line)])


def _is_in(sorted_numbers: Numbers, number: int) -> bool:
    place = int(np.searchsorted(sorted_numbers, number))
    return place < len(sorted_numbers) and int(sorted_numbers[place]) == number


def _breaks(columns: Sequence[Any]) -> Numbers:
    """Count the line breaks within the cells of each row."""
    total: Numbers = np.zeros(len(columns[0]), dtype=np.int64)
    for array in columns:
        for sign, weight in (("\n", 1), ("\r", 1), ("\r\n", -1)):
            counted = pc.fill_null(pc.count_substring(array, pattern=sign), 0)
            total += weight * np.asarray(counted, dtype=np.int64)
    return total


def _breaks_in(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


class _Below:
    """What stands below the headings. Arrow reads it as a file."""

    closed = False

    def __init__(self, stream: Stream, lines: int) -> None:
        self._stream = stream
        self._held = b""
        for _ in range(lines):
            self._pass_line()
        if not self._held:
            self._held = stream.read(BLOCK_BYTES)
        self.ended = not self._held

    def _pass_line(self) -> None:
        while True:
            places = [place for place in (self._held.find(b"\n"), self._held.find(b"\r")) if place >= 0]
            # A carriage return at the very end may go on in what was not read yet.
            if places and (min(places) + 1 < len(self._held) or self._held[min(places)] == ord("\n")):
                end = min(places)
                self._held = self._held[end + 1 + self._held.startswith(b"\r\n", end) :]
                return
            block = self._stream.read(HEAD_BYTES)
            if not block:
                self._held = b""
                return
            self._held += block

    def read(self, size: int = -1) -> bytes:
        if self._held:
            part, self._held = (self._held, b"") if size < 0 else (self._held[:size], self._held[size:])
            return part
        return self._stream.read(size)

    def close(self) -> None:
        self.closed = True
