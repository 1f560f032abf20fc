"""The rows of a job that were set aside, beside the job: never in a log, never sent, readable by the node's owner only.

``quarantine/`` in the job's folder has two Parquet files for each chunk with such rows: the rows as they were read,
and what was found wrong with them (one line a row and rule). Both are written under another name and take their place
when the chunk is finished.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jutong.node.exchange.jobs import private
from jutong.node.exchange.rules.sieve import FINDINGS, POSITION

FOLDER = "quarantine"
_ROWS, _FOUND = "rows", "findings"


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


def page(folder: Path, *, skip: int = 0, limit: int = 20) -> Iterator[Refused]:
    """Yield refused rows in the order they were read; what lies before ``skip`` is not read from the disk's middle."""
    for number in chunks_of(folder):
        rows = pq.read_metadata(_path(folder, number, _ROWS)).num_rows
        if skip >= rows:
            skip -= rows
            continue
        table = rows_of(folder, number).slice(skip, limit)
        yield from _refused(folder, number, table)
        skip, limit = 0, limit - table.num_rows
        if limit <= 0:
            return


def pick(folder: Path, chunk: int, position: int) -> Refused | None:
    """Return one refused row, or None."""
    if not _path(folder, chunk, _ROWS).exists():
        return None
    table = pq.read_table(_path(folder, chunk, _ROWS), filters=pc.field(POSITION) == position)
    return next(_refused(folder, chunk, table), None)


def rows_of(folder: Path, chunk: int) -> pa.Table:
    """Return the refused rows of a chunk as they were read, their positions in front."""
    return pq.read_table(_path(folder, chunk, _ROWS))


def _refused(folder: Path, chunk: int, table: pa.Table) -> Iterator[Refused]:
    positions: list[Any] = table[POSITION].to_pylist()
    if not positions:
        return
    between = (pc.field(POSITION) >= positions[0]) & (pc.field(POSITION) <= positions[-1])
    found: dict[int, list[Finding]] = {}
    for line in pq.read_table(_path(folder, chunk, _FOUND), filters=between).to_pylist():
        finding = Finding(line["rule"], line["column"], line["reason"], line["value"])
        found.setdefault(line[POSITION], []).append(finding)
    for position, values in zip(positions, table.drop_columns(POSITION).to_pylist(), strict=True):
        yield Refused(chunk, position, values, tuple(found.get(position, ())))
