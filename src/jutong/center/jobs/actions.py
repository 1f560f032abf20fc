from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.catalog.models import Binding, Entry, Item
from jutong.center.fleet import actions as fleet
from jutong.center.fleet import queries as fleet_queries
from jutong.center.jobs.errors import EntryUnboundError, JobRunningError, RuleColumnError
from jutong.center.jobs.models import Job, JobState
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.rules import ColumnMask, Rule
from jutong.kernel.errors import NotFoundError

SILENCE = timedelta(minutes=15)
"""After so long without a receipt nobody can say how a job stands."""
_RUNNING = (JobState.ORDERED, JobState.WAITING, JobState.RUNNING)
_OPEN = (*_RUNNING, JobState.PAUSED)
_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
MISMATCH = "counts or digests of the two sides differ"


def _record(event: str, job: Job, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event=event, by=by, now=now, subject_kind="job", subject_id=job.id, subject_label=job.target,
        state=job.state, **details,
    )  # fmt: skip


@transaction.atomic
def order_job(
    *,
    entry: Entry,
    by: Actor,
    now: datetime,
    target: str = "",
    rules: Sequence[Rule] = (),
    masks: Sequence[ColumnMask] = (),
) -> Job:
    """Order the node of an entry's table to move it into a Delta table of the library.

    Args:
        entry: an entry of the actor's own organisation with a bound table.
        by: a steward of the holder.
        now: when.
        target: name of the library's table; by default made from the entry's code.
        rules: asked of every row, by the names of the bound columns.
        masks: put on what passed.

    Raises:
        NotFoundError: if the entry is another organisation's.
        EntryUnboundError: if no table is bound.
        RuleColumnError: if a rule or mask names a column that is not bound.
        JobRunningError: if a job of the entry is under way.
    """
    org.require(by, Permission.JOBS_JOB_ORDER)
    if entry.organisation_id != by.organisation_id:
        raise NotFoundError(what=entry.code)
    locked = Entry.objects.select_for_update().get(id=entry.id)
    binding = Binding.objects.filter(entry=locked, ended_at=None).first()
    if binding is None or not binding.is_table:
        raise EntryUnboundError(entry=str(locked))
    running = Job.objects.filter(entry=locked, state__in=_OPEN).first()
    if running is not None:
        raise JobRunningError(entry=str(locked), state=JobState(running.state).label)
    source = fleet_queries.source(binding.source)
    columns = _columns(locked, binding)
    _check_columns(columns, rules, masks)
    job = Job.objects.create(
        entry=locked, target=(target or default_target(locked.code))[:128], ordered_by_id=by.user_id, ordered_at=now,
        rules=[rule.model_dump(mode="json") for rule in rules], masks=[mask.model_dump(mode="json") for mask in masks],
    )  # fmt: skip
    body = _body(job, binding, columns, rules, masks)
    fleet.issue_order(node=source.node, kind="job", body=body, subject_id=job.id, by=by, now=now)
    _record(
        "jobs:job:order", job, by, now, entry=locked.code, node=source.node.name, rules=len(rules), masks=len(masks)
    )
    return job


def _body(
    job: Job, binding: Binding, columns: tuple[str, ...], rules: Sequence[Rule], masks: Sequence[ColumnMask]
) -> JobOrder:
    return JobOrder(
        job_id=str(job.id),
        source=binding.source,
        schema_name=binding.schema_name,
        table=binding.table,
        columns=columns,
        target=job.target,
        rules=tuple(rules),
        masks=tuple(masks),
    )


def _check_columns(columns: Sequence[str], rules: Sequence[Rule], masks: Sequence[ColumnMask]) -> None:
    named = [one.column for one in (*rules, *masks)]
    for rule in rules:
        named += [*getattr(rule, "with_columns", ()), *filter(None, [getattr(rule, "other", "")])]
    if unbound := [name for name in dict.fromkeys(named) if name not in columns]:
        raise RuleColumnError(columns="、".join(unbound), allowed="、".join(columns))


def _columns(entry: Entry, binding: Binding) -> tuple[str, ...]:
    """Return the bound columns in the order of the entry's items, each once."""
    names = Item.objects.filter(version_id=entry.published_id).values_list("name", flat=True)
    return tuple(dict.fromkeys(str(binding.columns[name]) for name in names if binding.columns.get(name)))


def default_target(code: str) -> str:
    """Return the library table's name of an entry: its code in small letters, digits and underscores."""
    return "t_" + "".join(char if char.isascii() and char.isalnum() else "_" for char in code.lower())


@transaction.atomic
def job_moved(*, receipt: MovedReceipt, by: Actor, now: datetime) -> str:
    """Take a node's word on a job. Returns why it changed nothing, or nothing.

    A job that is said to be done with different counts or digests on its two sides has failed.
    """
    job = Job.objects.select_for_update().get(id=UUID(receipt.job_id))
    if job.state in _ENDED:
        return f"job {job.id} had ended as {job.state}"
    state, problem = receipt.state, receipt.problem
    if state == "done" and not _agrees(receipt):
        state, problem = "failed", MISMATCH
    job.state, job.problem, job.heard_at = JobState(state), problem[:500], now
    job.rows_read, job.rows_written = receipt.rows_read, receipt.rows_written
    job.source_digest, job.target_digest = receipt.source_digest[:80], receipt.target_digest[:80]
    job.rows_quarantined, job.rows_skipped = receipt.rows_quarantined, receipt.rows_skipped
    job.chunks, job.chunks_done, job.snapshots = receipt.chunks, receipt.chunks_done, receipt.snapshots
    job.rule_counts = [count.model_dump(mode="json") for count in receipt.rules]
    job.delta_version = receipt.delta_version if receipt.delta_version >= 0 else None
    job.leaf_index = receipt.leaf_index if receipt.leaf_index >= 0 else None
    job.phase, job.rows_per_second, job.tries = receipt.phase, receipt.rows_per_second, receipt.tries
    job.retry_at = datetime.fromtimestamp(receipt.retry_ms / 1000, UTC) if receipt.retry_ms else None
    if job.state in _ENDED:
        job.finished_at = datetime.fromtimestamp(receipt.finished_ms / 1000, UTC) if receipt.finished_ms else now
    job.save()
    _record(
        "jobs:job:report", job, by, now, rows=job.rows_written, quarantined=job.rows_quarantined, problem=job.problem
    )
    return ""


def _agrees(receipt: MovedReceipt) -> bool:
    same_digest = receipt.source_digest == receipt.target_digest and receipt.source_digest != ""
    kept = receipt.rows_written + receipt.rows_quarantined + receipt.rows_skipped
    return same_digest and receipt.rows_read == kept


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
