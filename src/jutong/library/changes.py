"""Brings what a log of changes says into a table: rows that are new or changed, and keys whose rows are gone.

Beside the rows, which are written unseen as for any merge, stand files with the keys of rows that are gone. A key that
is in both has a row: it was taken out and came back. What is kept of the keys in memory grows with the changes, not
with the table.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import override

from jutong.contracts.modes import DELETED, TO, ChangesMode, MergeMode
from jutong.library.digest import RowDigest, Words
from jutong.library.drift import Agreed, shaped
from jutong.library.matching import GONE, Fates, Matched
from jutong.library.merge import Merge
from jutong.library.sides import BothFates, Side, match
from jutong.library.tables import read_batches


class Changes(Merge):
    """A merge of changes; see ``Merge``.

    Args:
        path: the table's folder.
        job_id: names the files and the transaction.
        mode: how the rows meet those that are there.
    """

    def __init__(self, path: Path, job_id: str, mode: ChangesMode) -> None:
        super().__init__(path, job_id, mode)
        self._keys = mode.keys
        self._deletes = mode.deletes
        self._everything = True
        self._gone: tuple[Path, ...] = ()

    def only(self, gone: Sequence[Path]) -> None:
        """Say that what arrives is not the whole source.

        Args:
            gone: files with the keys of rows that are no longer there, and no other columns.
        """
        self._everything, self._gone = False, tuple(gone)

    @override
    def _fated(self, landed: Side, present: Side, agreed: Agreed, fates: BothFates) -> Matched:
        if self._everything:
            return super()._fated(landed, present, agreed, fates)
        arriving = MergeMode(keys=self._keys)
        matched = match(arriving, landed, present, agreed.columns, fates, scratch=self._scratch)
        gone = self._end(landed, present, agreed.columns, fates.present) if self._deletes != "kept" else 0
        return Matched(matched.new, matched.changed, matched.same, gone)

    def _end(self, landed: Side, present: Side, columns: pa.Schema, fates: Fates) -> int:
        """Mark the rows that are gone; return how many."""
        schema = pa.schema([columns.field(name) for name in self._keys])
        wanted = _Keys(schema)
        for file in self._gone:
            with pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches():
                    wanted.add(batch)
        for file, _, _ in landed.placed():
            for batch in read_batches([file], landed.schema):
                wanted.leave_out(batch)
        ended, found = [name for name in (TO, DELETED) if name in present.schema.names], 0
        for file, start, _ in present.placed() if wanted else ():
            place = start
            with pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches(columns=[*self._keys, *ended]):
                    goes = wanted.among(batch)
                    for name in ended:  # such a row is a former version, or is marked already
                        goes &= batch.column(name).is_null().to_numpy(zero_copy_only=False)
                    fates[place : place + batch.num_rows][goes] = GONE
                    found += int(np.count_nonzero(goes))
                    place += batch.num_rows
        return found

    @override
    def _is_source(self, landed: pa.Schema, agreed: Agreed) -> bool:
        return self._everything and super()._is_source(landed, agreed)


class _Keys:
    """A set of keys by their digests."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._digests = RowDigest(list(schema), secrets.token_hex(16))
        self._ones: Words = np.zeros(0, dtype=np.uint64)
        self._others: Words = np.zeros(0, dtype=np.uint64)

    def __bool__(self) -> bool:
        return bool(self._ones.size)

    def add(self, rows: pa.RecordBatch) -> None:
        ones, others = self._digests.of(shaped(rows, self._schema))
        ones, others = np.concatenate([self._ones, ones]), np.concatenate([self._others, others])
        order = np.argsort(ones, kind="stable")
        self._ones, self._others = ones[order], others[order]

    def leave_out(self, rows: pa.RecordBatch) -> None:
        """Take the keys of rows out of the set."""
        if not self:
            return
        ones = np.sort(self._digests.of(shaped(rows, self._schema))[0])
        places = np.minimum(np.searchsorted(ones, self._ones), max(ones.size - 1, 0))
        stays = ones[places] != self._ones if ones.size else np.ones(self._ones.size, dtype=np.bool_)
        self._ones, self._others = self._ones[stays], self._others[stays]

    def among(self, rows: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """Tell which rows have a key of the set."""
        ones, others = self._digests.of(shaped(rows, self._schema))
        places = np.minimum(np.searchsorted(self._ones, ones), self._ones.size - 1)
        return np.asarray((self._ones[places] == ones) & (self._others[places] == others))
