"""What runs the library's SQL: in process, or on a cluster over Spark Connect. Everything is written once.

SQL is written in DuckDB's dialect as far as both engines mean the same by it; the Spark engine translates its syntax
tree. Nothing a person typed is ever a part of it: names come from definitions, values are literals made by
:func:`jutong.library.engine.sql.literal`.

What both engines mean alike, learned by comparing them: name every column of ``GROUP BY`` (no ``GROUP BY ALL``);
``CAST`` and ``TRY_CAST`` written out; sums, quotients and results of set operations cast to the type they should have;
``NULLS LAST`` written out; ``concat_ws``, ``substr``, ``length``, ``translate``, ``regexp_matches``,
``regexp_replace(.., 'g')`` with the regular expressions RE2 and Rust share; ``row_number()`` in a subquery and no
``QUALIFY``; ``max_by``; ``CASE`` in the place of functions only one has. An alias of a table must not be the name of a
column. ``NOT EXISTS`` and ``LEFT JOIN`` for rows without a partner. Dates out of text by ``TRY_CAST`` of the form
``YYYY-MM-DD``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa

from jutong.kernel.settings import Settings
from jutong.library.engine.errors import EngineUnknownError

DUCKDB = "duckdb"
SPARK = "sc://"


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
            TableTouchedError: when its files are not what its log says.
        """

    def attach_files(self, called: str, paths: tuple[Path, ...], schema: pa.Schema, *, filename: bool = False) -> None:
        """Make Parquet files of one schema readable as one table; ``filename`` adds the column ``_file``."""

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

    def write(
        self, sql: str, path: Path, *, keys: tuple[str, ...] = (), gone: str = "", commit: Mapping[str, Any]
    ) -> int:
        """Replace a Delta table by a result, or with ``keys`` merge the result into it; return the new version.

        A merge writes only files that hold a row that changes; a row as it stands already changes nothing. ``gone`` is
        a query of keys whose rows are taken out; a key that is also in the result has a row. ``commit`` stands under
        :data:`jutong.library.tables.METADATA_KEY` of the commit, beside what was counted: ``rows`` written,
        ``table_rows``, ``inserted``, ``updated``, ``deleted``, ``unchanged``. Either the whole result is in the table
        or nothing of it.

        Raises:
            DiskFullError: when the disk takes no more; the table is as it was.
            KeyMissingError, KeyRepeatedError: rows of a merge have no key, or one has several.
            SchemaDriftError: a merge brings other columns than the table has.
            TableBusyError: something else writes the table.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class EngineSetting:
    """Which engine, and what it may take on this machine.

    ``address`` is ``duckdb`` or a Spark Connect address ``sc://host:port``; ``memory_mb`` what the engine in process
    holds in memory before it goes to the disk.
    """

    address: str = DUCKDB
    memory_mb: int = 2048
    threads: int = 2


def setting_of(settings: Settings) -> EngineSetting:
    """Return the engine that an instance's settings name."""
    return EngineSetting(settings.library_engine, settings.library_memory_mb)


def open_engine(setting: EngineSetting, scratch: Path) -> Engine:
    """Open the engine that is set.

    Args:
        setting: which, and within what.
        scratch: a folder for what does not fit into memory. A cluster has to see it at the same path, as it has to
            see the library; what is put there is taken away on leaving.

    Raises:
        EngineUnknownError: for an address that is none.
        EngineMissingError: when the client of Spark Connect is not installed.
        EngineUnreachableError: when nothing answers there.
    """
    # Each brings packages of tens of megabytes with it, and a process needs only one of them.
    if setting.address == DUCKDB:
        from jutong.library.engine.duck import DuckEngine  # noqa: PLC0415 - see above

        return DuckEngine(setting, scratch)
    if setting.address.startswith(SPARK):
        from jutong.library.engine.spark import SparkEngine  # noqa: PLC0415 - see above

        return SparkEngine(setting, scratch)
    raise EngineUnknownError(found=setting.address)
