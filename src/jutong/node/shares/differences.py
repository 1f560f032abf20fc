"""What changed between two versions as a grant shows them: a row that leaves the grant's rows is a deletion to it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from jutong.node.shares.views import DISPUTED, View, ViewFile, described

if TYPE_CHECKING:
    import duckdb

CHANGE = "_change_type"
MEMORY = "512MB"


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
    import duckdb  # noqa: PLC0415 - only who asks for changes pays for it

    with duckdb.connect() as db:
        db.execute(f"SET memory_limit = '{MEMORY}'")
        db.execute("SET threads = 1")
        db.execute("SET temp_directory = $1", [str(folder / "spill")])
        db.execute("SET preserve_insertion_order = false")
        for name, view in (("old", before), ("new", after)):
            if view is not None and view.files:
                db.read_parquet(view.paths()).create_view(name)
        if not after.files and not (before and before.files):
            return []
        there = "new" if after.files else "old"
        for name, view in (("old", before), ("new", after)):
            if view is None or not view.files:
                db.execute(f"CREATE VIEW {name} AS SELECT * FROM {there} LIMIT 0")  # noqa: S608
        kinds = _kinds(db, "new")
        there_before = _kinds(db, "old")
        kinds.pop(DISPUTED, None)
        now = ", ".join(_quoted(name) for name in kinds)
        # A column the version before did not have was empty in it.
        was = ", ".join(
            f"TRY_CAST({_quoted(name) if name in there_before else 'NULL'} AS {kind}) AS {_quoted(name)}"
            for name, kind in kinds.items()
        )
        db.execute(f"CREATE TEMP TABLE gone AS SELECT {was} FROM old EXCEPT ALL SELECT {now} FROM new")  # noqa: S608
        db.execute(f"CREATE TEMP TABLE come AS SELECT {now} FROM new EXCEPT ALL SELECT {was} FROM old")  # noqa: S608
        (changed,) = db.execute("SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM come)").fetchone() or (0,)
        if not changed:
            return []
        rows = db.execute(_told("gone", "come", keys, "update_preimage", "delete")
                          + " UNION ALL " + _told("come", "gone", keys, "update_postimage", "insert"))  # fmt: skip
        reader: Any = rows.to_arrow_reader(65_536)
        path = folder / "changes.parquet"
        with pq.ParquetWriter(path, reader.schema, compression="snappy") as writer:
            for batch in reader:
                writer.write_batch(batch)
    return [described(path)]


def _kinds(db: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    return {row[0]: row[1] for row in db.execute(f"DESCRIBE {view}").fetchall()}


def _told(rows: str, others: str, keys: Sequence[str], changed: str, single: str) -> str:
    kind = f"'{single}'"
    if keys:
        same = " AND ".join(f"o.{_quoted(key)} = r.{_quoted(key)}" for key in keys)
        kind = f"CASE WHEN EXISTS (SELECT 1 FROM {others} o WHERE {same}) THEN '{changed}' ELSE '{single}' END"  # noqa: S608
    return f"SELECT r.*, CAST(NULL AS VARCHAR) AS {_quoted(DISPUTED)}, {kind} AS {CHANGE} FROM {rows} r"  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
