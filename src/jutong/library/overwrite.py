"""Replaces or adds to the content of a Delta table in one step that nobody can see half of.

The rows are first written to Parquet files that no commit names, forced to the disk and read back. Only when the
caller found them right does one Delta commit put them in the place of what was there. The commit carries the job's
id as an application transaction, so that a job that is run again after a crash sees that it is already done. Files are
written chunk by chunk; a finished chunk's files outlive a crash and are taken over when the job goes on.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, TableFeatures, Transaction
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, create_table_with_add_actions

from jutong.library.digest import ContentDigest
from jutong.library.errors import DiskFullError, TableBusyError, WriteError
from jutong.library.proof import NEWEST, Committed, Proof, standing
from jutong.library.tables import METADATA_KEY, digest_files

__all__ = ("Committed", "Overwrite", "Proof")

GROUP_ROWS = 131_072
GROUP_BYTES = 32 * 1024 * 1024
"""A row group is closed at whichever comes first: what the writer holds in memory, whatever the table's size."""

FILE_BYTES = 128 * 1024 * 1024
SAMPLE_ROWS = 20_000
FEWEST_REPEATS = 4
"""A column gets a dictionary when its values repeat so often on average in the first rows."""

LOCK = ".jutong.lock"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_TEXTS = ("No space left", "File too large", "quota exceeded")
_TRANSACTION_VERSION = 1
_JOB = re.compile(r"[0-9a-f-]{1,36}")


class Overwrite:
    """One job's replacement of one table. Use as a context manager: it holds the table's lock.

    Args:
        path: the table's folder, from ``tables.table_path``.
        job_id: names the files and the transaction.
        mode: whether the rows replace the content or are added to it.

    Raises:
        ValueError: for an id that could not stand in a file name.
        TableBusyError: on entering, when another job holds the table.
    """

    def __init__(self, path: Path, job_id: str, mode: Literal["overwrite", "append"] = "overwrite") -> None:
        if not _JOB.fullmatch(job_id):
            raise ValueError(f"not a job id: {job_id!r}")
        self.path = path
        self.job_id = job_id
        self.mode = mode
        self.rows = 0
        self.files: list[Path] = []
        self._lock = -1
        self._committing = False
        self._schema: pa.Schema | None = None
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.RecordBatch] = []
        self._chunk = 0
        self._chunk_files: list[Path] = []

    @property
    def name(self) -> str:
        """Organisation and table, for messages."""
        return "/".join(self.path.parts[-2:])

    def __enter__(self) -> Self:
        with self._named_problems():
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise TableBusyError(table=self.name) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._abandon()
        finally:
            os.close(self._lock)

    def committed(self) -> Committed | None:
        """Return this job's commit, if an earlier run of the job got as far as that."""
        if not DeltaTable.is_deltatable(str(self.path)):
            return None
        table = DeltaTable(str(self.path))
        if table.transaction_version(self.job_id) is None:
            return None
        for limit in (NEWEST, None):  # it is nearly always among the newest; a long history is long to read
            for commit in table.history(limit):
                proof = commit.get(METADATA_KEY, {})
                if proof.get("job_id") == self.job_id:
                    return Committed(commit["version"], commit["timestamp"], Proof.of(proof))
        raise WriteError(table=self.name, reason=f"the log has job {self.job_id} but not its commit")

    def begin(self, schema: pa.Schema, keep: Sequence[str] = ()) -> None:
        """Get ready for rows of ``schema``.

        Args:
            schema: of every row.
            keep: names of files of chunks that an earlier run finished; what else it left behind is removed.
        """
        if self.committed() is not None:
            raise WriteError(table=self.name, reason=f"job {self.job_id} is already committed")
        with self._named_problems():
            for leftover in self.path.glob(f"part-{self.job_id}-*.parquet"):
                if leftover.name not in keep:
                    leftover.unlink()
        self._schema = schema
        self.files = [self.path / name for name in keep]

    def begin_chunk(self, number: int) -> None:
        """Get ready for the rows of another chunk."""
        self._chunk, self._chunk_files = number, []

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows; nobody sees them yet.

        Raises:
            DiskFullError: when the disk takes no more.
            WriteError: when it fails otherwise.
        """
        self._held.append(batch)
        self.rows += batch.num_rows
        rows = sum(held.num_rows for held in self._held)
        if rows >= GROUP_ROWS or sum(held.nbytes for held in self._held) >= GROUP_BYTES:
            self._flush()

    def finish(self) -> tuple[str, ...]:
        """Force everything written to the disk; return the names of the chunk's files.

        Raises:
            DiskFullError: when the disk takes no more.
            WriteError: when it fails otherwise.
        """
        self._flush()
        self._close_file()
        with self._named_problems():
            _sync(self.path)
        return tuple(file.name for file in self._chunk_files)

    def read_back(self, names: Sequence[str] | None = None) -> ContentDigest:
        """Read finished files, by default all, from the disk and add up what is really in them."""
        assert self._schema is not None  # noqa: S101 - begin() comes first
        files = self.files if names is None else [self.path / name for name in names]
        with self._named_problems():
            return digest_files(files, self._schema)

    def commit(self, proof: Proof) -> Committed:
        """Put the finished files in the place of the table's content; durable before return.

        Raises:
            DiskFullError: when the log could not be written for lack of space.
            WriteError: when it fails otherwise.
        """
        assert self._schema is not None  # noqa: S101 - begin() comes first
        with self._named_problems():
            told = self._made_of_it(proof)
        properties = CommitProperties(
            custom_metadata={METADATA_KEY: asdict(told)},
            app_transactions=[Transaction(app_id=self.job_id, version=_TRANSACTION_VERSION)],
            max_commit_retries=0,
        )
        self._committing = True
        with self._named_problems():
            self._put(self._schema, properties)
            found = self.committed()
            if found is None:
                raise WriteError(table=self.name, reason="the commit is not in the log")
            _sync(self.path / "_delta_log" / f"{found.version:020d}.json")
            for folder in (self.path / "_delta_log", self.path, self.path.parent, self.path.parent.parent):
                _sync(folder)
        self.files = []
        return found

    def hold(self) -> None:
        """Leave the files on the disk when this ends: ``begin`` of a later run says which of them count."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(OSError):  # of an unfinished chunk; the next run removes it
                writer.close()
        self.files = []

    def _made_of_it(self, proof: Proof) -> Proof:
        """Return the proof with what the commit makes of the whole table."""
        assert self._schema is not None  # noqa: S101 - begin() comes first
        before = standing(self.path) if self.mode == "append" else None
        if before is not None:
            return before.with_added(proof, self._schema)
        return replace(proof, table_rows=proof.rows, table_digest=proof.digest)

    def _put(self, schema: pa.Schema, properties: CommitProperties) -> None:
        fields = DeltaSchema.from_arrow(schema)
        actions = [add_action(file) for file in self.files]
        if not DeltaTable.is_deltatable(str(self.path)):
            create_table_with_add_actions(str(self.path), fields, actions, mode="error", commit_properties=properties)
            return
        table = DeltaTable(str(self.path))
        prepare(table, schema)
        table.create_write_transaction(list(actions), self.mode, fields, commit_properties=properties)

    def _flush(self) -> None:
        if not self._held:
            return
        group, self._held = pa.Table.from_batches(self._held), []
        with self._named_problems():
            self._open_file(group).write_table(group, row_group_size=GROUP_ROWS)
            if self.files[-1].stat().st_size >= FILE_BYTES:
                self._close_file()

    def _open_file(self, first: pa.Table) -> pq.ParquetWriter:
        if self._writer is None:
            assert self._schema is not None  # noqa: S101 - begin() comes first
            file = self.path / f"part-{self.job_id}-{self._chunk:05d}-{len(self._chunk_files):03d}.parquet"
            self._writer = pq.ParquetWriter(
                file,
                self._schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=_repetitive(first),  # type: ignore[arg-type]
            )
            self.files.append(file)
            self._chunk_files.append(file)
        return self._writer

    def _close_file(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with self._named_problems():
                writer.close()
                _sync(self.files[-1])

    def _abandon(self) -> None:
        """Take away what was not committed; a full disk must not stay full because of us."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(OSError):  # the file goes away below
                writer.close()
        # A commit whose last fsync failed is still a commit, and its files must stay.
        if self._committing and self.committed() is not None:
            return
        for file in self.files:
            file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _named_problems(self) -> Iterator[None]:
        try:
            yield
        except (OSError, DeltaError, pa.ArrowException) as error:
            if getattr(error, "errno", None) in _FULL or any(text in str(error) for text in _FULL_TEXTS):
                raise DiskFullError(rows=self.rows) from error
            raise WriteError(table=self.name, reason=f"{type(error).__name__}: {error}"[:200]) from error


def _repetitive(table: pa.Table) -> list[str]:
    """Name the columns worth a dictionary; for numbers that never repeat one costs time and room (measured)."""
    sample = table.slice(0, SAMPLE_ROWS)
    return [
        name for name in sample.column_names if pc.count_distinct(sample[name]).as_py() * FEWEST_REPEATS <= len(sample)
    ]


def prepare(table: DeltaTable, schema: pa.Schema) -> None:
    """Let a table hold times without a zone before the first of them comes."""
    features = table.protocol().writer_features or []
    if _has_naive_time(schema) and "timestampNtz" not in features:
        table.alter.add_feature(TableFeatures.TimestampWithoutTimezone, allow_protocol_versions_increase=True)


def _has_naive_time(schema: pa.Schema) -> bool:
    return any(pa.types.is_timestamp(kind) and kind.tz is None for kind in schema.types)


def add_action(file: Path) -> AddAction:
    """Return what a commit says of a file it adds."""
    found = file.stat()
    rows = pq.read_metadata(file).num_rows
    stats: dict[str, Any] = {"numRecords": rows}
    return AddAction(file.name, found.st_size, {}, found.st_mtime_ns // 1_000_000, True, json.dumps(stats))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
