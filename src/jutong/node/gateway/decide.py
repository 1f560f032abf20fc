"""Whether a call may be answered: pure, in the order of docs/gateway, every refusal with its own name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from jutong.contracts.care import Hours
from jutong.kernel.clock import BEIJING
from jutong.node.errors import (
    BasisDiffersError,
    CaseMissingError,
    FieldNotGrantedError,
    GrantExpiredError,
    GrantNotReadyError,
    GrantNotYetError,
    GrantRevokedError,
    GrantSuspendedError,
    GrantUnknownError,
    KeyItemsDifferError,
    OutsideHoursError,
    PurposeDiffersError,
    WayNotGrantedError,
)
from jutong.node.gateway.calls import LONGEST_TEXT, Call
from jutong.node.grants import Grant, GrantBook
from jutong.node.live.source import PointQuery

EVERY_WAY = frozenset({"changes"})
"""Every grant on a table has a change feed; without the way it brings corrections only (条例 26)."""
_DAYS = "一二三四五六日"


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


def decide(call: Call, grant: Grant, now_ms: int, extra: tuple[str, ...] = ()) -> Permit:
    """Decide on a query or verification under a grant of its caller; quota comes afterwards.

    Args:
        call: the call.
        grant: what ``find_grant`` returned.
        now_ms: milliseconds since 1970 UTC.
        extra: columns the node itself needs of each row.

    Raises:
        JutongError: the first reason against it, see ``node.errors``.
    """
    check_terms(call, grant, now_ms)
    items = items_of(call, grant)
    if call.key.keys() != grant.lookup_set:
        raise KeyItemsDifferError(items="、".join(grant.lookup))
    values = tuple([call.key[item] for item in grant.lookup])
    return Permit(grant, items, grant.plan(items, verify=call.kind == "verify", extra=extra), values)


def check_terms(call: Call, grant: Grant, now_ms: int) -> None:
    """Check what every call has to keep to, whatever it asks for: the grant in force, way, purpose and case.

    Raises:
        JutongError: the first reason against it.
    """
    check_grant(grant, now_ms)
    order = grant.order
    number = order.grant_number
    if order.hours:
        check_hours(grant, now_ms)
    if call.kind not in order.ways and call.kind not in EVERY_WAY:
        raise WayNotGrantedError(grant=number, way=call.kind, allowed="、".join(order.ways))
    if call.purpose != order.purpose:
        raise PurposeDiffersError(grant=number, allowed=order.purpose)
    if call.basis and call.basis != order.basis:
        raise BasisDiffersError(grant=number, allowed=order.basis or "-")
    if order.case_required and not call.case.strip():
        raise CaseMissingError(grant=number, limit=LONGEST_TEXT)


def check_hours(grant: Grant, now_ms: int) -> None:
    """Check that a grant may be used at this time of the week.

    Raises:
        OutsideHoursError: naming the hours.
    """
    hours = grant.order.hours
    if hours and not any(within(one, now_ms) for one in hours):
        raise OutsideHoursError(grant=grant.order.grant_number, allowed="；".join(map(_told, hours)))


def within(hours: Hours, now_ms: int) -> bool:
    """Tell whether an instant lies in hours of the week in Beijing."""
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(BEIJING)
    minute, day = local.hour * 60 + local.minute, local.isoweekday()
    if hours.first_minute <= hours.last_minute:
        return day in hours.days and hours.first_minute <= minute <= hours.last_minute
    # Over midnight: the morning belongs to the day before.
    evening = day in hours.days and minute >= hours.first_minute
    return evening or ((day - 2) % 7 + 1 in hours.days and minute <= hours.last_minute)


def _told(hours: Hours) -> str:
    times = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in (hours.first_minute, hours.last_minute)]
    days = "、".join(_DAYS[day - 1] for day in hours.days if 1 <= day <= len(_DAYS))
    return f"周{days} {times[0]}–{times[1]}"


def items_of(call: Call, grant: Grant) -> tuple[str, ...]:
    """Return the items of a call in the grant's own order: those claimed, or those answered.

    Raises:
        FieldNotGrantedError: if one is not granted in this way, or there is none.
    """
    allowed = grant.claimable if call.kind == "verify" else grant.visible
    asked = tuple(call.claims) if call.kind == "verify" else call.fields or tuple(allowed)
    refused = [item for item in asked if item not in allowed]
    if refused or not asked:
        raise FieldNotGrantedError(grant=grant.order.grant_number, items="、".join(refused) or "-")
    # In the grant's own order, so that asking in another order is not another query to prepare.
    return asked if len(asked) == 1 else tuple([item for item in allowed if item in asked])
