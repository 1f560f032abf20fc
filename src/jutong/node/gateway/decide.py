"""Whether a call may be answered: pure, in the order of docs/gateway, every refusal with its own name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from jutong.kernel.clock import BEIJING
from jutong.node.errors import (
    CaseMissingError,
    FieldNotGrantedError,
    GrantExpiredError,
    GrantNotReadyError,
    GrantNotYetError,
    GrantRevokedError,
    GrantSuspendedError,
    GrantUnknownError,
    KeyItemsDifferError,
    PurposeDiffersError,
    WayNotGrantedError,
)
from jutong.node.gateway.calls import LONGEST_TEXT, Call
from jutong.node.grants import Grant, GrantBook
from jutong.node.live.source import PointQuery


@dataclass(frozen=True, slots=True)
class Permit:
    """A call that may be answered: what to read, which items come out, and the key in the order of the lookup."""

    grant: Grant
    items: tuple[str, ...]
    query: PointQuery
    values: tuple[str, ...]


def _civil(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M}"


def find_grant(call: Call, book: GrantBook, key_id: str) -> Grant:
    """Return the grant a call names.

    Raises:
        GrantUnknownError: if there is none, or it belongs to another system; a caller cannot tell which.
    """
    grant = book.by_number.get(call.grant)
    if grant is None or key_id not in grant.callers:
        raise GrantUnknownError(grant=call.grant)
    return grant


def check_grant(grant: Grant, now_ms: int) -> None:
    """Check that a grant is in force.

    Raises:
        GrantRevokedError, GrantSuspendedError, GrantExpiredError, GrantNotYetError, GrantNotReadyError
    """
    order = grant.order
    if grant.state == "revoked":
        raise GrantRevokedError(grant=order.grant_number, reason=grant.reason or "-")
    if now_ms >= order.valid_until_ms:
        raise GrantExpiredError(grant=order.grant_number, until=_civil(order.valid_until_ms))
    if grant.state == "suspended":
        raise GrantSuspendedError(grant=order.grant_number, reason=grant.reason or "-")
    if now_ms < order.valid_from_ms:
        raise GrantNotYetError(grant=order.grant_number, since=_civil(order.valid_from_ms))
    if grant.probe != "ready":
        raise GrantNotReadyError(grant=order.grant_number)


def decide(call: Call, grant: Grant, now_ms: int) -> Permit:
    """Decide on a call under a grant of its caller; quota comes afterwards.

    Args:
        call: the call.
        grant: what ``find_grant`` returned.
        now_ms: milliseconds since 1970 UTC.

    Raises:
        JutongError: the first reason against it, see ``node.errors``.
    """
    check_terms(call, grant, now_ms)
    items = _items(call, grant)
    if call.key.keys() != grant.lookup_set:
        raise KeyItemsDifferError(items="、".join(grant.lookup))
    values = tuple([call.key[item] for item in grant.lookup])
    return Permit(grant, items, grant.plan(items, verify=call.kind == "verify"), values)


def check_terms(call: Call, grant: Grant, now_ms: int) -> None:
    """Check what every call has to keep to, whatever it asks for: the grant in force, way, purpose and case.

    Raises:
        JutongError: the first reason against it.
    """
    check_grant(grant, now_ms)
    order = grant.order
    number = order.grant_number
    if call.kind not in order.ways:
        raise WayNotGrantedError(grant=number, way=call.kind, allowed="、".join(order.ways))
    if call.purpose != order.purpose:
        raise PurposeDiffersError(grant=number, allowed=order.purpose)
    if order.case_required and not call.case.strip():
        raise CaseMissingError(grant=number, limit=LONGEST_TEXT)


def _items(call: Call, grant: Grant) -> tuple[str, ...]:
    allowed = grant.claimable if call.kind == "verify" else grant.visible
    asked = tuple(call.claims) if call.kind == "verify" else call.fields or tuple(allowed)
    refused = [item for item in asked if item not in allowed]
    if refused or not asked:
        raise FieldNotGrantedError(grant=grant.order.grant_number, items="、".join(refused) or "-")
    # In the grant's own order, so that asking in another order is not another query to prepare.
    return asked if len(asked) == 1 else tuple([item for item in allowed if item in asked])
