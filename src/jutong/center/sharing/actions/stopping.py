"""Stopping a grant: suspension in one click, lifting, revocation, expiry. The node is told in the same transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.clocks import actions as clocks
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing import rules
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.actions.supply import order_state, put_order
from jutong.center.sharing.enums import Event, Side
from jutong.center.sharing.models import Application, Grant, Suspension
from jutong.center.sharing.parties import sides_of


def _step(grant: Grant, event: Event, by: Actor) -> tuple[Grant, Application]:
    """Lock a grant and its application and move both along their tables; the caller saves."""
    locked, application = common.lock_grant(grant.id)
    row = common.admit(rules.GRANTS, locked.state, event, application, by)
    onward = common.admit(rules.APPLICATIONS, application.state, event, application, by)
    locked.state, application.state = row.next, onward.next
    return locked, application


def _tell(
    organisation: Organisation, text: str, grant: Grant, application: Application, now: datetime, **more: object
) -> None:
    common.notify(
        organisation, None, text, f"/grants/{grant.number}", now, title=application.title, number=grant.number, **more
    )


@transaction.atomic
def suspend_grant(*, grant: Grant, reason: str, by: Actor, now: datetime) -> Grant:
    """Suspend a grant at once, as the provider or the authority (条例 27(2)).

    The order to the node leaves with this transaction; ``Suspension.confirmed_at`` is set by the node's receipt.

    Raises:
        InvalidInputError: without a reason.
        StepNotAllowedError: if it is suspended already or has ended.
    """
    clean = common.require_text("reason", reason, limit=500, message=_("请写明暂停的原因"), clause="条例 27(2)")
    locked, application = _step(grant, Event.SUSPEND, by)
    locked.save(update_fields=["state"])
    application.save(update_fields=["state"])
    ordered = order_state(locked, "suspended", clean, by=by, now=now)
    Suspension.objects.create(
        grant=locked, reason=clean, by_id=common.user_id(by), at=now, confirmed_at=None if ordered else now
    )
    common.record_grant("sharing:grant:suspend", locked, by, now, reason=clean)
    tell(Moment.GRANT_SUSPENDED, locked, by=by, now=now, reason=clean)
    for organisation in (locked.requester, locked.provider):
        if organisation.id != by.organisation_id:
            text = gettext_noop("“{title}”的授权{number}已被{who}暂停：{reason}")
            _tell(organisation, text, locked, application, now, who=by.organisation_name, reason=clean[:100])
    return locked


@transaction.atomic
def lift_suspension(*, grant: Grant, by: Actor, now: datetime) -> Grant:
    """Let a suspended grant go on; another person than the one who suspended it decides.

    The grant is ordered anew and usable again when the node says so.

    Raises:
        SamePersonError: if the same person suspended it.
        StepNotAllowedError: if it is not suspended.
    """
    locked, application = _step(grant, Event.LIFT, by)
    suspension = (
        Suspension.objects.select_for_update(of=("self",)).select_related("by").get(grant=locked, lifted_at=None)
    )
    common.two_people(_("暂停"), _("恢复"), earlier=suspension.by_id, name=suspension.by.name, by=by)
    suspension.lifted_by_id, suspension.lifted_at = by.user_id, now
    suspension.save(update_fields=["lifted_by", "lifted_at"])
    locked.save(update_fields=["state"])
    application.save(update_fields=["state"])
    put_order(locked, application, by=by, now=now)
    common.record_grant("sharing:suspension:lift", locked, by, now)
    tell(Moment.GRANT_LIFTED, locked, by=by, now=now)
    _tell(locked.requester, gettext_noop("“{title}”的授权{number}已恢复，等待节点确认。"), locked, application, now)
    return locked


@transaction.atomic
def revoke_grant(*, grant: Grant, reason: str, by: Actor, now: datetime) -> Grant:
    """End a grant for good.

    The provider and the authority may end a suspended one (条例 27(2), 27(3)); the requester any, because the
    purpose is reached or fell away (条例 27(1)).

    Raises:
        InvalidInputError: without a reason.
        StepNotAllowedError: if a provider would end a service that is not suspended.
    """
    clean = common.require_text("reason", reason, limit=500, message=_("请写明收回的原因"), clause="条例 27")
    holds = sides_of(grant.application, by) == {Side.REQUESTER}
    locked, application = _step(grant, Event.RELINQUISH if holds else Event.REVOKE, by)
    _end(locked, application, clean, by, now)
    common.record_grant("sharing:grant:revoke", locked, by, now, reason=clean)
    other = locked.provider if holds else locked.requester
    text = gettext_noop("“{title}”的授权{number}已终止：{reason}")
    _tell(other, text, locked, application, now, reason=clean[:100])
    return locked


def _end(grant: Grant, application: Application, reason: str, by: Actor, now: datetime) -> None:
    grant.ended_at = application.closed_at = now
    if not order_state(grant, "revoked", reason, by=by, now=now):
        grant.end_confirmed_at = now
    grant.save(update_fields=["state", "ended_at", "end_confirmed_at"])
    application.save(update_fields=["state", "closed_at"])
    clocks.cancel(subject_kind=common.SUBJECT, subject_id=application.id, by=by, now=now)
    tell(Moment.GRANT_ENDED, grant, by=by, now=now, reason=reason)


def expire_grants(*, now: datetime, limit: int = 200) -> int:
    """End every grant whose time of use is over, each in a transaction of its own. Returns how many.

    The node refuses on its own clock anyway; this makes the registry say so.
    """
    over = Grant.objects.filter(ended_at=None, valid_until__lte=now).order_by("valid_until")
    return sum(_expire(grant_id, now) for grant_id in list(over.values_list("id", flat=True)[:limit]))


@transaction.atomic
def _expire(grant_id: UUID, now: datetime) -> bool:
    by = platform_actor("expiry")
    grant, application = common.lock_grant(grant_id)
    row = rules.GRANTS.find(grant.state, Event.EXPIRE)
    if row is None or grant.valid_until > now:
        return False
    grant.state = row.next
    application.state = rules.APPLICATIONS.step(application.state, Event.EXPIRE, label=application.number).next
    _end(grant, application, "expired", by, now)
    common.record_grant("sharing:grant:expire", grant, by, now)
    for organisation, role in ((grant.requester, Role.REQUESTER), (grant.provider, Role.STEWARD)):
        common.notify(
            organisation, role, gettext_noop("“{title}”的授权{number}已到期，请按提供方要求处置已取得的数据。"),
            f"/grants/{grant.number}", now, title=application.title, number=grant.number,
        )  # fmt: skip
    return True
