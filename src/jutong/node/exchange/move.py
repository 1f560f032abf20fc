"""One move from beginning to end: read chunk by chunk, ask the rules, write unseen, read back, compare, commit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt, RuleCount
from jutong.contracts.rules import Cast, Rule
from jutong.kernel.clock import Clock
from jutong.library.overwrite import Committed, Proof
from jutong.node.exchange import changes, chunks, quarantine, queued
from jutong.node.exchange.chunks import Ledger
from jutong.node.exchange.errors import RowsDifferError, TotalsDifferError
from jutong.node.exchange.lanes import Lane, Work
from jutong.node.exchange.lanes.checked import Checked
from jutong.node.exchange.modes.since import Since, since_of
from jutong.node.exchange.modes.told import of_mode
from jutong.node.exchange.progress import COMMITTING, PLANNING, READING, Held, Progress, Teller
from jutong.node.exchange.readers import OpenRead, reader_for
from jutong.node.exchange.readers.manifest import files_of
from jutong.node.exchange.readers.pulled import records_of
from jutong.node.exchange.rules import seen
from jutong.node.exchange.rules.arranged import Arranging
from jutong.node.exchange.rules.means import Means
from jutong.node.exchange.rules.sieve import Sieve
from jutong.node.exchange.targets import FITS, ZONE, target_for
from jutong.node.exchange.targets.delivered import delivered_by
from jutong.node.sources import SourceConfig


@dataclass(frozen=True)
class Workplace:
    """Where a move works: the library's folder, and the job's own, which outlives the process.

    ``into`` is the database the order's landing names, if it names one. ``will_go_on`` tells of a failure whether the
    move is tried again behind its last finished chunk. ``secret`` is the file of the node's secret.
    """

    library: Path
    folder: Path
    into: SourceConfig | None = None
    will_go_on: Callable[[Exception], bool] = lambda _: False
    secret: Path | None = None


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
    with target_for(order, source, place.into, place.library, place.folder) as target:
        done = target.committed()
        work, means = Work(order, source, target, place.folder, teller), means_for(order, source, place, started_ms)
        if done is None:
            try:
                teller.tell(phase=PLANNING)
                proof = _Mover(work, means).fill(started_ms)
                teller.tell(phase=COMMITTING)
                done = target.commit(proof)
                if not proof.rows_quarantined:
                    seen.forget(place.folder)
            except Held:
                target.hold()
                raise
            except Exception as error:
                if place.will_go_on(error):
                    target.hold()
                else:
                    changes.give_up(work, means)
                    chunks.forget(place.folder)  # what it names goes with the failed job
                raise
        changes.confirm(order, source, done.proof, place.folder)
        queued.confirm(source, done.proof, place.folder)
    receipt = _receipt(done, order, chunks.load(place.folder), place.folder)
    return receipt.model_copy(update=queued.of_messages(source, place.folder, done.proof))


def means_for(order: JobOrder, source: SourceConfig, place: Workplace, started_ms: int) -> Means:
    """Return what rules and masks need besides the rows; a job that is taken up again keeps its first day."""
    earlier = chunks.load(place.folder)
    return Means(
        department=place.library / ZONE / source.organisation_code,
        folder=place.folder,
        secret=place.secret,
        zone=source.zone,
        started_ms=earlier.started_ms if earlier else started_ms,
        salt=order.job_id,
    )


def kinds_of(order: JobOrder, source: SourceConfig, opened: OpenRead) -> dict[str, str]:
    """Return the PostgreSQL types of the columns that land as they are read."""
    if source.dialect != "postgresql":
        return {}
    rules = [rule for rule in order.rules if isinstance(rule, Cast) or getattr(rule, "to_18", False)]
    changed: set[str] = set()
    for one in (*rules, *order.masks, *order.steps):
        changed |= {getattr(one, "column", ""), getattr(one, "into", ""), *getattr(one, "columns", ())}
    return {column.name: column.type for column in opened.plan.columns if column.name not in changed}


class _Mover:
    """Fills a target."""

    def __init__(self, work: Work, means: Means) -> None:
        self._work = work
        self._means = means
        self._order = work.order
        self._target = work.target
        self._folder = work.folder
        self._teller = work.teller

    def fill(self, started_ms: int) -> Proof:
        """Write every chunk that is not there yet, and return what the commit is to say."""
        earlier = chunks.load(self._folder)
        with self._opened(earlier.since if earlier else None) as opened:
            lane = self._lane(opened)
            ledger = self._taken_up(opened, lane, started_ms)
            counts = np.zeros(len(lane.asked), dtype=np.int64)
            for done in ledger.done:
                counts += np.array(done.counts, dtype=np.int64)
            spans, lane.summed = ledger.cut.spans, not ledger.done
            for number in range(len(ledger.done), len(spans)):
                done = lane.chunk(number, spans[number], ledger.cut, counts)
                self._target.keep(done)
                counts += np.array(done.counts, dtype=np.int64)
                ledger = ledger.model_copy(update={"done": (*ledger.done, done)})
                chunks.save(self._folder, ledger)
                self._teller.tell(phase=READING, chunks_done=len(ledger.done))
            if lane.summed and not lane.told and ledger.cut.bounds and opened.parts is None:
                self._all_read(ledger, opened.in_all())
        return self._proof(ledger, lane)

    def _all_read(self, ledger: Ledger, counted: int) -> None:
        """Hold what was read in one snapshot against what the source counted in it."""
        read = sum(done.read for done in ledger.done)
        if read != counted:
            raise RowsDifferError(source=self._order.source, counted=counted, read=read)

    def _opened(self, earlier: Since | None) -> AbstractContextManager[OpenRead]:
        source = self._work.source
        if changes.asked_for(self._order):
            return changes.opened(self._work, self._means, earlier)
        of_source = partial(queued.since_of, source) if queued.asked_for(source) else since_of
        since = of_source(self._order, self._target.position, earlier)
        return reader_for(source, self._folder, since)(source, self._order)

    def _lane(self, opened: OpenRead) -> Lane:
        sieve = self._sieve(opened.plan.schema)
        if fits := self._target.fits(sieve.lands_as, kinds_of(self._order, self._work.source, opened)):
            sieve = self._sieve(opened.plan.schema, fits)
        whole = self._order.fingerprint is None  # else the rows of every batch change places
        if self._order.into is not None and whole:
            from jutong.node.exchange.lanes.raw import raw_lane  # noqa: PLC0415

            if (raw := raw_lane(self._work, opened)) is not None:
                return raw
        if changes.asked_for(self._order):
            return changes.lane_for(self._work, opened, self._means)
        if self._order.into is not None and whole:
            from jutong.node.exchange.lanes.passing import passing_lane  # noqa: PLC0415

            kinds = kinds_of(self._order, self._work.source, opened)
            passing = passing_lane(self._work, opened, lambda part: self._sieve(part, fits), kinds)
            if passing is not None:
                return passing
        return Checked(self._work, opened, sieve)

    def _sieve(self, schema: pa.Schema, fits: tuple[Rule, ...] = ()) -> Sieve:
        """Return the order's rules and masks, and behind them what the target asks for."""
        asked = ((*self._order.rules, *fits), self._order.masks, schema, self._order.steps, self._means)
        return Arranging(self._order, self._folder, *asked) if self._order.fingerprint else Sieve(*asked)

    def _taken_up(self, opened: OpenRead, lane: Lane, started_ms: int) -> Ledger:
        """Return the ledger of an earlier run with its chunks found right again, or a new one."""
        found = chunks.load(self._folder)
        as_now = (str(opened.plan.schema), opened.key, lane.name, lane.asked, opened.since)
        if found is None or (found.cut.shape, found.cut.key, found.lane, found.asked, found.since) != as_now:
            quarantine.clear(self._folder)
            self._target.begin(lane.lands_as, None)
            shares = any(rule.most_permille is not None for rule in self._order.rules)
            cut = chunks.cut(opened, self._order.chunk_rows, exactly=shares)
            ledger = Ledger(
                started_ms=started_ms, snapshots=1, cut=cut, asked=lane.asked, lane=lane.name, since=opened.since
            )
        else:
            good = self._target.begin(lane.lands_as, found.done)
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
        proof = Proof(self._order.job_id, written, digest, digest, ledger.started_ms, read, aside, skipped)
        if ledger.since is None or ledger.since.period is not None:
            return proof  # a period says nothing of how far the column was read
        position, rows = ledger.since.reached
        return replace(proof, watermark=ledger.since.column, position=position, position_rows=rows)


def _told(ledger: Ledger | None) -> tuple[RuleCount, ...]:
    """Return how many rows broke each rule; of those only the target asks for, what was broken at all."""
    if ledger is None:
        return ()
    counted = [
        rule.model_copy(update={"rows": sum(chunk.counts[place] for chunk in ledger.done)})
        for place, rule in enumerate(ledger.asked)
    ]
    return tuple(rule for rule in counted if rule.rows or not rule.id.startswith(FITS))


def _receipt(done: Committed, order: JobOrder, ledger: Ledger | None, folder: Path) -> MovedReceipt:
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
        rules=_told(ledger),
        into=f"{order.into.source} {order.into.schema_name}.{order.into.table}" if order.into else "",
        lane=ledger.lane if order.into and ledger else "",
        files=(*files_of(folder), *delivered_by(folder)),
        pulled=records_of(folder),
        **of_mode(order, proof),
        **changes.of_changes(order, folder),
    )
