"""What people see of channels, addresses and messages. No secret is among it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from jutong.center.notify import boxes
from jutong.center.notify.addresses import ALLOWED
from jutong.center.notify.enums import DeliveryState, NoticeGroup, Pace
from jutong.center.notify.errors import SecretUnreadableError
from jutong.center.notify.models import Address, AllowedHost, Channel, Delivery, WeeklyWish
from jutong.center.notify.outbox import paces_of
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, require
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

_CHANNEL = gettext_noop("消息渠道")


@dataclass(frozen=True, slots=True)
class Reach:
    """A channel as its reader sees it, with the own address if there is one."""

    channel_id: UUID
    name: str
    kind: str
    label: str
    allowed: str
    is_on: bool
    to: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class Mine:
    """How the actor is told."""

    reaches: list[Reach]
    paces: dict[NoticeGroup, Pace]
    weekly: bool


def mine(actor: Actor) -> Mine:
    """Return the actor's own addresses and choices.

    Raises:
        ForbiddenError: for a post that sees no notices.
    """
    require(actor, Permission.SHARING_NOTICE_VIEW)
    person = actor.user_id or NOBODY
    own = {row.channel_id: row for row in Address.objects.filter(user_id=person, removed_at=None)}
    channels = [row for row in Channel.objects.all() if row.is_on or row.id in own]
    reaches = [
        Reach(
            row.id, row.name, row.kind, row.get_kind_display(), ALLOWED[row.kind], row.is_on,
            _to(own.get(row.id), row.name), row.id in own,
        )
        for row in channels
    ]  # fmt: skip
    wish = WeeklyWish.objects.filter(user_id=person, organisation_id=actor.organisation_id or NOBODY)
    return Mine(reaches, paces_of([person])[person], wish.exists())


def _to(address: Address | None, name: str) -> str:
    if address is None:
        return ""
    try:
        return boxes.opened(address.box, about=address.id, name=name)["to"]
    except SecretUnreadableError:
        return ""


def channels(actor: Actor) -> list[Channel]:
    """Return every channel, without secrets.

    Raises:
        ForbiddenError: for anybody but who runs the platform.
    """
    require(actor, Permission.NOTIFY_CHANNEL_MANAGE)
    return list(Channel.objects.defer("secret"))


def channel(actor: Actor, channel_id: UUID) -> Channel:
    """Return a channel, without its secret.

    Raises:
        NotFoundError: if there is none.
        ForbiddenError: for anybody but who runs the platform.
    """
    require(actor, Permission.NOTIFY_CHANNEL_MANAGE)
    row = Channel.objects.defer("secret").filter(id=channel_id).first()
    if row is None:
        raise NotFoundError(what=_CHANNEL)
    return row


def hosts(actor: Actor) -> list[AllowedHost]:
    """Return the servers messages may go to.

    Raises:
        ForbiddenError: for anybody but who runs the platform.
    """
    require(actor, Permission.NOTIFY_CHANNEL_MANAGE)
    return list(AllowedHost.objects.all())


def undelivered(actor: Actor) -> QuerySet[Delivery]:
    """Return the messages that were given up, the newest first.

    Raises:
        ForbiddenError: for anybody but who runs the platform.
    """
    require(actor, Permission.NOTIFY_CHANNEL_MANAGE)
    dead = Delivery.objects.filter(state=DeliveryState.DEAD).select_related("address__channel", "address__user")
    return dead.order_by("-ended_at", "-id")


def waiting_count(actor: Actor) -> int:
    """Return how many messages are on their way.

    Raises:
        ForbiddenError: for anybody but who runs the platform.
    """
    require(actor, Permission.NOTIFY_CHANNEL_MANAGE)
    return Delivery.objects.filter(state__in=(DeliveryState.WAITING, DeliveryState.SENDING)).count()
