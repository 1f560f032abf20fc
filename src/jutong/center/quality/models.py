"""数据质量 as the center knows it: which tables are checked by which rules, what was counted, what is done about it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from jutong.center.library.models import FeedRow, LibraryTable, Work
from jutong.center.org.models import Organisation, User
from jutong.center.quality import enums
from jutong.kernel.ids import uuid7


class CheckedTable(models.Model):
    """A table of the library that is checked: a register as standardised (with ``feed``), or a table of a library.

    ``organisation`` answers for what is found. The figures are those of the newest run; ``score`` is in parts of ten
    thousand, empty where nothing could be scored.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    table = models.ForeignKey(LibraryTable, on_delete=models.PROTECT, related_name="checked")
    feed = models.OneToOneField(FeedRow, null=True, blank=True, on_delete=models.PROTECT, related_name="checked")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="checked_tables")
    title = models.CharField(max_length=200)
    rows = models.BigIntegerField(null=True, blank=True)
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("title", "id")
        constraints = (
            models.UniqueConstraint(fields=("table",), condition=Q(feed=None), name="library_table_checked_once"),
        )

    def __str__(self) -> str:
        return self.title


class StewardRule(models.Model):
    """A rule somebody added to those that follow from the elements, in one version. ``body`` is the rule as data.

    ``evaluated`` and ``failed`` are what it counted when it was tried on real rows.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    checked = models.ForeignKey(CheckedTable, on_delete=models.PROTECT, related_name="steward_rules")
    code = models.CharField(max_length=80)
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=16, choices=enums.RuleKind)
    title = models.CharField(max_length=100)
    body = models.JSONField()
    state = models.CharField(max_length=8, choices=enums.StewardRuleState, default=enums.StewardRuleState.DRAFT)
    trial = models.OneToOneField(Work, null=True, blank=True, on_delete=models.PROTECT, related_name="tried_rule")
    evaluated = models.BigIntegerField(null=True, blank=True)
    failed = models.BigIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=500, default="", blank=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("code", "-version")
        constraints = (
            models.UniqueConstraint(fields=("checked", "code", "version"), name="steward_rule_version_once"),
            models.UniqueConstraint(
                fields=("checked", "code"), condition=Q(state="active"), name="steward_rule_active_once"
            ),
        )

    def __str__(self) -> str:
        return self.title


class QualityRun(models.Model):
    """One check of one version of a table. ``rules`` are the rules as they were asked, ``dimensions`` the score opened.

    ``scheme`` is the version of the way to score.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    checked = models.ForeignKey(CheckedTable, on_delete=models.CASCADE, related_name="runs")
    work = models.OneToOneField(Work, on_delete=models.PROTECT, related_name="quality_run")
    delta_version = models.BigIntegerField()
    rows = models.BigIntegerField()
    engine = models.CharField(max_length=80)
    took_ms = models.BigIntegerField()
    committed_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    order = models.JSONField()
    profile = models.JSONField(default=list)
    dimensions = models.JSONField(default=list)
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    scheme = models.CharField(max_length=16)
    newest = models.BooleanField(default=True)

    class Meta:
        ordering = ("-checked_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("checked",), condition=Q(newest=True), name="newest_run_of_table"),
        )
        indexes = (models.Index(fields=("checked", "-checked_at"), name="quality_run_of_table"),)


class RuleFigure(models.Model):
    """What one rule counted in one run."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(QualityRun, on_delete=models.CASCADE, related_name="figures")
    rule = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=enums.RuleKind)
    field = models.CharField(max_length=63, default="", blank=True)
    element = models.CharField(max_length=16, default="", blank=True)
    indicator = models.CharField(max_length=32)
    position = models.PositiveSmallIntegerField(default=0)
    evaluated = models.BigIntegerField()
    failed = models.BigIntegerField()
    exact = models.BooleanField(default=True)

    class Meta:
        ordering = ("run", "position")
        constraints = (
            models.UniqueConstraint(fields=("run", "rule"), name="rule_once_a_run"),
            models.CheckConstraint(
                condition=Q(failed__gte=0, failed__lte=models.F("evaluated")), name="failed_of_evaluated"
            ),
        )


class Finding(models.Model):
    """A rule that rows break, until a check finds none: who puts it right, until when. ``cause`` groups what recurs.

    ``times`` counts how often the same was found after it had been put right.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    checked = models.ForeignKey(CheckedTable, on_delete=models.PROTECT, related_name="findings")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="quality_findings")
    rule = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=enums.RuleKind)
    field = models.CharField(max_length=63, default="", blank=True)
    indicator = models.CharField(max_length=32)
    body = models.JSONField()
    cause = models.CharField(max_length=80, db_index=True)
    state = models.CharField(max_length=8, choices=enums.FindingState, default=enums.FindingState.OPEN, db_index=True)
    failed = models.BigIntegerField()
    evaluated = models.BigIntegerField()
    first_failed = models.BigIntegerField()
    times = models.PositiveSmallIntegerField(default=1)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("checked", "rule"),
                condition=Q(state__in=("open", "reported", "accepted")),
                name="finding_once_while_it_lasts",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("open", "reported", "accepted"), closed_at=None)
                | Q(state="closed", closed_at__isnull=False),
                name="finding_end_dated",
            ),
        )

    def __str__(self) -> str:
        return self.number


class FindingStep(models.Model):
    """One step of a finding, as it was taken; rows are only added."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="steps")
    event = models.CharField(max_length=8, choices=enums.FindingEvent)
    text = models.CharField(max_length=500, default="", blank=True)
    failed = models.BigIntegerField(null=True, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
