"""The vectorised lane: Arrow batches through the order's rules and masks, refused rows into the quarantine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from typing_extensions import override

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import RuleCount
from jutong.node.exchange.chunks import ChunkDone, Cut
from jutong.node.exchange.errors import ContentDiffersError, RowsDifferError, RuleLimitError
from jutong.node.exchange.lanes import Counts, Lane, Work
from jutong.node.exchange.lanes.sums import sum_for
from jutong.node.exchange.progress import CHECKING
from jutong.node.exchange.quarantine import ChunkQuarantine
from jutong.node.exchange.readers import OpenRead, Span
from jutong.node.exchange.readers.parts import FILE_RULE
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
        self._rules = len(sieve.rules)
        unread = (RuleCount(id=FILE_RULE, kind="file", column="", action="set-aside", rows=0),)
        asked = sieve.counted(np.zeros(self._rules, dtype=np.int64))
        self.asked = (*asked, *unread) if opened.parts else asked

    @override
    def chunk(self, number: int, span: Span, cut: Cut, before: Counts) -> ChunkDone:
        written, read, skipped, counts = sum_for(self._work.order, self.lands_as), 0, 0, before.copy()
        self._sieve.begin_chunk(number, cut.total)
        self._work.target.begin_chunk(number)
        with ChunkQuarantine(self._work.folder, number, self._sieve.aside_as) as aside:
            for part in self._opened.every(span):
                sifted = self._sieve.sift(part.rows, part.first(read))
                read += part.rows.num_rows + part.unread
                skipped += sifted.skipped
                counts[: self._rules] += sifted.counts
                counts[self._rules :] += part.unread
                refused, findings = part.refused(sifted.aside, sifted.findings)
                aside.add(refused, findings)
                stop_at_limits(self._work.order, self._sieve, aside, counts[: self._rules], cut)
                written.update(sifted.kept)
                self._work.target.write(sifted.kept)
                self._work.teller.batch(part.rows.num_rows + part.unread, part.rows.nbytes, refused.num_rows)
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

    def _count_again(self, span: Span, cut: Cut, read: int) -> None:
        if self.summed and cut.bounds and self._opened.parts is None:
            return
        counted = self._opened.count(span) if cut.bounds or self._opened.parts else self._opened.in_all()
        if read != counted:
            raise RowsDifferError(source=self._work.order.source, counted=counted, read=read)

    @override
    def total(self, done: Sequence[ChunkDone]) -> str:
        total = sum_for(self._work.order, self.lands_as)
        for chunk in done:
            total.add(chunk.digest)
        return total.text()


def stop_at_limits(order: JobOrder, sieve: Sieve, aside: ChunkQuarantine, counts: Counts, cut: Cut) -> None:
    """End the job when a rule was broken more often than it may be.

    Raises:
        RuleLimitError: naming the rule.
    """
    breach = sieve.breach(counts, cut.total)
    if breach is None:
        return
    aside.close()  # so that it can be seen what was wrong
    rule, rows, limit = breach
    raise RuleLimitError(
        sieve.counted(counts), rule=rule.id, column=rule.column, rows=rows, limit=limit, job_id=order.job_id
    )
