"""The lane of changes: rows that are there as every lane has them, and keys of rows that are gone into files.

The key of a row that is gone passes the steps, casts and masks that it passed when it came, or it would not be found.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import override

from jutong.contracts.modes import ChangesMode
from jutong.contracts.rules import Cast
from jutong.node.exchange.changes.errors import IdentityMissingError
from jutong.node.exchange.changes.told import GONE_FILE, told
from jutong.node.exchange.chunks import ChunkDone, Cut
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.lanes import Counts, Work
from jutong.node.exchange.lanes.checked import Checked
from jutong.node.exchange.readers import OpenRead, Span
from jutong.node.exchange.rules.means import Means
from jutong.node.exchange.rules.sieve import POSITION, Sieve, Sifted
from jutong.node.exchange.targets.library import LibraryTarget


class Changed(Checked):
    """See ``lanes.Lane``.

    Args:
        work: the job.
        opened: what changed.
        means: what rules and masks need besides the rows.
    """

    name = "changes"

    def __init__(self, work: Work, opened: OpenRead, means: Means) -> None:
        order, mode = work.order, work.order.mode
        assert isinstance(mode, ChangesMode)  # noqa: S101 - the caller looked
        self._gone = opened.gone
        self._mode = mode
        schema = opened.plan.schema
        changing = [rule for rule in order.rules if isinstance(rule, Cast) or getattr(rule, "to_18", False)]
        self._passing = Sieve(changing, order.masks, schema, order.steps, means)
        sieve = _Watch(order.rules, order.masks, schema, order.steps, means)
        sieve.left_out = self._end
        super().__init__(work, opened, sieve)
        self._keys = [name for name in mode.keys if name in self.lands_as.names]
        self._writer: pq.ParquetWriter | None = None

    @override
    def chunk(self, number: int, span: Span, cut: Cut, before: Counts) -> ChunkDone:
        draft = self._work.folder / f"{GONE_FILE}.new"
        fields = pa.schema([self.lands_as.field(name) for name in self._keys])
        with pq.ParquetWriter(draft, fields) as self._writer:
            for rows in self._gone() if self._gone else ():
                self._end(rows)
            done = super().chunk(number, span, cut, before)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(_file(self._work.folder))
        return done

    @override
    def total(self, done: Sequence[ChunkDone]) -> str:
        """Return the digest of all chunks together, and tell the target what is gone."""
        target = self._work.target
        if not isinstance(target, LibraryTarget) or target.changes is None:
            raise OrderUnfitError(what="写入方式", found="changes")
        if told(self._work.folder).only:
            target.changes.only([_file(self._work.folder)])
        return super().total(done)

    def _end(self, rows: pa.RecordBatch) -> None:
        assert self._writer is not None  # noqa: S101 - open while a chunk is
        keys = self._passing.sift(rows, 1).kept.select(self._keys)
        if any(column.null_count for column in keys.columns):
            order = self._work.order
            table = f"{order.schema_name}.{order.table}"
            raise IdentityMissingError(table=table, columns="、".join(self._mode.keys), identity="-")
        if keys.num_rows:
            self._writer.write_batch(keys)


class _Watch(Sieve):
    """A sieve that tells of rows that changed so that a rule leaves them out."""

    left_out: Callable[[pa.RecordBatch], None]

    @override
    def sift(self, batch: pa.RecordBatch, first: int) -> Sifted:
        found = super().sift(batch, first)
        if found.skipped:
            # Those that are kept among them: a key that arrives is not gone.
            stays = np.ones(batch.num_rows, dtype=np.bool_)
            stays[np.asarray(found.aside.column(POSITION)) - first] = False
            self.left_out(batch.filter(pa.array(stays)))
        return found


def _file(folder: Path) -> Path:
    return folder / GONE_FILE
