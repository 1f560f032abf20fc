"""A version comes into force, and what follows: duties, the version before, the grant's order, notices and filing."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from jutong.center.agreement.actions import _common as common
from jutong.center.agreement.enums import AgreementEvent, AgreementKind, AgreementState
from jutong.center.agreement.models import Agreement, Obligation
from jutong.center.agreement.rules import AGREEMENTS
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.errors import NoAuthorityError
from jutong.center.sharing.actions import release_grant
from jutong.center.sharing.enums import GrantState
from jutong.center.sharing.models import Application, Grant


def take_effect(agreement: Agreement, application: Application, *, by: Actor, now: datetime) -> None:
    """Put a signed or confirmed version in force; its row, the application and the grant are locked by the caller."""
    _replace(agreement, by, now)
    agreement.state, agreement.in_force_at = AgreementState.IN_FORCE, now
    agreement.save(update_fields=["state", "in_force_at", "grant"])
    Obligation.objects.bulk_create(
        Obligation(agreement=agreement, kind=duty["kind"], side=duty["side"], bound=duty["bound"])
        for duty in agreement.document["obligations"]
    )
    common.record("take-effect", agreement, by, now, narrower=agreement.is_narrower)
    _follow(agreement, by, now)
    text = gettext_noop("“{title}”的共享协议{number}第{version}版已生效。")
    if agreement.kind == AgreementKind.AGREEMENT:
        for organisation in (agreement.provider, agreement.requester):
            common.notify(organisation, None, text, agreement, now)
    if agreement.is_narrower:
        _file(agreement, by, now)


def _replace(agreement: Agreement, by: Actor, now: datetime) -> None:
    living = Agreement.objects.select_for_update(of=("self",)).filter(grant=agreement.grant, state__in=common.LIVING)
    for before in living.exclude(id=agreement.id):
        before.state = AGREEMENTS.step(before.state, AgreementEvent.SUPERSEDE, label=before.number).next
        before.ended_at, before.end_reason = now, f"v{agreement.version}"
        before.save(update_fields=["state", "ended_at", "end_reason"])
        common.record("supersede", before, by, now, version=agreement.version)


def _follow(agreement: Agreement, by: Actor, now: datetime) -> None:
    """Order a grant that waited or whose quota changed.

    A version signed while the grant is suspended is suspended at once.
    """
    grant = agreement.grant
    assert grant is not None  # noqa: S101 - nothing comes into force before the reply made a grant
    quota, present = int(agreement.terms["daily_quota"]), Grant.objects.get(id=grant.id)
    if present.daily_quota != quota or present.state == GrantState.AWAITING_AGREEMENT:
        Grant.objects.filter(id=grant.id).update(daily_quota=quota)
        release_grant(grant=grant, by=by, now=now)
    if present.state == GrantState.SUSPENDED:
        agreement.state = AGREEMENTS.step(agreement.state, AgreementEvent.SUSPEND, label=agreement.number).next
        agreement.save(update_fields=["state"])


def _file(agreement: Agreement, by: Actor, now: datetime) -> None:
    """File a service that gives less than before with the provider's authority (条例 27(3)); both have signed."""
    common.record("file", agreement, by, now)
    try:
        authority = org.authority_for(agreement.provider.division_code)
    except NoAuthorityError:
        return
    text = gettext_noop("“{title}”的共享协议{number}第{version}版减少了服务，双方已协商签署，报备案。")
    common.notify(authority, Role.AUTHORITY, text, agreement, now)
