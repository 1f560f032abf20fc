"""A commit that changes how a table lies on the disk, or takes rows out of it; no job of anybody's, but of a work.

What the newest commit said of the table is said again, since positions of moves, digests and whatever a job needs to
find again stand there; the work's id stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions
from typing_extensions import override

from jutong.library.care.whole import sync
from jutong.library.drift import shaped
from jutong.library.engine.delta import Files
from jutong.library.errors import WriteError
from jutong.library.overwrite import Overwrite, add_action, prepare
from jutong.library.proof import Committed
from jutong.library.tables import BATCH_ROWS, METADATA_KEY, arrow_schema

NOT_CARRIED = {"fusion", "erased", "restored", "mended", "consents"}
"""What a commit says of itself alone: that it is a part of a fusion, what an erasure took out ..."""


class Rewriting(Overwrite):
    """One work's change of one table. Use as a context manager: it holds the table's lock.

    Args:
        path: the table's folder.
        work_id: stands in the commit, and names the files.
        task: what is done.

    Raises:
        TableBusyError: on entering, when something else writes the table.
    """

    def __init__(self, path: Path, work_id: str, task: str) -> None:
        # Each task has file names of its own: what one has committed is no leftover of the next.
        super().__init__(path, str(uuid5(UUID(work_id), task)), "append")
        self.work_id = work_id
        self.task = task

    def done(self) -> int | None:
        """Return the version an earlier try of this work left, None where it did not get that far."""
        if not DeltaTable.is_deltatable(str(self.path)):
            return None
        try:
            table = DeltaTable(str(self.path))
        except DeltaError:
            return None  # of a log that cannot be read; whoever needs it says so
        if table.transaction_version(self.job_id) is None:
            return None
        for commit in table.history():
            said = commit.get(METADATA_KEY, {})
            if said.get("job_id") == self.job_id:
                return int(commit["version"])
        return table.version()

    @override
    def committed(self) -> Committed | None:
        return None  # that is a move's question; ``done`` answers a work's

    def write_rows(self, rows: Iterable[pa.RecordBatch]) -> int:
        """Write rows into files nobody sees yet, forced to the disk; return how many."""
        self.begin_chunk(0)
        for batch in rows:
            if batch.num_rows:
                self.write(batch)
        self.finish()
        return self.rows

    def put(
        self,
        schema: pa.Schema,
        removed: Sequence[Path],
        said: Mapping[str, Any],
        *,
        now: datetime,
        changes: bool = True,
        whole: bool = False,
    ) -> int:
        """Commit the files written in the place of others; durable before return; return the version.

        Args:
            schema: of the table from now on.
            removed: files that go.
            said: what the commit adds to what the newest one said.
            now: since when the files that go are gone.
            changes: whether readers of changes have to look at it.
            whole: whether the files written are all there will be.

        Raises:
            DiskFullError, WriteError: the log could not be written.
        """
        with self._named_problems():
            table, now_ms = DeltaTable(str(self.path)), int(now.timestamp() * 1000)
            adds = [_add(file, changes=changes) for file in self.files]
            gone = [RemoveAction(file.name, changes, now_ms, _size(file), {}) for file in removed]
            prepare(table, schema)
            whole = whole or not schema.equals(arrow_schema(table))
            actions: list[AddAction | RemoveAction] = [*adds, *([] if whole else gone)]
            properties = self._properties({**carried(table), **said})
            fields = DeltaSchema.from_arrow(schema)
            table.create_write_transaction(
                actions, "overwrite" if whole else "append", fields, commit_properties=properties
            )
            return self._committed()

    def found_anew(self, schema: pa.Schema, said: Mapping[str, Any], *, aside: Path) -> int:
        """Make a table of the files written where there is none, or none that can be read; return its version.

        Args:
            schema: of the table.
            said: what its first commit says.
            aside: a folder for the log of what was there.

        Raises:
            DiskFullError, WriteError: the log could not be written.
        """
        with self._named_problems():
            log = self.path / "_delta_log"
            if log.exists():
                aside.mkdir(mode=0o700, exist_ok=True)
                log.rename(aside / f"{'.'.join(self.path.parts[-3:])}.{self.job_id}")
                sync(aside)
            create_table_with_add_actions(
                str(self.path), DeltaSchema.from_arrow(schema), [add_action(file) for file in self.files],
                mode="error", commit_properties=self._properties(said),
            )  # fmt: skip
            return self._committed()

    def _properties(self, said: Mapping[str, Any]) -> CommitProperties:
        told = {**said, "job_id": self.job_id, "work_id": self.work_id, "task": self.task}
        return CommitProperties(
            custom_metadata={METADATA_KEY: told},
            app_transactions=[Transaction(app_id=self.job_id, version=1)],
            max_commit_retries=0,
        )

    def _committed(self) -> int:
        version = self.done()
        if version is None:
            raise WriteError(table=self.name, reason="the commit is not in the log")
        self.files = []
        self._make_durable(version)
        return version

    def _make_durable(self, version: int) -> None:
        sync(self.path / "_delta_log" / f"{version:020d}.json")
        sync(self.path / "_delta_log")
        sync(self.path)


def _add(file: Path, *, changes: bool) -> AddAction:
    action = add_action(file)
    return (
        action
        if changes
        else AddAction(action.path, action.size, action.partition_values, action.modification_time, False, action.stats)
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def carried(table: DeltaTable) -> dict[str, Any]:
    """Return what a commit of care says again: all that the newest one did, but not that a fusion made it."""
    return {name: value for name, value in newest_said(table).items() if name not in NOT_CARRIED}


def newest_said(table: DeltaTable) -> dict[str, Any]:
    """Return what the newest commit of ours says; nothing where there is none."""
    for limit in (5, None):
        for commit in table.history(limit):
            if METADATA_KEY in commit:
                return dict(commit[METADATA_KEY])
    return {}


def rows_of(files: Files, only: Iterable[Path] | None = None) -> Iterable[pa.RecordBatch]:
    """Yield the rows of a version in the table's shape, whatever file of it has fewer columns or narrower types."""
    for file in files.paths if only is None else only:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
                yield shaped(batch, files.schema)
