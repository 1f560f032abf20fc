from __future__ import annotations

from django.db import models


class Access(models.Model):
    """One call as the node's served receipt tells it: who, when, what for, how much; never a value."""

    record_id = models.CharField(max_length=36, primary_key=True)
    node = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=8)
    outcome = models.CharField(max_length=64)
    grant_id = models.UUIDField(db_index=True)
    grant_number = models.CharField(max_length=32)
    entry_code = models.CharField(max_length=64, db_index=True)
    entry_name = models.CharField(max_length=128)
    provider_code = models.CharField(max_length=18, db_index=True)
    requester_code = models.CharField(max_length=18, db_index=True)
    requester_name = models.CharField(max_length=128)
    system_name = models.CharField(max_length=128)
    official = models.CharField(max_length=64)
    purpose = models.CharField(max_length=500)
    case_number = models.CharField(max_length=64)
    rows = models.IntegerField()
    fields = models.JSONField(default=list)
    leaf_index = models.BigIntegerField()
    took_ms = models.IntegerField(default=-1)
    """How long the answer took; -1 where nobody measured."""
    newest_at = models.DateTimeField(null=True, blank=True)
    """When the newest row behind the answer was last changed, as far as the node knows."""
    marks = models.JSONField(default=list)
    """Numbers of the corrections whose marks the answer carried (条例 26)."""

    class Meta:
        ordering = ("-at", "-record_id")
        indexes = (
            models.Index(fields=("entry_code", "-at"), name="access_by_entry"),
            models.Index(fields=("grant_id", "at"), name="access_by_grant"),
        )


class DailyUse(models.Model):
    """How often one organisation used one entry on one Beijing day: what lists and charts read instead of calls."""

    day = models.DateField()
    entry_code = models.CharField(max_length=64)
    provider_code = models.CharField(max_length=18)
    requester_code = models.CharField(max_length=18)
    requester_name = models.CharField(max_length=128)
    calls = models.BigIntegerField()
    rows = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("day", "entry_code", "provider_code", "requester_code"), name="daily_use_once"
            ),
        )
        indexes = (
            models.Index(fields=("entry_code", "day"), name="daily_use_by_entry"),
            models.Index(fields=("provider_code", "day"), name="daily_use_by_provider"),
        )
