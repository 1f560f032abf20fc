"""Conflicts between registers on their way to the departments that put them right. No value and no key of a row."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jutong.center.correction.models import Correction
from jutong.center.library.models import FeedRow, LibraryTable, Work
from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class BatchState(models.TextChoices):
    """``ordered`` until the node has said which rows it is about."""

    ORDERED = "ordered", _("已下达，等节点回报")
    DONE = "done", _("已转为校核")
    FAILED = "failed", _("没有办成")


class ConflictSide(models.TextChoices):
    """Whose record is to be looked into."""

    RECORD = "record", _("说法不同的一方")
    BELIEVED = "believed", _("被采用的一方")


class ConflictBatch(models.Model):
    """Some conflicts of one cause, sent at once: ``field`` says something else in ``feed`` than in ``believed``.

    ``raised`` corrections came of it, ``refused`` could not be raised, ``left`` of the cause were not told.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    table = models.ForeignKey(LibraryTable, on_delete=models.PROTECT, related_name="conflict_batches")
    field = models.CharField(max_length=63)
    feed = models.ForeignKey(FeedRow, on_delete=models.PROTECT, related_name="+")
    believed = models.ForeignKey(FeedRow, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=ConflictSide, default=ConflictSide.RECORD)
    most = models.PositiveSmallIntegerField()
    work = models.OneToOneField(Work, null=True, on_delete=models.PROTECT, related_name="conflict_batch")
    state = models.CharField(max_length=8, choices=BatchState, default=BatchState.ORDERED)
    raised = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, default="", blank=True)
    ordered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    ordered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-ordered_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("table", "field", "feed", "believed"), condition=Q(state="ordered"), name="one_open_batch"
            ),
        )

    @property
    def asked(self) -> FeedRow:
        """The feed whose record is to be looked into."""
        return self.believed if self.side == ConflictSide.BELIEVED else self.feed


class ConflictCase(models.Model):
    """One conflict that became a correction, from then until the fused record has healed.

    ``boxes`` hold, closed for the node of each entry, what the row and what was made of it are looked up by.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(ConflictBatch, on_delete=models.PROTECT, related_name="cases")
    conflict_id = models.CharField(max_length=80)
    asked = models.ForeignKey(FeedRow, on_delete=models.PROTECT, related_name="+")
    correction = models.OneToOneField(Correction, on_delete=models.PROTECT, related_name="conflict_case")
    cause = models.CharField(max_length=32, default="", blank=True)
    clue = models.CharField(max_length=32, default="", blank=True)
    suggestion = models.CharField(max_length=32, default="", blank=True)
    boxes = models.JSONField(default=list)
    raised_at = models.DateTimeField()
    healed_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=16, default="", blank=True)
    told = models.PositiveIntegerField(default=0)
    """How many departments were told when it had healed; those found later are told then."""

    class Meta:
        ordering = ("-raised_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("conflict_id", "asked"), name="conflict_once"),
            models.CheckConstraint(
                condition=Q(healed_at=None, ended="") | (Q(healed_at__isnull=False) & ~Q(ended="")),
                name="conflict_healed_whole",
            ),
        )
