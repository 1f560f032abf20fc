"""One move from beginning to end: read chunk by chunk, ask the rules, write unseen, read back, compare, commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt, RuleCount
from jutong.kernel.clock import Clock
from jutong.library.digest import ContentDigest
from jutong.library.overwrite import Committed, Overwrite, Proof
from jutong.library.tables import table_path
from jutong.node.exchange import chunks, quarantine
from jutong.node.exchange.chunks import ChunkDone, Cut, Ledger
from jutong.node.exchange.errors import ContentDiffersError, RowsDifferError, RuleLimitError, TotalsDifferError
from jutong.node.exchange.quarantine import ChunkQuarantine
from jutong.node.exchange.readers import OpenRead, Span, reader_for
from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.sources import SourceConfig

ZONE = "landed"
Progress = Callable[[int, int, int], None]
"""Told the rows read so far, the chunks finished and the chunks there are."""


@dataclass(frozen=True)
class Workplace:
    """Where a move works: the library's folder, and the job's own, which outlives the process."""

    library: Path
    folder: Path


def move(order: JobOrder, source: SourceConfig, *, place: Workplace, clock: Clock, progress: Progress) -> MovedReceipt:
    """Carry out a job, go on with it where an earlier run was killed, or find out that one already did it.

    Args:
        order: what to move.
        source: from where; its organisation owns the table in the library.
        place: where to write.
        clock: tells the time for the receipt.
        progress: told how far it is after every batch.

    Returns:
        The receipt of a done job.

    Raises:
        JutongError: naming why nothing was moved; the library is then as it was before.
    """
    path = table_path(place.library, ZONE, source.organisation_code, order.target)
    started_ms = int(clock().timestamp() * 1000)
    with Overwrite(path, order.job_id) as target:
        done = target.committed()
        if done is None:
            try:
                done = target.commit(_Mover(order, source, target, place.folder, progress).fill(started_ms))
            except Exception:
                chunks.forget(place.folder)  # the files it names go with the failed job
                raise
    return _receipt(done, order, chunks.load(place.folder))


class _Mover:
    """Fills a table of the library."""

    def __init__(
        self, order: JobOrder, source: SourceConfig, target: Overwrite, folder: Path, progress: Progress
    ) -> None:
        self._order = order
        self._source = source
        self._target = target
        self._folder = folder
        self._progress = progress
        self._counts = np.zeros(len(order.rules), dtype=np.int64)

    def fill(self, started_ms: int) -> Proof:
        """Write every chunk that is not there yet, and return what the commit is to say."""
        with reader_for(self._source)(self._source, self._order) as opened:
            sieve = Sieve(self._order.rules, self._order.masks, opened.plan.schema)
            ledger = self._taken_up(opened, sieve.lands_as, started_ms)
            spans = ledger.cut.spans
            for number in range(len(ledger.done), len(spans)):
                done = self._chunk(opened, sieve, ledger, number)
                ledger = ledger.model_copy(update={"done": (*ledger.done, done)})
                chunks.save(self._folder, ledger)
        return self._proof(ledger, sieve.lands_as)

    def _taken_up(self, opened: OpenRead, schema: pa.Schema, started_ms: int) -> Ledger:
        """Return the ledger of an earlier run with its chunks found right again, or a new one."""
        found = chunks.load(self._folder)
        if found is None or found.cut.shape != str(opened.plan.schema) or found.cut.key != opened.key:
            quarantine.clear(self._folder)
            self._target.begin(schema)
            ledger = Ledger(started_ms=started_ms, snapshots=1, cut=chunks.cut(opened, self._order.chunk_rows))
        else:
            good = self._still_right(found, schema)
            for done in good:
                self._counts = self._counts + np.array(done.counts, dtype=np.int64)
            again = found.snapshots + bool(len(good) < len(found.cut.spans) and good)
            ledger = found.model_copy(update={"done": good, "snapshots": again})
        chunks.save(self._folder, ledger)
        return ledger

    def _still_right(self, ledger: Ledger, schema: pa.Schema) -> tuple[ChunkDone, ...]:
        """Return the finished chunks up to the first whose files are not on the disk as they were."""
        good: list[ChunkDone] = []
        for done in ledger.done:
            if not all((self._target.path / name).is_file() for name in done.files):
                break
            good.append(done)
        self._target.begin(schema, [name for done in good for name in done.files])
        for place, done in enumerate(good):
            found = self._target.read_back(done.files).text()
            if found != done.digest:
                raise ContentDiffersError(source_digest=done.digest, target_digest=found)
            self._progress(sum(one.read for one in good[: place + 1]), place + 1, len(ledger.cut.spans))
        return tuple(good)

    def _chunk(self, opened: OpenRead, sieve: Sieve, ledger: Ledger, number: int) -> ChunkDone:
        span, before = ledger.cut.spans[number], self._counts.copy()
        written, read, skipped = ContentDigest(sieve.lands_as), 0, 0
        earlier = sum(done.read for done in ledger.done)
        sieve.begin_chunk()
        self._target.begin_chunk(number)
        with ChunkQuarantine(self._folder, number, sieve.aside_as) as aside:
            for batch in opened.batches(span):
                sifted = sieve.sift(batch, read + 1)
                read += batch.num_rows
                skipped += sifted.skipped
                self._counts = self._counts + sifted.counts
                aside.add(sifted.aside, sifted.findings)
                self._stop_at_limits(sieve, aside, ledger.cut)
                written.update(sifted.kept)
                self._target.write(sifted.kept)
                self._progress(earlier + read, number, len(ledger.cut.spans))
            self._count_again(opened, span, ledger.cut, read)
            files = self._target.finish()
            found = self._target.read_back(files)
            if found.text() != written.text():
                raise ContentDiffersError(source_digest=written.text(), target_digest=found.text())
            aside.close()
        return ChunkDone(
            number=number, read=read, written=found.rows, quarantined=aside.rows, skipped=skipped,
            digest=found.text(), files=files, counts=tuple((self._counts - before).tolist()),
        )  # fmt: skip

    def _stop_at_limits(self, sieve: Sieve, aside: ChunkQuarantine, cut: Cut) -> None:
        breach = sieve.breach(self._counts, cut.total)
        if breach is None:
            return
        aside.close()  # so that it can be seen what was wrong
        rule, rows, limit = breach
        raise RuleLimitError(
            sieve.counted(self._counts),
            rule=rule.id, column=rule.column, rows=rows, limit=limit, job_id=self._order.job_id,
        )  # fmt: skip

    def _count_again(self, opened: OpenRead, span: Span, cut: Cut, read: int) -> None:
        counted = opened.count(span) if cut.bounds else opened.counted
        if read != counted:
            raise RowsDifferError(source=self._source.name, counted=counted, read=read)

    def _proof(self, ledger: Ledger, schema: pa.Schema) -> Proof:
        total = ContentDigest(schema)
        for done in ledger.done:
            total.add(done.digest)
        read, skipped = (sum(getattr(done, name) for done in ledger.done) for name in ("read", "skipped"))
        aside = quarantine.kept(self._folder, [done.number for done in ledger.done])
        if read != total.rows + aside + skipped:
            raise TotalsDifferError(read=read, written=total.rows, quarantined=aside, skipped=skipped)
        return Proof(
            self._order.job_id, total.rows, total.text(), total.text(), ledger.started_ms, read, aside, skipped
        )


def told(order: JobOrder, ledger: Ledger | None) -> tuple[RuleCount, ...]:
    """Return how many rows broke each rule, as far as the ledger goes."""
    done = ledger.done if ledger else ()
    return tuple(
        RuleCount(
            id=rule.id, kind=rule.kind, column=rule.column, action=rule.action,
            rows=sum(chunk.counts[place] for chunk in done),
        )
        for place, rule in enumerate(order.rules)
    )  # fmt: skip


def _receipt(done: Committed, order: JobOrder, ledger: Ledger | None) -> MovedReceipt:
    proof = done.proof
    cut = len(ledger.cut.spans) if ledger else 0
    plain = not order.rules and cut <= 1
    return MovedReceipt(
        job_id=proof.job_id,
        state="done",
        # The source digest begins with the rows it stands for; both sides were equal or there were no commit.
        rows_read=proof.rows_read if proof.rows_read >= 0 else int(proof.source_digest.split(":")[1]),
        rows_written=proof.rows,
        source_digest=proof.source_digest,
        target_digest=proof.digest,
        delta_version=done.version,
        started_ms=proof.started_ms,
        finished_ms=done.time_ms,
        rows_quarantined=proof.rows_quarantined,
        rows_skipped=proof.rows_skipped,
        chunks=0 if plain else cut,
        chunks_done=0 if plain else cut,
        snapshots=0 if plain or ledger is None else ledger.snapshots,
        rules=told(order, ledger),
    )
