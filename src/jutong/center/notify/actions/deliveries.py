"""What the operations administrator does with messages that were not delivered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from jutong.center.audit.actions import Subject, record_all
from jutong.center.notify.enums import DeliveryState
from jutong.center.notify.errors import NotDeadError
from jutong.center.notify.models import Delivery
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

_MESSAGE = gettext_noop("这条消息")
MOST = 1000
"""Messages sent again at one go."""


@transaction.atomic
def send_again(*, delivery_id: UUID, by: Actor, now: datetime) -> Delivery:
    """Put a message that was given up back into the outbox, with all its tries.

    Raises:
        NotFoundError: if there is no such message.
        NotDeadError: if it was not given up.
        ForbiddenError: if ``by`` does not run the platform.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    row = Delivery.objects.select_for_update().filter(id=delivery_id).first()
    if row is None:
        raise NotFoundError(what=_MESSAGE)
    if row.state != DeliveryState.DEAD:
        raise NotDeadError(state=DeliveryState(row.state).label)
    _revive([row], by, now)
    return row


@transaction.atomic
def send_all_again(*, by: Actor, now: datetime) -> int:
    """Put every message that was given up back into the outbox. Returns how many.

    Raises:
        ForbiddenError: if ``by`` does not run the platform.
    """
    require(by, Permission.NOTIFY_CHANNEL_MANAGE)
    dead = Delivery.objects.filter(state=DeliveryState.DEAD, address__removed_at=None)
    rows = list(dead.select_for_update(of=("self",), skip_locked=True).order_by("ended_at")[:MOST])
    _revive(rows, by, now)
    return len(rows)


def _revive(rows: list[Delivery], by: Actor, now: datetime) -> None:
    for row in rows:
        row.state, row.tries, row.next_at, row.ended_at = DeliveryState.WAITING, 0, now, None
    Delivery.objects.bulk_update(rows, ["state", "tries", "next_at", "ended_at"])
    subjects = (Subject("delivery", row.id, row.body["title"], {"group": row.group}) for row in rows)
    record_all(event="notify:delivery:again", by=by, now=now, subjects=subjects)
