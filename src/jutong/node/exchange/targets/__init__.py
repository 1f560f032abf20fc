"""Where the rows go: one target per kind of place behind one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Rule
from jutong.library.overwrite import Committed, Proof
from jutong.library.tables import table_path
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.sources import SourceConfig

ZONE = "landed"
FITS = "into-"
"""What the ids of the rules begin with that a target asks for."""


@dataclass(frozen=True)
class Landed:
    """What of a chunk was found in the target when it was read back; ``files`` are its files, where it has any."""

    rows: int
    digest: str
    files: tuple[str, ...] = ()


class Target(Protocol):
    """One job's place in one table. Use as a context manager: it holds the table against other jobs.

    The order of calls is ``committed``, then ``fits``, ``begin``, for each chunk ``begin_chunk``, ``write`` ...,
    ``finish_chunk``, ``keep``, and ``commit`` at the end. Nobody sees a row before ``commit``. On leaving, what was not
    committed is taken away, unless ``hold`` was called.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def committed(self) -> Committed | None:
        """Return this job's commit, if an earlier run of the job got as far as that."""

    def fits(self, schema: pa.Schema, kinds: Mapping[str, str]) -> tuple[Rule, ...]:
        """Compare what will land with what the target takes, before the first row.

        Args:
            schema: of what lands.
            kinds: of columns that land as a PostgreSQL source has them, the type there; empty for other sources.

        Returns:
            What must be asked of every row so that the target takes it; asked after the order's own rules.

        Raises:
            JutongError: naming the columns that can never fit.
        """

    def position(self, watermark: str) -> tuple[str, int]:
        """Return how far earlier jobs read the source by this column, and how many rows had that value; or nothing."""
        return "", 0

    def begin(self, schema: pa.Schema, done: Sequence[ChunkDone] | None) -> tuple[ChunkDone, ...]:
        """Get ready for rows of ``schema``; what chunks that do not stand left behind is removed.

        Args:
            schema: of every row.
            done: the chunks the job's folder says are finished; None to begin anew, whatever is there.

        Returns:
            The chunks, from the first on, that are in the target as they should be and need not be done again.
        """

    def begin_chunk(self, number: int) -> None:
        """Get ready for the rows of another chunk."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows to the chunk."""

    def finish_chunk(self) -> Landed:
        """Write what is still held, and read the chunk back from where it lies."""

    def keep(self, done: ChunkDone) -> None:
        """Make the chunk outlive this process, in one step with the record of it where the target can."""

    def commit(self, proof: Proof) -> Committed:
        """Let everybody see the rows, all at once; durable before return."""

    def hold(self) -> None:
        """Leave the kept chunks where they are when this ends: the job will go on later."""


def target_for(order: JobOrder, source: SourceConfig, into: SourceConfig | None, library: Path, folder: Path) -> Target:
    """Return the place an order's rows go to; only its own driver is loaded.

    Args:
        order: the job's.
        source: from where; its organisation owns the table in the library.
        into: the database the order's landing names, if it names one.
        library: the library's folder, in the instance's data folder.
        folder: the job's own.
    """
    if order.into is not None and into is not None:
        if into.dialect == "files":
            from jutong.node.exchange.targets.files import FilesTarget  # noqa: PLC0415

            return FilesTarget(order, order.into, into, home=library.parent, folder=folder)
        if into.dialect == "nats":
            from jutong.node.exchange.targets.stream import StreamTarget  # noqa: PLC0415

            return StreamTarget(order, order.into, into, home=library.parent, folder=folder)
        if into.dialect == "mysql":
            from jutong.node.exchange.targets.mysql import MysqlTarget  # noqa: PLC0415

            return MysqlTarget(order, order.into, into)
        from jutong.node.exchange.targets.postgresql import PostgresTarget  # noqa: PLC0415

        return PostgresTarget(order, order.into, into)
    from jutong.node.exchange.targets.library import LibraryTarget  # noqa: PLC0415

    return LibraryTarget(table_path(library, ZONE, source.organisation_code, order.target), order.job_id, order.mode)
