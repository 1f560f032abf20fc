"""How a person wants to be told, chosen by the person alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.notify import boxes
from jutong.center.notify.actions.channels import found
from jutong.center.notify.addresses import checked
from jutong.center.notify.enums import DeliveryState, NoticeGroup, Pace
from jutong.center.notify.errors import ChannelOffError, StatutoryOffError, WeeklyNotForPostError
from jutong.center.notify.forms import wrong
from jutong.center.notify.models import Address, Delivery, Preference, WeeklyWish
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, require
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.ids import uuid7

_PACE = gettext_noop("请选立即、每日汇总或不发送")


@transaction.atomic
def set_address(*, channel_id: UUID, to: str, by: Actor, now: datetime) -> Address:
    """Keep where the actor is reached through a channel, sealed.

    Raises:
        NotFoundError: if there is no such channel.
        ChannelOffError: if it is switched off.
        AddressInvalidError: if the channel cannot take the address.
    """
    require(by, Permission.SHARING_NOTICE_VIEW)
    channel = found(channel_id)
    if not channel.is_on:
        raise ChannelOffError(name=channel.name)
    clean = checked(channel.kind, to)
    row = Address.objects.select_for_update().filter(user_id=_person(by), channel=channel).first()
    row = row or Address(id=uuid7(), user_id=_person(by), channel=channel)
    row.box, row.set_at, row.removed_at = boxes.closed({"to": clean}, about=row.id), now, None
    row.save()
    _recorded("notify:address:set", by, now, channel=channel.name)
    return row


@transaction.atomic
def remove_address(*, channel_id: UUID, by: Actor, now: datetime) -> None:
    """Forget where the actor is reached through a channel, and what was still to be sent there.

    Raises:
        NotFoundError: if there is no such channel.
    """
    require(by, Permission.SHARING_NOTICE_VIEW)
    channel = found(channel_id)
    row = Address.objects.select_for_update().filter(user_id=_person(by), channel=channel, removed_at=None).first()
    if row is None:
        return
    row.box, row.removed_at = boxes.closed({"to": ""}, about=row.id), now
    row.save(update_fields=["box", "removed_at"])
    left = Delivery.objects.filter(address=row, state__in=(DeliveryState.HELD, DeliveryState.WAITING))
    cancelled = left.update(state=DeliveryState.CANCELLED, ended_at=now)
    _recorded("notify:address:remove", by, now, channel=channel.name, cancelled=cancelled)


@transaction.atomic
def choose(*, paces: Mapping[str, str], weekly: bool, by: Actor, now: datetime) -> None:
    """Choose when the actor is told of each group, and whether the department's week comes too.

    Raises:
        StatutoryOffError: for statutory matters switched off.
        WeeklyNotForPostError: for the weekly digest in another post than a department head's.
        InvalidInputError: for a group or pace that is none.
    """
    require(by, Permission.SHARING_NOTICE_VIEW)
    for group, pace in paces.items():
        if group not in NoticeGroup.values or pace not in Pace.values:
            raise wrong("pace", pace, _PACE)
        if group == NoticeGroup.STATUTORY and pace == Pace.OFF:
            raise StatutoryOffError
        Preference.objects.update_or_create(user_id=_person(by), group=group, defaults={"pace": pace})
    if weekly and by.role != Role.DEPARTMENT_HEAD:
        raise WeeklyNotForPostError
    if weekly:
        WeeklyWish.objects.get_or_create(
            user_id=_person(by), organisation_id=by.organisation_id or NOBODY, defaults={"since": now}
        )
    elif by.role == Role.DEPARTMENT_HEAD:
        WeeklyWish.objects.filter(user_id=_person(by), organisation_id=by.organisation_id or NOBODY).delete()
    _recorded("notify:preference:choose", by, now, **dict(paces), weekly=weekly)


def _person(by: Actor) -> UUID:
    return by.user_id or NOBODY


def _recorded(event: str, by: Actor, now: datetime, **details: Any) -> None:
    record(
        event=event, by=by, now=now, subject_kind="user", subject_id=_person(by), subject_label=by.username, **details
    )
