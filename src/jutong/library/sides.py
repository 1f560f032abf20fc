"""The two sides of a merge as they lie in files, and which of their rows have one key."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from jutong.contracts.modes import DELETED, TO, DifferenceMode, MergeMode
from jutong.library.digest import RowDigest, Words
from jutong.library.drift import shaped
from jutong.library.errors import KeyMissingError, KeyRepeatedError
from jutong.library.matching import ARRIVING, ENDED, PRESENT, Fates, Matched, Matcher, Places
from jutong.library.tables import read_batches

MOST_KNOWN = 2_000_000
"""So many keys that arrive are kept in memory (16 MB), to leave rows without any of them unread."""

Batches = Iterator[tuple[pa.RecordBatch, Places]]


@dataclass(frozen=True)
class Side:
    """The files of one side, how many rows each has, and what their rows look like."""

    files: tuple[Path, ...]
    rows: tuple[int, ...]
    schema: pa.Schema

    @classmethod
    def of(cls, files: Sequence[Path], schema: pa.Schema) -> Side:
        """Return the side of some files, with what their footers say."""
        return cls(tuple(files), tuple(pq.read_metadata(file).num_rows for file in files), schema)

    @property
    def total(self) -> int:
        """Rows of all files."""
        return sum(self.rows)

    def placed(self) -> Iterator[tuple[Path, int, int]]:
        """Yield each file with the places of its first row and of the one behind its last."""
        start = 0
        for file, rows in zip(self.files, self.rows, strict=True):
            yield file, start, start + rows
            start += rows


class BothFates:
    """The fate of every row of both sides, one byte each, in files: memory that the system can take back."""

    def __init__(self, scratch: Path, arriving: int, present: int) -> None:
        self.arriving = _mapped(scratch / "arriving", arriving)
        self.present = _mapped(scratch / "present", present)


def _mapped(path: Path, size: int) -> Fates:
    """Return a new file as memory; its room is taken now, since a disk that fills up later would end the process."""
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(size, 1))
    return np.memmap(path, dtype=np.uint8, mode="r+", shape=max(size, 1))


def match(
    how: MergeMode | DifferenceMode,
    landed: Side,
    present: Side,
    columns: pa.Schema,
    fates: BothFates,
    *,
    scratch: Path,
) -> Matched:
    """Decide the fate of every row of two sides by key.

    Args:
        how: names the keys, and whether a row that does not arrive is gone.
        landed: what arrives.
        present: what is there.
        columns: the source's columns as both sides are compared in.
        fates: written to.
        scratch: a folder to work in.

    Raises:
        KeyMissingError, KeyRepeatedError: rows that arrive have no key, or one has several.
    """
    salt = secrets.token_hex(16)
    keys = RowDigest([columns.field(name) for name in how.keys], salt)
    values = RowDigest(list(columns), salt)
    whole = isinstance(how, DifferenceMode) and how.deletes != "kept"
    known = _Known(keys, how.keys, columns, every=whole or landed.total > MOST_KNOWN)
    with Matcher(scratch, landed.total + present.total) as matcher:
        for batch, places in _batches(landed):
            rows = shaped(batch, columns)
            lanes = keys.of(rows)
            known.add(rows, lanes[0])
            matcher.add(lanes, values.of(rows), places, ARRIVING)
        known.check()
        for batch, places in known.picked(present):
            rows, where, sides = _holding(batch, columns, places)
            matcher.add(keys.of(rows), values.of(rows), where, sides)
        ended_go = isinstance(how, DifferenceMode) and how.deletes == "hard"
        matched = matcher.match(fates.arriving, fates.present, whole=whole, ended_go=ended_go)
    if matched.repeated:
        raise KeyRepeatedError(keys_repeated=matched.repeated, keys="、".join(how.keys))
    return matched


def _holding(batch: pa.RecordBatch, columns: pa.Schema, places: Places) -> tuple[pa.RecordBatch, Places, Fates]:
    """Return the rows that are no ended version, where they lie, and on which side they count."""
    rows, sides = shaped(batch, columns), np.full(batch.num_rows, PRESENT, dtype=np.uint8)
    if DELETED in batch.schema.names:
        sides[_filled(batch.column(DELETED))] = ENDED
    if TO not in batch.schema.names:
        return rows, places, sides
    holds = ~_filled(batch.column(TO))
    return rows.filter(pa.array(holds)), places[holds], sides[holds]


def _filled(array: pa.Array[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False))


def _batches(side: Side) -> Batches:
    for file, start, _ in side.placed():
        place = start
        for batch in read_batches([file], side.schema):
            yield batch, np.arange(place, place + batch.num_rows)
            place += batch.num_rows


class _Known:
    """The keys that arrive, to read of what is there only the rows that can matter."""

    def __init__(self, keys: RowDigest, names: Sequence[str], schema: pa.Schema, *, every: bool) -> None:
        self._keys = keys
        self._names = list(names)
        self._schema = pa.schema([schema.field(name) for name in names])
        self._every = every
        self._parts: list[Words] = []
        self._missing = 0

    def add(self, rows: pa.RecordBatch, digests: Words) -> None:
        empty = np.zeros(rows.num_rows, dtype=np.bool_)
        for name in self._names:
            empty |= ~_filled(rows.column(name))
        self._missing += int(np.count_nonzero(empty))
        if not self._every:
            self._parts.append(digests)

    def check(self) -> None:
        if self._missing:
            raise KeyMissingError(rows=self._missing, keys="、".join(self._names))

    def picked(self, present: Side) -> Batches:
        """Yield the rows that are there, by row groups; those whose key does not arrive only if all are wanted."""
        known = np.sort(np.concatenate(self._parts)) if self._parts else np.zeros(0, dtype=np.uint64)
        for file, first, _ in present.placed():
            start = first
            with pq.ParquetFile(file) as parquet:
                for number in range(parquet.num_row_groups):
                    rows = parquet.metadata.row_group(number).num_rows
                    where = np.arange(rows) if self._every else self._matching(parquet, number, known)
                    if where.size:
                        yield _taken(parquet, number, where, rows), where + start
                    start += rows

    def _matching(self, parquet: pq.ParquetFile, number: int, known: Words) -> Places:
        if not known.size:
            return np.zeros(0, dtype=np.int64)
        found = self._keys.of(shaped(_one_batch(parquet.read_row_group(number, self._names)), self._schema))[0]
        places = np.minimum(np.searchsorted(known, found), known.size - 1)
        return np.flatnonzero(known[places] == found)


def _taken(parquet: pq.ParquetFile, number: int, where: Places, rows: int) -> pa.RecordBatch:
    batch = _one_batch(parquet.read_row_group(number))
    return batch if where.size == rows else batch.take(where)


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
