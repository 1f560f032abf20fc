"""One move from beginning to end: read chunk by chunk, ask the rules, write unseen, read back, compare, commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt, RuleCount
from jutong.contracts.rules import Rule
from jutong.kernel.clock import Clock
from jutong.library.overwrite import Committed, Proof
from jutong.node.exchange import chunks, quarantine
from jutong.node.exchange.chunks import Ledger
from jutong.node.exchange.errors import TotalsDifferError
from jutong.node.exchange.lanes import Lane, Work
from jutong.node.exchange.lanes.checked import Checked
from jutong.node.exchange.progress import COMMITTING, PLANNING, READING, Held, Progress, Teller
from jutong.node.exchange.readers import OpenRead, reader_for
from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.exchange.targets import target_for
from jutong.node.sources import SourceConfig


@dataclass(frozen=True)
class Workplace:
    """Where a move works: the library's folder, and the job's own, which outlives the process.

    ``into`` is the database the order's landing names, if it names one. ``will_go_on`` tells of a failure whether the
    move is tried again behind its last finished chunk.
    """

    library: Path
    folder: Path
    into: SourceConfig | None = None
    will_go_on: Callable[[Exception], bool] = lambda _: False


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
        Held: as the progress raised it.
        JutongError: naming why nothing was moved; the target is then as it was before.
    """
    started_ms = int(clock().timestamp() * 1000)
    teller = Teller(progress)
    with target_for(order, source, place.into, place.library) as target:
        done = target.committed()
        if done is None:
            try:
                teller.tell(phase=PLANNING)
                proof = _Mover(Work(order, source, target, place.folder, teller)).fill(started_ms)
                teller.tell(phase=COMMITTING)
                done = target.commit(proof)
            except Held:
                target.hold()
                raise
            except Exception as error:
                if place.will_go_on(error):
                    target.hold()
                else:
                    chunks.forget(place.folder)  # what it names goes with the failed job
                raise
    return _receipt(done, order, chunks.load(place.folder))


class _Mover:
    """Fills a target."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._order = work.order
        self._target = work.target
        self._folder = work.folder
        self._teller = work.teller

    def fill(self, started_ms: int) -> Proof:
        """Write every chunk that is not there yet, and return what the commit is to say."""
        with reader_for(self._work.source)(self._work.source, self._order) as opened:
            lane = self._lane(opened)
            ledger = self._taken_up(opened, lane.lands_as, started_ms)
            counts = np.zeros(lane.rules, dtype=np.int64)
            for done in ledger.done:
                counts += np.array(done.counts, dtype=np.int64)
            spans = ledger.cut.spans
            for number in range(len(ledger.done), len(spans)):
                done = lane.chunk(number, spans[number], ledger.cut, counts)
                self._target.keep(done)
                counts += np.array(done.counts, dtype=np.int64)
                ledger = ledger.model_copy(update={"done": (*ledger.done, done)})
                chunks.save(self._folder, ledger)
                self._teller.tell(phase=READING, chunks_done=len(ledger.done))
        return self._proof(ledger, lane)

    def _lane(self, opened: OpenRead) -> Lane:
        sieve = self._sieve(opened.plan.schema)
        if fits := self._target.fits(sieve.lands_as):
            sieve = self._sieve(opened.plan.schema, fits)
        return Checked(self._work, opened, sieve)

    def _sieve(self, schema: pa.Schema, fits: tuple[Rule, ...] = ()) -> Sieve:
        """Return the order's rules and masks, and behind them what the target asks for."""
        return Sieve((*self._order.rules, *fits), self._order.masks, schema)

    def _taken_up(self, opened: OpenRead, schema: pa.Schema, started_ms: int) -> Ledger:
        """Return the ledger of an earlier run with its chunks found right again, or a new one."""
        found = chunks.load(self._folder)
        if found is None or found.cut.shape != str(opened.plan.schema) or found.cut.key != opened.key:
            quarantine.clear(self._folder)
            self._target.begin(schema, ())
            ledger = Ledger(started_ms=started_ms, snapshots=1, cut=chunks.cut(opened, self._order.chunk_rows))
        else:
            good = self._target.begin(schema, found.done)
            again = found.snapshots + bool(len(good) < len(found.cut.spans) and good)
            ledger = found.model_copy(update={"done": good, "snapshots": again})
        chunks.save(self._folder, ledger)
        read, aside = (sum(getattr(done, name) for done in ledger.done) for name in ("read", "quarantined"))
        self._teller.tell(rows=read, quarantined=aside, chunks_done=len(ledger.done), chunks=len(ledger.cut.spans))
        return ledger

    def _proof(self, ledger: Ledger, lane: Lane) -> Proof:
        read, written, skipped = (
            sum(getattr(done, name) for done in ledger.done) for name in ("read", "written", "skipped")
        )
        aside = quarantine.kept(self._folder, [done.number for done in ledger.done])
        if read != written + aside + skipped:
            raise TotalsDifferError(read=read, written=written, quarantined=aside, skipped=skipped)
        digest = lane.total(ledger.done)
        return Proof(self._order.job_id, written, digest, digest, ledger.started_ms, read, aside, skipped)


def told(rules: tuple[Rule, ...], ledger: Ledger | None) -> tuple[RuleCount, ...]:
    """Return how many rows broke each rule, as far as the ledger goes."""
    done = ledger.done if ledger else ()
    return tuple(
        RuleCount(
            id=rule.id, kind=rule.kind, column=rule.column, action=rule.action,
            rows=sum(chunk.counts[place] for chunk in done),
        )
        for place, rule in enumerate(rules)
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
        rules=told(order.rules, ledger),
    )
