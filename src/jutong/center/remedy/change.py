from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jutong.center.catalog.life import Filing
from jutong.center.catalog.models import Entry
from jutong.center.org.models import Organisation, User
from jutong.center.remedy.enums import ConsultationStance, ServiceChangeKind, ServiceChangeState
from jutong.kernel.ids import uuid7


class ServiceChange(models.Model):
    """服务变更: what a provider would change about an interface in use, when and why (条例 27(3))."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="service_changes")
    kind = models.CharField(max_length=8, choices=ServiceChangeKind)
    state = models.CharField(max_length=16, choices=ServiceChangeState, db_index=True)
    reason = models.CharField(max_length=1000)
    plan = models.CharField(max_length=1000)
    """What changes, and how those who use it go on."""
    items = ArrayField(models.CharField(max_length=64), default=list)
    """Names of the items that drop away or turn; none where the service stops."""
    effective_on = models.DateField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    filing = models.OneToOneField(
        Filing, null=True, blank=True, on_delete=models.PROTECT, related_name="service_change"
    )
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-proposed_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("entry",), condition=Q(state__in=("consulting", "filed")), name="one_open_service_change"
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(plan=""), name="service_change_says_why"),
            models.CheckConstraint(
                condition=Q(kind="stop", items=[]) | (~Q(kind="stop") & ~Q(items=[])), name="service_change_says_what"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("consulting", "withdrawn"), filing=None)
                | Q(state__in=("filed", "accepted", "refused", "effective"), filing__isnull=False),
                name="service_change_filed",
            ),
            models.CheckConstraint(
                condition=Q(applied_at=None) | Q(state="effective"), name="service_change_applied_once"
            ),
        )

    def __str__(self) -> str:
        return self.number


class Consultation(models.Model):
    """协商: what one department that uses the interface says of a change."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    change = models.ForeignKey(ServiceChange, on_delete=models.PROTECT, related_name="consultations")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    stance = models.CharField(max_length=16, choices=ConsultationStance, default="", blank=True)
    text = models.CharField(max_length=400, default="", blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("organisation__code",)
        constraints = (
            models.UniqueConstraint(fields=("change", "organisation"), name="consulted_once"),
            models.CheckConstraint(
                condition=Q(stance="", answered_by=None, answered_at=None)
                | (~Q(stance="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="consultation_answer_paired",
            ),
            models.CheckConstraint(
                condition=Q(stance__in=("", "agree")) | ~Q(text=""), name="consultation_gives_reasons"
            ),
        )
