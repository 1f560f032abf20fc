from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.utils.translation import get_language
from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut, person
from jutong.api.shapes.transfers import EntryCode, WorkIn, work_of
from jutong.api.types import Asked, Cursor, Ident, In, Limit, Out
from jutong.center.catalog.queries import entry_for_steward
from jutong.center.jobs import actions, lineage, queries
from jutong.center.jobs.control import control_job
from jutong.center.jobs.models import Job, JobState
from jutong.center.org.permissions import Permission

router = Router(tags=["交换作业 jobs"])
LIST = "jobs"


class RuleCountOut(Out):
    """How many rows broke a rule; counts only, no value leaves the node."""

    id: str
    kind: str
    column: str
    action: str
    rows: int


class JobFileOut(Out):
    """A file a move read or wrote; the first 100 of them."""

    name: str
    sha256: str
    state: str = Field(
        description="read 已读，same 与本次另一个文件内容相同，earlier 以前的作业搬过，written 写出的文件"
        " · read, the same as another of this job, moved earlier, or written"
    )
    of: str = Field(description="相同的那个文件，或者那次作业 · that other file, or that job")


class PulledOut(Out):
    """An answer of another node that rows came by, and the record of it there."""

    node: str = Field(description="对方节点的签名公钥 · the key the answer was signed with")
    grant: str
    record: str = Field(description="对方存证的调用记录 · the record of it in the other node's log")
    rows: int
    sha256: str
    disputed: int = Field(description="对方标明有异议的行 · rows somebody objects to, as the other node says")


class ToldOut(Out):
    """A value, or the form of texts, and how many rows have it; never one that only few have."""

    text: str
    rows: int


class DryColumnOut(Out):
    """What a column would look like; values only of columns that may be shown."""

    name: str
    type: str
    nulls: int
    blanks: int
    distinct: int
    shortest: int
    longest: int
    least: str
    greatest: str
    forms: list[ToldOut]
    values: list[ToldOut]


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
    files: list[JobFileOut]
    pulled: list[PulledOut]
    chunks: int
    chunks_done: int
    snapshots: int
    transfer_id: str = Field(description="属于哪项交换任务，空表示单独下达 · the saved transfer it is a run of, if any")
    transfer_version: int
    cause: str = Field(description="hand, schedule, after, trial, backfill")
    beside_id: str = Field(description="试运行或补搬属于哪项交换任务 · the transfer it stands beside")
    is_dry: bool = Field(description="试运行，没有写入任何一行 · a dry run: nothing was written")
    profile: list[DryColumnOut] = Field(description="试运行看到的每一列 · what a dry run found of each column")
    period: dict[str, str] = Field(description="补搬的起止，空为没有 · from and to of a back-fill, empty for none")
    work: dict[str, Any]
    phase: str
    rows_per_second: int
    tries: int
    started_at: datetime | None
    expected_rows: int | None
    merged: dict[str, Any] = Field(
        description="按写入方式做了什么：新增、变更、来源已没有、未变的行数，目标表现有行数和指纹"
        " · what a job with a mode did: rows inserted, updated, deleted, unchanged; rows and digest of the target now"
    )


class JobIn(WorkIn):
    """A move to order once."""

    entry_code: EntryCode


class JobControlIn(In):
    """What is asked of a job."""

    action: Literal["pause", "resume", "cancel"]


class JobLineOut(Out):
    """One line of a job's log."""

    at: datetime
    text: str


class JobLineageOut(Out):
    """Where a job's rows came from and went to, column by column."""

    events: list[dict[str, Any]] = Field(
        description="OpenLineage 2-0-2 的 RunEvent，开始和结束各一条 · run events, one at the start and one at the end"
    )


class JobsAsked(Asked):
    """Which jobs."""

    entry: Annotated[str, Field(max_length=64, description="信息资源代码 · resource code")] = ""
    cursor: Cursor = ""
    limit: Limit = 20


_AS_KEPT = (
    "target", "state", "ordered_at", "heard_at", "finished_at", "rows_read", "rows_written", "source_digest",
    "target_digest", "delta_version", "leaf_index", "problem", "rows_quarantined", "rows_skipped", "chunks",
    "chunks_done", "snapshots", "transfer_version", "cause", "work", "phase", "rows_per_second", "tries", "started_at",
    "expected_rows", "merged", "is_dry", "period",
)  # fmt: skip


def job_out(row: Job) -> JobOut:
    """Return a job as answers show it."""
    return JobOut(
        id=str(row.id),
        entry_code=row.entry.code,
        entry_name=row.entry.published_name,
        state_label=str(JobState(row.state).label),
        ordered_by=person(row.ordered_by),
        transfer_id=str(row.transfer_id or ""),
        beside_id=str(row.beside_id or ""),
        profile=[DryColumnOut(**column) for column in row.profile],
        rule_counts=[RuleCountOut(**count) for count in row.rule_counts],
        files=[JobFileOut(**file) for file in row.files],
        pulled=[PulledOut(**answer) for answer in row.pulled],
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
    made = actions.order_job(entry=entry, work=work_of(body), by=caller.actor, now=caller.now)
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


@router.post(
    "/{job_id}/control",
    operation_id="controlJob",
    summary="暂停、继续或取消 · pause a job, let it go on, or end it",
    **asks(Permission.JOBS_JOB_ORDER, JobOut, 404, 409, 415, 422, status=202),
)
def control(
    request: ApiRequest, job_id: Annotated[Ident, Path(description="作业id · id of the job")], body: JobControlIn
) -> JobOut:
    """Order the node to do so; the job's state changes when the node says that it has."""
    caller = request.auth
    control_job(job=queries.job(caller.actor, job_id), action=body.action, by=caller.actor, now=caller.now)
    return job_out(queries.job(caller.actor, job_id))


@router.get(
    "/{job_id}/log",
    operation_id="getJobLog",
    summary="作业日志 · what happened in a job, the newest first",
    **asks(Permission.JOBS_JOB_VIEW, PageOut[JobLineOut], 404, 422),
)
def log(
    request: ApiRequest, job_id: Annotated[Ident, Path(description="作业id · id of the job")]
) -> PageOut[JobLineOut]:
    """Return the lines of a job's log in plain words."""
    lines = queries.log(queries.job(request.auth.actor, job_id))
    return PageOut(
        rows=[JobLineOut(at=line.at, text=line.told(get_language() or "zh-hans")) for line in lines], next=""
    )


@router.get(
    "/{job_id}/lineage",
    operation_id="getJobLineage",
    summary="作业的血缘 · where its columns came from, as OpenLineage events",
    **asks(Permission.JOBS_JOB_VIEW, JobLineageOut, 404, 422),
)
def job_lineage(
    request: ApiRequest, job_id: Annotated[Ident, Path(description="作业id · id of the job")]
) -> JobLineageOut:
    """Return the run events of a job so far: none before it began."""
    return JobLineageOut(events=lineage.events(queries.job(request.auth.actor, job_id)))
