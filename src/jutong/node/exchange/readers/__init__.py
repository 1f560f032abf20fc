"""Where the rows come from: one reader per dialect behind one shape."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.node.connectors.errors import SourceHoldsNoTablesError
from jutong.node.exchange.modes.errors import WatermarkUnfitError
from jutong.node.exchange.modes.since import Since
from jutong.node.exchange.plan import MovePlan
from jutong.node.exchange.readers.parts import Part
from jutong.node.sources import UNIVERSAL, SourceConfig


@dataclass(frozen=True)
class Span:
    """The rows whose key lies after one bound and up to the other; None leaves a side open."""

    after: int | None = None
    upto: int | None = None

    def where(self, key: str) -> str:
        """Return the clause of a SELECT. ``key`` is a quoted name from the catalog; the bounds are numbers."""
        bounds = [f"{key} > {self.after:d}"] if self.after is not None else []
        bounds += [f"{key} <= {self.upto:d}"] if self.upto is not None else []
        return f" WHERE {' AND '.join(bounds)}" if bounds else ""


WHOLE = Span()


@dataclass(frozen=True)
class OpenRead:
    """A table held still in one snapshot of its source.

    ``counted`` is what the source itself counts in that snapshot, ``count`` the same of a span. ``key`` is the table's
    primary key where that is one column of whole numbers, else empty: then the table can only be read whole.
    ``bounds`` is the key of every so-many-th row in the key's order; ``batches`` yields a span's rows in the library's
    types. Files have ``parts`` instead, which know the lines and what on them is no row: their spans are files or
    pieces of them, whatever their rows, and only after reading ``count`` knows how many rows a span had. Of changes
    ``gone`` yields the rows that are no longer there, at least what tells them apart. Where ``exact`` is there,
    ``counted`` is an estimate, good enough to cut by, and ``exact`` counts.
    """

    plan: MovePlan
    counted: int
    key: str
    count: Callable[[Span], int]
    bounds: Callable[[int], tuple[int, ...]]
    batches: Callable[[Span], Iterator[pa.RecordBatch]]
    parts: Callable[[Span], Iterator[Part]] | None = None
    since: Since | None = None
    gone: Callable[[], Iterator[pa.RecordBatch]] | None = None
    exact: Callable[[], int] | None = None

    def in_all(self) -> int:
        """Return how many rows the source counts."""
        return self.exact() if self.exact else self.counted

    def every(self, span: Span) -> Generator[Part, None, None]:
        """Yield a span's rows, and of files the lines that are none."""
        yield from self.parts(span) if self.parts else (Part(batch) for batch in self.batches(span))


def every_nth(key: str, table: str, rows: int, only: str = "") -> str:
    """Return the SELECT behind ``OpenRead.bounds``; the names are quoted ones from the catalog."""
    numbered = f"SELECT {key} AS k, row_number() OVER (ORDER BY {key}) AS n FROM {table}{only}"  # noqa: S608
    return f"SELECT k FROM ({numbered}) AS numbered WHERE n % {rows:d} = 0 ORDER BY k"  # noqa: S608


CLOSE = 2
"""Keys lie closely when there are at most so many numbers for a row from the least to the greatest."""


def spread(ends: tuple[int, ...], counted: int, rows: int) -> tuple[int, ...]:
    """Return bounds at equal distances where the keys lie closely, so that no row has to be looked at; else none.

    Args:
        ends: the least and the greatest key.
        counted: rows of the table.
        rows: as many are wanted in a chunk; one may have ``CLOSE`` times as many.
    """
    least, most = min(ends), max(ends)
    width = most - least + 1
    if width > CLOSE * counted:
        return ()
    step = rows * width // counted
    bounds = range(least - 1 + step, most - step // 2, step)
    return (*bounds, most) if counted % rows == 0 else tuple(bounds)  # the last row's, as every_nth has it


Reader = Callable[[SourceConfig, JobOrder], AbstractContextManager[OpenRead]]


_MODULES = {
    "postgresql": "postgresql", "sqlite": "sqlite", "mysql": "mysql", "library": "library", "rest": "rest",
    "files": "files", "jutong": "peer", "nats": "queue",
    **dict.fromkeys(UNIVERSAL, "universal"),
}  # fmt: skip
"""The module of each dialect's reader; only that of the source is loaded, and with it the driver."""

_BY_WATERMARK = {"postgresql", "sqlite", "mysql", "nats", *UNIVERSAL}
_IN_FOLDER = {"rest", "files", "jutong", "nats"}


def reader_for(source: SourceConfig, folder: Path | None = None, since: Since | None = None) -> Reader:
    """Return the reader of a source's dialect; only its own driver is loaded.

    Args:
        source: from where.
        folder: the job's own, where a reader of files keeps the list of them.
        since: behind which watermark, if not all of it.

    Raises:
        WatermarkUnfitError: when such a source has none.
        SourceHoldsNoTablesError: for a list of doors.
    """
    if since is not None and source.dialect not in _BY_WATERMARK:
        raise WatermarkUnfitError(column=since.column, problem=source.dialect)
    if source.dialect not in _MODULES:
        raise SourceHoldsNoTablesError(source=source.name, dialect=source.dialect)
    found: Any = import_module(f"{__name__}.{_MODULES[source.dialect]}").read
    given: dict[str, Any] = {"since": since} if source.dialect in _BY_WATERMARK else {}
    if source.dialect in _IN_FOLDER:
        given["folder"] = folder
    reader: Reader = partial(found, **given)
    return reader
