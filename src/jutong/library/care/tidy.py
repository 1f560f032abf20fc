"""Small files folded into large ones, and files removed that only versions need that nobody was promised any longer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable

from jutong.contracts.library_care import Keeping, TableCared
from jutong.library.care.examine import examine, remember
from jutong.library.care.keep import promise
from jutong.library.care.rewriting import Rewriting, carried, rows_of
from jutong.library.digest import ContentDigest
from jutong.library.engine.delta import files_of
from jutong.library.errors import MergeDiffersError
from jutong.library.retention import prune
from jutong.library.tables import METADATA_KEY

_LOG_KEPT = "delta.logRetentionDuration"


def tidy(path: Path, keeping: Keeping, *, work_id: str, now: datetime, dry: bool = False) -> TableCared:
    """Take care of one table.

    Args:
        path: its folder.
        keeping: how it is kept.
        work_id: stands in the commit, if one is needed.
        now: the present instant.
        dry: only count.

    Raises:
        TableBusyError: when something else writes the table.
        DiskFullError, WriteError: the table is as it was.
        MergeDiffersError: what was read back is not what was there; the table is as it was.
        TableForeignError, TableTouchedError: it is not a table of ours any more.
    """
    looked = examine(path)
    if looked.findings:  # of a table that is damaged an older version may be all there is
        return TableCared(table=keeping, version=looked.version, good=looked.good, findings=looked.findings)
    written = removed = 0
    if not dry:
        promise(path, keeping.keep_days)
        _keep_log(path, keeping.keep_days, work_id)
        written, removed = fold(path, keeping, work_id=work_id, now=now)
    pruned = prune(path, keep_days=keeping.keep_days, now=now, at_work=(), dry=dry)
    version = DeltaTable(str(path)).version()
    if not dry:
        remember(path, version)
    return TableCared(
        table=keeping, version=version, good=version, files_written=written,
        files_removed=pruned.files, bytes_removed=pruned.size, rows=removed,
    )  # fmt: skip


def fold(path: Path, keeping: Keeping, *, work_id: str, now: datetime) -> tuple[int, int]:
    """Write the small files of a table as few large ones, in one commit that changes no row.

    Returns:
        How many files came, and in the place of how many.
    """
    with Rewriting(path, work_id, "tidy") as target:
        if target.done() is not None:
            return 0, 0
        files = files_of(path)
        small = [file for file in files.paths if file.stat().st_size < keeping.small_bytes]
        if len(small) <= keeping.most_small:
            return 0, 0
        target.begin(files.schema)
        before = ContentDigest(files.schema)
        target.write_rows(_counted(rows_of(files, small), before))
        found = target.read_back().text()
        if found != before.text():
            raise MergeDiffersError(table=target.name, expected=before.text(), found=found)
        came = len(target.files)
        target.put(files.schema, small, {}, now=now, changes=False)
        return came, len(small)


def _counted(rows: Iterable[pa.RecordBatch], digest: ContentDigest) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        digest.update(batch)
        yield batch


def _keep_log(path: Path, keep_days: int, work_id: str) -> None:
    """Let Delta keep what the log tells as long as the versions are kept; its own default is 30 days."""
    table = DeltaTable(str(path))
    wanted = f"interval {keep_days + 1} days"
    if table.metadata().configuration.get(_LOG_KEPT) == wanted:
        return
    said = {**carried(table), "work_id": work_id, "task": "keep-log"}
    properties = CommitProperties(custom_metadata={METADATA_KEY: said}, max_commit_retries=0)
    with Rewriting(path, work_id, "keep-log"):
        table.alter.set_table_properties({_LOG_KEPT: wanted}, commit_properties=properties)
