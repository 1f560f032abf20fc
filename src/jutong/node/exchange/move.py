"""One move from beginning to end: read in one snapshot, write unseen, read back, compare, commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import Clock
from jutong.library.digest import ContentDigest
from jutong.library.overwrite import Committed, Overwrite, Proof
from jutong.library.tables import table_path
from jutong.node.exchange.errors import ContentDiffersError, RowsDifferError
from jutong.node.exchange.readers import reader_for
from jutong.node.sources import SourceConfig

ZONE = "landed"
Progress = Callable[[int], None]


def move(order: JobOrder, source: SourceConfig, *, library: Path, clock: Clock, progress: Progress) -> MovedReceipt:
    """Carry out a job, or find out that an earlier run already did.

    Args:
        order: what to move.
        source: from where; its organisation owns the table in the library.
        library: the library's folder.
        clock: tells the time for the receipt.
        progress: told the rows read so far after every batch.

    Returns:
        The receipt of a done job.

    Raises:
        JutongError: naming why nothing was moved; the library is then as it was before.
    """
    path = table_path(library, ZONE, source.organisation_code, order.target)
    started_ms = _milliseconds(clock)
    with Overwrite(path, order.job_id) as target:
        done = target.committed()
        if done is None:
            done = target.commit(_fill(target, order, source, started_ms, progress))
    return _receipt(done)


def _fill(target: Overwrite, order: JobOrder, source: SourceConfig, started_ms: int, progress: Progress) -> Proof:
    with reader_for(source)(source, order) as opened:
        schema = opened.plan.schema
        target.begin(schema)
        read = ContentDigest(schema)
        for batch in opened.batches:
            read.update(batch)
            target.write(batch)
            progress(read.rows)
    if read.rows != opened.counted:
        raise RowsDifferError(source=source.name, counted=opened.counted, read=read.rows)
    target.finish()
    written = target.read_back()
    if written.text() != read.text():
        raise ContentDiffersError(source_digest=read.text(), target_digest=written.text())
    return Proof(order.job_id, written.rows, read.text(), written.text(), started_ms)


def _receipt(done: Committed) -> MovedReceipt:
    proof = done.proof
    return MovedReceipt(
        job_id=proof.job_id,
        state="done",
        # The source digest begins with the rows it stands for; both sides were equal or there were no commit.
        rows_read=int(proof.source_digest.split(":")[1]),
        rows_written=proof.rows,
        source_digest=proof.source_digest,
        target_digest=proof.digest,
        delta_version=done.version,
        started_ms=proof.started_ms,
        finished_ms=done.time_ms,
    )


def _milliseconds(clock: Clock) -> int:
    return int(clock().timestamp() * 1000)
