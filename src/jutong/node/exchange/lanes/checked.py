"""The vectorised lane: Arrow batches through the order's rules and masks, refused rows into the quarantine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from typing_extensions import override

from jutong.node.exchange.chunks import ChunkDone, Cut
from jutong.node.exchange.errors import ContentDiffersError, RowsDifferError, RuleLimitError
from jutong.node.exchange.lanes import Counts, Lane, Work
from jutong.node.exchange.lanes.sums import sum_for
from jutong.node.exchange.progress import CHECKING
from jutong.node.exchange.quarantine import ChunkQuarantine
from jutong.node.exchange.readers import OpenRead, Span
from jutong.node.exchange.rules.sieve import Sieve


class Checked(Lane):
    """See ``lanes.Lane``.

    Args:
        work: the job.
        opened: the source's table.
        sieve: the rules and masks, those of the target behind those of the order.
    """

    name = "checked"

    def __init__(self, work: Work, opened: OpenRead, sieve: Sieve) -> None:
        self._work = work
        self._opened = opened
        self._sieve = sieve
        self.lands_as = sieve.lands_as
        self.asked = sieve.counted(np.zeros(len(sieve.rules), dtype=np.int64))

    @override
    def chunk(self, number: int, span: Span, cut: Cut, before: Counts) -> ChunkDone:
        written, read, skipped, counts = sum_for(self._work.order, self.lands_as), 0, 0, before.copy()
        self._sieve.begin_chunk(number, cut.total)
        self._work.target.begin_chunk(number)
        with ChunkQuarantine(self._work.folder, number, self._sieve.aside_as) as aside:
            for batch in self._opened.batches(span):
                sifted = self._sieve.sift(batch, read + 1)
                read += batch.num_rows
                skipped += sifted.skipped
                counts += sifted.counts
                aside.add(sifted.aside, sifted.findings)
                self._stop_at_limits(aside, counts, cut)
                written.update(sifted.kept)
                self._work.target.write(sifted.kept)
                self._work.teller.batch(batch.num_rows, batch.nbytes, sifted.aside.num_rows)
            self._count_again(span, cut, read)
            self._work.teller.tell(phase=CHECKING)
            found = self._work.target.finish_chunk()
            if found.digest != written.text():
                raise ContentDiffersError(source_digest=written.text(), target_digest=found.digest)
            self._sieve.end_chunk()
            aside.close()
        return ChunkDone(
            number=number, read=read, written=found.rows, quarantined=aside.rows, skipped=skipped,
            digest=found.digest, files=found.files, counts=tuple((counts - before).tolist()),
        )  # fmt: skip

    def _stop_at_limits(self, aside: ChunkQuarantine, counts: Counts, cut: Cut) -> None:
        breach = self._sieve.breach(counts, cut.total)
        if breach is None:
            return
        aside.close()  # so that it can be seen what was wrong
        rule, rows, limit = breach
        raise RuleLimitError(
            self._sieve.counted(counts),
            rule=rule.id, column=rule.column, rows=rows, limit=limit, job_id=self._work.order.job_id,
        )  # fmt: skip

    def _count_again(self, span: Span, cut: Cut, read: int) -> None:
        counted = self._opened.count(span) if cut.bounds else self._opened.counted
        if read != counted:
            raise RowsDifferError(source=self._work.order.source, counted=counted, read=read)

    @override
    def total(self, done: Sequence[ChunkDone]) -> str:
        total = sum_for(self._work.order, self.lands_as)
        for chunk in done:
            total.add(chunk.digest)
        return total.text()
