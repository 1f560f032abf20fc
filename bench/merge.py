"""What it costs to merge changes into a table of the library: ``python bench/merge.py [ROWS]``.

Each way runs in a process of its own on a copy of the same table of four files. ``delta-rs`` is ``DeltaTable.merge`` of
the library we commit with: the same rows in, nothing read back, compared or proven.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from jutong.contracts.modes import DifferenceMode, MergeMode, Mode
from jutong.library.merge import Merge
from jutong.library.overwrite import Overwrite, Proof

ROWS = 1_000_000
PART = 100_000
CHANGED, NEW = 40_000, 10_000
CASES = ("merge spread", "merge newest", "difference", "delta-rs spread", "delta-rs newest")


def people(ids: np.ndarray, salt: str) -> pa.Table:
    """Return a register's rows."""
    texts = ids.astype("U")
    return pa.table(
        {
            "id": pa.array(ids),
            "number": pa.array(np.char.add("33010319850404", texts)),
            "name": pa.array(np.char.add(f"name {salt} ", texts)),
            "division": pa.array(np.char.mod("6299%02d", ids % 100)),
            "kind": pa.array((ids % 7).astype(np.int32)),
            "amount": pa.array(ids * 0.01),
            "at": pa.array(ids.astype("datetime64[s]").astype("datetime64[us]"), pa.timestamp("us", "UTC")),
        }
    )


def write(target: Overwrite, parts: Iterable[pa.Table]) -> Proof:
    """Land rows as a job does."""
    target.begin(people(np.arange(1), "").schema)
    for part in parts:
        for batch in part.to_batches(65_536):
            target.write(batch)
    target.finish()
    digest = target.read_back().text()
    return Proof(target.job_id, target.rows, digest, digest, 1)


def build(path: Path, rows: int) -> None:
    """Write the table, four files of it."""
    with Overwrite(path, str(uuid4())) as target:
        target.begin(people(np.arange(1), "").schema)
        quarter = rows // 4
        for number in range(4):
            target.begin_chunk(number)
            for start in range(number * quarter, (number + 1) * quarter, PART):
                for batch in people(np.arange(start, min(start + PART, (number + 1) * quarter)), "old").to_batches():
                    target.write(batch)
            target.finish()
        digest = target.read_back().text()
        target.commit(Proof(target.job_id, rows, digest, digest, 1))


def changes(rows: int, where: str) -> pa.Table:
    """Return rows that are changed or new."""
    old = np.arange(rows - CHANGED, rows) if where == "newest" else np.linspace(0, rows - 1, CHANGED).astype(np.int64)
    return people(np.concatenate([np.unique(old), np.arange(rows, rows + NEW)]), "new")


def run(case: str, path: Path, rows: int) -> None:
    """Do one case on a table and print what it cost."""
    way, _, where = case.partition(" ")
    came = changes(rows, where or "spread")
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    if way == "delta-rs":
        merging = DeltaTable(str(path)).merge(came, "t.id = s.id", source_alias="s", target_alias="t")
        merging.when_matched_update_all().when_not_matched_insert_all().execute()
    else:
        mode: Mode = MergeMode(keys=("id",)) if way == "merge" else DifferenceMode(keys=("id",))
        parts: Iterable[pa.Table] = [came]
        if way == "difference":  # all rows come but the first, and making them counts too
            parts = (people(np.arange(start, min(start + PART, rows)), "old") for start in range(1, rows, PART))
        with Merge(path, str(uuid4()), mode) as target:
            target.commit(write(target, parts))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    files = len(DeltaTable(str(path)).file_uris())
    wall = time.perf_counter() - started
    print(f"{case:16} {wall:6.1f} s  {cpu:6.1f} CPU-s  {after.ru_maxrss // 1024:5d} MB  {files} files")


def main() -> int:
    """Run every case, or the one named."""
    if len(sys.argv) == 4:
        run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
        return 0
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "table", rows)
        size = sum(pq.read_metadata(file).num_rows for file in (Path(folder) / "table").glob("*.parquet"))
        assert size == rows
        for case in CASES:
            copy = Path(folder) / "copy"
            shutil.copytree(Path(folder) / "table", copy)
            subprocess.run([sys.executable, __file__, case, str(copy), str(rows)], check=True)
            shutil.rmtree(copy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
