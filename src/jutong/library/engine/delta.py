"""A Delta table from an engine's side: the files of a version, and one commit of what an engine wrote.

An engine writes Parquet files into a folder beside the table's own that no commit names. They are forced to the disk,
counted by their footers, given their names, and one commit brings them in and takes out those they replace. Whatever
ends the process before that leaves the table as it was; what it left behind goes with the next write.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable
from deltalake import Schema as DeltaSchema
from deltalake.transaction import RemoveAction, create_table_with_add_actions
from typing_extensions import override

from jutong.library.engine.errors import TableForeignError, TableTouchedError
from jutong.library.errors import WriteError
from jutong.library.overwrite import Overwrite, _sync, add_action, prepare
from jutong.library.proof import NEWEST, Committed
from jutong.library.tables import METADATA_KEY, arrow_schema, open_table

READABLE = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""Reader features under which the rows of a version are just the rows of its files."""

MAPPED_VERSION = 2
"""From this version of the protocol on, columns may have other names in files."""

STAGE = ".engine-"


@dataclass(frozen=True)
class Files:
    """The files a version of a table consists of."""

    version: int
    schema: pa.Schema
    paths: tuple[Path, ...]
    rows: int


@dataclass(frozen=True)
class Counted:
    """What a write did, in rows. ``rows`` were written, ``table_rows`` are in the table after it."""

    rows: int
    table_rows: int
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0


def files_of(path: Path, version: int | None = None) -> Files:
    """Return the files of a table's version, having looked that they are there in the size the log says.

    Raises:
        TableUnknownError: when there is no table.
        TableForeignError: when its rows are not just the rows of its files.
        TableTouchedError: when a file is gone or has another size.
    """
    table = open_table(path, version)
    _require_plain(table, path)
    actions: pa.Table = pa.table(table.get_add_actions(flatten=True))
    paths, rows = [], 0
    for row in actions.select(["path", "size_bytes", "num_records"]).to_pylist():
        file = path / row["path"]
        found = file.stat().st_size if file.is_file() else -1
        if found != row["size_bytes"]:
            raise TableTouchedError(
                table="/".join(path.parts[-2:]), file=file.name, expected=row["size_bytes"], found=max(found, 0)
            )
        paths.append(file)
        rows += row["num_records"] if row["num_records"] is not None else pq.read_metadata(file).num_rows
    return Files(table.version(), arrow_schema(table), tuple(sorted(paths)), rows)


def _require_plain(table: DeltaTable, path: Path) -> None:
    protocol, metadata = table.protocol(), table.metadata()
    strange = set(protocol.reader_features or ()) - READABLE
    if metadata.partition_columns:
        strange.add("partitions")
    if metadata.configuration.get("delta.columnMapping.mode", "none") != "none":
        strange.add("columnMapping")
    if strange:
        raise TableForeignError(table="/".join(path.parts[-2:]), features="、".join(sorted(strange)))


def version_of(path: Path, **said: Any) -> int | None:
    """Return the version whose commit says this of itself (``work_id=...``), the newest if there are several."""
    if not DeltaTable.is_deltatable(str(path)):
        return None
    for limit in (NEWEST, None):
        for commit in DeltaTable(str(path)).history(limit):
            proven = commit.get(METADATA_KEY, {})
            if all(proven.get(name) == value for name, value in said.items()):
                version: int = commit["version"]
                return version
    return None


def said_of(path: Path, version: int) -> dict[str, Any]:
    """Return what the commit of a version says of itself; empty where it says nothing.

    Raises:
        TableUnknownError: when there is no table.
    """
    table = open_table(path)
    for commit in table.history(table.version() - version + 1):
        if commit["version"] == version:
            said: dict[str, Any] = commit.get(METADATA_KEY, {})
            return said
    return {}


class EngineWrite(Overwrite):
    """One write of an engine to one table; it holds the table's lock. Use as a context manager.

    Args:
        path: the table's folder.

    Raises:
        TableBusyError: on entering, when something else writes the table.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, str(uuid.uuid4()))
        self.stage = path / f"{STAGE}{self.job_id}"

    @override
    def committed(self) -> Committed | None:
        """Return None: the name of this write is new, so no commit bears it; a work finds its own by ``version_of``."""
        return None

    def take(self, copy: Callable[[Path], None]) -> int:
        """Let an engine write files into a folder, and take them over; return how many rows they have.

        Raises:
            DiskFullError: when the disk takes no more.
            TableTouchedError: when what is read back is not what was written.
        """
        with self._named_problems():
            for leftover in self.path.glob(f"{STAGE}*"):
                shutil.rmtree(leftover)
            self.stage.mkdir()
            copy(self.stage)
            rows = 0
            for written in sorted(self.stage.rglob("*.parquet")):
                found = pq.read_metadata(written).num_rows
                if found:
                    rows += found
                    self._adopt(written)
            _sync(self.path)
        return rows

    def _adopt(self, written: Path) -> None:
        file = self.path / f"part-{self.job_id}-00000-{len(self.files):03d}.parquet"
        _sync(written)
        self.files.append(file)
        written.rename(file)

    def put(
        self, schema: pa.Schema, counted: Counted, commit: Mapping[str, Any], removed: Sequence[Path] | None = None
    ) -> int:
        """Commit the files taken over; return the version. Without ``removed`` they replace the whole content.

        Raises:
            DiskFullError, WriteError: the log could not be written.
        """
        said = {"job_id": self.job_id, **asdict(counted), **commit}
        properties = CommitProperties(custom_metadata={METADATA_KEY: said}, max_commit_retries=0)
        with self._named_problems():
            version = self._committed(schema, properties, removed)
            self.files = []
            _sync(self.path / "_delta_log" / f"{version:020d}.json")
            for folder in (self.path / "_delta_log", self.path, self.path.parent, self.path.parent.parent):
                _sync(folder)
        return version

    def _committed(self, schema: pa.Schema, properties: CommitProperties, removed: Sequence[Path] | None) -> int:
        fields, actions = DeltaSchema.from_arrow(schema), [add_action(file) for file in self.files]
        if not DeltaTable.is_deltatable(str(self.path)):
            create_table_with_add_actions(str(self.path), fields, actions, mode="error", commit_properties=properties)
            return 0
        table = DeltaTable(str(self.path))
        prepare(table, schema)
        if removed is None:
            table.create_write_transaction(list(actions), "overwrite", fields, commit_properties=properties)
        else:
            now_ms = max((action.modification_time for action in actions), default=0)
            gone = [RemoveAction(file.name, True, now_ms, file.stat().st_size, {}) for file in removed]
            table.create_write_transaction([*actions, *gone], "append", fields, commit_properties=properties)
        version = version_of(self.path, job_id=self.job_id)
        if version is None:
            raise WriteError(table=self.name, reason="the commit is not in the log")
        return version

    @override
    def _abandon(self) -> None:
        shutil.rmtree(self.stage, ignore_errors=True)
        with suppress(OSError):
            found = version_of(self.path, job_id=self.job_id) if self.files else None
            if found is None:
                for file in self.files:
                    file.unlink(missing_ok=True)
