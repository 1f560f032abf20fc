"""Adding a few rows to what a job wrote, in one commit with an id of its own: rows that people put right afterwards."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import pyarrow as pa
from typing_extensions import override

from jutong.contracts.landing import Landing
from jutong.contracts.modes import DifferenceMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import Rule
from jutong.library.digest import ContentDigest
from jutong.library.merge import Merge
from jutong.library.overwrite import Committed, Overwrite, Proof
from jutong.library.tables import describe, table_path
from jutong.node import sources
from jutong.node.exchange.chunks import ChunkDone
from jutong.node.exchange.errors import ContentDiffersError, ReplayElsewhereError
from jutong.node.exchange.targets import ZONE
from jutong.node.sources import SourceConfig

if TYPE_CHECKING:
    from jutong.node.exchange.targets.mysql import MysqlTarget
    from jutong.node.exchange.targets.postgresql import PostgresTarget


DATABASES = ("postgresql", "mysql")
"""Dialects of targets that rows can be added to."""


class Adding(Protocol):
    """One addition to one table. Use as a context manager: it holds the table against other jobs."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def committed(self) -> Committed | None:
        """Return this addition's commit, if it was made."""

    def newest(self) -> str:
        """Return the id of the job or addition that wrote the table last."""

    def fits(self, schema: pa.Schema) -> tuple[Rule, ...]:
        """Return what the target asks of every row."""

    def add(self, rows: pa.RecordBatch, now_ms: int) -> Committed:
        """Add rows, see that they lie there as they are, and commit.

        Raises:
            ContentDiffersError: when they do not.
            JutongError: when the target does not take them; nothing is added then.
        """


def adding(order: JobOrder, source: SourceConfig, home: Path, addition_id: str) -> Adding:
    """Return an addition to what an order's job wrote.

    Args:
        order: the job's.
        source: from where it read.
        home: the instance's data folder.
        addition_id: names the commit.

    Raises:
        SourceUnknownError: when the database of the order's landing is no longer configured.
        ReplayElsewhereError: when rows went as files or messages.
    """
    mode = order.mode
    by_key = None
    if isinstance(mode, MergeMode | DifferenceMode):  # a row that was put right takes the place of the one it was
        by_key = MergeMode(keys=mode.keys, history=mode.history, drift=mode.drift, approved=mode.approved)
    if order.into is None:
        path = table_path(home / "library", ZONE, source.organisation_code, order.target)
        return _InLibrary(path, addition_id, by_key)
    into = sources.pick(sources.load(home / sources.FILE), order.into.source)
    if into.dialect not in DATABASES:
        raise ReplayElsewhereError(target=f"{into.name}:{order.into.schema_name}")
    return _InDatabase(order.model_copy(update={"job_id": addition_id, "mode": by_key}), into)


class _InLibrary(Adding):
    def __init__(self, path: Path, addition_id: str, by_key: MergeMode | None) -> None:
        self._path = path
        self._table = Merge(path, addition_id, by_key) if by_key else Overwrite(path, addition_id, mode="append")

    @override
    def __enter__(self) -> Self:
        self._table.__enter__()
        return self

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._table.__exit__(kind, value, trace)

    @override
    def committed(self) -> Committed | None:
        return self._table.committed()

    @override
    def newest(self) -> str:
        return describe(self._path).history[0].job_id

    @override
    def fits(self, schema: pa.Schema) -> tuple[Rule, ...]:
        return ()

    @override
    def add(self, rows: pa.RecordBatch, now_ms: int) -> Committed:
        self._table.begin(rows.schema)
        self._table.write(rows)
        self._table.finish()
        proof = _proof(self._table.job_id, rows, self._table.read_back().text(), now_ms)
        return self._table.commit(proof)


def _database(order: JobOrder, landing: Landing, into: SourceConfig) -> PostgresTarget | MysqlTarget:
    # Only its own driver is loaded.
    if into.dialect == "mysql":
        from jutong.node.exchange.targets.mysql import MysqlTarget  # noqa: PLC0415

        return MysqlTarget(order, landing, into, adds=True)
    from jutong.node.exchange.targets.postgresql import PostgresTarget  # noqa: PLC0415

    return PostgresTarget(order, landing, into, adds=True)


class _InDatabase(Adding):
    def __init__(self, order: JobOrder, into: SourceConfig) -> None:
        assert order.into is not None  # noqa: S101 - adding() looked
        # A few rows are always read back, whatever the order says of millions.
        landing = order.into.model_copy(update={"proof": "digest"})
        self._order = order
        self._target = _database(order, landing, into)

    @override
    def __enter__(self) -> Self:
        self._target.__enter__()
        return self

    @override
    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._target.__exit__(kind, value, trace)

    @override
    def committed(self) -> Committed | None:
        return self._target.committed()

    @override
    def newest(self) -> str:
        with self._target.named_problems():
            return self._target.ledger.newest()

    @override
    def fits(self, schema: pa.Schema) -> tuple[Rule, ...]:
        return self._target.fits(schema, {})

    @override
    def add(self, rows: pa.RecordBatch, now_ms: int) -> Committed:
        self._target.fits(rows.schema, {})
        self._target.begin(rows.schema, None)
        self._target.begin_chunk(0)
        self._target.write(rows)
        found = self._target.finish_chunk()
        proof = _proof(self._order.job_id, rows, found.digest, now_ms)
        count = rows.num_rows
        self._target.keep(
            ChunkDone(number=0, read=count, written=count, quarantined=0, skipped=0, digest=found.digest, files=(),
                      counts=())
        )  # fmt: skip
        return self._target.commit(proof)


def _proof(addition_id: str, rows: pa.RecordBatch, found: str, now_ms: int) -> Proof:
    digest = ContentDigest(rows.schema)
    digest.update(rows)
    if found != digest.text():
        raise ContentDiffersError(source_digest=digest.text(), target_digest=found)
    return Proof(addition_id, rows.num_rows, digest.text(), found, now_ms, rows.num_rows)
