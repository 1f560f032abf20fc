"""How the rows of a chunk travel from a source to a target: one lane per way behind one shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import RuleCount
from jutong.node.exchange.chunks import ChunkDone, Cut
from jutong.node.exchange.progress import Teller
from jutong.node.exchange.readers import Span
from jutong.node.exchange.targets import Target
from jutong.node.sources import SourceConfig

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Work:
    """What a lane works for: the order, where rows come from and go to, the job's folder, and who is told."""

    order: JobOrder
    source: SourceConfig
    target: Target
    folder: Path
    teller: Teller


class Lane(Protocol):
    """One way of moving chunks.

    ``lands_as`` is the schema of what lands, ``asked`` what is counted of every row, with nothing counted yet.
    ``summed`` is set when all chunks are read in one snapshot: then their sum is held against what the source counts
    in it, and none has to be counted by itself. ``told`` says that the source itself tells of each chunk how many rows
    it sent, in its own snapshot; then nothing has to be counted besides.
    """

    name: str
    lands_as: pa.Schema
    asked: tuple[RuleCount, ...]
    summed: bool = False
    told: bool = False

    def chunk(self, number: int, span: Span, cut: Cut, before: Counts) -> ChunkDone:
        """Move a chunk into the target, compare both sides, and return what became of its rows; it does not stand yet.

        Args:
            number: the chunk's.
            span: its rows.
            cut: the chunks of the whole table.
            before: broken rows of every rule in the chunks before.

        Raises:
            JutongError: naming why the job ends.
        """

    def total(self, done: Sequence[ChunkDone]) -> str:
        """Return the digest of all chunks together."""
