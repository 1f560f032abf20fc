"""Applications that repeat: one taken as the pattern of another (套用), and the renewal of a grant before it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from jutong.center.catalog.enums import FieldMode
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.constraints import constraint_errors
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions import _common as common
from jutong.center.sharing.actions.applying import applicable_version, begin_draft
from jutong.center.sharing.conditions import OPERATORS, RowCondition, may_narrow
from jutong.center.sharing.enums import ConditionOrigin, Side
from jutong.center.sharing.errors import NotRenewableError, RenewalOpenError
from jutong.center.sharing.lasting import RENEWABLE
from jutong.center.sharing.models import Application, Grant
from jutong.center.sharing.need import WIDTH, Ask, Need, need_of, way_allowed
from jutong.center.sharing.parties import sides_of
from jutong.kernel.errors import NotFoundError
from jutong.standards import grading


def need_like(pattern: Application, version: EntryVersion) -> Need:
    """Return what an application on ``version`` would ask for if it asked as ``pattern`` did.

    Items are found again by name and never asked for wider than they may be given. How long, and the declarations,
    are said anew each time.
    """
    need = need_of(pattern)
    items = {item.name: item for item in version.items.all()}
    asks = (
        Ask(item.id, _narrower(item, row.asked), row.reason)
        for row in pattern.items.select_related("item")
        if (item := items.get(row.item.name)) is not None
    )
    system = pattern.system
    return replace(
        need,
        title=need.title if version.entry_id == pattern.entry_id else "",
        share_way=need.share_way if way_allowed(version, need.share_way) else "",
        system_id=system.id if system is not None and system.closed_at is None else None,
        duty_id=pattern.duty_id if pattern.duty is not None and pattern.duty.closed_at is None else None,
        valid_until=None,
        is_true=False,
        is_lawful=False,
        is_necessary=False,
        items=tuple(asks),
        conditions=_conditions(pattern, items),
    )


def _narrower(item: Item, asked: str) -> str:
    widest = FieldMode(grading.allowed_mode(item.grade, item.widest_mode))
    return min((FieldMode(asked), widest), key=lambda mode: WIDTH[mode])


def _conditions(pattern: Application, items: Mapping[str, Item]) -> tuple[RowCondition, ...]:
    return tuple(
        RowCondition(item.id, row.operator, tuple(row.values))
        for row in pattern.conditions.filter(origin=ConditionOrigin.REQUESTER).select_related("item")
        if (item := items.get(row.item.name)) is not None
        and may_narrow(item)
        and row.operator in OPERATORS[item.data_type]
    )


@transaction.atomic
def copy_application(*, pattern: Application, by: Actor, now: datetime, entry: Entry | None = None) -> Application:
    """Begin an application like one the own department made before, on the same entry or another.

    Raises:
        NotFoundError: if the pattern is not the own department's.
        EntryUnpublishedError, NotShareableError, OwnDataError: see :func:`applying.applicable_version`.
    """
    org.require(by, Permission.SHARING_APPLICATION_DRAFT)
    if pattern.requester_id != by.organisation_id:
        raise NotFoundError(what=pattern.number)
    target = Entry.objects.select_related("published").get(id=entry.id if entry is not None else pattern.entry_id)
    need = need_like(pattern, applicable_version(target, by))
    made = begin_draft(target, need, by, now)
    common.record("sharing:application:copy", made, by, now, pattern=pattern.number)
    return made


@transaction.atomic
def renew_grant(*, grant: Grant, by: Actor, now: datetime) -> Application:
    """Begin the application that is to follow a running grant from the moment it ends.

    It walks the same way as any other and may be agreed on before the old grant ends; the two never run at once.

    Raises:
        NotFoundError: if the grant is not the own department's.
        NotRenewableError: if it has ended.
        RenewalOpenError: if a renewal is under way.
    """
    org.require(by, Permission.SHARING_APPLICATION_DRAFT)
    locked, application = common.lock_grant(grant.id)
    if Side.REQUESTER not in sides_of(application, by):
        raise NotFoundError(what=locked.number)
    if locked.state not in RENEWABLE or locked.valid_until <= now:
        raise NotRenewableError(number=locked.number)
    under_way = Application.objects.filter(renews=locked, closed_at=None).first()
    taken = RenewalOpenError(number=locked.number, renewal=under_way.number if under_way else "")
    if under_way is not None:
        raise taken
    need = need_like(application, applicable_version(application.entry, by))
    with constraint_errors(one_open_renewal=taken):
        made = begin_draft(application.entry, need, by, now, renews=locked)
    common.record("sharing:grant:renew", made, by, now, grant=locked.number)
    return made


def start_of(application: Application, earlier: Grant | None, now: datetime) -> datetime:
    """Return when the grant of an agreed application begins: a renewal when the grant it follows ends."""
    follows = earlier is not None and application.renews_id == earlier.id and earlier.valid_until > now
    return earlier.valid_until if earlier is not None and follows else now
