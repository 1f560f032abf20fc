"""What changed in a table between two versions: which rows came, changed and went.

Files that both versions have are left unread. What is in the others is matched by key on the disk (``matching``), so
memory does not grow with the table. Delta's own change feed is not needed for it: the tables here are written with it
switched off, and a version that another writer made has none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from jutong.contracts.modes import DifferenceMode
from jutong.library.care.history import open_version
from jutong.library.drift import shaped
from jutong.library.engine.delta import Files
from jutong.library.matching import CHANGED, GONE, NEW, REPLACED
from jutong.library.sides import BothFates, Side, match
from jutong.library.tables import BATCH_ROWS

Kind = Literal["insert", "update_preimage", "update_postimage", "delete"]
"""As Delta's change feed calls them."""


def changes(
    path: Path, first: int, last: int, keys: tuple[str, ...], scratch: Path
) -> Iterator[tuple[Kind, pa.RecordBatch]]:
    """Yield the rows that are other in version ``last`` than in ``first``.

    Args:
        path: the table's folder.
        first: the older version.
        last: the newer version.
        keys: columns that together name one row; none of them may be a floating-point number.
        scratch: a folder to work in; what is made there is removed at the end.

    Raises:
        VersionUnknownError, VersionGoneError: one of them cannot be read.
        KeyMissingError, KeyRepeatedError: rows have no key, or one has several.
    """
    before, after = open_version(path, first), open_version(path, last)
    common = set(before.paths) & set(after.paths) if before.schema.equals(after.schema) else set[Path]()
    had = Side.of([file for file in before.paths if file not in common], before.schema)
    has = Side.of([file for file in after.paths if file not in common], after.schema)
    folder = scratch / "changes"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fates = BothFates(folder, has.total, had.total)
        match(DifferenceMode(keys=keys), has, had, after.schema, fates, scratch=folder)
        yield from _picked(has, after, fates.arriving, {NEW: "insert", CHANGED: "update_postimage"})
        yield from _picked(had, before, fates.present, {REPLACED: "update_preimage", GONE: "delete"})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _picked(
    side: Side, files: Files, fates: npt.NDArray[np.uint8], kinds: dict[int, Kind]
) -> Iterator[tuple[Kind, pa.RecordBatch]]:
    for file, start, _ in side.placed():
        place = start
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
                fate = fates[place : place + batch.num_rows]
                place += batch.num_rows
                for number, kind in kinds.items():
                    rows = batch.filter(pa.array(fate == number))
                    if rows.num_rows:
                        yield kind, shaped(rows, files.schema)
