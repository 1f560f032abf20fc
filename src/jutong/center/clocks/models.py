from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from jutong.center.clocks.enums import ClockState
from jutong.center.org.models import Organisation
from jutong.kernel.ids import uuid7


class CalendarDay(models.Model):
    """An operator's row over the package's calendar: one date, a working day or not, and why."""

    date = models.DateField(primary_key=True)
    is_workday = models.BooleanField()
    is_provisional = models.BooleanField(default=False)
    note = models.CharField(max_length=64, default="", blank=True)
    loaded_at = models.DateTimeField()


class CalendarYear(models.Model):
    """A year whose calendar was loaded here: official, or provisional until the State Council's notice."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    is_provisional = models.BooleanField()
    source = models.CharField(max_length=200)
    loaded_at = models.DateTimeField()


class StatutoryClock(models.Model):
    """One running or ended period of the law for one subject. Due times are rows that are scanned."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    period = models.CharField(max_length=16)
    clause = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(max_length=200)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="clocks")
    started_on = models.DateField()
    length = models.PositiveSmallIntegerField()
    extension = models.PositiveSmallIntegerField(default=0)
    pauses = models.JSONField(default=list)
    due_on = models.DateField(db_index=True)
    is_provisional = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=ClockState, default=ClockState.RUNNING, db_index=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("due_on", "id")
        indexes = (models.Index(fields=("subject_kind", "subject_id"), name="clock_subject"),)
        constraints = (
            models.UniqueConstraint(
                fields=("period", "subject_kind", "subject_id"),
                condition=Q(state__in=("running", "paused")),
                name="one_running_clock_per_subject",
            ),
            models.CheckConstraint(condition=Q(length__gte=1), name="clock_has_a_day"),
            models.CheckConstraint(
                condition=Q(state__in=("running", "paused"), stopped_at=None)
                | Q(state__in=("met", "late", "cancelled"), stopped_at__isnull=False),
                name="clock_stop_paired",
            ),
        )
