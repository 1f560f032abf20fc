"""Values of a column that are known already: those of earlier rows of a job, or those of another table.

A value stands for itself by 128 bits made of it and of the job, so that what is kept does not grow with its length.
Hashes lie sorted in runs, on the disk for the rows of a job: memory holds a filter of two bytes a row (at most 64 MB)
that says "certainly new" of nearly every new value, and only the others are looked for in the runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.library.digest import RowDigest, Words
from jutong.node.exchange.jobs import private
from jutong.node.exchange.rules.kernels import Array, Flags

FOLDER = "seen"
RUN_KEYS = 262_144
"""Hashes are put on the disk when there are so many."""

_FEWEST_WORDS, _MOST_WORDS = 2**12, 2**23
_KEYS_A_WORD = 4
_BITS = 4
_SHIFT, _SIX = np.uint64(6), np.uint64(63)


@dataclass(frozen=True)
class Run:
    """Hashes in order, as two arrays side by side."""

    first: Words
    second: Words

    def has(self, first: Words, second: Words) -> Flags:
        """Tell which hashes are in the run."""
        found = np.zeros(first.size, dtype=np.bool_)
        if self.first.size == 0:
            return found
        places = np.searchsorted(self.first, first)
        rows = np.arange(first.size)
        while rows.size:  # nearly always once: two values with one first half are one in 2^64
            inside = places < self.first.size
            rows, places = rows[inside], places[inside]
            alike = self.first[places] == first[rows]
            rows, places = rows[alike], places[alike]
            same = self.second[places] == second[rows]
            found[rows[same]] = True
            rows, places = rows[~same], places[~same] + 1
        return found


def in_order(first: Words, second: Words) -> Run:
    """Return hashes as a run."""
    order = np.lexsort((second, first))
    return Run(first[order], second[order])


class Hashes:
    """Makes 128 bits of the values of some columns of a row.

    Args:
        kinds: the columns' types.
        salt: makes them the job's own.
    """

    def __init__(self, kinds: Sequence[pa.DataType], salt: str) -> None:
        fields = [pa.field(str(place), kind) for place, kind in enumerate(kinds)]
        self._names = [field.name for field in fields]
        self._digest = RowDigest(fields, salt)

    def of(self, arrays: Sequence[Array]) -> tuple[Words, Words, Flags]:
        """Return both halves, and which rows have all values: only theirs count."""
        whole = np.ones(len(arrays[0]), dtype=np.bool_)
        for array in arrays:
            if array.null_count:
                whole &= array.is_valid().to_numpy(zero_copy_only=False)
        first, second = self._digest.of(pa.RecordBatch.from_arrays(list(arrays), names=self._names))
        return first, second, whole


class _Filter:
    """Says of most new hashes that they are new; a hash it holds is never called new."""

    def __init__(self, keys: int) -> None:
        words = 1 << max(keys // _KEYS_A_WORD, 1).bit_length()
        self._words = np.zeros(min(max(words, _FEWEST_WORDS), _MOST_WORDS), dtype=np.uint64)
        self._last = np.uint64(self._words.size - 1)

    def _asked(self, first: Words, second: Words) -> tuple[npt.NDArray[np.int64], Words]:
        bits = np.zeros(second.size, dtype=np.uint64)
        rest = second.copy()
        for _ in range(_BITS):
            bits |= np.uint64(1) << (rest & _SIX)
            rest >>= _SHIFT
        return (first & self._last).astype(np.int64), bits

    def may_have(self, first: Words, second: Words) -> Flags:
        places, bits = self._asked(first, second)
        found: Flags = (self._words[places] & bits) == bits
        return found

    def add(self, first: Words, second: Words) -> None:
        places, bits = self._asked(first, second)
        np.bitwise_or.at(self._words, places, bits)


class Seen:
    """The hashes of a job's rows, chunk by chunk; what an unfinished chunk left does not count.

    Args:
        folder: where runs are kept, or None to keep them in memory.
        runs: what is known from the start.
    """

    def __init__(self, folder: Path | None, runs: Sequence[Run] = ()) -> None:
        self._folder = folder
        self._runs = [*runs]
        self._fresh: list[Run] = []
        self._fresh_keys = 0
        self._chunk = -1
        self._written = 0
        self._filter: _Filter | None = None

    def begin_chunk(self, number: int, rows: int) -> None:
        """Begin a chunk; all before it are finished.

        Args:
            number: the chunk's.
            rows: of the whole job, for the size of the filter.
        """
        self._chunk, self._written, self._fresh, self._fresh_keys = number, 0, [], 0
        if self._filter is None:
            self._filter = _Filter(rows)
            self._runs += self._kept(number)
            for run in self._runs:
                self._filter.add(run.first, run.second)

    def known(self, first: Words, second: Words, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return those of the rows whose hashes came in an earlier batch."""
        if self._filter is not None:
            rows = rows[self._filter.may_have(first[rows], second[rows])]
        found = np.zeros(rows.size, dtype=np.bool_)
        for run in (*self._runs, *self._fresh):
            found |= run.has(first[rows], second[rows])
        return rows[found]

    def add(self, first: Words, second: Words) -> None:
        """Take hashes of a batch."""
        if first.size == 0:
            return
        if self._filter is not None:
            self._filter.add(first, second)
        self._fresh.append(in_order(first, second))
        self._fresh_keys += first.size
        if self._fresh_keys >= RUN_KEYS:
            self._put_away()

    def end_chunk(self) -> None:
        """Put the chunk's hashes where they are found again after a crash."""
        if self._fresh:
            self._put_away()

    def put_aside(self, path: Path) -> None:
        """Keep what came since the chunk began in a file of its own, unless it is there."""
        if self._fresh and not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, self._whole())

    def _whole(self) -> Run:
        return in_order(
            np.concatenate([one.first for one in self._fresh]), np.concatenate([one.second for one in self._fresh])
        )

    def _put_away(self) -> None:
        run = self._whole()
        self._fresh, self._fresh_keys = [], 0
        if self._folder is not None:
            path = self._folder / f"{self._chunk:05d}-{self._written:05d}.run"
            self._written += 1
            _write(path, run)
            run = _read(path)
        self._runs.append(run)

    def _kept(self, number: int) -> list[Run]:
        """Return the runs of finished chunks, and remove those of others."""
        if self._folder is None:
            return []
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = []
        for path in sorted(self._folder.iterdir()):
            chunk = path.name.partition("-")[0]
            if path.suffix == ".run" and chunk.isdecimal() and int(chunk) < number:
                found.append(_read(path))
            else:
                path.unlink()
        return found


def all_of(folder: Path) -> list[Run]:
    """Return every run a job has kept."""
    return [_read(path) for path in sorted(folder.glob("*.run"))]


def forget(job: Path) -> None:
    """Remove what was kept of a job none of whose rows may come once more."""
    shutil.rmtree(job / FOLDER, ignore_errors=True)


def _write(path: Path, run: Run) -> None:
    fresh = path.with_suffix(".new")
    with open(fresh, "wb", opener=private) as stream:
        stream.writelines(half.tobytes() for half in (run.first, run.second))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> Run:
    halves = np.memmap(path, dtype="<u8", mode="r").reshape(2, -1)
    return Run(halves[0], halves[1])
