from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Entry
from jutong.center.org.models import User
from jutong.kernel.ids import uuid7


class JobState(models.TextChoices):
    """``unknown`` is legal: ordered, and no receipt has said how it went."""

    ORDERED = "ordered", _("已下达")
    RUNNING = "running", _("正在搬运")
    DONE = "done", _("已完成并核对")
    FAILED = "failed", _("失败")
    UNKNOWN = "unknown", _("状态不明，等待核对")


class Job(models.Model):
    """One move of a bound table into a Delta table of the library. Figures come only from receipts."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="jobs")
    target = models.CharField(max_length=128)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.ORDERED, db_index=True)
    ordered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True, blank=True)
    rows_read = models.BigIntegerField(null=True, blank=True)
    rows_written = models.BigIntegerField(null=True, blank=True)
    rows_quarantined = models.BigIntegerField(null=True, blank=True)
    rows_skipped = models.BigIntegerField(null=True, blank=True)
    rules = models.JSONField(default=list, blank=True)
    masks = models.JSONField(default=list, blank=True)
    rule_counts = models.JSONField(default=list, blank=True)
    chunks = models.IntegerField(default=0)
    chunks_done = models.IntegerField(default=0)
    snapshots = models.IntegerField(default=0)
    source_digest = models.CharField(max_length=80, default="", blank=True)
    target_digest = models.CharField(max_length=80, default="", blank=True)
    delta_version = models.IntegerField(null=True, blank=True)
    leaf_index = models.BigIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=500, default="", blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-ordered_at", "-id")
