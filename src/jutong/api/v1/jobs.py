from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut, person
from jutong.api.types import Asked, Cursor, Ident, In, Limit, Out
from jutong.center.catalog.queries import entry_for_steward
from jutong.center.jobs import actions, queries
from jutong.center.jobs.models import Job, JobState
from jutong.center.org.permissions import Permission
from jutong.contracts.rules import MOST_RULES, ColumnMask, Rule

router = Router(tags=["交换作业 jobs"])
LIST = "jobs"


class RuleCountOut(Out):
    """How many rows broke a rule; counts only, no value leaves the node."""

    id: str
    kind: str
    column: str
    action: str
    rows: int


class JobOut(Out):
    """One move of a bound table into the library. Figures come only from the node's receipt."""

    id: str
    entry_code: str
    entry_name: str
    target: str
    state: str
    state_label: str
    ordered_by: str
    ordered_at: datetime
    heard_at: datetime | None
    finished_at: datetime | None
    rows_read: int | None
    rows_written: int | None
    source_digest: str
    target_digest: str
    delta_version: int | None
    leaf_index: int | None
    problem: str
    rows_quarantined: int | None
    rows_skipped: int | None
    rule_counts: list[RuleCountOut]
    chunks: int
    chunks_done: int
    snapshots: int


class JobIn(In):
    """A move to order; without ``target`` the library's table is named after the code.

    ``rules`` are asked of every row by the names of the bound columns, ``masks`` put on what passed.
    """

    entry_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{1,32}/[0-9A-Z]{1,31}$")]
    target: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,62})?$")] = ""
    rules: Annotated[list[Rule], Field(max_length=MOST_RULES, default_factory=list)]
    masks: Annotated[list[ColumnMask], Field(max_length=MOST_RULES, default_factory=list)]


class JobsAsked(Asked):
    """Which jobs."""

    entry: Annotated[str, Field(max_length=64, description="信息资源代码 · resource code")] = ""
    cursor: Cursor = ""
    limit: Limit = 20


_AS_KEPT = (
    "target", "state", "ordered_at", "heard_at", "finished_at", "rows_read", "rows_written", "source_digest",
    "target_digest", "delta_version", "leaf_index", "problem", "rows_quarantined", "rows_skipped", "chunks",
    "chunks_done", "snapshots",
)  # fmt: skip


def job_out(row: Job) -> JobOut:
    """Return a job as answers show it."""
    return JobOut(
        id=str(row.id),
        entry_code=row.entry.code,
        entry_name=row.entry.published_name,
        state_label=str(JobState(row.state).label),
        ordered_by=person(row.ordered_by),
        rule_counts=[RuleCountOut(**count) for count in row.rule_counts],
        **{name: getattr(row, name) for name in _AS_KEPT},
    )


@router.get(
    "",
    operation_id="listJobs",
    summary="交换作业列表 · jobs the caller may see",
    **asks(Permission.JOBS_JOB_VIEW, PageOut[JobOut], 422),
)
def list_jobs(request: ApiRequest, asked: Query[JobsAsked]) -> PageOut[JobOut]:
    """Return a page of jobs, the newest first."""
    page = queries.jobs(
        request.auth.actor, entry_code=asked.entry, after=listing.opened(LIST, asked.cursor), limit=asked.limit
    )
    return PageOut(rows=[job_out(row) for row in page.rows], next=listing.sealed(LIST, page.next))


@router.post(
    "",
    operation_id="orderJob",
    summary="下达交换作业 · order a move into the library",
    **asks(Permission.JOBS_JOB_ORDER, JobOut, 404, 409, 415, 422, status=202),
)
def order(request: ApiRequest, body: JobIn) -> JobOut:
    """Order the node of the entry's table to move it into a Delta table of the library."""
    caller = request.auth
    entry = entry_for_steward(caller.actor, body.entry_code)
    made = actions.order_job(
        entry=entry, target=body.target, rules=body.rules, masks=body.masks, by=caller.actor, now=caller.now
    )
    return job_out(queries.job(caller.actor, made.id))


@router.get(
    "/{job_id}",
    operation_id="getJob",
    summary="一项交换作业 · one job",
    **asks(Permission.JOBS_JOB_VIEW, JobOut, 404, 422),
)
def get_job(request: ApiRequest, job_id: Annotated[Ident, Path(description="作业id · id of the job")]) -> JobOut:
    """Return one job with the counts and digests of both sides."""
    return job_out(queries.job(request.auth.actor, job_id))
