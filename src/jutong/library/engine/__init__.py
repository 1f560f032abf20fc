"""What runs the library's SQL: in process, or on a cluster over Spark Connect. Everything is written once.

SQL is written in DuckDB's dialect as far as both engines mean the same by it; the Spark engine translates its syntax
tree. Nothing a person typed is ever a part of it: names come from definitions, values are literals made by
:func:`jutong.library.engine.sql.literal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa


class Engine(Protocol):
    """An engine with tables of the library under names of their own. Use as a context manager.

    A temporary result made by :meth:`keep` lives as long as the engine.
    """

    name: str

    def attach(self, name: str, path: Path, version: int | None = None) -> int:
        """Make a Delta table readable as ``name``; return the version that is read from now on.

        Raises:
            TableUnknownError: when there is none.
            TableForeignError: when its protocol has features this reader would read wrongly.
        """

    def attach_rows(self, name: str, rows: pa.Table) -> None:
        """Make a small table in memory readable as ``name``."""

    def keep(self, name: str, sql: str) -> None:
        """Compute a query once, on the disk where memory ends, and make it readable as ``name``."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result.

        Raises:
            EngineRefusedError: when the engine refuses the statement.
        """

    def batches(self, sql: str, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        """Stream a result of any size."""

    def write(self, sql: str, path: Path, *, keys: tuple[str, ...] = (), commit: Mapping[str, Any]) -> int:
        """Replace a Delta table by a result, or with ``keys`` merge the result into it; return the new version.

        ``commit`` stands under :data:`jutong.library.tables.METADATA_KEY` of the commit. Either the whole result is
        in the table or nothing of it.

        Raises:
            DiskFullError: when the disk takes no more; the table is as it was.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
