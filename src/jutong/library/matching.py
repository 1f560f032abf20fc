"""Finds which rows of two sides have one key, with memory that does not grow with either side.

Of every row only a record of fixed length is kept: the digests of its key and of its values, and where it lies. The
records go to the disk, split by their key into parts of bounded size, and each part is matched on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from jutong.library.digest import Words

Fates = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

ARRIVING, PRESENT, ENDED = 0, 1, 2
"""Sides: a row that arrives, one that is there, and one that is there but no longer holds."""

SAME, NEW, CHANGED = 0, 1, 2
"""Fates of rows that arrive."""

KEPT, REPLACED, GONE = 0, 1, 2
"""Fates of rows that are there."""

PART_ROWS = 250_000
MOST_PARTS = 256
_RECORD = np.dtype([("key", "<u8"), ("key2", "<u8"), ("row", "<u8"), ("row2", "<u8"), ("place", "<i8"), ("side", "u1")])
_Records = npt.NDArray[Any]


@dataclass(frozen=True)
class Matched:
    """How many rows met which fate; ``repeated`` keys came more than once and have none."""

    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    repeated: int = 0

    def __add__(self, other: Matched) -> Matched:
        names = ("new", "changed", "same", "gone", "repeated")
        return Matched(**{name: getattr(self, name) + getattr(other, name) for name in names})


class Matcher:
    """Takes the rows of both sides and tells their fates. Use as a context manager.

    Args:
        folder: where to work; it must be there and is the caller's to remove.
        rows: about how many will be added, both sides together.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._bits = min(max(-(-rows // PART_ROWS) - 1, 0), MOST_PARTS - 1).bit_length()
        self._files: list[IO[bytes]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for number in range(1 << self._bits):
            self._files.append(self._stack.enter_context((self._folder / f"{number:03d}.match").open("w+b")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, keys: Sequence[Words], rows: Sequence[Words], places: Places, sides: npt.ArrayLike) -> None:
        """Take rows.

        Args:
            keys: the digests of their keys, one array a lane.
            rows: the digests of their values.
            places: where each lies on its side.
            sides: of each, or of all.
        """
        records = np.empty(places.size, dtype=_RECORD)
        records["key"], records["key2"] = keys
        records["row"], records["row2"] = rows
        records["place"], records["side"] = places, sides
        if not self._bits:
            self._files[0].write(records.tobytes())  # tofile() does not say why the disk refused
            return
        parts = (records["key"] >> np.uint64(64 - self._bits)).astype(np.int64)
        order = np.argsort(parts, kind="stable")
        bounds = np.searchsorted(parts[order], np.arange(len(self._files) + 1))
        records = records[order]
        for number, file in enumerate(self._files):
            if bounds[number] < bounds[number + 1]:
                file.write(records[bounds[number] : bounds[number + 1]].tobytes())

    def match(self, arriving: Fates, present: Fates, *, whole: bool, ended_go: bool) -> Matched:
        """Write the fate of every row to its place; every place must be 0 before.

        Args:
            arriving: of the rows that arrive.
            present: of those that are there.
            whole: whether a row that is there and does not arrive is gone.
            ended_go: whether that also goes for a row that no longer holds.
        """
        total = Matched()
        for file in self._files:
            file.seek(0)
            records: _Records = np.fromfile(file, dtype=_RECORD)
            if records.size:
                total += _match(records, arriving, present, whole=whole, ended_go=ended_go)
        return total


def _match(records: _Records, arriving: Fates, present: Fates, *, whole: bool, ended_go: bool) -> Matched:
    found = records[np.lexsort((records["side"], records["key2"], records["key"]))]
    begins = np.ones(found.size, dtype=np.bool_)
    for number, name in enumerate(("key", "key2")):
        differs = found[name][1:] != found[name][:-1]
        begins[1:] = differs if number == 0 else begins[1:] | differs
    group = np.cumsum(begins) - 1
    arrives = found["side"] == ARRIVING
    arrivals = np.bincount(group[arrives], minlength=int(group[-1]) + 1)
    there = np.bincount(group[~arrives], minlength=arrivals.size)
    lead = np.flatnonzero(begins)[group]  # of a group with an arriving row that one comes first
    same = (found["side"] == PRESENT) & (arrivals[group] > 0)
    for name in ("row", "row2"):
        same &= found[name] == found[name][lead]
    unchanged, kept = np.unique(group[same], return_index=True)

    fates = np.full(found.size, KEPT, dtype=np.uint8)
    fates[~arrives & (arrivals[group] > 0)] = REPLACED
    fates[np.flatnonzero(same)[kept]] = KEPT
    if whole:
        goes = ~arrives if ended_go else found["side"] == PRESENT
        fates[goes & (arrivals[group] == 0)] = GONE
    fates[arrives] = np.where(there[group[arrives]] > 0, CHANGED, NEW)
    fates[arrives & np.isin(group, unchanged, assume_unique=False)] = SAME
    arriving[found["place"][arrives]] = fates[arrives]
    present[found["place"][~arrives]] = fates[~arrives]
    counted = np.bincount(fates[arrives], minlength=3)
    gone = int(np.count_nonzero(fates[~arrives] == GONE))
    return Matched(
        int(counted[NEW]), int(counted[CHANGED]), int(counted[SAME]), gone, int(np.count_nonzero(arrivals > 1))
    )
