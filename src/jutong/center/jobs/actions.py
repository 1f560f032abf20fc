from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.jobs import landings, lineage_sending, runs
from jutong.center.jobs.models import Job, JobState
from jutong.center.jobs.ordering import default_target, order_job
from jutong.center.org.actor import Actor
from jutong.contracts.receipts import MovedReceipt

__all__ = ["MISMATCH", "SILENCE", "default_target", "job_moved", "mark_unknown", "order_job"]

SILENCE = timedelta(minutes=15)
"""After so long without a receipt nobody can say how a job stands."""
_RUNNING = (JobState.ORDERED, JobState.WAITING, JobState.RUNNING)
_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
MERGED = (
    "mode", "rows_inserted", "rows_updated", "rows_deleted", "rows_unchanged", "table_rows", "table_digest", "position",
    "drift", "changes", "lag_bytes", "log_permille", "messages",
)  # fmt: skip
"""What is kept of a receipt of a job with a mode."""

MISMATCH = "counts or digests of the two sides differ"
NOT_AS_ORDERED = "the node wrote in a dry run, or wrote nothing in a move"


def _record(event: str, job: Job, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event=event, by=by, now=now, subject_kind="job", subject_id=job.id, subject_label=job.target,
        state=job.state, **details,
    )  # fmt: skip


@transaction.atomic
def job_moved(*, receipt: MovedReceipt, by: Actor, now: datetime) -> str:
    """Take a node's word on a job. Returns why it changed nothing, or nothing.

    A job that is said to be done with different counts or digests on its two sides has failed.
    """
    job = Job.objects.select_for_update().get(id=UUID(receipt.job_id))
    if job.state in _ENDED:
        return f"job {job.id} had ended as {job.state}"
    before = runs.Standing.of(job)
    state, problem = receipt.state, receipt.problem
    if receipt.dry != job.is_dry and receipt.state == "done":
        state, problem = "failed", NOT_AS_ORDERED
    elif state == "done" and not receipt.dry and not _agrees(receipt):
        state, problem = "failed", MISMATCH
    job.state, job.problem, job.heard_at = JobState(state), problem[:500], now
    job.rows_read, job.rows_written = receipt.rows_read, receipt.rows_written
    job.source_digest, job.target_digest = receipt.source_digest[:80], receipt.target_digest[:80]
    job.rows_quarantined, job.rows_skipped = receipt.rows_quarantined, receipt.rows_skipped
    job.merged = {name: value for name in MERGED if (value := getattr(receipt, name))}
    job.chunks, job.chunks_done, job.snapshots = receipt.chunks, receipt.chunks_done, receipt.snapshots
    job.files = [file.model_dump(mode="json") for file in receipt.files]
    job.pulled = [answer.model_dump(mode="json") for answer in receipt.pulled]
    job.rule_counts = [count.model_dump(mode="json") for count in receipt.rules]
    job.delta_version = receipt.delta_version if receipt.delta_version >= 0 else None
    job.leaf_index = receipt.leaf_index if receipt.leaf_index >= 0 else None
    job.phase, job.rows_per_second, job.tries = receipt.phase, receipt.rows_per_second, receipt.tries
    job.retry_at = datetime.fromtimestamp(receipt.retry_ms / 1000, UTC) if receipt.retry_ms else None
    if job.state in _ENDED:
        job.finished_at = datetime.fromtimestamp(receipt.finished_ms / 1000, UTC) if receipt.finished_ms else now
    if job.started_at is None and receipt.started_ms:
        job.started_at = datetime.fromtimestamp(receipt.started_ms / 1000, UTC)
    if receipt.dry:
        job.profile = [column.model_dump(mode="json") for column in receipt.columns]
        job.expected_rows = receipt.rows_counted
    job.save()
    runs.heard(job, before, by=by, now=now)
    lineage_sending.queue(job, now)
    landings.tell(job, by=by, now=now)
    _record(
        "jobs:job:report", job, by, now, rows=job.rows_written, quarantined=job.rows_quarantined, problem=job.problem
    )
    return ""


def _agrees(receipt: MovedReceipt) -> bool:
    same_digest = receipt.source_digest == receipt.target_digest and receipt.source_digest != ""
    kept = receipt.rows_written + receipt.rows_quarantined + receipt.rows_skipped
    met = receipt.rows_inserted + receipt.rows_updated + receipt.rows_unchanged
    return same_digest and receipt.rows_read == kept and (not receipt.mode or receipt.rows_written == met)


@transaction.atomic
def mark_unknown(*, by: Actor, now: datetime) -> int:
    """Say of every job that no receipt has spoken of for :data:`SILENCE` that its state is not known.

    A later receipt still settles it. Returns how many were marked.
    """
    silent = Job.objects.select_for_update(skip_locked=True).filter(state__in=_RUNNING, ordered_at__lt=now - SILENCE)
    jobs = [job for job in silent if job.heard_at is None or job.heard_at < now - SILENCE]
    for job in jobs:
        job.state = JobState.UNKNOWN
        job.save(update_fields=["state"])
        _record("jobs:job:lose", job, by, now)
    return len(jobs)
