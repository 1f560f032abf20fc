"""Information systems that call the gateway, and their public keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import OrganisationRef, PageOut, organisation_ref
from jutong.api.types import Asked, Cursor, Ident, In, Limit, Out
from jutong.center.org import queries as org
from jutong.center.org.actions import register_system
from jutong.center.org.models import InformationSystem
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions import changes
from jutong.kernel.errors import NotFoundError

router = Router(tags=["信息系统 systems"])
SystemId = Annotated[Ident, Path(description="系统id · id of the system")]


class KeyOut(Out):
    """A public key; the private half never comes here."""

    key_id: str
    public_key: str
    created_at: datetime
    revoked_at: datetime | None


class SystemOut(Out):
    """An information system."""

    id: str
    name: str
    organisation: OrganisationRef
    protection_level: int
    created_at: datetime
    closed_at: datetime | None
    keys: list[KeyOut]


class SystemIn(In):
    """A system to register."""

    organisation_code: Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$")]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    protection_level: Annotated[int, Field(ge=1, le=5)] = 2


class KeyIn(In):
    """A public key to register: base64 of the 32 raw bytes of an Ed25519 public key."""

    key_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$")]
    public_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]


class SystemsAsked(Asked):
    """Which systems."""

    cursor: Cursor = ""
    limit: Limit = 50


def system_out(row: InformationSystem) -> SystemOut:
    """Return a system as answers show it."""
    return SystemOut(
        id=str(row.id),
        name=row.name,
        organisation=organisation_ref(row.organisation),
        protection_level=row.protection_level,
        created_at=row.created_at,
        closed_at=row.closed_at,
        keys=[
            KeyOut(key_id=key.key_id, public_key=key.public_key, created_at=key.created_at, revoked_at=key.revoked_at)
            for key in row.keys.all()
        ],
    )


@router.get(
    "",
    operation_id="listSystems",
    summary="信息系统列表 · own systems, for administrators all",
    **asks(Permission.ORG_SYSTEM_VIEW, PageOut[SystemOut], 422),
)
def list_systems(request: ApiRequest, asked: Query[SystemsAsked]) -> PageOut[SystemOut]:
    """Return a page of systems with their keys, the oldest first."""
    page = listing.by_key(
        "systems", org.systems(request.auth.actor), "id", cursor=asked.cursor, limit=asked.limit
    )  # fmt: skip
    return PageOut(rows=[system_out(row) for row in page.rows], next=page.next)


@router.post(
    "",
    operation_id="registerSystem",
    summary="登记信息系统 · register a system",
    **asks(Permission.ORG_SYSTEM_MANAGE, SystemOut, 404, 409, 415, 422, status=201),
)
def create_system(request: ApiRequest, body: SystemIn) -> SystemOut:
    """Register an information system of an organisation."""
    caller = request.auth
    owner = org.organisation(caller.actor, body.organisation_code)
    created = register_system(
        organisation=owner,
        name=body.name,
        protection_level=body.protection_level,
        by=caller.actor,
        now=caller.now,
    )
    return system_out(org.system(caller.actor, created.id))


@router.get(
    "/{system_id}",
    operation_id="getSystem",
    summary="一个信息系统 · one system",
    **asks(Permission.ORG_SYSTEM_VIEW, SystemOut, 404, 422),
)
def get_system(request: ApiRequest, system_id: SystemId) -> SystemOut:
    """Return one system with its keys."""
    return system_out(org.system(request.auth.actor, system_id))


@router.post(
    "/{system_id}/keys",
    operation_id="addSystemKey",
    summary="添加公钥 · add a public key",
    **asks(Permission.ORG_KEY_MANAGE, SystemOut, 404, 409, 415, 422, status=201),
)
def add_key(request: ApiRequest, system_id: SystemId, body: KeyIn) -> SystemOut:
    """Register a public key; the system's running grants are ordered again with it."""
    caller = request.auth
    system = org.system(caller.actor, system_id)
    changes.add_key(
        system=system, key_id=body.key_id, public_key=body.public_key, by=caller.actor, now=caller.now
    )  # fmt: skip
    return system_out(org.system(caller.actor, system_id))


@router.delete(
    "/{system_id}/keys/{key_id}",
    operation_id="revokeSystemKey",
    summary="作废公钥 · revoke a public key",
    **asks(Permission.ORG_KEY_MANAGE, SystemOut, 404, 409, 422),
)
def revoke_key(
    request: ApiRequest,
    system_id: SystemId,
    key_id: Annotated[str, Path(max_length=64, description="密钥标识 · key id")],
) -> SystemOut:
    """Revoke a public key; the system's running grants are ordered again without it."""
    caller = request.auth
    found = next((key for key in org.system(caller.actor, system_id).keys.all() if key.key_id == key_id), None)
    if found is None:
        raise NotFoundError(what=key_id)
    changes.revoke_key(key=found, by=caller.actor, now=caller.now)
    return system_out(org.system(caller.actor, system_id))
