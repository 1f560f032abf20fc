from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from jutong.center.clocks.enums import ClockState, EscalationStep
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


class RuleSet(models.Model):
    """A locality's own periods in one version: stricter than the law, never looser (条例 23). Rows never change."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    division_code = models.CharField(max_length=12)
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=128)
    document = models.CharField(max_length=64)
    effective_from = models.DateField()
    message_left = models.PositiveSmallIntegerField(null=True)
    superior_after = models.PositiveSmallIntegerField(null=True)
    digest = models.CharField(max_length=80)
    loaded_by = models.CharField(max_length=128)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ("division_code", "-version")
        constraints = (
            models.UniqueConstraint(fields=("division_code", "version"), name="rule_set_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="rule_set_version_counts"),
        )

    def __str__(self) -> str:
        return f"{self.division_code}/{self.version}"


class RulePeriod(models.Model):
    """One period of a rule set; without a cap the law's own stays."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="periods")
    period = models.CharField(max_length=16)
    length = models.PositiveSmallIntegerField()
    extension_cap = models.PositiveSmallIntegerField(null=True)
    clause = models.CharField(max_length=32, default="", blank=True)

    class Meta:
        ordering = ("period",)
        constraints = (
            models.UniqueConstraint(fields=("rule_set", "period"), name="rule_period_once"),
            models.CheckConstraint(condition=Q(length__gte=1), name="rule_period_has_a_unit"),
        )


class StatutoryClock(models.Model):
    """One running or ended period of the law for one subject. Due times are rows that are scanned.

    A clock keeps the version of the law and of the local rules it started under, and the cap on its extensions;
    ``gross_days`` and ``net_days`` are the working days it took in all and without its pauses, kept at its end.
    """

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
    law_version = models.PositiveSmallIntegerField(default=1)
    rule_set = models.ForeignKey(RuleSet, null=True, blank=True, on_delete=models.PROTECT, related_name="clocks")
    extension_cap = models.PositiveSmallIntegerField(null=True, blank=True)
    """Null for a clock that started before caps were kept: then the law of its first day says it."""
    gross_days = models.PositiveSmallIntegerField(null=True, blank=True)
    net_days = models.PositiveSmallIntegerField(null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(gross_days=None, net_days=None) | Q(net_days__lte=F("gross_days")),
                name="clock_net_within_gross",
            ),
            models.CheckConstraint(
                condition=Q(extension_cap=None) | Q(extension__lte=F("extension_cap")),
                name="clock_extension_within_cap",
            ),
        )


class Escalation(models.Model):
    """One rung of the ladder taken for one clock: once, on record, never taken back (逐级催办)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clock = models.ForeignKey(StatutoryClock, on_delete=models.CASCADE, related_name="escalations")
    step = models.CharField(max_length=16, choices=EscalationStep)
    told = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    told_role = models.CharField(max_length=16, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("clock", "step"), name="escalation_once"),)
