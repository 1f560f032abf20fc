from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jutong.center.org.models import Organisation, User
from jutong.center.process.sides import Side
from jutong.center.remedy.enums import RectificationState
from jutong.center.sharing.models import Grant
from jutong.kernel.ids import uuid7


class Rectification(models.Model):
    """整改: what was found, what has to be put right and by when, while the grant stands suspended (条例 27(2))."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="rectifications")
    state = models.CharField(max_length=16, choices=RectificationState, db_index=True)
    side = models.CharField(max_length=16, choices=((Side.PROVIDER, "provider"), (Side.AUTHORITY, "authority")))
    """Who ordered it; the same side judges the result."""
    ordered_by_office = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    finding = models.CharField(max_length=1000)
    demand_text = models.CharField(max_length=1000)
    records = ArrayField(models.CharField(max_length=36), default=list)
    """Ids of access records that show what was found."""
    days = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(default=1)
    ordered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_note = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ("-ordered_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("grant",),
                condition=Q(state__in=("ordered", "reported", "insufficient")),
                name="one_open_rectification",
            ),
            models.CheckConstraint(condition=~Q(finding="") & ~Q(demand_text=""), name="rectification_says_what"),
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=60), name="rectification_limit"),
            models.CheckConstraint(
                condition=Q(state__in=("ordered", "reported", "insufficient"), closed_by=None, closed_at=None)
                | Q(
                    state__in=("accepted", "terminated", "withdrawn"),
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                ),
                name="rectification_close_paired",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether it still keeps the grant suspended."""
        return self.closed_at is None


class RectificationReport(models.Model):
    """What the department says it put right in one round, and what became of it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rectification = models.ForeignKey(Rectification, on_delete=models.PROTECT, related_name="reports")
    round = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=2000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    accepted = models.BooleanField(null=True)
    note = models.CharField(max_length=500, default="", blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("round", "at")
        constraints = (
            models.UniqueConstraint(fields=("rectification", "round"), name="one_report_a_round"),
            models.CheckConstraint(condition=~Q(text=""), name="rectification_report_says_what"),
            models.CheckConstraint(
                condition=Q(accepted=None, decided_by=None, decided_at=None)
                | Q(accepted__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="rectification_report_decision_paired",
            ),
        )
