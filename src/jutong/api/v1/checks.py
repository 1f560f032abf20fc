from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Limit, Out
from jutong.center.jobs import reconciling
from jutong.center.jobs.models import TargetCheck
from jutong.center.org.permissions import Permission

router = Router(tags=["交换作业 jobs"])
LIST = "target-checks"


class TargetCheckOut(Out):
    """A table of the library as the node's newest nightly look found it, against what the last job had left."""

    organisation: str
    target: str
    job_id: str = Field(description="最后写入的作业，空表示中心不知道 · the job that wrote last; empty where not known")
    state: Literal["same", "differs", "unreadable"]
    rows: int | None
    expected_rows: int | None
    source_rows: int | None
    digest: str
    expected: str
    delta_version: int | None
    problem: str
    checked_at: datetime
    leaf_index: int | None


class TargetChecksAsked(Asked):
    """Which looks."""

    state: Annotated[
        Literal["", "same", "differs", "unreadable"], Field(description="只看这种结果 · only those found so")
    ] = ""
    cursor: Cursor = ""
    limit: Limit = 20


_AS_KEPT = (
    "target", "state", "rows", "expected_rows", "source_rows", "digest", "expected", "delta_version", "problem",
    "checked_at", "leaf_index",
)  # fmt: skip


def _out(row: TargetCheck) -> TargetCheckOut:
    kept = {name: getattr(row, name) for name in _AS_KEPT}
    return TargetCheckOut(organisation=row.organisation.code, job_id=str(row.job_id or ""), **kept)


@router.get(
    "",
    operation_id="listTargetChecks",
    summary="夜间核对 · what nodes found when they read everything again",
    **asks(Permission.JOBS_JOB_VIEW, PageOut[TargetCheckOut], 422),
)
def list_checks(request: ApiRequest, asked: Query[TargetChecksAsked]) -> PageOut[TargetCheckOut]:
    """Return the newest look at each table the caller may see, the newest first."""
    after = listing.opened(LIST, asked.cursor)
    page = reconciling.checks(request.auth.actor, state=asked.state, after=after, limit=asked.limit)
    return PageOut(rows=[_out(row) for row in page.rows], next=listing.sealed(LIST, page.next))
