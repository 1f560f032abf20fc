"""Information systems that call the gateway, and the public keys they sign with."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit.actions import record
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.errors import (
    KeyExistsError,
    KeyRevokedError,
    OrganisationClosedError,
    SystemClosedError,
    SystemExistsError,
)
from jutong.center.org.models import InformationSystem, Organisation, SystemKey
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.keys import Ed25519Verifier

LEVELS = range(1, 6)
"""等级保护: first to fifth level (GB/T 22240)."""
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,63}")


@transaction.atomic
def register_system(
    *, organisation: Organisation, name: str, by: Actor, now: datetime, protection_level: int = 2
) -> InformationSystem:
    """Register an information system of an organisation.

    Raises:
        InvalidInputError: for an empty name or a level outside 1 to 5.
        SystemExistsError: if the organisation has one of this name.
        OrganisationClosedError: if the organisation was closed.
        ForbiddenError: if ``by`` does not manage systems.
    """
    require(by, Permission.ORG_SYSTEM_MANAGE)
    problems = []
    if not name.strip():
        problems.append(_problem(gettext("信息系统名称"), "", gettext("必须填写")))
    if protection_level not in LEVELS:
        problems.append(_problem(gettext("网络安全等级"), str(protection_level), gettext("应为1到5级")))
    if problems:
        raise InvalidInputError(problems=problems)
    if organisation.closed_at is not None:
        raise OrganisationClosedError(organisation=organisation.name)
    system = InformationSystem(
        organisation=organisation, name=name.strip(), protection_level=protection_level, created_at=now
    )
    with constraint_errors(system_name_once=SystemExistsError(organisation=organisation.name, found=system.name)):
        system.save(force_insert=True)
    _record("org:system:register", system, by, now, protection_level=protection_level)
    return system


@transaction.atomic
def close_system(*, system: InformationSystem, by: Actor, now: datetime) -> InformationSystem:
    """Close a system and revoke its keys.

    Raises:
        SystemClosedError: if it was closed before.
        ForbiddenError: if ``by`` does not manage systems.
    """
    require(by, Permission.ORG_SYSTEM_MANAGE)
    locked = InformationSystem.objects.select_for_update(of=("self",)).select_related("organisation").get(id=system.id)
    if locked.closed_at is not None:
        raise SystemClosedError(found=locked.name)
    locked.closed_at = now
    locked.save(update_fields=["closed_at"])
    revoked = SystemKey.objects.filter(system=locked, revoked_at=None).update(revoked_at=now)
    _record("org:system:close", locked, by, now, keys_revoked=revoked)
    return locked


@transaction.atomic
def add_system_key(*, system: InformationSystem, key_id: str, public_key: str, by: Actor, now: datetime) -> SystemKey:
    """Register a public key. Nodes learn of it with the next grant order of the system.

    Args:
        system: the system that signs with the key.
        key_id: the id its calls name.
        public_key: base64 of the 32 raw bytes of an Ed25519 public key.
        by: who registers it.
        now: when.

    Raises:
        InvalidInputError: for an id or key of another shape.
        KeyExistsError: if the id is registered.
        SystemClosedError: if the system was closed.
        ForbiddenError: if ``by`` does not manage keys.
    """
    require(by, Permission.ORG_KEY_MANAGE)
    if system.closed_at is not None:
        raise SystemClosedError(found=system.name)
    _check_key(key_id, public_key)
    key = SystemKey(system=system, key_id=key_id, public_key=public_key, created_at=now)
    with constraint_errors(org_systemkey_key_id_key=KeyExistsError(found=key_id)):
        key.save(force_insert=True)
    _record("org:key:add", system, by, now, key_id=key_id)
    return key


@transaction.atomic
def revoke_system_key(*, key: SystemKey, by: Actor, now: datetime) -> SystemKey:
    """Revoke a public key.

    Raises:
        KeyRevokedError: if it was revoked before.
        ForbiddenError: if ``by`` does not manage keys.
    """
    require(by, Permission.ORG_KEY_MANAGE)
    locked = SystemKey.objects.select_for_update(of=("self",)).select_related("system__organisation").get(id=key.id)
    if locked.revoked_at is not None:
        raise KeyRevokedError(found=locked.key_id)
    locked.revoked_at = now
    locked.save(update_fields=["revoked_at"])
    _record("org:key:revoke", locked.system, by, now, key_id=locked.key_id)
    return locked


def _check_key(key_id: str, public_key: str) -> None:
    problems = []
    if not _KEY_ID.fullmatch(key_id):
        shape = gettext("3到64位字母、数字、点、横线，以字母或数字开头")
        problems.append(_problem(gettext("密钥标识"), key_id, shape))
    try:
        Ed25519Verifier.from_b64(key_id, public_key)
    except ValueError:
        shape = gettext("应为32字节Ed25519公钥的Base64")
        problems.append(_problem(gettext("公钥"), public_key[:64], shape))
    if problems:
        raise InvalidInputError(problems=problems)


def _problem(field: str, found: str, allowed: str) -> dict[str, str]:
    return {"field": field, "found": found, "allowed": allowed, "clause": "", "message": allowed}


def _record(event: str, system: InformationSystem, by: Actor, now: datetime, **details: object) -> None:
    record(
        event=event,
        by=by,
        now=now,
        subject_kind="system",
        subject_id=system.id,
        subject_label=system.name,
        organisation=system.organisation.code,
        **details,
    )
