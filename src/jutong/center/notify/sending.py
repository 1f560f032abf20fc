"""The outbox emptied: claimed one at a time, sent outside any transaction, and the outcome written.

A process killed between sending and writing leaves a claim that runs out; the message then goes out a second time
with the same key. Nothing else repeats one, and nothing loses one.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Count, Q

from jutong.center.audit.actions import record
from jutong.center.notify import boxes
from jutong.center.notify.channels import carrier
from jutong.center.notify.channels.base import Parcel
from jutong.center.notify.enums import ChannelKind, DeliveryState
from jutong.center.notify.errors import SendFailedError
from jutong.center.notify.message import from_body
from jutong.center.notify.models import Channel, Delivery, DigestMade
from jutong.center.org.actor import Actor
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop

CLAIM = timedelta(minutes=10)
"""How long a claim holds; longer than any server may keep us waiting."""
WAITS = tuple(map(timedelta, (0,) * 7, (60, 300, 900, 3600, 4 * 3600, 8 * 3600, 12 * 3600)))
"""How long to wait after the first, second, ... failed try; about a day altogether."""
MOST_TRIES = len(WAITS) + 1
JITTER = 0.2
"""Share by which a wait is made longer or shorter, so that what failed together does not come back together."""
ROBOT_PER_MINUTE = 18
"""Both providers let a robot say 20 things a minute and then silence it for ten."""
KEPT, DEAD_KEPT = timedelta(days=90), timedelta(days=365)
"""How long messages stay after they were sent, and after they were given up; their audit events stay for good."""
_MINUTE = timedelta(minutes=1)
_ROBOTS = (ChannelKind.DINGTALK, ChannelKind.WECOM)
_DICE = random.SystemRandom()
_NO_OUTCOME = gettext_noop("发送时进程多次中断，没有等到结果。")
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message taken to be sent, with the token that proves it is still ours."""

    delivery: Delivery
    token: UUID


def send_due(*, clock: Clock, by: Actor, most: int = 50, going: Callable[[], bool] = lambda: True) -> int:
    """Send what is due, at most ``most`` messages and only while ``going``. Returns how many were tried."""
    tried, away = 0, set[UUID]()
    while tried < most and going() and (taken := claim(by=by, now=clock(), leaving=away)) is not None:
        problem = _try(taken.delivery, clock())
        settle(claim=taken, problem=problem, by=by, now=clock())
        if isinstance(problem, SendFailedError) and not problem.lasting:
            away.add(taken.delivery.address.channel_id)  # a server that is away holds up its own messages alone
        tried += 1
    return tried


@transaction.atomic
def claim(*, by: Actor, now: datetime, leaving: Collection[UUID] = ()) -> Claim | None:
    """Take the next message that is due and that nobody else has; one whose claim ran out is taken again.

    Args:
        by: who sends.
        now: the time of the claim.
        leaving: channels left alone for now.
    """
    waiting = Q(state=DeliveryState.WAITING) | Q(state=DeliveryState.SENDING, claimed_until__lte=now)
    due = Delivery.objects.filter(waiting, next_at__lte=now, address__channel__is_on=True, address__removed_at=None)
    found = (
        due.exclude(address__channel__in=[*_busy(now), *leaving])
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("address__channel")
        .order_by("next_at", "id")
        .first()
    )
    if found is None:
        return None
    if found.tries >= MOST_TRIES:
        _give_up(found, _NO_OUTCOME, by, now)
        return claim(by=by, now=now, leaving=leaving)
    token = uuid4()
    found.state, found.claim, found.claimed_until, found.tries = (
        DeliveryState.SENDING,
        token,
        now + CLAIM,
        found.tries + 1,
    )
    found.save(update_fields=["state", "claim", "claimed_until", "tries"])
    return Claim(found, token)


@transaction.atomic
def settle(*, claim: Claim, problem: JutongError | None, by: Actor, now: datetime) -> bool:
    """Write what became of a try. Returns ``False`` where the claim had run out and is somebody else's now."""
    mine = Delivery.objects.select_for_update(of=("self",)).filter(
        id=claim.delivery.id, state=DeliveryState.SENDING, claim=claim.token
    )
    row = mine.select_related("address__channel").first()
    if row is None:
        return False
    if problem is None:
        _end(row, DeliveryState.SENT, "", now)
        _recorded("notify:delivery:send", row, by, now)
        return True
    reason = problem.explain()[:500]
    if row.tries >= MOST_TRIES or (isinstance(problem, SendFailedError) and problem.lasting):
        _give_up(row, reason, by, now)
        return True
    row.state, row.claim, row.claimed_until, row.problem = DeliveryState.WAITING, None, None, reason
    row.next_at = now + wait_after(row.tries)
    row.save(update_fields=["state", "claim", "claimed_until", "problem", "next_at"])
    _recorded("notify:delivery:retry", row, by, now)
    return True


@transaction.atomic
def forget_old(*, by: Actor, now: datetime) -> int:
    """Delete what ended long ago. Returns how many messages."""
    over = (DeliveryState.SENT, DeliveryState.BUNDLED, DeliveryState.CANCELLED)
    old = Q(state__in=over, ended_at__lt=now - KEPT) | Q(state=DeliveryState.DEAD, ended_at__lt=now - DEAD_KEPT)
    count, _ = Delivery.objects.filter(old).delete()
    DigestMade.objects.filter(made_at__lt=now - KEPT).delete()
    if count:
        record(event="notify:delivery:forget", by=by, now=now, subject_kind="outbox", subject_id="outbox", count=count)
    return count


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many failed tries."""
    return WAITS[min(tries, len(WAITS)) - 1] * _DICE.uniform(1 - JITTER, 1 + JITTER)


def _busy(now: datetime) -> list[UUID]:
    """Return the robots that have said enough for this minute."""
    said = Delivery.objects.filter(
        state=DeliveryState.SENT, ended_at__gt=now - _MINUTE, address__channel__kind__in=_ROBOTS
    )
    counted = said.order_by().values("address__channel").annotate(n=Count("id"))
    return list(counted.filter(n__gte=ROBOT_PER_MINUTE).values_list("address__channel", flat=True))


def _try(delivery: Delivery, now: datetime) -> JutongError | None:
    address = delivery.address
    channel: Channel = address.channel
    try:
        to = boxes.opened(address.box, about=address.id, name=channel.name)["to"]
        carrier(channel).send(Parcel(delivery.id, from_body(delivery.body), to, now))
    except JutongError as problem:
        return problem
    return None


def _give_up(row: Delivery, reason: str, by: Actor, now: datetime) -> None:
    _end(row, DeliveryState.DEAD, reason, now)
    _recorded("notify:delivery:fail", row, by, now)


def _end(row: Delivery, state: DeliveryState, reason: str, now: datetime) -> None:
    row.state, row.claim, row.claimed_until, row.problem, row.ended_at = state, None, None, reason, now
    row.save(update_fields=["state", "claim", "claimed_until", "problem", "ended_at"])


def _recorded(event: str, row: Delivery, by: Actor, now: datetime) -> None:
    record(
        event=event, by=by, now=now, subject_kind="delivery", subject_id=row.id, subject_label=row.body["title"],
        channel=row.address.channel.name, group=row.group, tries=row.tries,
    )  # fmt: skip
