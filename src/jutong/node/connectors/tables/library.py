"""A Delta table of the library. Rows are taken from its first file; counts come from its log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import DeltaError

from jutong.library.errors import TableNameError, TableUnknownError
from jutong.library.tables import TableState, open_table, table_path
from jutong.node.connectors.errors import TableMissingError, TableUnreadableError
from jutong.node.connectors.library import state
from jutong.node.connectors.limits import LONGEST_VALUE, ROWS_UNKNOWN
from jutong.node.sources import SourceConfig


class LibraryTable:
    """An open table; see ``OpenTable``."""

    def __init__(self, dataset: Any, found: TableState) -> None:
        self._dataset = dataset
        self._found = found
        self.columns = dict(found.columns)

    @property
    def estimate(self) -> int:
        """The exact number of rows, as the log has it."""
        return self._found.rows

    def sample(self, limit: int) -> Sequence[Sequence[tuple[str | None, int]]]:
        """Return cells of at most ``limit`` rows."""
        rows = self._dataset.head(limit).to_pylist()
        return [[_cell(value) for value in row.values()] for row in rows]

    def count(self, limit: int) -> int:
        """Return the exact number of rows up to ``limit``, else -1."""
        return self._found.rows if self._found.rows <= limit else ROWS_UNKNOWN

    def newest(self, column: str) -> Any:
        """Return the greatest value of a column, or None."""
        values = self._dataset.to_table(columns=[column])[column]
        return pc.max(values).as_py() if len(values) else None


def _cell(value: Any) -> tuple[str | None, int]:
    if value is None or isinstance(value, bytes):
        return None, len(value) if value else 0
    text = str(value)
    return text[:LONGEST_VALUE], len(text)


@contextmanager
def opened(source: SourceConfig, schema: str, table: str) -> Iterator[LibraryTable]:
    """Open a table for a look.

    Raises:
        TableMissingError: when the department has none of that name in the zone.
        TableUnreadableError: when its files cannot be read.
    """
    try:
        found = state(source, schema, table)
        dataset = open_table(table_path(source.file, schema, source.organisation_code, table)).to_pyarrow_dataset()
        yield LibraryTable(dataset, found)
    except (TableUnknownError, TableNameError) as error:
        raise TableMissingError(source=source.name, table=f"{schema}.{table}") from error
    except (DeltaError, pa.ArrowException) as error:
        reason = type(error).__name__
        raise TableUnreadableError(source=source.name, table=f"{schema}.{table}", reason=reason) from error
