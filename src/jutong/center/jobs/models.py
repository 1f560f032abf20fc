from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Entry
from jutong.center.jobs.checks import TargetCheck
from jutong.center.jobs.lineage_send import LineageSend
from jutong.center.jobs.replay import Replay
from jutong.center.jobs.transfer import Transfer, TransferVersion
from jutong.center.org.models import User
from jutong.kernel.i18n import translate
from jutong.kernel.ids import uuid7

__all__ = [
    "Job",
    "JobCause",
    "JobNews",
    "JobPhase",
    "JobState",
    "LineageSend",
    "Replay",
    "TargetCheck",
    "Transfer",
    "TransferVersion",
]


class JobState(models.TextChoices):
    """``unknown`` is legal: ordered, and no receipt has said how it went."""

    ORDERED = "ordered", _("已下达")
    RUNNING = "running", _("正在搬运")
    WAITING = "waiting", _("等待中，会自动继续")
    PAUSED = "paused", _("已暂停")
    DONE = "done", _("已完成并核对")
    FAILED = "failed", _("失败")
    CANCELLED = "cancelled", _("已取消")
    UNKNOWN = "unknown", _("状态不明，等待核对")


class JobPhase(models.TextChoices):
    """What a job does now, or what it waits for."""

    QUEUED = "queued", _("排队等空位")
    HOURS = "hours", _("等允许读取的时段")
    RETRY = "retry", _("来源暂时不通，稍后再试")
    PLANNING = "planning", _("核对表结构")
    READING = "reading", _("读取和写入")
    CHECKING = "checking", _("回读核对")
    COMMITTING = "committing", _("提交")


class JobCause(models.TextChoices):
    """Why a move was ordered."""

    HAND = "hand", _("手工下达")
    SCHEDULE = "schedule", _("按计划")
    AFTER = "after", _("上一项任务完成后")
    ARRIVAL = "arrival", _("有新文件到达")
    TRIAL = "trial", _("试运行")
    BACKFILL = "backfill", _("补搬一段时间")


class Job(models.Model):
    """One move of a bound table. Figures come only from receipts.

    ``transfer`` is the saved transfer it is a run of, if any, as it was in ``transfer_version``. A dry run (``is_dry``)
    or a back-fill (``period``: from and to, as typed) is none of its turns: it makes no data fresh and nothing runs
    after it, and it stands ``beside`` the transfer. ``expected_rows`` is what was known of the table's size when it was
    ordered.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="jobs")
    transfer = models.ForeignKey(Transfer, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs")
    transfer_version = models.PositiveIntegerField(default=0)
    beside = models.ForeignKey(Transfer, null=True, blank=True, on_delete=models.SET_NULL, related_name="extras")
    is_dry = models.BooleanField(default=False)
    profile = models.JSONField(default=list, blank=True)
    """What a dry run found of each column, as ``contracts.receipts.DryColumn`` names it."""
    period = models.JSONField(default=dict, blank=True)
    cause = models.CharField(max_length=8, choices=JobCause, default=JobCause.HAND)
    expected_rows = models.BigIntegerField(null=True, blank=True)
    target = models.CharField(max_length=128)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.ORDERED, db_index=True)
    ordered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    rows_read = models.BigIntegerField(null=True, blank=True)
    rows_written = models.BigIntegerField(null=True, blank=True)
    rows_quarantined = models.BigIntegerField(null=True, blank=True)
    rows_skipped = models.BigIntegerField(null=True, blank=True)
    work = models.JSONField(default=dict, blank=True)
    """What was ordered besides the table, as ``center.jobs.work.Work`` keeps it."""
    rules = models.JSONField(default=list, blank=True)
    masks = models.JSONField(default=list, blank=True)
    rule_counts = models.JSONField(default=list, blank=True)
    merged = models.JSONField(default=dict, blank=True)
    """What a job with a mode did to its target, and how that stands now, as ``MovedReceipt`` names it."""
    files = models.JSONField(default=list, blank=True)
    """The files a move from or into a folder was of, as ``FileTold`` has them."""
    pulled = models.JSONField(default=list, blank=True)
    """The answers of another node that rows came by, as ``PulledTold`` has them."""
    chunks = models.IntegerField(default=0)
    chunks_done = models.IntegerField(default=0)
    snapshots = models.IntegerField(default=0)
    phase = models.CharField(max_length=12, choices=JobPhase, default="", blank=True)
    rows_per_second = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    source_digest = models.CharField(max_length=80, default="", blank=True)
    target_digest = models.CharField(max_length=80, default="", blank=True)
    delta_version = models.IntegerField(null=True, blank=True)
    leaf_index = models.BigIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=500, default="", blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-ordered_at", "-id")
        indexes = (models.Index(fields=("transfer", "-ordered_at"), name="job_of_transfer"),)


class JobNews(models.Model):
    """One line of a move's log, written when a receipt told something new. ``text`` is the Chinese template."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="news")
    at = models.DateTimeField()
    text = models.CharField(max_length=200)
    fields = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")

    def told(self, language: str) -> str:
        """Return the line in a language, numbers with their thousands apart."""
        fields = {name: f"{value:,}" if isinstance(value, int) else value for name, value in self.fields.items()}
        return translate(self.text, language).format(**fields)
