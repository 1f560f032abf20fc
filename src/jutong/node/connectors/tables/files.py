"""A table of files: a sample is the beginning of its newest file, and nothing is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from jutong.kernel.errors import JutongError
from jutong.node.connectors.errors import TableMissingError, TableUnreadableError
from jutong.node.connectors.limits import LONGEST_VALUE, ROWS_UNKNOWN
from jutong.node.files.fetching import glimpsed
from jutong.node.files.mapping import FileTable
from jutong.node.files.reading import columns_of, open_file
from jutong.node.files.tables import columns, mapped
from jutong.node.sources import SourceConfig


class FilesTable:
    """An open table; see ``OpenTable``."""

    estimate = ROWS_UNKNOWN

    def __init__(self, source: SourceConfig, table: FileTable) -> None:
        self._source, self._table = source, table
        self.columns = columns(source, table)

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` rows."""
        with glimpsed(self._source, self._table) as newest:
            file = open_file(newest, self._table)
            parts = file.rows(0, columns_of(self._table, file))
            rows = (row for part in parts for row in part.rows.to_pylist())
            return [[_cell(value) for value in row.values()] for row in islice(rows, limit)]

    def count(self, limit: int) -> int:
        """Return that the number is unknown: files come and go."""
        return ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return that the newest value is unknown."""
        return None


def _cell(value: Any) -> tuple[str | None, int]:
    if value is None or isinstance(value, bytes):
        return None, len(value) if value else 0
    text = str(value)
    return text[:LONGEST_VALUE], len(text)


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[FilesTable]:
    """Open a mapped table for a look.

    Raises:
        TableMissingError: when the folder has none of that name.
        TableUnreadableError: when there is no file of it, or it cannot be read.
    """
    try:
        yield FilesTable(source, mapped(source, schema, table))
    except TableMissingError:
        raise
    except JutongError as error:
        raise TableUnreadableError(source=source.name, table=table, reason=error.explain()) from error
