from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from jutong.center.notify.enums import ChannelKind, DeliveryKind, DeliveryState, NoticeGroup, Pace
from jutong.center.org.models import Organisation, User
from jutong.center.sharing.models import Notice
from jutong.kernel.ids import uuid7

_OVER = ("sent", "bundled", "dead", "cancelled")


class AllowedHost(models.Model):
    """A server messages may go to: a name, an address or a network. Inner addresses need a line of their own."""

    host = models.CharField(max_length=253, unique=True)
    added_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ("host",)


class Channel(models.Model):
    """A way out of the platform, as the operations administrator set it up.

    ``options`` is what may be shown; ``secret`` a box with what may not.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12, choices=ChannelKind)
    options = models.JSONField(default=dict)
    secret = models.BinaryField(null=True, blank=True)
    is_on = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    tested_at = models.DateTimeField(null=True, blank=True)
    test_answer = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """Where a person is reached through a channel. The address itself is closed in a box."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="addresses")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="addresses")
    box = models.BinaryField()
    set_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("set_at", "id")
        constraints = (models.UniqueConstraint(fields=("user", "channel"), name="one_address_per_channel"),)


class Preference(models.Model):
    """How somebody wants to be told of one group of notices."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="preferences")
    group = models.CharField(max_length=12, choices=NoticeGroup)
    pace = models.CharField(max_length=12, choices=Pace)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "group"), name="one_preference_per_group"),
            models.CheckConstraint(condition=~Q(group="statutory", pace="off"), name="statutory_never_off"),
        )


class WeeklyWish(models.Model):
    """A head of a department who wants the department's week in one message."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="weekly_wishes")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "organisation"), name="one_weekly_wish"),)


class Delivery(models.Model):
    """One message to one address: the outbox. Written in the transaction of what it tells of.

    The id is the key under which a receiver knows a repeated message. ``body`` holds titles, numbers and links only.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=8, choices=DeliveryKind)
    group = models.CharField(max_length=12, choices=NoticeGroup)
    state = models.CharField(max_length=12, choices=DeliveryState)
    notice = models.ForeignKey(Notice, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries")
    digest_on = models.DateField(null=True, blank=True)
    body = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    claim: models.UUIDField[uuid.UUID | None, uuid.UUID | None] = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, default="", blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("address", "notice"), condition=Q(notice__isnull=False), name="one_delivery_per_notice"
            ),
            models.UniqueConstraint(
                fields=("address", "kind", "digest_on"), condition=Q(digest_on__isnull=False), name="one_digest_a_day"
            ),
            models.CheckConstraint(
                condition=Q(state="sending", claim__isnull=False, claimed_until__isnull=False)
                | (~Q(state="sending") & Q(claim=None, claimed_until=None)),
                name="delivery_claim_paired",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_OVER, ended_at__isnull=False) | (~Q(state__in=_OVER) & Q(ended_at=None)),
                name="delivery_end_paired",
            ),
            models.CheckConstraint(
                condition=Q(kind="notice", digest_on=None) | (~Q(kind="notice") & Q(digest_on__isnull=False)),
                name="delivery_digest_has_day",
            ),
        )
        indexes = (
            models.Index(fields=("next_at",), condition=Q(state__in=("waiting", "sending")), name="delivery_due"),
            models.Index(fields=("address", "state"), name="delivery_of_address"),
        )


class DigestMade(models.Model):
    """That somebody's digest of a day or week was looked at, even if there was nothing to say."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=DeliveryKind)
    day = models.DateField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "kind", "day"), name="one_digest_each"),)
