"""Who used which data (条例 29(2)): each call as the node's receipt told it, and where its proof lies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Instant, Limit, OrganisationCode, Out
from jutong.api.v1.catalog import Classification, Sequence, code_of
from jutong.center.org.permissions import Permission
from jutong.center.usage import queries
from jutong.center.usage.models import Access
from jutong.center.usage.queries import AccessFilters

router = Router(tags=["使用台账 accesses"])
LIST = "accesses"


class AccessOut(Out):
    """One call: who, when, what for, how much; never a value."""

    record_id: str
    at: datetime
    node: str
    kind: str
    outcome: str
    grant_number: str
    entry_code: str
    entry_name: str
    provider_code: str
    requester_code: str
    requester_name: str
    system_name: str
    official: str
    purpose: str
    case_number: str
    rows: int
    fields: list[str]
    leaf_index: int
    marks: list[str] = Field(description="应答带有的校核标注 · corrections whose marks the answer carried")


class EvidenceOut(AccessOut):
    """A call and where its proof is: the log's origin and key, and the gateway that hands out the receipt."""

    log_origin: str
    log_key: str
    gateway_url: str


class ConsumerOut(Out):
    """One organisation's use of an entry."""

    code: str
    name: str
    calls: int
    rows: int
    last_at: datetime


class DayOut(Out):
    """How many calls one day had."""

    day: date
    calls: int


class WhoUsedOut(Out):
    """Use of an entry in the days asked about, as far as the caller may see it."""

    total: int
    capped: bool
    consumers: list[ConsumerOut]
    daily: list[DayOut]


class AccessesAsked(Asked):
    """Which calls; an empty parameter does not narrow."""

    entry: Annotated[str, Field(max_length=64, description="信息资源代码 · resource code")] = ""
    grant: Annotated[str, Field(max_length=32)] = ""
    requester: OrganisationCode = ""
    official: Annotated[str, Field(max_length=64)] = ""
    case: Annotated[str, Field(max_length=64)] = ""
    kind: Literal["", "query", "verify", "batch", "page", "changes", "file", "address"] = ""
    outcome: Annotated[str, Field(max_length=64)] = ""
    side: Literal["", "requester", "provider"] = ""
    since: Instant | None = None
    until: Instant | None = None
    cursor: Cursor = ""
    limit: Limit = 50


class DaysAsked(Asked):
    """How many days to look back, today among them."""

    days: Annotated[int, Field(ge=1, le=366)] = 30


_AS_KEPT = tuple(AccessOut.model_fields)


def access_out(row: Access) -> AccessOut:
    """Return an access as answers show it."""
    return AccessOut(**{name: getattr(row, name) for name in _AS_KEPT})


@router.get(
    "/accesses",
    operation_id="listAccesses",
    summary="调用记录 · calls the caller may see",
    **asks(Permission.USAGE_ACCESS_VIEW, PageOut[AccessOut], 422),
)
def list_accesses(request: ApiRequest, asked: Query[AccessesAsked]) -> PageOut[AccessOut]:
    """Return a page of calls, the newest first."""
    filters = AccessFilters(
        entry_code=asked.entry,
        grant_number=asked.grant,
        requester_code=asked.requester,
        official=asked.official,
        case_number=asked.case,
        kind=asked.kind,
        outcome=asked.outcome,
        side=asked.side,
        since=asked.since,
        until=asked.until,
    )
    page = queries.accesses(
        request.auth.actor, filters, after=listing.opened(LIST, asked.cursor), limit=asked.limit
    )  # fmt: skip
    return PageOut(rows=[access_out(row) for row in page.rows], next=listing.sealed(LIST, page.next))


@router.get(
    "/accesses/{record_id}",
    operation_id="getAccess",
    summary="一次调用及其存证 · one call and where its proof is",
    **asks(Permission.USAGE_EVIDENCE_VIEW, EvidenceOut, 404, 422),
)
def get_access(
    request: ApiRequest,
    record_id: Annotated[str, Path(max_length=36, pattern=r"^[0-9a-f-]{1,36}$", description="记录编号 · record id")],
) -> EvidenceOut:
    """Return one call with the log that holds its proof."""
    found = queries.evidence(request.auth.actor, record_id)
    return EvidenceOut(
        **dict(access_out(found.access)),
        log_origin=found.log_origin,
        log_key=found.log_key,
        gateway_url=found.gateway_url,
    )


@router.get(
    "/catalog/entries/{classification}/{sequence}/use",
    operation_id="getEntryUse",
    summary="谁用了这条目录 · who used an entry",
    **asks(Permission.USAGE_ACCESS_VIEW, WhoUsedOut, 422),
)
def who_used(
    request: ApiRequest, classification: Classification, sequence: Sequence, asked: Query[DaysAsked]
) -> WhoUsedOut:
    """Return which organisations used an entry: a requester sees its own use, the provider all of it."""
    caller = request.auth
    found = queries.who_used(caller.actor, code_of(classification, sequence), now=caller.now, days=asked.days)
    consumers = [
        ConsumerOut(code=row.code, name=row.name, calls=row.calls, rows=row.rows, last_at=row.last_at)
        for row in found.consumers
    ]
    daily = [DayOut(day=day, calls=calls) for day, calls in found.daily]
    return WhoUsedOut(total=found.total, capped=found.capped, consumers=consumers, daily=daily)
