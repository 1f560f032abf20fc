"""The vectorised lane between two PostgreSQL servers: COPY's bytes pass by, and only what is asked about is read.

Of a block only the columns that rules, masks and steps need become Arrow arrays. What nothing is done to goes on as the
bytes it came in; what is made anew is put behind it. Refused rows are read whole, for the quarantine. Taken where both
sides are compared by count: then no value has to be looked at for the proof, and the word of both servers stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from psycopg import sql
from typing_extensions import override

from jutong.contracts.receipts import RuleCount
from jutong.contracts.rules import RuleBase
from jutong.contracts.steps import read_by
from jutong.node.exchange.chunks import ChunkDone, Cut
from jutong.node.exchange.errors import SourceLostError
from jutong.node.exchange.lanes import Counts, Lane, Work
from jutong.node.exchange.lanes.checked import stop_at_limits
from jutong.node.exchange.lanes.sums import CountOnly
from jutong.node.exchange.pgcopy import cutting, writing
from jutong.node.exchange.pgcopy.cutting import Cutter, Flags, Rows, UnreadableError
from jutong.node.exchange.pgcopy.reading import reader_of
from jutong.node.exchange.plan import Array, PlannedColumn
from jutong.node.exchange.progress import CHECKING
from jutong.node.exchange.quarantine import ChunkQuarantine
from jutong.node.exchange.readers import OpenRead, Span, gently
from jutong.node.exchange.rules.sieve import POSITION, Sieve
from jutong.node.exchange.targets.errors import TargetLostError
from jutong.node.exchange.targets.pgpipe import BLOCK_BYTES, Between, Flow, Question
from jutong.node.exchange.targets.postgresql import PostgresTarget

SieveFor = Callable[[pa.Schema], Sieve]


@dataclass(frozen=True)
class Layout:
    """Which columns are selected, in order: those that pass first, and of them and behind them those that are read.

    ``read`` are places in ``selected``, ``made`` the landing's columns that are written anew, ``taken`` the target's
    columns in the order in which all of them are written, ``width`` as ``Cutter`` has it.
    """

    selected: tuple[PlannedColumn, ...]
    passing: int
    read: tuple[int, ...]
    made: tuple[str, ...]
    taken: tuple[str, ...]
    width: int

    @property
    def schema(self) -> pa.Schema:
        """What the sieve is given."""
        columns = [self.selected[place] for place in self.read]
        return pa.schema([pa.field(column.name, column.mapping.arrow) for column in columns])


def passing_lane(work: Work, opened: OpenRead, sieve_for: SieveFor, kinds: Mapping[str, str]) -> Passing | None:
    """Return the lane of a job whose target has been asked what fits, or None where it is not for it.

    Args:
        work: the job.
        opened: the source's table.
        sieve_for: makes a sieve of the order's rules and the target's for a part of the columns.
        kinds: of the columns nothing is done to, their types at the source.
    """
    order, target = work.order, work.target
    if not isinstance(target, PostgresTarget) or work.source.dialect != "postgresql" or order.into is None:
        return None
    whole = order.mode is None and opened.since is None and order.into.proof == "count"
    layout = _laid_out(work, opened, target, kinds) if whole else None
    if layout is None:
        return None
    sieve = sieve_for(layout.schema)
    kept = {name: sieve.lands_as.field(name).type for name in layout.made}
    sent = {way.column: way for way in target.ways}
    written = all(
        writing.is_written(kind) and kind == sent[name].send and not sent[name].through for name, kind in kept.items()
    )
    return Passing(work, opened, sieve, layout) if written else None


def _laid_out(work: Work, opened: OpenRead, target: PostgresTarget, kinds: Mapping[str, str]) -> Layout | None:
    order, columns = work.order, {column.name: column for column in opened.plan.columns}
    same = {way.column for way in target.ways if way.taker.kind == "b" and way.taker.type == kinds.get(way.column)}
    asked: set[str] = set()
    for rule in (*(rule for way in target.ways for rule in way.rules), *order.rules, *order.masks):
        asked |= {rule.column, *getattr(rule, "with_columns", ())}
        asked |= {rule.other} if isinstance(rule, RuleBase) and hasattr(rule, "other") else set()
    for step in order.steps:
        asked |= {getattr(step, "column", ""), *read_by(step)}
    made = tuple(way.column for way in target.ways if way.column not in same)
    asked |= {*made}
    if not same or not all(reader_of(column) for column in columns.values()):  # any may have to be kept aside
        return None
    first = opened.key if opened.key in same else ""  # never null: where rows begin is soon found
    passing = sorted(same, key=lambda name: name != first)
    needed = [name for name in columns if name in asked] or [passing[0]]
    selected = [*passing, *(name for name in needed if name not in same)]
    behind = [name for name in columns if name not in selected]
    takers = {way.column: way.taker.name for way in target.ways}
    return Layout(
        tuple(columns[name] for name in (*selected, *behind)),
        len(passing),
        tuple(place for place, name in enumerate(selected) if name in needed),
        made,
        tuple(takers[name] for name in (*passing, *made)),
        columns[first].mapping.arrow.bit_width // 8 if first else 0,
    )


class Passing(Lane):
    """See ``lanes.Lane``.

    Args:
        work: the job.
        opened: the source's table, for its key and its cuts.
        sieve: rules, steps and masks over the columns that are read.
        layout: which these are.
    """

    name = "checked"
    told = True

    def __init__(self, work: Work, opened: OpenRead, sieve: Sieve, layout: Layout) -> None:
        assert isinstance(work.target, PostgresTarget)  # noqa: S101 - passing_lane() looked
        self._work = work
        self._target = work.target
        self._opened = opened
        self._sieve = sieve
        self._layout = layout
        self.lands_as = opened.plan.schema
        self.asked: tuple[RuleCount, ...] = sieve.counted(np.zeros(len(sieve.rules), dtype=np.int64))
        order = work.order
        size = gently.batch_bytes(order, BLOCK_BYTES)
        self._target.pipe_from(Flow(work.source, layout.taken, gently.postgresql(order), size))

    @override
    def chunk(self, number: int, span: Span, cut: Cut, before: Counts) -> ChunkDone:
        order, key = self._work.order, self._opened.key
        self._sieve.begin_chunk(number, cut.total)
        self._target.begin_chunk(number)
        columns = [sql.Identifier(column.name).as_string(None) for column in self._layout.selected]
        relation = sql.Identifier(order.schema_name, order.table).as_string(None)
        where = span.where(sql.Identifier(key).as_string(None) if key else "")
        with ChunkQuarantine(self._work.folder, number, self._aside_as) as aside:
            look = _Look(self._work, self._target, self._sieve, self._layout, aside=aside, cut=cut, before=before)
            with self._target.named_problems():
                sent, taken = self._target.pipe.copy(Question(f"FROM {relation}{where}", columns), _untold, look)
            if sent != look.read:
                raise SourceLostError(source=order.source, rows=look.read, reason=f"{sent} rows were sent")
            if taken != look.kept:
                raise TargetLostError(table=self._target.name, reason=f"{look.kept} rows were sent, {taken} taken")
            self._work.teller.tell(phase=CHECKING)
            self._sieve.end_chunk()
            aside.close()
        return ChunkDone(
            number=number, read=look.read, written=taken, quarantined=aside.rows, skipped=look.skipped,
            digest=CountOnly(taken).text(), files=(), counts=tuple((look.counts - before).tolist()),
        )  # fmt: skip

    @property
    def _aside_as(self) -> pa.Schema:
        return pa.schema([pa.field(POSITION, pa.int64()), *self._opened.plan.schema])

    @override
    def total(self, done: Sequence[ChunkDone]) -> str:
        total = CountOnly()
        for chunk in done:
            total.add(chunk.digest)
        return total.text()


def _untold(size: int) -> None:
    """Nothing: the rows themselves are told of."""


class _Look(Between):
    """Looks into the rows of one chunk."""

    def __init__(
        self,
        work: Work,
        target: PostgresTarget,
        sieve: Sieve,
        layout: Layout,
        *,
        aside: ChunkQuarantine,
        cut: Cut,
        before: Counts,
    ) -> None:
        self._work = work
        self._target = target
        self._sieve = sieve
        self._guard = Sieve(target.late, (), sieve.lands_as) if target.late else None
        self._layout = layout
        self._aside = aside
        self._cut = cut
        self._cutter = Cutter(len(layout.selected), layout.width)
        self._columns = len(layout.taken)
        self._untouched = len(layout.taken) == len(layout.selected) == layout.passing
        self._begun = False
        self.counts = before.copy()
        self.read = self.kept = self.skipped = 0

    @override
    def pass_on(self, block: bytes) -> bytes:
        try:
            rows = self._cutter.feed(block)
            made = self._sifted(rows) if rows.starts.size else b""
        except (UnreadableError, ValueError) as error:
            raise SourceLostError(source=self._work.order.source, rows=self.read, reason="unreadable rows") from error
        begin, self._begun = b"" if self._begun else cutting.HEADER, True
        return begin + made

    @override
    def finish(self) -> bytes:
        try:
            self._cutter.finish()
        except UnreadableError as error:
            raise SourceLostError(source=self._work.order.source, rows=self.read, reason="rows broke off") from error
        return cutting.TRAILER

    def _sifted(self, rows: Rows) -> bytes:
        layout = self._layout
        batch = pa.RecordBatch.from_arrays([self._array(rows, place) for place in layout.read], schema=layout.schema)
        sifted = self._sieve.sift(batch, self.read + 1)
        self.counts += sifted.counts
        refused = self._whole(rows, sifted.aside)
        self._aside.add(refused, sifted.findings)
        stop_at_limits(self._work.order, self._sieve, self._aside, self.counts, self._cut)
        if self._guard is not None:
            self._target.check_masked(self._guard, sifted.kept)
        size = int(rows.ends[-1] - rows.starts[0])
        self.read += batch.num_rows
        self.skipped += sifted.skipped
        self.kept += sifted.kept.num_rows
        made = rows.bytes_of(~sifted.gone) if self._untouched else self._made(rows, sifted.kept, ~sifted.gone)
        self._work.teller.batch(batch.num_rows, size, refused.num_rows)
        return made

    def _array(self, rows: Rows, place: int) -> Array:
        column = self._layout.selected[place]
        read = reader_of(column)
        assert read is not None  # noqa: S101 - _laid_out() looked
        return read(rows.data, rows.cells[place], column)

    def _whole(self, rows: Rows, aside: pa.RecordBatch) -> pa.RecordBatch:
        """Return the refused rows with all their columns, in the order of the plan."""
        positions = aside.column(0)
        picked = np.asarray(positions) - (self.read + 1)
        few = Rows(rows.data, rows.starts, rows.ends, tuple(cells.take(picked) for cells in rows.cells))
        found = {column.name: self._array(few, place) for place, column in enumerate(self._layout.selected)}
        names = self._work.order.columns
        return pa.RecordBatch.from_arrays([positions, *(found[name] for name in names)], names=[POSITION, *names])

    def _made(self, rows: Rows, kept: pa.RecordBatch, there: Flags) -> bytes:
        """Return the rows that are kept: the columns that pass as they are, and behind them those made anew."""
        last = rows.cells[self._layout.passing - 1]
        ends = (last.starts + np.maximum(last.sizes, 0))[there]
        starts = rows.starts[there]
        rows.data[starts], rows.data[starts + 1] = self._columns >> 8, self._columns & 255
        columns = [kept.column(name) for name in self._layout.made]
        return writing.behind(writing.heads(rows.data, starts, ends), columns)
