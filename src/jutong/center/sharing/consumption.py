"""How grants are used: counts by day, what their holders were told, and what was asked about unused ones."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from jutong.center.org.models import User
from jutong.center.sharing import enums
from jutong.center.sharing.models import Grant
from jutong.kernel.ids import uuid7


class GrantUse(models.Model):
    """Calls under one grant on one Beijing day, added up as nodes report them."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="uses")
    day = models.DateField()
    calls = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("grant", "day"), name="grant_use_once_a_day"),)


class GrantAlert(models.Model):
    """What the holder of a grant was told once: that a day's quota is nearly used, or that it will end."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=16, choices=enums.AlertKind)
    key = models.CharField(max_length=16)
    """The day it speaks of."""
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)
        constraints = (models.UniqueConstraint(fields=("grant", "kind", "key"), name="grant_alert_once"),)


class IdleInquiry(models.Model):
    """A grant nobody called for thirty days, and what its holder says to it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="inquiries")
    idle_since = models.DateTimeField()
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=enums.IdleAnswer, default="", blank=True)
    text = models.CharField(max_length=500, default="", blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("grant",), condition=Q(answered_at=None), name="one_open_inquiry_per_grant"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="") & ~Q(text="")),
                name="inquiry_answer_whole",
            ),
        )
