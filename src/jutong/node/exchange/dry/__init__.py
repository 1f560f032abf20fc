"""A move that writes nothing: every step, rule and mask over a sample or all of the rows, and what would land."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace

import numpy as np

from jutong.contracts.dry import Dry
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt, RuleCount
from jutong.kernel.clock import Clock
from jutong.node.exchange import chunks
from jutong.node.exchange.dry.profile import Profile
from jutong.node.exchange.errors import OrderUnfitError, RuleLimitError
from jutong.node.exchange.modes.since import since_of
from jutong.node.exchange.move import Workplace, kinds_of, means_for
from jutong.node.exchange.progress import PLANNING, Progress, Teller
from jutong.node.exchange.readers import WHOLE, OpenRead, Span, reader_for
from jutong.node.exchange.readers.manifest import FILE
from jutong.node.exchange.readers.parts import FILE_RULE, Part
from jutong.node.exchange.rules import seen
from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.exchange.targets import target_for
from jutong.node.sources import SourceConfig

PLACES = 8
"""In so many places of a table rows of a sample are read, where it can be read from the middle."""

LONGEST_PROBLEM = 480
_TAKEN = frozenset(("nats",))
"""Sources that a mere look takes something from: their messages would count as delivered."""


def rehearse(
    order: JobOrder, source: SourceConfig, *, place: Workplace, clock: Clock, progress: Progress
) -> MovedReceipt:
    """Carry a job out without writing a row.

    The target is asked what it takes and how far it was read, and let go before the first row is read: another job may
    write it meanwhile.

    Args:
        order: what to try; it is dry.
        source: from where.
        place: as of ``move``.
        clock: tells the time for the receipt.
        progress: told how far it is after every batch.

    Returns:
        The receipt of a done job. It names no digest, and ``problem`` is what would end the move.

    Raises:
        Held: as the progress raised it.
        JutongError: naming why the move could not even begin.
    """
    assert order.dry is not None  # noqa: S101 - who calls has looked
    if source.dialect in _TAKEN:
        raise OrderUnfitError(what="试运行", found=source.dialect)
    started_ms = int(clock().timestamp() * 1000)
    teller = Teller(progress)
    teller.tell(phase=PLANNING)
    seen.forget(place.folder)  # of a run that was killed
    try:
        with ExitStack() as stack:
            with target_for(order, source, place.into, place.library, place.folder) as target:
                since = since_of(order, target.position, None)
                opened = stack.enter_context(reader_for(source, place.folder, since)(source, order))
                means = means_for(order, source, place, started_ms)
                schema = opened.plan.schema
                sieve = Sieve(order.rules, order.masks, schema, order.steps, means)
                if fits := target.fits(sieve.lands_as, kinds_of(order, source, opened)):
                    sieve = Sieve((*order.rules, *fits), order.masks, schema, order.steps, means)
            return _Rehearsal(order, order.dry, opened, sieve, teller).run(started_ms, clock)
    finally:
        # What tells a move which files and values it has had must not tell it of a dry run.
        (place.folder / FILE).unlink(missing_ok=True)
        seen.forget(place.folder)


class _Rehearsal:
    def __init__(self, order: JobOrder, dry: Dry, opened: OpenRead, sieve: Sieve, teller: Teller) -> None:
        self._order = order
        self._wanted = dry.rows
        self._opened = opened
        self._sieve = sieve
        self._teller = teller
        self._profile = Profile(sieve.lands_as, dry.shown, order.job_id)
        self._counts = np.zeros(len(sieve.rules), dtype=np.int64)
        self._read = self._written = self._aside = self._skipped = self._unread = 0

    def run(self, started_ms: int, clock: Clock) -> MovedReceipt:
        """Read what is to be read, and tell what became of it."""
        spans = self._spans()
        for number, span in enumerate(spans):
            self._sieve.begin_chunk(number, self._opened.in_all())
            most = -(-(self._wanted - self._read) // (len(spans) - number)) if self._wanted else 0
            if not self._wanted or most > 0:
                self._take(span, most)
            self._sieve.end_chunk()
        unread = [self._unread_told()] if self._opened.parts else []
        return MovedReceipt(
            job_id=self._order.job_id,
            state="done",
            dry=True,
            rows_read=self._read,
            rows_written=self._written,
            rows_quarantined=self._aside,
            rows_skipped=self._skipped,
            rows_counted=self._opened.in_all(),
            rules=(*self._sieve.counted(self._counts), *unread),
            columns=self._profile.told(),
            problem=self._would_end(),
            started_ms=started_ms,
            finished_ms=int(clock().timestamp() * 1000),
        )

    def _spans(self) -> tuple[Span, ...]:
        """Return where rows are read: all of it, or the beginning of several pieces."""
        opened = self._opened
        if opened.parts is not None:  # files are their own pieces
            return chunks.cut(opened, 0).spans
        if not self._wanted or not opened.key or opened.counted <= self._wanted:
            return (WHOLE,)
        return chunks.cut(opened, -(-opened.counted // PLACES)).spans

    def _take(self, span: Span, most: int) -> None:
        """Look at a piece, or at its first rows; 0 looks at all of it."""
        left = most
        with closing(self._opened.every(span)) as parts:
            for part in parts:
                rows = part.rows.slice(0, left) if most else part.rows
                self._look(part if rows.num_rows == part.rows.num_rows else replace(part, rows=rows))
                left -= rows.num_rows
                if most and left <= 0:
                    return

    def _look(self, part: Part) -> None:
        sifted = self._sieve.sift(part.rows, 1)
        read, refused = part.rows.num_rows + part.unread, sifted.aside.num_rows + part.unread
        self._counts += sifted.counts
        self._read += read
        self._unread += part.unread
        self._aside += refused
        self._skipped += sifted.skipped
        self._written += sifted.kept.num_rows
        self._profile.add(sifted.kept)
        self._teller.batch(read, part.rows.nbytes, refused)

    def _unread_told(self) -> RuleCount:
        return RuleCount(id=FILE_RULE, kind="file", column="", action="set-aside", rows=self._unread)

    def _would_end(self) -> str:
        """Return what would end the move, judged by the share of the rows that were looked at."""
        breach = self._sieve.breach(self._counts, self._read)
        if breach is None:
            return ""
        rule, rows, limit = breach
        error = RuleLimitError(rule=rule.id, column=rule.column, rows=rows, limit=limit, job_id=self._order.job_id)
        return f"{error.code}: {error.explain()}"[:LONGEST_PROBLEM]
