from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, Caller, asks
from jutong.api.shapes.common import OrganisationRef, PageOut, SystemRef, organisation_ref, system_ref
from jutong.api.shapes.entry_in import Lax
from jutong.api.types import Asked, Cursor, In, Limit, Note, Out
from jutong.center.org.permissions import Permission
from jutong.center.sharing import actions, queries
from jutong.center.sharing.enums import GrantState, IdleAnswer
from jutong.center.sharing.models import Grant, GrantItem, Suspension
from jutong.center.sharing.queries import GrantView

router = Router(tags=["授权 grants"])
Number = Annotated[str, Path(pattern=r"^GQ[0-9]{8}-[0-9]{4,9}$", description="授权编号 · number of the grant")]
LIST = "grants"
_BODY = (404, 409, 415, 422)


class GrantRowOut(Out):
    """One line of a list of grants."""

    number: str
    state: str
    state_label: str
    application_number: str
    title: str
    entry_code: str
    entry_name: str
    requester: OrganisationRef
    provider: OrganisationRef
    system: SystemRef | None
    purpose: str
    daily_quota: int
    max_rows: int
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    supplied_at: datetime | None
    ended_at: datetime | None
    problem: str


class GrantItemOut(Out):
    """One item the grant covers and how much of it."""

    name: str
    mode: str
    is_lookup: bool


class SuspensionOut(Out):
    """A suspension; unconfirmed while the node has not answered."""

    reason: str
    by: str
    at: datetime
    confirmed_at: datetime | None
    lifted_by: str
    lifted_at: datetime | None


class GrantOut(GrantRowOut):
    """A grant, where it is called, the node's key to check answers with, and the steps the caller may take now."""

    items: list[GrantItemOut]
    suspensions: list[SuspensionOut]
    gateway_url: str
    node: str
    node_key_id: str
    node_public_key: str
    events: list[str]


class DayOfUseOut(Out):
    """Calls under a grant on one day."""

    day: date
    calls: int
    refused: int
    rows: int


class GrantUseOut(Out):
    """Use of a grant in the last 30 days; ``ways`` are the calls its gateway answers."""

    ways: list[str]
    batch_keys: int
    page_rows: int
    calls: int
    refused: int
    rows: int
    last_at: datetime | None
    quota_percent: int
    days: list[DayOfUseOut]
    idle_since: datetime | None
    idle_answer: str
    renewal: str


class IdleAnswerIn(In):
    """What an unused grant is kept for, or that it is not needed."""

    answer: Annotated[IdleAnswer, Lax]
    text: Annotated[Note, Field(min_length=1)]


class RenewalOut(Out):
    """The application that is to follow a grant."""

    number: str
    renews: str


class GrantsAsked(Asked):
    """Which grants."""

    side: Literal["", "requester", "provider"] = ""
    state: list[GrantState] = Field(default=[], max_length=8)
    cursor: Cursor = ""
    limit: Limit = 20


class WhyIn(In):
    """A decision that gives its reason."""

    reason: Annotated[Note, Field(min_length=1)]


def _row(grant: Grant) -> GrantRowOut:
    return GrantRowOut(
        number=grant.number,
        state=grant.state,
        state_label=str(GrantState(grant.state).label),
        application_number=grant.application.number,
        title=grant.application.title,
        entry_code=grant.entry.code,
        entry_name=grant.application.version.name,
        requester=organisation_ref(grant.requester),
        provider=organisation_ref(grant.provider),
        system=system_ref(grant.system),
        purpose=grant.purpose,
        daily_quota=grant.daily_quota,
        max_rows=grant.max_rows,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        issued_at=grant.issued_at,
        supplied_at=grant.supplied_at,
        ended_at=grant.ended_at,
        problem=grant.problem,
    )


def _item(row: GrantItem) -> GrantItemOut:
    return GrantItemOut(name=row.item.name, mode=row.mode, is_lookup=row.is_lookup)


def _suspension(row: Suspension) -> SuspensionOut:
    return SuspensionOut(
        reason=row.reason,
        by=row.by.name,
        at=row.at,
        confirmed_at=row.confirmed_at,
        lifted_by=row.lifted_by.name if row.lifted_by else "",
        lifted_at=row.lifted_at,
    )


def _view(view: GrantView) -> GrantOut:
    return GrantOut(
        **dict(_row(view.grant)),
        items=[_item(row) for row in view.items],
        suspensions=[_suspension(row) for row in view.suspensions],
        gateway_url=view.gateway_url,
        node=view.node,
        node_key_id=view.node_key_id,
        node_public_key=view.node_public_key,
        events=sorted(view.events),
    )


def _shown(caller: Caller, number: str) -> GrantOut:
    return _view(queries.grant(caller.actor, number))


@router.get(
    "",
    operation_id="listGrants",
    summary="授权列表 · grants the caller may see",
    **asks(Permission.SHARING_GRANT_VIEW, PageOut[GrantRowOut], 422),
)
def list_grants(request: ApiRequest, asked: Query[GrantsAsked]) -> PageOut[GrantRowOut]:
    """Return a page of grants, the newest first."""
    page = queries.grants(
        request.auth.actor,
        side=asked.side,
        states=[state.value for state in asked.state],
        after=listing.opened(LIST, asked.cursor),
        limit=asked.limit,
    )
    return PageOut(rows=[_row(row) for row in page.rows], next=listing.sealed(LIST, page.next))


@router.get(
    "/{number}",
    operation_id="getGrant",
    summary="一个授权 · one grant",
    **asks(Permission.SHARING_GRANT_VIEW, GrantOut, 404, 422),
)
def get_grant(request: ApiRequest, number: Number) -> GrantOut:
    """Return one grant with its items, suspensions and the gateway that serves it."""
    return _shown(request.auth, number)


@router.post(
    "/{number}/suspension",
    operation_id="suspendGrant",
    summary="暂停 · suspend at once",
    **asks(Permission.SHARING_GRANT_SUSPEND, GrantOut, *_BODY),
)
def suspend(request: ApiRequest, number: Number, body: WhyIn) -> GrantOut:
    """Suspend a grant as the provider or the authority; the node refuses it within 5 seconds (条例 27(2))."""
    caller = request.auth
    grant = queries.grant(caller.actor, number).grant
    actions.suspend_grant(grant=grant, reason=body.reason, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.delete(
    "/{number}/suspension",
    operation_id="liftSuspension",
    summary="恢复 · lift the suspension",
    **asks(Permission.SHARING_SUSPENSION_LIFT, GrantOut, 404, 409, 422),
)
def lift(request: ApiRequest, number: Number) -> GrantOut:
    """Let a suspended grant go on; another person than the one who suspended it decides."""
    caller = request.auth
    actions.lift_suspension(
        grant=queries.grant(caller.actor, number).grant, by=caller.actor, now=caller.now
    )  # fmt: skip
    return _shown(caller, number)


@router.post(
    "/{number}/revocation",
    operation_id="revokeGrant",
    summary="收回 · end a grant for good",
    **asks(Permission.SHARING_GRANT_REVOKE, GrantOut, *_BODY),
)
def revoke(request: ApiRequest, number: Number, body: WhyIn) -> GrantOut:
    """End a grant for good: provider and authority a suspended one, the requester any (条例 27)."""
    caller = request.auth
    grant = queries.grant(caller.actor, number).grant
    actions.revoke_grant(grant=grant, reason=body.reason, by=caller.actor, now=caller.now)
    return _shown(caller, number)


@router.get(
    "/{number}/use",
    operation_id="getGrantUse",
    summary="授权的使用情况 · how one grant is used",
    **asks(Permission.SHARING_GRANT_VIEW, GrantUseOut, 404, 422),
)
def get_use(request: ApiRequest, number: Number) -> GrantUseOut:
    """Return the calls of the last 30 days, how much of today's quota is used, and what follows the grant."""
    return _use(request.auth, number)


def _use(caller: Caller, number: str) -> GrantUseOut:
    console = queries.console(queries.grant(caller.actor, number), caller.now)
    asked = console.inquiry
    return GrantUseOut(
        ways=list(console.ways),
        batch_keys=console.batch_keys,
        page_rows=console.page_rows,
        calls=console.calls,
        refused=console.refused,
        rows=console.rows,
        last_at=console.last_at,
        quota_percent=console.quota_percent,
        days=[DayOfUseOut(day=row.day, calls=row.calls, refused=row.refused, rows=row.rows) for row in console.days],
        idle_since=asked.idle_since if asked else None,
        idle_answer=asked.answer if asked else "",
        renewal=console.renewal.number if console.renewal else "",
    )


@router.post(
    "/{number}/idle-answer",
    operation_id="answerIdleGrant",
    summary="说明闲置的授权 · say what an unused grant is for",
    **asks(Permission.SHARING_APPLICATION_DRAFT, GrantUseOut, *_BODY),
)
def answer_idle(request: ApiRequest, number: Number, body: IdleAnswerIn) -> GrantUseOut:
    """Answer, as its holder, why nobody called a grant for thirty days."""
    caller = request.auth
    grant = queries.grant(caller.actor, number).grant
    actions.answer_idle(grant=grant, answer=body.answer.value, text=body.text, by=caller.actor, now=caller.now)
    return _use(caller, number)


@router.post(
    "/{number}/renewal",
    operation_id="renewGrant",
    summary="续期 · begin the application that follows",
    **asks(Permission.SHARING_APPLICATION_DRAFT, RenewalOut, 404, 409, 422, status=201),
)
def renew(request: ApiRequest, number: Number) -> RenewalOut:
    """Begin the application that is to follow a running grant from the moment it ends."""
    caller = request.auth
    made = actions.renew_grant(grant=queries.grant(caller.actor, number).grant, by=caller.actor, now=caller.now)
    return RenewalOut(number=made.number, renews=number)
