"""Where the library's Delta tables lie, and what is in them.

A table is the folder ``library/<zone>/<organisation or library code>/<table>``. No part of that path is taken from a
user: zones are a list, codes and names have an allow-list of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from jutong.library.digest import ContentDigest
from jutong.library.errors import TableNameError, TableUnknownError

ZONES = ("landed", "standardised", "fused", "service")
"""``landed``: as the source department has it, moved and proven, nothing changed yet; ``standardised``: a register
with the library's elements applied, row by row; ``fused``: one entity, one row; ``service``: what interfaces read.
Landed and standardised tables stand under their organisation's code, the others under their library's."""

METADATA_KEY = "jutong"
"""Under this key of a commit stands what the job that made it proved."""

MADE_FOR_READERS = ("records", "shares")
"""Files the node made of tables for readers elsewhere, in an instance's home: made anew whenever they are missing."""

BATCH_ROWS = 65_536
HISTORY_LIMIT = 20
_ORGANISATION = re.compile(r"[0-9A-Z]{1,18}")
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Version:
    """One commit of a table; ``job_id`` is empty when no job of ours made it."""

    number: int
    time_ms: int
    operation: str
    job_id: str
    rows: int
    digest: str


@dataclass(frozen=True)
class TableState:
    """A table as its log describes it. ``size_bytes`` counts the files of the newest version only."""

    version: int
    rows: int
    size_bytes: int
    columns: tuple[tuple[str, str], ...]
    history: tuple[Version, ...]


def table_path(library: Path, zone: str, organisation_code: str, table: str) -> Path:
    """Return the folder of a table.

    Raises:
        TableNameError: when a part is not on its allow-list.
    """
    if zone not in ZONES:
        raise TableNameError(part="分区", found=zone, allowed="、".join(ZONES))
    if not _ORGANISATION.fullmatch(organisation_code):
        raise TableNameError(part="部门代码", found=organisation_code, allowed=_ORGANISATION.pattern)
    if not _TABLE.fullmatch(table):
        raise TableNameError(part="表名", found=table, allowed=_TABLE.pattern)
    return library / zone / organisation_code / table


def open_table(path: Path, version: int | None = None) -> DeltaTable:
    """Open a table at its newest or an older version.

    Raises:
        TableUnknownError: when there is none.
    """
    if not DeltaTable.is_deltatable(str(path)):
        raise TableUnknownError(table="/".join(path.parts[-2:]))
    return DeltaTable(str(path), version=version)


def describe(path: Path) -> TableState:
    """Return version, rows, size, columns and the newest commits of a table.

    Raises:
        TableUnknownError: when there is none.
    """
    table = open_table(path)
    files: pa.Table = pa.table(table.get_add_actions(flatten=True))
    return TableState(
        version=table.version(),
        rows=_sum(files["num_records"]),
        size_bytes=_sum(files["size_bytes"]),
        columns=tuple((field.name, str(field.type)) for field in arrow_schema(table)),
        history=tuple(_version(commit) for commit in table.history(HISTORY_LIMIT)),
    )


def _sum(column: pa.ChunkedArray[Any]) -> int:
    total: int | None = pc.sum(column).as_py()
    return total or 0


def _version(commit: dict[str, Any]) -> Version:
    proven = commit.get(METADATA_KEY, {})
    return Version(
        number=commit["version"],
        time_ms=commit["timestamp"],
        operation=commit["operation"],
        job_id=proven.get("job_id", ""),
        rows=proven.get("rows", -1),
        digest=proven.get("digest", ""),
    )


def arrow_schema(table: DeltaTable) -> pa.Schema:
    """Return the schema of a table in Arrow types."""
    schema: pa.Schema = pa.schema(table.schema().to_arrow())  # type: ignore[arg-type]
    return schema


def read_batches(files: list[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the content of Parquet files in bounded batches.

    Raises:
        pyarrow.ArrowInvalid: when a file is damaged or has another schema.
    """
    for file in files:
        with pq.ParquetFile(file) as parquet:
            found = parquet.schema_arrow
            if found.names != schema.names or found.types != schema.types:
                raise pa.ArrowInvalid(f"{file.name} has another schema")
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
                # An engine says of a column without nulls that it has none: the same rows under another schema.
                yield batch if found.equals(schema) else pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def digest_files(files: list[Path], schema: pa.Schema) -> ContentDigest:
    """Read Parquet files back from the disk and add up their content."""
    digest = ContentDigest(schema)
    for batch in read_batches(files, schema):
        digest.update(batch)
    return digest


def read_digest(path: Path, version: int | None = None) -> str:
    """Return the content digest of a whole table as it lies on the disk.

    Raises:
        TableUnknownError: when there is none.
        pyarrow.ArrowInvalid: when a file is damaged.
    """
    table = open_table(path, version)
    return digest_files([Path(uri) for uri in table.file_uris()], arrow_schema(table)).text()
