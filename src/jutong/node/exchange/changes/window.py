"""Everything that changed between two places in the log, and what it comes to: the last word on every key.

Whoever reads a log (``pgwindow``, ``row_log.window``) hands over rows as they are decoded, and they go to the disk. Of
each only the digest of its key, its turn and its place are kept in memory; when all are there, those that have the
last word stay. A row of which not all was told is read once more from the table, as it is then: what changed in
between comes with the next job and says the same again.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.library.digest import RowDigest, Words
from jutong.node.exchange.plan import MovePlan

MOST_MESSAGES = 32_768
MOST_BYTES = 8 * 1024 * 1024
"""So many messages, or bytes of them, are decoded together."""

AGAIN_ROWS = 2_000
"""So many rows are asked for at a time when they are read once more."""

Flags = npt.NDArray[np.bool_]
Again = Callable[[pa.RecordBatch], pa.RecordBatch]
"""Reads the rows with the keys given as they are now."""


@dataclass
class Kept:
    """What is remembered of one kind of rows: in memory their keys and turns, on the disk the rows, by blocks."""

    file: Path
    schema: pa.Schema
    ones: list[Words] = field(default_factory=list)
    others: list[Words] = field(default_factory=list)
    turns: list[npt.NDArray[np.int64]] = field(default_factory=list)
    partial: list[Flags] = field(default_factory=list)
    stays: list[Flags] = field(default_factory=list)
    _writer: pa.RecordBatchFileWriter | None = None

    def add(self, rows: pa.RecordBatch, digests: Sequence[Words], turns: npt.NDArray[np.int64], partial: Flags) -> None:
        """Write rows that follow in the log, and remember them by their digests."""
        if not rows.num_rows:
            return
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self.file), self.schema)
        self._writer.write_batch(rows)
        self.ones.append(digests[0])
        self.others.append(digests[1])
        self.turns.append(turns)
        self.partial.append(partial)

    def forget(self) -> None:
        """Forget every row so far."""
        self.close()
        for part in (self.ones, self.others, self.turns, self.partial, self.stays):
            part.clear()
        self.file.unlink(missing_ok=True)

    def close(self) -> None:
        """End the file: all rows are in it."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def batches(self, which: Sequence[Flags]) -> Iterator[pa.RecordBatch]:
        """Yield of each block the rows that are asked for."""
        if not any(flags.any() for flags in which):
            return
        with pa.OSFile(str(self.file), "rb") as source:
            reader = pa.ipc.open_file(source)
            for number, flags in enumerate(which):
                if flags.any():
                    batch = reader.get_batch(number)
                    yield batch if flags.all() else batch.filter(pa.array(flags))


class Window:
    """Takes rows in the order of the log. Use as a context manager: what it wrote goes with it.

    Args:
        folder: where to work.
        plan: which columns, as what.
        identity: the columns by which the log tells rows apart.
    """

    def __init__(self, folder: Path, plan: MovePlan, identity: Sequence[str]) -> None:
        self.changes = 0
        self.emptied = False
        self._folder = folder
        self._plan = plan
        self._keys = pa.schema([plan.schema.field(name) for name in identity])
        self._digests = RowDigest(list(self._keys), secrets.token_hex(16))
        self._there = Kept(folder / "there.arrow", plan.schema)
        self._gone = Kept(folder / "gone.arrow", plan.schema)
        self._told_again = Kept(folder / "again.arrow", plan.schema)
        self._missed = Kept(folder / "missed.arrow", plan.schema)
        # While rows are cut into columns the server goes on sending.
        self._beside = ThreadPoolExecutor(1, "changes")
        self._cutting: Future[None] | None = None

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.shutdown(cancel_futures=True)
        for kept in (self._there, self._gone, self._told_again, self._missed):
            kept.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def settle(self, again: Again) -> int:
        """Decide who has the last word; return how many rows are there.

        Args:
            again: reads rows of which not all was told.
        """
        self.flush()
        self._wait()
        self._there.close()
        self._gone.close()
        self._last_words()
        self._read_again(again)
        return self._rows(self._there) + self._rows(self._told_again)

    def flush(self) -> None:
        """Decode what was taken and not yet decoded."""

    def there(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows that are there now, each key once."""
        yield from self._there.batches(self._there.stays)
        yield from self._told_again.batches(self._told_again.stays)

    def gone(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows that are gone, as far as the log told them: at least what tells them apart."""
        yield from self._gone.batches(self._gone.stays)
        yield from self._missed.batches(self._missed.stays)

    @staticmethod
    def _rows(kept: Kept) -> int:
        return sum(int(np.count_nonzero(flags)) for flags in kept.stays)

    def _empty(self) -> None:
        """Forget all rows: the table was emptied."""
        self._wait()
        self._there.forget()
        self._gone.forget()
        self.changes += 1
        self.emptied = True

    def _later(self, cut: Callable[..., None], *args: Any) -> None:
        """Cut rows into columns while more are read, behind what is being cut."""
        self._wait()
        self._cutting = self._beside.submit(cut, *args)

    def _wait(self) -> None:
        cutting, self._cutting = self._cutting, None
        if cutting is not None:
            cutting.result()

    def _keep(self, kept: Kept, batch: pa.RecordBatch, turns: npt.NDArray[np.int64], partial: Flags) -> None:
        kept.add(batch, self._digests.of(batch), turns, partial)

    def _last_words(self) -> None:
        there, gone = self._there, self._gone
        ones, others, turns = (
            np.concatenate([*parts]) if parts else np.zeros(0, dtype=np.uint64)
            for parts in (
                [*there.ones, *gone.ones],
                [*there.others, *gone.others],
                [*there.turns, *gone.turns],
            )
        )
        order = np.lexsort((turns, others, ones))
        last = np.ones(order.size, dtype=np.bool_)
        if order.size:
            same = ones[order][1:] == ones[order][:-1]
            last[:-1] = ~(same & (others[order][1:] == others[order][:-1]))
        stays = np.zeros(order.size, dtype=np.bool_)
        stays[order[last]] = True
        place = 0
        for kept in (there, gone):
            for part in kept.ones:
                kept.stays.append(stays[place : place + part.size])
                place += part.size
            kept.ones.clear()
            kept.others.clear()
            kept.turns.clear()

    def _read_again(self, again: Again) -> None:
        """Read the rows once more of which not all was told; those that are no longer there are gone."""
        which = [stay & partial for stay, partial in zip(self._there.stays, self._there.partial, strict=True)]
        for batch in self._there.batches(which):
            for start in range(0, batch.num_rows, AGAIN_ROWS):
                some = batch.slice(start, AGAIN_ROWS)
                rows = again(some.select(self._keys.names))
                asked, found = self._digests.of(some)[0], self._digests.of(rows)[0]
                # By a collation of the source a key may be found by another one.
                _all_of(self._told_again, rows.filter(pa.array(np.isin(found, asked))))
                _all_of(self._missed, some.filter(pa.array(~np.isin(asked, found))))
        self._told_again.close()
        self._missed.close()
        told = [stay & ~partial for stay, partial in zip(self._there.stays, self._there.partial, strict=True)]
        self._there.stays = told


def _all_of(kept: Kept, rows: pa.RecordBatch) -> None:
    """Keep rows that stay whatever else comes."""
    nothing: Words = np.zeros(0, dtype=np.uint64)
    kept.add(rows, (nothing, nothing), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    if rows.num_rows:
        kept.stays.append(np.ones(rows.num_rows, dtype=np.bool_))
