from __future__ import annotations

from datetime import datetime

from ninja import Query, Router

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import ClockOut, PageOut, clock_out
from jutong.api.types import Asked, Cursor, Limit, Out
from jutong.center.org.permissions import Permission
from jutong.center.sharing import queries
from jutong.center.sharing.queries import Task

router = Router(tags=["待办 inbox"])
NOTICES = "notices"


class TaskOut(Out):
    """One thing that waits. ``number`` is the application's, or the entry's code for catalogue tasks."""

    kind: str
    kind_label: str
    title: str
    number: str
    organisation: str
    person: str
    since: datetime
    note: str
    clock: ClockOut | None


class NoticeOut(Out):
    """A notice in the caller's language."""

    text: str
    link: str
    at: datetime


class NoticesAsked(Asked):
    """Where to go on."""

    cursor: Cursor = ""
    limit: Limit = 20


def _task(row: Task) -> TaskOut:
    return TaskOut(
        kind=row.kind,
        kind_label=str(row.kind.label),
        title=row.title,
        number=row.number,
        organisation=row.organisation,
        person=row.person,
        since=row.since,
        note=str(row.note),
        clock=clock_out(row.clock),
    )


@router.get(
    "/inbox",
    operation_id="getInbox",
    summary="待我办理 · what waits for the caller's post",
    **asks(Permission.SHARING_INBOX_VIEW, PageOut[TaskOut]),
)
def inbox(request: ApiRequest) -> PageOut[TaskOut]:
    """Return what waits for the post, the most pressing first; at most 200 of each kind."""
    caller = request.auth
    return PageOut(rows=[_task(row) for row in queries.inbox(caller.actor, caller.now)], next="")


@router.get(
    "/notices",
    operation_id="listNotices",
    summary="通知 · what the caller's organisation was told",
    **asks(Permission.SHARING_NOTICE_VIEW, PageOut[NoticeOut], 422),
)
def notices(request: ApiRequest, asked: Query[NoticesAsked]) -> PageOut[NoticeOut]:
    """Return a page of notices, the newest first."""
    page = queries.notices(
        request.auth.actor, after=listing.opened(NOTICES, asked.cursor), limit=asked.limit
    )  # fmt: skip
    rows = [NoticeOut(text=row.text, link=row.link, at=row.at) for row in page.rows]
    return PageOut(rows=rows, next=listing.sealed(NOTICES, page.next))
