"""Writes rows of text into a file, a block at a time, in constant memory."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from jutong.node.gateway.calls import Format

SHEET = "数据"


class Writer(Protocol):
    """One open file."""

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""

    def close(self) -> None:
        """Finish the file."""


class CsvWriter:
    """UTF-8 with a byte order mark, so that office programs read it as such."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._stream = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._stream)
        self._csv.writerow(names)

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""
        self._csv.writerows(rows)

    def close(self) -> None:
        """Finish the file."""
        self._stream.close()


class XlsxWriter:
    """One sheet, every cell a text: nothing is read as a formula, and no number loses its leading zeros."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        from openpyxl import Workbook  # noqa: PLC0415 - a node that writes no workbook does without

        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(SHEET)
        self._append([names])

    def _append(self, rows: Sequence[Sequence[str]]) -> None:
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

        for row in rows:
            cells = []
            for text in row:
                one = WriteOnlyCell(self._sheet)
                one.value = ILLEGAL_CHARACTERS_RE.sub("", text)
                one.data_type = "s"
                cells.append(one)
            self._sheet.append(cells)

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""
        self._append(rows)

    def close(self) -> None:
        """Finish the file."""
        self._book.save(self._path)


class ParquetWriter:
    """One row group a block, every column a text."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - a node that writes no Parquet does without
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._pa = pa
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows."""
        columns = [self._pa.array([row[at] for row in rows], self._pa.string()) for at in range(len(self._schema))]
        self._writer.write_batch(self._pa.record_batch(columns, schema=self._schema))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def writer(chosen: Format, path: Path, names: Sequence[str]) -> Writer:
    """Open a file of a format and write its head line.

    Raises:
        OSError: if the disk refuses.
    """
    kinds: dict[Format, type[CsvWriter | XlsxWriter | ParquetWriter]] = {
        "csv": CsvWriter,
        "xlsx": XlsxWriter,
        "parquet": ParquetWriter,
    }
    return kinds[chosen](path, names)
