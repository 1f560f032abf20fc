"""One file that arrived, whatever its form: what it is, what its columns are, and its rows piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import pyarrow as pa
from typing_extensions import override

from jutong.node.files import columnar, delimited, fixed, lines, workbook
from jutong.node.files.arrival import Arrived
from jutong.node.files.errors import HeadingsChangedError
from jutong.node.files.mapping import FileTable, column_names
from jutong.node.files.rows import FileRows
from jutong.node.files.scan import Scan, glimpse, scan

TEXT = pa.string()


class OpenFile(Protocol):
    """A file that is complete and in the form its mapping says.

    ``name`` is told to people, ``sha256`` of its unpacked bytes tells it from others. ``counted`` are the rows it
    seems to have, ``pieces`` how many parts it is read in.
    """

    name: str
    sha256: str
    counted: int
    pieces: int

    def headings(self) -> Mapping[str, pa.DataType]:
        """Return what its columns are called, and their types."""

    def rows(self, piece: int, columns: Mapping[str, str]) -> Iterator[FileRows]:
        """Yield a piece's rows; ``columns`` has the heading of each column."""

    def records(self, piece: int) -> int:
        """Return how many rows and lines that are none a piece must have had, by the first pass; asked afterwards."""


def open_file(arrived: Arrived, table: FileTable, *, quickly: bool = False) -> OpenFile:
    """Look through a file.

    Args:
        arrived: the file.
        table: its mapping.
        quickly: look at its beginning only, to know its columns.

    Raises:
        JutongError: naming the file and what is wrong with it.
    """
    if table.format == "xlsx":
        return Workbook(arrived, table)
    if table.format == "parquet":
        return Columnar(arrived, quickly=quickly)
    found = glimpse(arrived, table) if quickly else scan(arrived, table)
    if table.format == "csv":
        return Delimited(arrived, table, found)
    return JsonLines(arrived, table, found) if table.format == "jsonl" else Fixed(arrived, table, found)


def columns_of(table: FileTable, file: OpenFile) -> dict[str, str]:
    """Return the heading of each column: as mapped, or every heading of the file under a name a table may have."""
    if table.columns:
        return dict(table.columns)
    headings = list(file.headings())
    plain = [heading.removeprefix("/") if table.format == "jsonl" else heading for heading in headings]
    return dict(zip(column_names(plain), headings, strict=True))


def checked(file: OpenFile, columns: Mapping[str, str]) -> None:
    """Make sure that a file has what is to be read.

    Raises:
        HeadingsChangedError: naming what is not there.
    """
    known = file.headings()
    if missing := [heading for heading in columns.values() if heading not in known]:
        raise HeadingsChangedError(name=file.name, headings="、".join(missing))


class _Lines(OpenFile, Protocol):
    """What files of lines have in common."""

    _arrived: Arrived
    _table: FileTable
    _found: Scan
    _above: int

    def _take(self, arrived: Arrived, table: FileTable, found: Scan, above: int) -> None:
        self.name = arrived.name
        self.sha256 = found.sha256
        self.pieces = len(found.pieces)
        self._arrived, self._table, self._found, self._above = arrived, table, found, above
        self.counted = sum(_Lines.records(self, piece) for piece in range(self.pieces))

    @override
    def records(self, piece: int) -> int:
        first = self._found.pieces[piece].first
        last = self._found.pieces[piece + 1].first if piece + 1 < self.pieces else self._found.lines + 1
        below = max(first, self._above + 1)
        blank = self._found.blank
        return max(last - below, 0) - int(((blank >= below) & (blank < last)).sum())


class Delimited(_Lines):
    """CSV; see ``OpenFile``."""

    def __init__(self, arrived: Arrived, table: FileTable, found: Scan) -> None:
        self._headings, above = delimited.headings(arrived, found, table)
        self._take(arrived, table, found, above)
        self._seen: dict[int, int] = {}

    @override
    def headings(self) -> Mapping[str, pa.DataType]:
        return dict.fromkeys(self._headings, TEXT)

    @override
    def rows(self, piece: int, columns: Mapping[str, str]) -> Iterator[FileRows]:
        # Of two headings with one name the first is meant.
        places = {name: self._headings.index(heading) for name, heading in columns.items()}
        reading = delimited.Reading(
            self._arrived, self._found, self._table, self._found.pieces[piece],
            columns=places, cells=len(self._headings), above=self._above,
        )  # fmt: skip
        yield from reading.rows()
        if self._found.spills:
            self._seen[piece] = reading.without_line(self._found.lines)
        self._arrived.check_unchanged()

    @override
    def records(self, piece: int) -> int:
        if piece not in self._seen:
            return super().records(piece)
        return self._found.lines - self._above - self._seen[piece]


class JsonLines(_Lines):
    """JSON lines; see ``OpenFile``."""

    def __init__(self, arrived: Arrived, table: FileTable, found: Scan) -> None:
        self._take(arrived, table, found, table.above)

    @override
    def headings(self) -> Mapping[str, pa.DataType]:
        return dict.fromkeys([*lines.headings(self._arrived, self._found), *self._table.columns.values()], TEXT)

    @override
    def rows(self, piece: int, columns: Mapping[str, str]) -> Iterator[FileRows]:
        yield from lines.rows(self._arrived, self._found, self._found.pieces[piece], columns)
        self._arrived.check_unchanged()


class Fixed(_Lines):
    """Lines of fixed width; see ``OpenFile``. A column's heading is its place."""

    def __init__(self, arrived: Arrived, table: FileTable, found: Scan) -> None:
        self._take(arrived, table, found, table.above)

    @override
    def headings(self) -> Mapping[str, pa.DataType]:
        return dict.fromkeys(self._table.columns.values(), TEXT)

    @override
    def rows(self, piece: int, columns: Mapping[str, str]) -> Iterator[FileRows]:
        places = {name: self._table.places[name] for name in columns}
        yield from fixed.rows(self._arrived, self._found, self._table, self._found.pieces[piece], places)
        self._arrived.check_unchanged()


class Workbook(OpenFile):
    """A sheet of a workbook; see ``OpenFile``. It is held in memory until its rows were taken, and opened again."""

    pieces = 1

    def __init__(self, arrived: Arrived, table: FileTable) -> None:
        self.name = arrived.name
        self._arrived, self._table = arrived, table
        self._sheet: workbook.Sheet | None = workbook.opened(arrived, table)
        self._headings = self._sheet.headings
        self.sha256 = self._sheet.sha256
        self.counted = self._sheet.counted
        self._seen = 0

    def release(self) -> None:
        """Let go of the sheet until its rows are asked for."""
        self._sheet = None

    @override
    def headings(self) -> Mapping[str, pa.DataType]:
        named = self._headings or [str(place) for place in range(1, workbook.MOST_COLUMNS + 1)]
        return dict.fromkeys(named, TEXT)

    @override
    def rows(self, piece: int, columns: Mapping[str, str]) -> Iterator[FileRows]:
        named = list(self.headings())
        places = {name: named.index(heading) for name, heading in columns.items()}
        sheet, self._sheet = self._sheet or workbook.opened(self._arrived, self._table), None
        self._seen = 0
        for part in workbook.rows(sheet, places, len(self._headings)):
            self._seen += part.rows.num_rows + len({one.line for one in part.refused})
            yield part
        self._arrived.check_unchanged()

    @override
    def records(self, piece: int) -> int:
        """Return the rows that were there: a sheet does not say beforehand which of its rows are empty."""
        return self._seen


class Columnar(OpenFile):
    """Parquet; see ``OpenFile``."""

    pieces = 1

    def __init__(self, arrived: Arrived, *, quickly: bool) -> None:
        self.name = arrived.name
        self._arrived = arrived
        self.sha256 = "" if quickly else columnar.sha256_of(arrived)
        with columnar.opened(arrived) as file:
            self.counted = file.metadata.num_rows
            self._schema = file.schema_arrow

    @override
    def headings(self) -> Mapping[str, pa.DataType]:
        return dict(zip(self._schema.names, self._schema.types, strict=True))

    @override
    def rows(self, piece: int, columns: Mapping[str, str]) -> Iterator[FileRows]:
        for part in columnar.rows(self._arrived, list(columns.values())):
            yield FileRows(part.rows.rename_columns(list(columns)), part.lines)
        self._arrived.check_unchanged()

    @override
    def records(self, piece: int) -> int:
        return self.counted
