"""Where the rows come from: one reader per dialect behind one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.node.connectors.errors import SourceHoldsNoTablesError
from jutong.node.exchange.plan import MovePlan
from jutong.node.sources import SourceConfig


@dataclass(frozen=True)
class OpenRead:
    """A table held still in one snapshot of its source.

    ``counted`` is what the source itself counts in that snapshot; ``batches`` yields the rows in the library's types.
    """

    plan: MovePlan
    counted: int
    batches: Iterator[pa.RecordBatch]


Reader = Callable[[SourceConfig, JobOrder], AbstractContextManager[OpenRead]]


def reader_for(source: SourceConfig) -> Reader:
    """Return the reader of a source's dialect; only its own driver is loaded.

    Raises:
        SourceHoldsNoTablesError: for a folder or a list of doors.
    """
    if source.dialect == "postgresql":
        from jutong.node.exchange.readers.postgresql import read  # noqa: PLC0415
    elif source.dialect == "sqlite":
        from jutong.node.exchange.readers.sqlite import read  # noqa: PLC0415
    elif source.dialect == "mysql":
        from jutong.node.exchange.readers.mysql import read  # noqa: PLC0415
    else:
        raise SourceHoldsNoTablesError(source=source.name, dialect=source.dialect)
    return read
