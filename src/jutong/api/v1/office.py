"""What an office keeps for its applications: duties, delegations of consent, and grants that lie idle."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Cursor, Day, In, Limit, Note, Out, Short
from jutong.center.org.permissions import Permission
from jutong.center.sharing import actions, queries
from jutong.center.sharing.models import Delegation, Duty

router = Router(tags=["申请 applications"])
DutyId = Annotated[UUID, Path(description="职责的标识 · id of the duty")]
DelegationId = Annotated[UUID, Path(description="委托的标识 · id of the delegation")]
IDLE_LIST = "idle-grants"
_BODY = (409, 415, 422)


class OfficeDutyOut(Out):
    """A duty of an organisation, on which it asks for data."""

    id: str
    code: str
    name: str
    basis: str
    created_at: datetime
    closed_at: datetime | None


class OfficeDutyIn(In):
    """A duty to register."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Z][0-9A-Z.-]{0,31}$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    basis: Annotated[Note, Field(min_length=1)]


class DelegationOut(Out):
    """Who consents in whose place, from the first to the last day."""

    id: str
    head: str
    delegate: str
    valid_from: date
    valid_until: date
    reason: str
    made_at: datetime
    revoked_at: datetime | None


class DelegationIn(In):
    """A delegation to make, both days included."""

    username: Annotated[Short, Field(min_length=1)]
    valid_from: Day
    valid_until: Day
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class IdleAsked(Asked):
    """Which page."""

    cursor: Cursor = ""
    limit: Limit = 20


class IdleGrantOut(Out):
    """A grant nobody called for thirty days, and what its holder says to it."""

    number: str
    entry_name: str
    requester: str
    provider: str
    calls: int
    asked_at: datetime | None
    answer: str
    text: str


def _duty(row: Duty) -> OfficeDutyOut:
    return OfficeDutyOut(
        id=str(row.id), code=row.code, name=row.name, basis=row.basis, created_at=row.created_at,
        closed_at=row.closed_at,
    )  # fmt: skip


def _delegation(row: Delegation) -> DelegationOut:
    return DelegationOut(
        id=str(row.id), head=row.head.name, delegate=row.delegate.name, valid_from=row.valid_from,
        valid_until=row.valid_until, reason=row.reason, made_at=row.made_at, revoked_at=row.revoked_at,
    )  # fmt: skip


@router.get(
    "/duties",
    operation_id="listOfficeDuties",
    summary="本部门职责 · duties of the own organisation",
    **asks(Permission.SHARING_APPLICATION_VIEW, list[OfficeDutyOut]),
)
def list_duties(request: ApiRequest) -> list[OfficeDutyOut]:
    """Return the open duties of the own organisation, by code."""
    return [_duty(row) for row in queries.duties(request.auth.actor)]


@router.post(
    "/duties",
    operation_id="registerDuty",
    summary="登记职责 · register a duty",
    **asks(Permission.CATALOG_CHANGE_REGISTER, OfficeDutyOut, *_BODY, status=201),
)
def register_duty(request: ApiRequest, body: OfficeDutyIn) -> OfficeDutyOut:
    """Register a duty of the own organisation; from then on its applications name one."""
    caller = request.auth
    return _duty(
        actions.register_duty(code=body.code, name=body.name, basis=body.basis, by=caller.actor, now=caller.now)
    )


@router.post(
    "/duties/{duty_id}/closing",
    operation_id="closeDuty",
    summary="停用职责 · close a duty",
    **asks(Permission.CATALOG_CHANGE_REGISTER, OfficeDutyOut, 404, 409, 422),
)
def close_duty(request: ApiRequest, duty_id: DutyId) -> OfficeDutyOut:
    """Close a duty of the own organisation; applications made on it keep it."""
    caller = request.auth
    return _duty(actions.close_duty(duty_id=duty_id, by=caller.actor, now=caller.now))


@router.get(
    "/delegations",
    operation_id="listDelegations",
    summary="代办人 · who consents in the head's place",
    **asks(Permission.SHARING_APPLICATION_VIEW, list[DelegationOut]),
)
def list_delegations(request: ApiRequest) -> list[DelegationOut]:
    """Return the delegations of the own organisation, the latest first."""
    return [_delegation(row) for row in queries.delegations(request.auth.actor)]


@router.post(
    "/delegations",
    operation_id="makeDelegation",
    summary="设代办人 · let another of the office consent",
    **asks(Permission.SHARING_DELEGATION_MANAGE, DelegationOut, *_BODY, status=201),
)
def make_delegation(request: ApiRequest, body: DelegationIn) -> DelegationOut:
    """Let another person of the own office consent between two days; never to what that person drafted."""
    caller = request.auth
    made = actions.delegate(
        username=body.username, valid_from=body.valid_from, valid_until=body.valid_until, reason=body.reason,
        by=caller.actor, now=caller.now,
    )  # fmt: skip
    return _delegation(made)


@router.post(
    "/delegations/{delegation_id}/revocation",
    operation_id="revokeDelegation",
    summary="收回委托 · take a delegation back",
    **asks(Permission.SHARING_DELEGATION_MANAGE, DelegationOut, 404, 409, 422),
)
def revoke_delegation(request: ApiRequest, delegation_id: DelegationId) -> DelegationOut:
    """Take a delegation back; what was consented under it stands."""
    caller = request.auth
    return _delegation(actions.revoke_delegation(delegation_id=delegation_id, by=caller.actor, now=caller.now))


@router.get(
    "/idle-grants",
    operation_id="listIdleGrants",
    summary="长期没用的授权 · grants nobody called lately",
    **asks(Permission.SHARING_GRANT_VIEW, PageOut[IdleGrantOut], 422),
)
def list_idle_grants(request: ApiRequest, asked: Query[IdleAsked]) -> PageOut[IdleGrantOut]:
    """Return the grants in use that were not called for thirty days, the newest first."""
    caller = request.auth
    page = queries.idle_grants(
        caller.actor, caller.now, after=listing.opened(IDLE_LIST, asked.cursor), limit=asked.limit
    )
    return PageOut(rows=[_idle(row) for row in page.rows], next=listing.sealed(IDLE_LIST, page.next))


def _idle(row: queries.IdleGrant) -> IdleGrantOut:
    asked = row.inquiry
    return IdleGrantOut(
        number=row.grant.number, entry_name=row.grant.application.version.name,
        requester=row.grant.requester.short_name, provider=row.grant.provider.short_name, calls=row.calls,
        asked_at=asked.asked_at if asked else None, answer=asked.answer if asked else "",
        text=asked.text if asked else "",
    )  # fmt: skip
