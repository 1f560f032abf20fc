"""交换任务: what is moved again and again, kept in versions, with when it runs and how fresh its data is to be."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Entry
from jutong.center.org.models import User
from jutong.kernel.ids import uuid7


class TransferState(models.TextChoices):
    """A draft is being made and never ran; an ended one is kept for its runs."""

    DRAFT = "draft", _("草稿")
    ON = "on", _("启用")
    OFF = "off", _("停用")


class Priority(models.IntegerChoices):
    """Which of several runs that wait is ordered first."""

    LOW = 1, _("低")
    NORMAL = 5, _("一般")
    HIGH = 9, _("高")


class Transfer(models.Model):
    """A saved transfer of an entry's table. Its runs are jobs.

    ``work`` is what ``center.jobs.work.Work`` reads, ``schedule`` what ``center.jobs.schedule.Schedule`` reads; both
    are those of version ``version``, 0 for a draft. ``promised_hours`` is how old its data may become, None where
    nothing is promised. ``next_at`` is when it runs next by itself. ``problem`` says why its last turn was not ordered.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="transfers")
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=TransferState, default=TransferState.DRAFT)
    version = models.PositiveIntegerField(default=0)
    work = models.JSONField(default=dict)
    schedule = models.JSONField(default=dict)
    promised_hours = models.PositiveIntegerField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NORMAL)
    follows = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="followers")
    """Runs after this one, if it waits for another; the same as in ``schedule``."""
    next_at = models.DateTimeField(null=True, blank=True)
    fresh_at = models.DateTimeField(null=True, blank=True)
    """When the newest run that ended well was ordered: its data is at least so new."""
    due_at = models.DateTimeField(null=True, blank=True)
    """Until when its data is as fresh as promised."""
    late_at = models.DateTimeField(null=True, blank=True)
    """When people were told that it is late."""
    problem = models.CharField(max_length=500, default="", blank=True)
    state_reason = models.CharField(max_length=200, default="", blank=True)
    state_at = models.DateTimeField()
    state_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=("state", "next_at"), name="transfer_next"),)

    def __str__(self) -> str:
        return self.name


class TransferVersion(models.Model):
    """What a transfer said from a moment on. Versions are never changed."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    work = models.JSONField()
    schedule = models.JSONField()
    promised_hours = models.PositiveIntegerField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("transfer", "number"), name="transfer_version_once"),)
