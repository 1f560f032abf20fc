"""A foreign listing as it is read: sheets of text cells under their headers, and what was remarkable about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from jutong.kernel.errors import JutongError


class Format(StrEnum):
    """What a file is, told by its content and not by its name."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    ZIP = "zip"


class RemarkKind(StrEnum):
    """What a reader notices that a person should know of."""

    MERGED = "merged"
    """Cells were merged; the value was taken for every row they cover."""
    NO_VALUE = "no-value"
    """A formula without a stored result, or one whose result is an error."""
    BLANK_HEADER = "blank-header"
    """A column has values and no header."""
    REPEATED_HEADER = "repeated-header"
    """Two columns have the same header; the later one got a number."""
    EXTRA_CELLS = "extra-cells"
    """A row has more cells than there are headers."""
    REPEATED_KEY = "repeated-key"
    """A JSON object names a field twice; the last value stands."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing noticed. ``line`` counts as people count, ``column`` from 0, -1 where it is the whole row."""

    kind: RemarkKind
    line: int
    column: int
    text: str
    """The cells in a spreadsheet's words (``A3:A7``), or what stood there."""
    until: int = 0
    """The last line it covers, where it covers several."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row. ``line`` is its line in a sheet or text file, its number in a JSON or parquet file, from 1."""

    line: int
    cells: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a listing. Rows are read anew each time ``rows`` is called; rows without a value are left out."""

    name: str
    headers: tuple[str, ...]
    header_line: int
    """0 where the format has no header line (JSON, parquet)."""
    source: Callable[[], Iterator[SourceRow]] = field(repr=False)
    hidden: bool = False
    remarks: tuple[Remark, ...] = ()
    """What was noticed about the headers; what was noticed about rows comes with the rows."""
    format: Format = Format.CSV

    def rows(self) -> Iterator[SourceRow]:
        """Yield the rows under the header, each with as many cells as there are headers."""
        return self.source()


@dataclass(frozen=True, slots=True)
class Listing:
    """A file that was read: what it is and its sheets with something in them."""

    name: str
    format: Format
    sheets: tuple[Sheet, ...]
    skipped: tuple[str, ...] = ()
    """Members of a zip that are no listings, and sheets without a header, by name."""
    broken: tuple[tuple[str, JutongError], ...] = ()
    """Members of a zip that could not be read, with the reason; the others were."""


def letters(column: int) -> str:
    """Return a column's letters as spreadsheets show them: 0 is A, 26 is AA."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
