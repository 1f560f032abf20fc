"""What an office keeps for its applications: duties, and delegations of a head's consent."""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from jutong.center.audit import actions as audit
from jutong.center.constraints import constraint_errors
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions._common import require_text, user_id
from jutong.center.sharing.errors import (
    DelegationOverError,
    DelegationOverlapError,
    DutyClosedError,
    DutyTakenError,
)
from jutong.center.sharing.findings import Problem, problem
from jutong.center.sharing.office import Delegation, Duty
from jutong.center.sharing.standing_in import DELEGATES
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, NotFoundError

_CODE = re.compile(r"[0-9A-Z][0-9A-Z.-]{0,31}", re.ASCII)
LONGEST_DAYS = 366
"""A delegation is for an absence and not for good."""


@transaction.atomic
def register_duty(*, code: str, name: str, basis: str, by: Actor, now: datetime) -> Duty:
    """Register a duty of the own organisation; from then on its applications name one.

    Raises:
        InvalidInputError: for a code that is none, or a name or basis that is empty or too long.
        DutyTakenError: if an open duty has the code.
    """
    org.require(by, Permission.CATALOG_CHANGE_REGISTER)
    own = org.own_organisation(by)
    if not _CODE.fullmatch(code):
        message = _("职责编号用大写字母、数字、点和短横，最多32位")
        raise InvalidInputError(problems=[problem("code", code[:40], "A-Z0-9.-", message)])
    name = require_text("name", name, limit=200, message=_("请写职责名称，最多200字"))
    basis = require_text("basis", basis, limit=500, message=_("请写职责依据，最多500字"), clause="条例 20(2)")
    with constraint_errors(duty_code_once=DutyTakenError(code=code)):
        duty = Duty.objects.create(
            organisation=own, code=code, name=name, basis=basis, created_by_id=by.user_id, created_at=now
        )
    _record("sharing:duty:register", duty.id, str(duty), by, now)
    return duty


@transaction.atomic
def close_duty(*, duty_id: UUID, by: Actor, now: datetime) -> Duty:
    """Close a duty of the own organisation; applications made on it keep it.

    Raises:
        NotFoundError: if the own organisation has none of this id.
        DutyClosedError: if it is closed already.
    """
    org.require(by, Permission.CATALOG_CHANGE_REGISTER)
    duty = Duty.objects.select_for_update().filter(id=duty_id, organisation_id=_own(by)).first()
    if duty is None:
        raise NotFoundError(what=str(duty_id))
    if duty.closed_at is not None:
        raise DutyClosedError(code=duty.code)
    duty.closed_at = now
    duty.save(update_fields=["closed_at"])
    _record("sharing:duty:close", duty.id, str(duty), by, now)
    return duty


@transaction.atomic
def delegate(
    *, username: str, valid_from: date, valid_until: date, reason: str, by: Actor, now: datetime
) -> Delegation:
    """Let another person of the own office consent in one's place between two days, both included.

    Consent stays impossible for whoever drafted the application or prepared the reply.

    Args:
        username: of somebody in a post of the office.
        valid_from: today or later.
        valid_until: at most a year after.
        reason: why, such as a journey.
        by: a 工作机构负责人.
        now: when.

    Raises:
        InvalidInputError: with everything that is wrong at once.
        DelegationOverlapError: if another delegation of the same head runs then.
    """
    org.require(by, Permission.SHARING_DELEGATION_MANAGE)
    reason = require_text("reason", reason, limit=200, message=_("请写委托的原因，最多200字"))
    posts = org.open_posts().filter(organisation_id=_own(by), role__in=DELEGATES)
    chosen = posts.filter(user__username=username).exclude(user_id=user_id(by)).first()
    problems = _day_problems(valid_from, valid_until, civil_date(now))
    if chosen is None:
        problems.append(problem("delegate", username[:64], _("本工作机构的人员"), _("请选择本工作机构的另一个人")))
    if chosen is None or problems:
        raise InvalidInputError(problems=problems)
    overlap = DelegationOverlapError(since=valid_from, until=valid_until)
    with constraint_errors(one_delegate_at_a_time=overlap):
        made = Delegation.objects.create(
            organisation_id=_own(by), head_id=user_id(by), delegate=chosen.user, valid_from=valid_from,
            valid_until=valid_until, reason=reason, made_at=now,
        )  # fmt: skip
    _record(
        "sharing:delegation:make", made.id, chosen.user.username, by, now, valid_from=valid_from.isoformat(),
        valid_until=valid_until.isoformat(),
    )  # fmt: skip
    return made


def _day_problems(first: date, last: date, today: date) -> list[Problem]:
    found = []
    if first < today:
        found.append(problem("valid_from", first, f">= {today}", _("委托从今天或以后开始")))
    if not 0 <= (last - first).days < LONGEST_DAYS:
        found.append(problem("valid_until", last, f"{first} ..", _("委托的最后一天不早于第一天，最长一年")))
    return found


@transaction.atomic
def revoke_delegation(*, delegation_id: UUID, by: Actor, now: datetime) -> Delegation:
    """Take a delegation back, as any head of the office; what was consented under it stands.

    Raises:
        NotFoundError: if the own organisation has none of this id.
        DelegationOverError: if it was taken back before.
    """
    org.require(by, Permission.SHARING_DELEGATION_MANAGE)
    rows = Delegation.objects.select_for_update(of=("self",)).select_related("delegate")
    found = rows.filter(id=delegation_id, organisation_id=_own(by)).first()
    if found is None:
        raise NotFoundError(what=str(delegation_id))
    if found.revoked_at is not None:
        raise DelegationOverError
    found.revoked_at = now
    found.save(update_fields=["revoked_at"])
    _record("sharing:delegation:revoke", found.id, found.delegate.username, by, now)
    return found


def _own(by: Actor) -> UUID:
    return by.organisation_id or org.NOBODY


def _record(event: str, subject_id: UUID, label: str, by: Actor, now: datetime, **details: object) -> None:
    kind = event.split(":")[1]
    audit.record(event=event, by=by, now=now, subject_kind=kind, subject_id=subject_id, subject_label=label, **details)
