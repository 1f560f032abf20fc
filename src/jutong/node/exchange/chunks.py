"""The ledger of a job's chunks: how the table was cut, and what each finished chunk read, wrote and set aside.

A chunk stands in the ledger when its files and its quarantine are on the disk and were found right. A job that is
taken up again goes on behind the ledger: at most the chunk that was under way is done a second time, and what the
first try left of it is removed.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.receipts import RuleCount
from jutong.node.exchange.jobs import LEDGER, write_whole
from jutong.node.exchange.modes.since import Since
from jutong.node.exchange.readers import OpenRead, Span

CHUNK_ROWS = 250_000
MOST_CHUNKS = 2_000
"""A larger table is cut into larger chunks: the ledger is written whole after each."""

FEWEST_ROWS = 1_000
VERSION = 1


class Cut(Document):
    """How a table was cut: at the bounds of its key, or not at all. ``total`` is what the source counted then."""

    key: str
    bounds: tuple[int, ...]
    total: int
    shape: str

    @property
    def spans(self) -> tuple[Span, ...]:
        """The chunks; the first and the last are open, so that no row can lie outside."""
        ends = (None, *self.bounds, None)
        return tuple(Span(*pair) for pair in pairwise(ends))


class ChunkDone(Document):
    """A finished chunk. ``counts`` has the broken rows of every rule, in the order of the rules."""

    number: int
    read: int
    written: int
    quarantined: int
    skipped: int
    digest: str
    files: tuple[str, ...]
    counts: tuple[int, ...]


class Ledger(Document):
    """What is on the disk of a job.

    ``asked`` is what the counts of its chunks are of; ``lane`` how its rows travel, ``since`` what of the
    table is read.
    """

    v: int = VERSION
    started_ms: int
    snapshots: int
    cut: Cut
    done: tuple[ChunkDone, ...] = ()
    asked: tuple[RuleCount, ...] = ()
    lane: str = ""
    since: Since | None = None


def cut(opened: OpenRead, wanted_rows: int, *, exactly: bool = True) -> Cut:
    """Decide on the chunks of a table that is open.

    Args:
        opened: the table.
        wanted_rows: rows a chunk should have; 0 for our own choice.
        exactly: the total is asked for, to take shares of it, and not only what it is taken to be.
    """
    if opened.parts is not None:  # files are their own chunks
        return Cut(key=opened.key, bounds=opened.bounds(0), total=opened.counted, shape=str(opened.plan.schema))
    rows = max(wanted_rows or CHUNK_ROWS, FEWEST_ROWS, -(-opened.counted // MOST_CHUNKS))
    bounds = opened.bounds(rows) if opened.key and opened.counted > rows else ()
    if opened.counted % rows == 0:
        bounds = bounds[:-1]  # behind the last row of all there is nothing
    total = opened.in_all() if exactly else opened.counted
    return Cut(key=opened.key, bounds=bounds, total=total, shape=str(opened.plan.schema))


def load(folder: Path) -> Ledger | None:
    """Return the ledger of a job's folder; None when there is none that can be gone by."""
    try:
        return Ledger.model_validate_json((folder / LEDGER).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def save(folder: Path, ledger: Ledger) -> None:
    """Keep the ledger, durable before return."""
    write_whole(folder / LEDGER, ledger.model_dump_json(), durable=True)


def forget(folder: Path) -> None:
    """Remove the ledger: nothing it names may be gone by any more."""
    (folder / LEDGER).unlink(missing_ok=True)
