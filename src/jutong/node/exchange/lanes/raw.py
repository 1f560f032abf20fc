"""The raw lane: COPY's bytes from one PostgreSQL to the other, where there is nothing to check and nothing to change.

Taken when both tables have the same types, column by column, and the order asks nothing of the rows. What the target
itself demands, its constraints, it checks itself. Values for which Arrow has no form (``NaN`` in a numeric,
``infinity`` as a date) travel as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from psycopg import sql
from typing_extensions import override

from jutong.node.exchange.chunks import ChunkDone, Cut
from jutong.node.exchange.errors import ContentDiffersError, RowsDifferError
from jutong.node.exchange.lanes import Counts, Lane, Work
from jutong.node.exchange.progress import CHECKING
from jutong.node.exchange.readers import OpenRead, Span, gently
from jutong.node.exchange.targets.pgpipe import Flow, Question, added
from jutong.node.exchange.targets.postgresql import PostgresTarget

_UNHASHED = {"json", "xml"}
_BLOCKED = ("character(", "character varying(", "numeric(", "time(", "timestamp(")
_TYPES = {
    "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "text", "character varying",
    "bytea", "date", "timestamp without time zone", "timestamp with time zone", "time without time zone",
    "time with time zone", "uuid", "json", "jsonb", "xml", "inet", "cidr", "macaddr", "macaddr8",
}  # fmt: skip
HASHES_SINCE = 140000
"""PostgreSQL 14 can hash a row."""


def raw_lane(work: Work, opened: OpenRead) -> Raw | None:
    """Return the raw lane of a job whose target has been asked what fits, or None where it is not for it."""
    order, target = work.order, work.target
    if not isinstance(target, PostgresTarget) or work.source.dialect != "postgresql" or order.into is None:
        return None
    asks = order.rules or order.masks or order.steps or getattr(order, "mode", None)
    if asks or (order.care is not None and order.care.rows_per_second):
        return None
    kinds = {column.name: column.type for column in opened.plan.columns}
    same = all(way.taker.kind == "b" and way.taker.type == kinds[way.column] for way in target.ways)
    known = all(kind in _TYPES or kind.startswith(_BLOCKED) for kind in kinds.values())
    counted = order.into.proof == "count"
    hashed = counted or (target.server_version >= HASHES_SINCE and not _UNHASHED & set(kinds.values()))
    return Raw(work, opened, target, counted=counted) if same and known and hashed else None


class Raw(Lane):
    """See ``lanes.Lane``.

    Args:
        work: the job.
        opened: the source's table, for its key and its cuts.
        target: where the bytes go.
        counted: compare both sides by count only.
    """

    name = "raw"
    told = True

    def __init__(self, work: Work, opened: OpenRead, target: PostgresTarget, *, counted: bool) -> None:
        self._work = work
        self._target = target
        self._key = opened.key
        self._counted = counted
        self.lands_as: pa.Schema = opened.plan.schema
        self.asked = ()
        order = work.order
        self._relation = sql.Identifier(order.schema_name, order.table).as_string(None)
        self._columns = [sql.Identifier(way.column).as_string(None) for way in target.ways]
        taken = tuple(way.taker.name for way in target.ways)
        target.pipe_from(Flow(work.source, taken, gently.postgresql(order)))

    @override
    def chunk(self, number: int, span: Span, cut: Cut, before: Counts) -> ChunkDone:
        teller, key = self._work.teller, sql.Identifier(self._key).as_string(None) if self._key else ""
        self._target.begin_chunk(number)
        pipe = self._target.pipe
        theirs = Question(f"FROM {self._relation}{span.where(key)}", self._columns)
        with self._target.named_problems():
            rows, _ = pipe.copy(theirs, lambda size: teller.batch(0, size, 0))
            teller.batch(rows, 0, 0)
            teller.tell(phase=CHECKING)
            sent = found = added([f"count:{rows}"], counted=True)
            if not self._counted:  # else the word of both servers stands, and the count before the commit
                counted, sent = pipe.sent(theirs)
                if counted != rows:
                    raise RowsDifferError(source=self._work.order.source, counted=counted, read=rows)
                found = pipe.found(rows)
        if found != sent:
            raise ContentDiffersError(source_digest=sent, target_digest=found)
        return ChunkDone(
            number=number, read=rows, written=rows, quarantined=0, skipped=0, digest=found, files=(), counts=()
        )  # fmt: skip

    @override
    def total(self, done: Sequence[ChunkDone]) -> str:
        return added([chunk.digest for chunk in done], counted=self._counted)
