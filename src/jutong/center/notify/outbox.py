"""From a notice to the messages about it, in the notice's own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from jutong.center.notify.enums import DeliveryKind, DeliveryState, NoticeGroup, Pace
from jutong.center.notify.groups import group_of
from jutong.center.notify.message import notice_message
from jutong.center.notify.models import Address, Delivery, Preference
from jutong.center.org.queries import open_posts
from jutong.center.sharing.models import Notice

DEFAULTS = {NoticeGroup.STATUTORY: Pace.IMMEDIATE, NoticeGroup.WORK: Pace.DAILY, NoticeGroup.INFORMATION: Pace.OFF}
"""What holds for somebody who left an address and chose nothing."""
_STATES = {Pace.IMMEDIATE: DeliveryState.WAITING, Pace.DAILY: DeliveryState.HELD}


def paces_of(users: Iterable[UUID]) -> dict[UUID, dict[NoticeGroup, Pace]]:
    """Return how each person wants to be told."""
    chosen = {user: dict(DEFAULTS) for user in users}
    for row in Preference.objects.filter(user_id__in=list(chosen)):
        chosen[row.user_id][NoticeGroup(row.group)] = Pace(row.pace)
    return chosen


def follow(notices: Sequence[Notice]) -> None:
    """Write the messages about notices just made, one for each address of each person in a post they are for."""
    readers = _readers({notice.organisation_id for notice in notices})
    if not readers:
        return
    addresses: dict[UUID, list[UUID]] = {}
    users = {user for rows in readers.values() for _, user in rows}
    reached = Address.objects.filter(user_id__in=users, removed_at=None, channel__is_on=True)
    for address_id, user_id in reached.values_list("id", "user_id"):
        addresses.setdefault(user_id, []).append(address_id)
    paces = paces_of(addresses)
    rows = [
        _delivery(notice, group, address, state)
        for notice in notices
        for group in (group_of(notice.text),)
        for user in dict.fromkeys(
            user for role, user in readers.get(notice.organisation_id, ()) if notice.role in {"", role}
        )
        if user in addresses and (state := _STATES.get(paces[user][group]))
        for address in addresses[user]
    ]
    Delivery.objects.bulk_create(rows, batch_size=1000)


def _readers(organisations: set[UUID]) -> dict[UUID, list[tuple[str, UUID]]]:
    """Return roles and people by organisation; only people who left an address somewhere."""
    reached = Address.objects.filter(removed_at=None, channel__is_on=True)
    posts = open_posts().filter(organisation_id__in=organisations, user_id__in=reached.values("user_id"))
    found: dict[UUID, list[tuple[str, UUID]]] = {}
    rows = posts.values_list("organisation_id", "role", "user_id")
    for organisation, role, user in rows:
        found.setdefault(organisation, []).append((role, user))
    return found


def _delivery(notice: Notice, group: NoticeGroup, address: UUID, state: DeliveryState) -> Delivery:
    moment: datetime = notice.at
    return Delivery(
        address_id=address, kind=DeliveryKind.NOTICE, group=group, state=state, notice=notice,
        body=notice_message(group, notice.link).as_body(), next_at=moment, created_at=moment,
    )  # fmt: skip
