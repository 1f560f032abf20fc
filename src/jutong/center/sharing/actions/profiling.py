"""A ticket to make, at the node, the profiles a system reads granted tables with by the Delta Sharing protocol."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jutong.center.fleet import actions as fleet
from jutong.center.fleet import queries as fleet_queries
from jutong.center.org.actor import Actor
from jutong.center.sharing import rules
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.enums import Event, GrantState, UseWay
from jutong.center.sharing.errors import (
    GrantExpiredError,
    GrantNotUsableError,
    ShareWayMissingError,
    SystemWithoutKeyError,
)
from jutong.center.sharing.models import Grant
from jutong.center.sharing.parties import sides_of
from jutong.contracts.envelope import Envelope
from jutong.contracts.shares import ShareTicketOrder
from jutong.kernel.errors import NotFoundError

WHOLE = frozenset({UseWay.FILE, UseWay.BATCH, UseWay.SUBSCRIPTION})
"""Ways that let every granted row be read, and so by this protocol too."""


@dataclass(frozen=True, slots=True)
class ShareTicket:
    """A sealed ticket and the gateway it is for."""

    gateway_url: str
    ticket: Envelope


@transaction.atomic
def open_profiles(*, grant: Grant, by: Actor, now: datetime) -> ShareTicket:
    """Give a person of the requester a ticket to the profiles of the grant's system. No token comes here.

    Raises:
        NotFoundError: if the grant is nobody's the person acts for.
        ShareWayMissingError: if the grant does not allow reading every row.
        GrantNotUsableError: if the grant is not in use.
        GrantExpiredError: if its time is over.
        SystemWithoutKeyError: if the system has no key, so that no node knows it.
    """
    locked, application = common.lock_grant(grant.id)
    if not sides_of(application, by):
        raise NotFoundError(what=locked.number)
    if rules.GRANTS.find(locked.state, Event.TRY) is None:
        raise GrantNotUsableError(number=locked.number, state=locked.get_state_display())
    common.admit(rules.GRANTS, locked.state, Event.TRY, application, by)
    if application.share_way not in WHOLE:
        raise ShareWayMissingError(number=locked.number, way=application.get_share_way_display())
    if locked.valid_until <= now:
        raise GrantExpiredError(number=locked.number, until=application.valid_until)
    if not locked.system.keys.filter(revoked_at=None).exists():
        raise SystemWithoutKeyError(system=locked.system.name)
    node = fleet_queries.node_of_grant(locked.id)
    assert node is not None  # noqa: S101 - an active grant has been ordered
    body = ShareTicketOrder(
        system_id=str(locked.system_id),
        system_name=locked.system.name,
        grant_number=locked.number,
        organisation_code=locked.requester.code,
        official=by.username,
        post=by.role,
        valid_until_ms=int((now + fleet.TICKET_LIFE).timestamp() * 1000),
        nonce=secrets.token_urlsafe(18),
    )
    ticket = fleet.seal_ticket(node=node, kind="share-ticket", body=body, subject_id=locked.id, by=by, now=now)
    return ShareTicket(node.gateway_url, ticket)


def may_share(grant: Grant) -> bool:
    """Tell whether a grant in use can be read by the protocol at all."""
    return grant.state == GrantState.ACTIVE and grant.application.share_way in WHOLE
