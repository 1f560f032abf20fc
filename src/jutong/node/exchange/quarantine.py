"""The rows of a job that were set aside, beside the job: never in a log, never sent, readable by the node's owner only.

``quarantine/`` in the job's folder has two Parquet files for each chunk with such rows: the rows as they were read,
and what was found wrong with them (one line a row and rule). Both are written under another name and take their place
when the chunk is finished.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jutong.node.exchange.jobs import private
from jutong.node.exchange.rules.sieve import FINDINGS, POSITION

FOLDER = "quarantine"
_ROWS, _FOUND = "rows", "findings"
Positions = npt.NDArray[np.int64]


class ChunkQuarantine:
    """Takes the refused rows of one chunk. Use as a context manager: what is not closed by then is dropped.

    Args:
        folder: the job's.
        number: the chunk's.
        schema: of the rows, their position in front.
    """

    def __init__(self, folder: Path, number: int, schema: pa.Schema) -> None:
        self.rows = 0
        self._schemas = {_ROWS: schema, _FOUND: FINDINGS}
        self._folder = folder / FOLDER
        self._paths = {part: _path(folder, number, part) for part in (_ROWS, _FOUND)}
        self._writers: dict[str, tuple[Any, pq.ParquetWriter]] = {}
        for path in self._paths.values():
            path.unlink(missing_ok=True)  # of a try that was killed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part, (stream, writer) in self._writers.items():
            with contextlib.suppress(OSError):  # a full disk; the file goes away
                writer.close()
            with contextlib.suppress(OSError):
                stream.close()
            self._paths[part].with_suffix(".new").unlink(missing_ok=True)
        self._writers = {}

    def add(self, rows: pa.RecordBatch, findings: pa.Table) -> None:
        """Keep rows, and why."""
        if rows.num_rows == 0:
            return
        self.rows += rows.num_rows
        if not self._writers:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._writers = {part: self._open(part) for part in (_ROWS, _FOUND)}
        self._writers[_ROWS][1].write_batch(rows)
        self._writers[_FOUND][1].write_table(findings)

    def _open(self, part: str) -> tuple[Any, pq.ParquetWriter]:
        fresh = self._paths[part].with_suffix(".new")
        stream = open(fresh, "wb", opener=private)  # noqa: SIM115 - Path.open takes no opener; see close
        return stream, pq.ParquetWriter(stream, self._schemas[part], compression="zstd", compression_level=1)

    def close(self) -> None:
        """Force everything to the disk and give the files their names."""
        for part, (stream, writer) in self._writers.items():
            writer.close()
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            self._paths[part].with_suffix(".new").replace(self._paths[part])
        if self._writers:
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._writers = {}


def _path(folder: Path, number: int, part: str) -> Path:
    return folder / FOLDER / f"{number:05d}.{part}.parquet"


def clear(folder: Path) -> None:
    """Remove every refused row of a job that begins anew."""
    for file in (folder / FOLDER).glob("*"):
        file.unlink()


def kept(folder: Path, chunks: list[int]) -> int:
    """Return how many rows really lie in the quarantine of these chunks."""
    paths = [_path(folder, number, _ROWS) for number in chunks]
    return sum(pq.read_metadata(path).num_rows for path in paths if path.exists())


def chunks_of(folder: Path) -> list[int]:
    """Return the chunks that have refused rows, in order."""
    return sorted(int(path.name.partition(".")[0]) for path in (folder / FOLDER).glob(f"*.{_ROWS}.parquet"))


@dataclass(frozen=True)
class Finding:
    """What is wrong with a row, and the value that is."""

    rule: str
    column: str
    reason: str
    value: str | None


@dataclass(frozen=True)
class Refused:
    """A refused row as it was read. ``name`` is its chunk and position, as commands take it."""

    chunk: int
    position: int
    values: dict[str, Any]
    findings: tuple[Finding, ...] = field(default=())

    @property
    def name(self) -> str:
        """``chunk-position``."""
        return f"{self.chunk}-{self.position}"


def pick(folder: Path, chunk: int, position: int) -> Refused | None:
    """Return one refused row, or None."""
    if not _path(folder, chunk, _ROWS).exists():
        return None
    return next(iter(picked(folder, chunk, [position])), None)


def picked(folder: Path, chunk: int, positions: Sequence[int]) -> list[Refused]:
    """Return refused rows of a chunk by their positions, in order."""
    wanted = pc.field(POSITION).isin(list(positions))
    return list(_refused(folder, chunk, pq.read_table(_path(folder, chunk, _ROWS), filters=wanted)))


def rows_of(folder: Path, chunk: int) -> pa.Table:
    """Return the refused rows of a chunk as they were read, their positions in front."""
    return pq.read_table(_path(folder, chunk, _ROWS))


def schema_of(folder: Path, chunk: int) -> pa.Schema:
    """Return the columns of a chunk's refused rows, without their positions."""
    schema = pq.read_schema(_path(folder, chunk, _ROWS))
    return schema.remove(schema.get_field_index(POSITION))


def positions_of(folder: Path, chunk: int, rule: str = "") -> Positions:
    """Return the positions of a chunk's refused rows in order, of those that break a rule where one is named."""
    if rule:
        found = findings_of(folder, chunk, rule)[POSITION].to_numpy()
        return np.unique(found.astype(np.int64))
    return np.sort(pq.read_table(_path(folder, chunk, _ROWS), columns=[POSITION])[POSITION].to_numpy())


def findings_of(folder: Path, chunk: int, rule: str = "") -> pa.Table:
    """Return what was found wrong with a chunk's rows, with one rule where one is named."""
    return pq.read_table(_path(folder, chunk, _FOUND), filters=pc.field("rule") == rule if rule else None)


def _refused(folder: Path, chunk: int, table: pa.Table) -> Iterator[Refused]:
    positions: list[Any] = table[POSITION].to_pylist()
    if not positions:
        return
    found: dict[int, list[Finding]] = {}
    wanted = pc.field(POSITION).isin(positions)
    for line in pq.read_table(_path(folder, chunk, _FOUND), filters=wanted).to_pylist():
        finding = Finding(line["rule"], line["column"], line["reason"], line["value"])
        found.setdefault(line[POSITION], []).append(finding)
    for position, values in zip(positions, table.drop_columns(POSITION).to_pylist(), strict=True):
        yield Refused(chunk, position, values, tuple(found.get(position, ())))
