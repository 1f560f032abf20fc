from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.center.org.models import Organisation
from jutong.kernel.ids import uuid7


class CheckState(models.TextChoices):
    """What a look found of a table."""

    SAME = "same", _("一致")
    DIFFERS = "differs", _("不一致")
    UNREADABLE = "unreadable", _("读不出")


class TargetCheck(models.Model):
    """A table of the library or a database as a node's nightly look found it, against what the last job had left.

    ``job`` is that job where the center knows it. ``rows`` and ``digest`` lay there; ``source_rows`` is what the source
    counted at the time, where it was cheap: it may have gone on since, so it decides nothing.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run_id = models.UUIDField()
    node = models.CharField(max_length=64)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    target = models.CharField(max_length=128)
    job = models.ForeignKey("jobs.Job", null=True, blank=True, on_delete=models.PROTECT, related_name="checks")
    state = models.CharField(max_length=12, choices=CheckState)
    rows = models.BigIntegerField(null=True, blank=True)
    expected_rows = models.BigIntegerField(null=True, blank=True)
    source_rows = models.BigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=80, default="", blank=True)
    expected = models.CharField(max_length=80, default="", blank=True)
    delta_version = models.IntegerField(null=True, blank=True)
    problem = models.CharField(max_length=200, default="", blank=True)
    checked_at = models.DateTimeField()
    leaf_index = models.BigIntegerField(null=True, blank=True)
    newest = models.BooleanField(default=True)
    """Whether no later look has told of this table."""

    class Meta:
        ordering = ("-checked_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("run_id", "organisation", "target"), name="target_checked_once_a_run"),
            models.UniqueConstraint(
                fields=("organisation", "target"), condition=models.Q(newest=True), name="newest_check_of_target"
            ),
        )
        indexes = (models.Index(fields=("organisation", "-checked_at"), name="check_of_organisation"),)
