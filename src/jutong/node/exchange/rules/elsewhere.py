"""Rules that ask of more than the row: of all rows of the job before it, or of another table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jutong.contracts import rules as given
from jutong.library.digest import Words
from jutong.library.tables import BATCH_ROWS, arrow_schema, open_table
from jutong.node.exchange.rules.kernels import Check, Columns, Flags
from jutong.node.exchange.rules.means import Means
from jutong.node.exchange.rules.seen import FOLDER, Hashes, Run, Seen, all_of, in_order

MOST_REFERRED = 5_000_000
"""Rows of another table that can be referred to: 16 bytes each are held in memory."""


class JobRepeats:
    """Finds values that a row kept earlier in the same job has; what it takes in memory is bounded.

    Args:
        rule: which columns.
        schema: their types.
        means: the job's folder, where hashes are kept.
    """

    def __init__(self, rule: given.Unique, schema: pa.Schema, means: Means) -> None:
        self._columns = (rule.column, *rule.with_columns)
        self._hashes = Hashes([schema.field(name).type for name in self._columns], means.salt)
        self._kept = means.folder / FOLDER / rule.id if means.folder is not None else None
        self._seen = Seen(None, all_of(self._kept)) if self._kept and means.replaying else Seen(self._kept)
        self._asked: tuple[Words, Words, Flags] | None = None

    def begin_chunk(self, number: int, rows: int) -> None:
        """Begin a chunk of a job of so many rows; all chunks before it are finished."""
        self._seen.begin_chunk(number, rows)

    def end_chunk(self) -> None:
        """Make what was kept outlive the process."""
        self._seen.end_chunk()

    def remember(self, number: int) -> None:
        """Make what a replay brought known to later ones; done again it changes nothing."""
        if self._kept is not None:
            self._seen.put_aside(self._kept / f"replay-{number:05d}.run")

    def __call__(self, columns: Columns) -> Flags:
        """Tell which rows repeat an earlier one; a null repeats nothing."""
        first, second, whole = self._asked = self._hashes.of([columns[name] for name in self._columns])
        rows = np.flatnonzero(whole)
        repeated = np.zeros(whole.size, dtype=np.bool_)
        order = rows[np.lexsort((second[rows], first[rows]))]  # stable: of equal ones the earliest row comes first
        again = (first[order][1:] == first[order][:-1]) & (second[order][1:] == second[order][:-1])
        repeated[order[1:][again]] = True
        repeated[self._seen.known(first, second, rows)] = True
        return repeated

    def keep(self, kept: Flags) -> None:
        """Remember the rows of the last batch that land."""
        if self._asked is not None:
            first, second, whole = self._asked
            rows = kept & whole
            self._seen.add(first[rows], second[rows])
            self._asked = None


def referred(rule: given.Reference, schema: pa.Schema, means: Means) -> Check:
    """Return the check that values stand in another table of the department, in the version it has now.

    Raises:
        TableUnknownError: when there is no such table.
        KeyError: when the table has no such column, or of another type.
        ValueError: when it has too many rows.
    """
    if means.department is None:
        raise KeyError(rule.table)
    path = means.department / rule.table
    table = open_table(path)
    kind = schema.field(rule.column).type
    there = arrow_schema(table)
    if rule.in_column not in there.names or there.field(rule.in_column).type != kind:
        raise KeyError(f"{rule.table}.{rule.in_column}")
    hashes = Hashes([kind], means.salt)
    known = _read([Path(uri) for uri in table.file_uris()], rule.in_column, hashes)

    def check(columns: Columns) -> Flags:
        first, second, whole = hashes.of([columns[rule.column]])
        # In order, so that neighbours are looked for in neighbouring places of memory.
        rows = np.flatnonzero(whole)
        rows = rows[np.argsort(first[rows])]
        missing = np.zeros(whole.size, dtype=np.bool_)
        missing[rows] = ~known.has(first[rows], second[rows])
        return missing

    return check


def _read(files: list[Path], column: str, hashes: Hashes) -> Run:
    rows = 0
    parts: list[tuple[Words, Words]] = [(np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint64))]
    for file in files:
        with pq.ParquetFile(file) as parquet:
            rows += parquet.metadata.num_rows
            if rows > MOST_REFERRED:
                raise ValueError(f"more than {MOST_REFERRED} rows")
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=[column]):
                first, second, whole = hashes.of([batch.column(0)])
                parts.append((first[whole], second[whole]))
    halves = zip(*parts, strict=True)
    return in_order(*(np.concatenate(list(half)) for half in halves))
