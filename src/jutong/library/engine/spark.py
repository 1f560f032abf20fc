"""The engine past one machine: the same SQL on a cluster over Spark Connect.

The cluster needs nothing but Spark: it reads the Parquet files that a Delta version consists of, and writes Parquet
files which this side commits, as it does for the engine in process. What it needs to see at the same path is the
folder of the library and of the scratch.
"""

from __future__ import annotations

import shutil
import socket
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot.errors import SqlglotError

from jutong.library.engine import SPARK, EngineSetting
from jutong.library.engine.delta import EngineWrite, files_of
from jutong.library.engine.errors import (
    EngineMissingError,
    EngineRefusedError,
    EngineUnknownError,
    EngineUnreachableError,
)
from jutong.library.engine.merging import merged, replaced
from jutong.library.engine.results import plain, tuples
from jutong.library.engine.sql import name
from jutong.library.errors import DiskFullError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PORT = 15002
"""Where a Spark Connect server listens unless the address says otherwise."""
PATIENCE_S = 5
CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
"""What makes Spark mean by a statement what the engine in process means by it."""

_FULL = ("No space left", "File too large", "quota exceeded")
_SILENT = ("cast", "Cast", "CAST", "parse", "overflow")
"""Words of problems whose texts show values of rows."""


class SparkEngine:
    """See :class:`jutong.library.engine.Engine`.

    Args:
        setting: with the address of the cluster.
        scratch: where kept results lie, seen by the cluster at the same path.
    """

    name = "spark"

    def __init__(self, setting: EngineSetting, scratch: Path) -> None:
        self._address = setting.address
        _knock(self._address)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of the client, about the pandas it may be given
                from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415 - an extra, slow to import

                self.session = SparkSession.builder.remote(self._address).create()
                for key, value in CONF.items():
                    self.session.conf.set(key, value)
        except ImportError as error:
            raise EngineMissingError(found=self._address) from error
        except Exception as error:
            raise EngineUnreachableError(address=self._address, reason=_reason(error)) from error
        self._views: set[str] = set()
        self._folder = scratch / f"spark-{uuid.uuid4()}"
        self._folder.mkdir(parents=True)

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
        with self._named():
            from pyspark.sql.connect.functions import builtin  # noqa: PLC0415 - an extra

            fields = _struct(schema)
            if filename:
                parts = [
                    self.session.read.schema(fields).parquet(path.as_uri()).withColumn("_file", builtin.lit(str(path)))
                    for path in paths
                ]
                found = reduce(lambda one, other: one.unionByName(other), parts)
            else:
                found = self.session.read.schema(fields).parquet(*(path.as_uri() for path in paths))
            self._see(called, found)

    def attach_rows(self, name: str, rows: pa.Table) -> None:
        """See :meth:`Engine.attach_rows`."""
        with self._named():
            frame = self.session.createDataFrame(rows) if rows.num_rows else None
            self._see(name, frame or self.session.createDataFrame([], _struct(rows.schema)))

    def keep(self, name: str, sql: str) -> None:
        """See :meth:`Engine.keep`."""
        folder = self._folder / uuid.uuid4().hex
        with self._named():
            frame = self._frame(sql)
            schema = frame.schema
            frame.write.parquet(folder.as_uri())
            self._see(name, self.session.read.schema(schema).parquet(folder.as_uri()))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """See :meth:`Engine.rows`."""
        with self._named():
            return tuples(self._frame(sql).toArrow())

    def batches(self, sql: str, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        """See :meth:`Engine.batches`."""
        shaped, schema = self.shape(sql)
        folder = self._folder / uuid.uuid4().hex
        self.copy(shaped, folder)  # through the disk: the client would hold the whole result in memory
        files = sorted(folder.rglob("*.parquet"))
        return pa.RecordBatchReader.from_batches(schema, _batches(files, schema, batch_rows))

    def write(
        self, sql: str, path: Path, *, keys: tuple[str, ...] = (), gone: str = "", commit: Mapping[str, Any]
    ) -> int:
        """See :meth:`Engine.write`."""
        with EngineWrite(path) as target:
            if keys:
                return merged(self, target, sql, keys=keys, gone=gone, commit=commit)
            return replaced(self, target, sql, commit)

    def shape(self, sql: str) -> tuple[str, pa.Schema]:
        """Return a query with its result in types that Delta has, and the schema of that."""
        with self._named():
            schema = self._frame(f"SELECT * FROM ({sql}) AS shaped LIMIT 0").toArrow().schema  # noqa: S608 - ours
        nothing = [field.name for field in schema if pa.types.is_null(field.type)]
        columns = [
            f"CAST({name(one)} AS VARCHAR) AS {name(one)}" if one in nothing else name(one) for one in schema.names
        ]
        return (
            f"SELECT {', '.join(columns)} FROM ({sql}) AS shaped",  # noqa: S608 - names are quoted
            pa.schema([pa.field(field.name, plain(field.type)) for field in schema]),
        )

    def copy(self, sql: str, folder: Path) -> None:
        """Write a result as Parquet files into a folder."""
        with self._named():
            self._frame(sql).write.parquet((folder / "files").as_uri())

    def drop(self, *called: str) -> None:
        """Forget tables; those that are not there are forgotten already."""
        with self._named():
            for one in self._views.intersection(called):
                self.session.catalog.dropTempView(one)
                self._views.discard(one)

    def _see(self, called: str, frame: DataFrame) -> None:
        frame.createOrReplaceTempView(called)
        self._views.add(called)

    def _frame(self, sql: str) -> DataFrame:
        return self.session.sql(translated(sql))

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except SqlglotError as error:
            raise EngineRefusedError(engine=self.name, reason=_reason(error)) from error
        except Exception as error:
            if type(error).__module__.split(".")[0] not in ("pyspark", "grpc", "py4j"):
                raise
            if any(text in str(error) for text in _FULL):
                raise DiskFullError(rows=0) from error
            if "UNAVAILABLE" in str(error):
                raise EngineUnreachableError(address=self._address, reason="UNAVAILABLE") from error
            raise EngineRefusedError(engine=self.name, reason=_reason(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Exception):  # a server that went away keeps no session either
            self.session.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def translated(sql: str) -> str:
    """Return a statement of DuckDB's dialect in Spark's.

    Raises:
        sqlglot.errors.SqlglotError: when it cannot be read, or says what Spark cannot.
    """
    (found,) = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    return found


def _knock(address: str) -> None:
    """Look whether anything listens: the client itself would try for minutes."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or PORT
    except ValueError as error:
        raise EngineUnknownError(found=address) from error
    if not address.startswith(SPARK) or not host:
        raise EngineUnknownError(found=address)
    try:
        socket.create_connection((host, port), PATIENCE_S).close()
    except OSError as error:
        raise EngineUnreachableError(address=address, reason=error.strerror or type(error).__name__) from error


def _struct(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - an extra

    return from_arrow_schema(schema, prefer_timestamp_ntz=True)


def _reason(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    kind = type(error).__name__
    return kind if any(word in first for word in _SILENT) else f"{kind}: {first}"[:200]


def _batches(files: list[Path], schema: pa.Schema, batch_rows: int) -> Iterator[pa.RecordBatch]:
    for file in files:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=batch_rows):
                yield batch.cast(schema)
