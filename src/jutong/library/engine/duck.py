"""The engine in process: DuckDB over the files of Delta versions, with bounded memory and its overflow on the disk."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from jutong.library.engine import EngineSetting
from jutong.library.engine.delta import EngineWrite, files_of
from jutong.library.engine.errors import EngineMemoryError, EngineRefusedError
from jutong.library.engine.merging import merged, replaced
from jutong.library.engine.results import plain, tuples
from jutong.library.engine.sql import literal, name
from jutong.library.errors import DiskFullError

GROUP_ROWS = 100_000
GROUP_BYTES = "32MB"
FILE_BYTES = "64MB"
"""Files are smaller than a move's: a merge of few keys writes whole files anew."""

_FULL = ("No space left", "File too large", "quota exceeded", "failed to offload data block", "max_temp_directory_size")
_SILENT = ("Conversion", "InvalidInput", "OutOfRange", "Constraint", "Data")
"""Kinds of problems whose texts show values of rows."""

_AS = {"HUGEINT": "BIGINT", "UHUGEINT": "BIGINT", "UBIGINT": "BIGINT", "UINTEGER": "BIGINT", "USMALLINT": "INTEGER",
       "UTINYINT": "SMALLINT", "TIMESTAMP_NS": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIMESTAMP_S": "TIMESTAMP",
       "UUID": "VARCHAR", '"NULL"': "VARCHAR", "NULL": "VARCHAR", "JSON": "VARCHAR"}  # fmt: skip
"""Types that Delta does not have, and what they are written as."""


class DuckEngine:
    """See :class:`jutong.library.engine.Engine`.

    Args:
        setting: how much memory and how many threads.
        scratch: where its database and what overflows lie while it is open.
    """

    name = "duckdb"

    def __init__(self, setting: EngineSetting, scratch: Path) -> None:
        self._memory_mb = setting.memory_mb
        self._folder = scratch / f"duckdb-{uuid.uuid4()}"
        self._folder.mkdir(parents=True)
        self._kinds: dict[str, str] = {}
        """What bears which name; asking the engine for it each time would cost more than most statements."""
        with self._named():
            self.connection = duckdb.connect(
                str(self._folder / "kept.duckdb"),
                config={
                    "threads": setting.threads,
                    "memory_limit": f"{setting.memory_mb}MiB",
                    "temp_directory": str(self._folder / "overflow"),
                    "preserve_insertion_order": False,
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "python_enable_replacements": False,
                },
            )
            self.connection.execute("SET TimeZone = 'UTC'")

    def attach(self, name: str, path: Path, version: int | None = None) -> int:
        """See :meth:`Engine.attach`."""
        files = files_of(path, version)
        self.attach_files(name, files.paths, files.schema)
        return files.version

    def attach_files(self, called: str, paths: tuple[Path, ...], schema: pa.Schema, *, filename: bool = False) -> None:
        """Make Parquet files readable as one table; ``filename`` adds the column ``_file``."""
        if not paths:
            extra = [pa.field("_file", pa.string())] if filename else []
            self.attach_rows(called, pa.schema([*schema, *extra]).empty_table())
            return
        listed = ", ".join(literal(str(path)) for path in paths)
        there = self._columns(
            f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        )
        columns = [
            name(field.name) if field.name in there else f"CAST(NULL AS {_sql_type(field.type)}) AS {name(field.name)}"
            for field in schema
        ]
        columns += ["filename AS _file"] if filename else []
        self._drop(called)
        self._run(
            f"CREATE VIEW {name(called)} AS SELECT {', '.join(columns)} FROM read_parquet([{listed}], "
            f"union_by_name = true, hive_partitioning = false{', filename = true' if filename else ''})"
        )
        self._kinds[called] = "VIEW"

    def attach_rows(self, name_: str, rows: pa.Table) -> None:
        """See :meth:`Engine.attach_rows`."""
        self._drop(name_)
        with self._named():
            self.connection.register("_arriving", rows)
            try:
                self.connection.execute(f"CREATE TABLE {name(name_)} AS SELECT * FROM _arriving")
                self._kinds[name_] = "TABLE"
            finally:
                self.connection.unregister("_arriving")

    def keep(self, name_: str, sql: str) -> None:
        """See :meth:`Engine.keep`."""
        kept = f"_kept_{uuid.uuid4().hex}"
        self._run(f"CREATE TABLE {name(kept)} AS {sql}")  # the query may read what bore the name before
        self._drop(name_)
        self._run(f"ALTER TABLE {name(kept)} RENAME TO {name(name_)}")
        self._kinds[name_] = "TABLE"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """See :meth:`Engine.rows`."""
        with self._named():
            return tuples(self.connection.sql(sql).to_arrow_table())

    def batches(self, sql: str, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        """See :meth:`Engine.batches`."""
        with self._named():
            # A cursor of its own: other statements may run while the result is read.
            reader: pa.RecordBatchReader = self.connection.cursor().sql(sql).to_arrow_reader(batch_rows)
            return reader

    def write(
        self, sql: str, path: Path, *, keys: tuple[str, ...] = (), gone: str = "", commit: Mapping[str, Any]
    ) -> int:
        """See :meth:`Engine.write`."""
        with EngineWrite(path) as target, self._named():
            if keys:
                return merged(self, target, sql, keys=keys, gone=gone, commit=commit)
            return replaced(self, target, sql, commit)

    def shape(self, sql: str) -> tuple[str, pa.Schema]:
        """Return a query with its result in types that Delta has, and the schema of that."""
        found = self._columns(sql)
        columns = [f"CAST({name(one)} AS {_AS[kind]}) AS {name(one)}" if kind in _AS else name(one)
                   for one, kind in found.items()]  # fmt: skip
        shaped = f"SELECT {', '.join(columns)} FROM ({sql}) AS shaped"
        with self._named():
            schema = self.connection.cursor().sql(f"{shaped} LIMIT 0").to_arrow_table().schema
        return shaped, pa.schema([pa.field(field.name, plain(field.type)) for field in schema])

    def copy(self, sql: str, folder: Path) -> None:
        """Write a result as Parquet files into a folder that is there."""
        self._run(
            f"COPY ({sql}) TO {literal(str(folder / 'files'))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
            f"ROW_GROUP_SIZE {GROUP_ROWS}, ROW_GROUP_SIZE_BYTES '{GROUP_BYTES}', FILE_SIZE_BYTES '{FILE_BYTES}')"
        )

    def drop(self, *called: str) -> None:
        """Forget tables; those that are not there are forgotten already."""
        for one in called:
            self._drop(one)

    def _columns(self, sql: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE {sql}")}

    def _drop(self, called: str) -> None:
        if kind := self._kinds.pop(called, ""):
            self._run(f"DROP {kind} {name(called)}")

    def _run(self, sql: str) -> None:
        with self._named():
            self.connection.execute(sql)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.Error, OSError) as error:
            text = str(error)
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or any(
                one in text for one in _FULL
            ):
                raise DiskFullError(rows=0) from error
            if isinstance(error, duckdb.OutOfMemoryException):
                raise EngineMemoryError(memory_mb=self._memory_mb) from error
            raise EngineRefusedError(engine=self.name, reason=_reason(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _reason(error: Exception) -> str:
    kind = type(error).__name__.removesuffix("Exception").removesuffix("Error")
    return kind if kind in _SILENT else f"{kind}: {str(error).splitlines()[0]}"[:200]


def _sql_type(kind: pa.DataType) -> str:
    """Return the name of a Delta type in SQL."""
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMPTZ" if kind.tz else "TIMESTAMP"
    known = {pa.int8(): "TINYINT", pa.int16(): "SMALLINT", pa.int32(): "INTEGER", pa.int64(): "BIGINT",
             pa.float32(): "FLOAT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN", pa.date32(): "DATE",
             pa.binary(): "BLOB"}  # fmt: skip
    return known.get(kind, "VARCHAR")
