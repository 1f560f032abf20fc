from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from jutong.center.org.models import Organisation, User
from jutong.center.process.sides import Side
from jutong.center.remedy.enums import LedgerAskState, LedgerPart
from jutong.center.sharing.models import Grant
from jutong.kernel.ids import uuid7


class LedgerEntry(models.Model):
    """One entry of a grant's usage ledger (条例 29(2)); it stands for three years, and a correction is a new one.

    ``facts`` holds counts and copies; ``text`` what a person wrote, empty where the platform counted.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="ledger")
    part = models.CharField(max_length=16, choices=LedgerPart)
    period = models.CharField(max_length=6, default="", blank=True)
    """A quarter such as ``2026Q4``; empty for what holds as long as the grant."""
    text = models.CharField(max_length=2000, default="", blank=True)
    facts = models.JSONField(default=dict)
    corrects = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected")
    office = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """Empty where the platform took it from its own records."""
    at = models.DateTimeField()
    keep_until = models.DateField()

    class Meta:
        ordering = ("at", "id")
        indexes = (models.Index(fields=("grant", "part", "at"), name="ledger_by_grant"),)
        constraints = (
            models.UniqueConstraint(
                fields=("grant", "part", "period"),
                condition=Q(by=None, corrects=None) & Q(part__in=("scenario", "process")),
                name="ledger_prefilled_once",
            ),
            models.CheckConstraint(condition=Q(by=None) | ~Q(text=""), name="ledger_says_what"),
            models.CheckConstraint(condition=Q(corrects=None) | ~Q(corrects=F("id")), name="ledger_corrects_another"),
        )


class LedgerAsk(models.Model):
    """补记: one quarter of one grant whose effects, storage and destruction the requester has to write down."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="ledger_asks")
    quarter = models.CharField(max_length=6)
    state = models.CharField(max_length=8, choices=LedgerAskState, db_index=True)
    asked_at = models.DateTimeField()
    filled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    filled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-quarter", "-id")
        constraints = (
            models.UniqueConstraint(fields=("grant", "quarter"), name="ledger_asked_once"),
            models.CheckConstraint(
                condition=Q(state="asked", filled_by=None, filled_at=None)
                | Q(state="filled", filled_by__isnull=False, filled_at__isnull=False),
                name="ledger_fill_paired",
            ),
        )


class LedgerInspection(models.Model):
    """检查: the provider or the authority looked into a ledger and says what it found; written once."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="ledger_inspections")
    side = models.CharField(max_length=16, choices=((Side.PROVIDER, "provider"), (Side.AUTHORITY, "authority")))
    office = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    is_sound = models.BooleanField()
    note = models.CharField(max_length=1000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        constraints = (models.CheckConstraint(condition=~Q(note=""), name="inspection_says_what"),)
