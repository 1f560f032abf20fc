"""What changed between two versions as a grant shows them: a row that leaves the grant's rows is a deletion to it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jutong.library.engine import EngineSetting
from jutong.library.engine.sql import name, names
from jutong.node.shares.views import DISPUTED, View, ViewFile, described

CHANGE = "_change_type"
MEMORY_MB = 512


def name_of(before: View | None, after: View) -> str:
    """Return the name under which a difference is kept."""
    return hashlib.sha256(f"difference\n{before.name if before else ''}\n{after.name}".encode()).hexdigest()[:32]


def difference(before: View | None, after: View, keys: Sequence[str], folder: Path) -> list[ViewFile]:
    """Write what changed into a file of a folder; blocking, bounded in memory.

    Rows are compared as a whole, as many times as they occur. Those that went and those that came are one change when
    they agree in ``keys``; without keys every change is a deletion and an insertion. Whether a row is in dispute
    is no change of the row.

    Args:
        before: the version before, or None where the recipient had nothing.
        after: the version.
        keys: items that find a row and are shown in full.
        folder: gets the file.
    """
    from jutong.library.engine.duck import DuckEngine  # noqa: PLC0415 - only who asks for changes pays for it

    schema = _schema(after) or _schema(before)
    if schema is None:  # neither has a row
        return []
    keys = [key for key in keys if key in schema.names]
    with DuckEngine(EngineSetting(memory_mb=MEMORY_MB, threads=1), folder) as engine:
        for called, view in (("was", before), ("now", after)):
            if view is None or not view.files:
                engine.attach_rows(called, schema.empty_table())
            else:  # a column the version before did not have was empty in it
                engine.attach_files(called, tuple(map(Path, view.paths())), schema)
        columns = names(one for one in schema.names if one != DISPUTED)
        engine.keep("gone", f"SELECT {columns} FROM was EXCEPT ALL SELECT {columns} FROM now")  # noqa: S608
        engine.keep("come", f"SELECT {columns} FROM now EXCEPT ALL SELECT {columns} FROM was")  # noqa: S608
        ((changed,),) = engine.rows("SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM come) AS n")
        if not changed:
            return []
        told = (
            f"{_told('gone', 'come', keys, 'update_preimage', 'delete')}"
            f" UNION ALL {_told('come', 'gone', keys, 'update_postimage', 'insert')}"
        )
        shown = [one for one in schema if one.name != DISPUTED]
        written = pa.schema([*shown, schema.field(DISPUTED), pa.field(CHANGE, pa.string())])
        path = folder / "changes.parquet"
        with pq.ParquetWriter(path, written, compression="snappy") as writer:
            for batch in engine.batches(told):
                arrays = [batch.column(one.name).cast(one.type) for one in written]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=written))
    return [described(path)]


def _schema(view: View | None) -> pa.Schema | None:
    return pq.read_schema(view.folder / view.files[0].name) if view is not None and view.files else None


def _told(rows: str, others: str, keys: Sequence[str], changed: str, single: str) -> str:
    kind = f"'{single}'"
    if keys:
        same = " AND ".join(f"o.{name(key)} = r.{name(key)}" for key in keys)
        kind = f"CASE WHEN EXISTS (SELECT 1 FROM {others} o WHERE {same}) THEN '{changed}' ELSE '{single}' END"  # noqa: S608
    return f"SELECT r.*, CAST(NULL AS VARCHAR) AS {name(DISPUTED)}, {kind} AS {CHANGE} FROM {rows} r"  # noqa: S608
