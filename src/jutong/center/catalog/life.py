"""What happens to entries besides their versions: changes of law, more time, filings, and steps taken in batches."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jutong.center.catalog import enums
from jutong.center.clocks.models import StatutoryClock
from jutong.center.org.models import Organisation, Post, User
from jutong.kernel.ids import uuid7

CHANGE_KINDS = [choice for choice in enums.UpdateTrigger.choices if choice[0] != enums.UpdateTrigger.VOLUNTARY]


class ChangeEvent(models.Model):
    """A change of law, regulation, decision or duty (条例 17); it starts the clock of every entry it touches."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=CHANGE_KINDS)
    title = models.CharField(max_length=200)
    basis = models.CharField(max_length=500)
    happened_on = models.DateField()
    division_code = models.CharField(max_length=12, db_index=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    """Who registered it."""
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ("-registered_at", "-id")

    def __str__(self) -> str:
        return self.title


class Touch(models.Model):
    """One entry a change touches, and the version that answers it once one was begun."""

    event = models.ForeignKey(ChangeEvent, on_delete=models.CASCADE, related_name="touches")
    entry = models.ForeignKey("catalog.Entry", on_delete=models.PROTECT, related_name="touches")
    version = models.ForeignKey("catalog.EntryVersion", null=True, on_delete=models.PROTECT, related_name="answers")

    class Meta:
        ordering = ("entry__code",)
        constraints = (models.UniqueConstraint(fields=("event", "entry"), name="entry_touched_once_by_event"),)


class UpdateExtension(models.Model):
    """The department's request for more time to update, and the authority's answer (条例 17)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey("catalog.Entry", on_delete=models.PROTECT, related_name="extensions")
    clock = models.ForeignKey(StatutoryClock, on_delete=models.PROTECT, related_name="+")
    days = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    consented = models.BooleanField(null=True)
    note = models.CharField(max_length=500, default="", blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("clock",), condition=Q(consented=None), name="one_extension_waits"),
            models.CheckConstraint(
                condition=Q(consented=None, decided_by=None, decided_at=None)
                | Q(consented__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="update_extension_decision_paired",
            ),
        )


class Filing(models.Model):
    """备案 of 条例 27(3): why a running service ends or changes, and what each department that uses it said."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey("catalog.Entry", on_delete=models.PROTECT, related_name="filings")
    kind = models.CharField(max_length=8, choices=enums.FilingKind, default=enums.FilingKind.END)
    reason = models.CharField(max_length=1000)
    consulted = models.JSONField()
    """Rows of ``code``, ``name`` and ``text`` per department: what was agreed with it."""
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()
    accepted = models.BooleanField(null=True)
    note = models.CharField(max_length=500, default="", blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-filed_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("entry",), condition=Q(accepted=None), name="one_filing_waits"),
            models.CheckConstraint(
                condition=Q(accepted=None, decided_by=None, decided_at=None)
                | Q(accepted__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="filing_decision_paired",
            ),
        )


class BatchRun(models.Model):
    """One step taken for many versions, in chunks; ``done`` says how far it is, so a killed run goes on there."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    step = models.CharField(max_length=16, choices=enums.BatchStep)
    state = models.CharField(max_length=16, choices=enums.RunState, default=enums.RunState.WAITING, db_index=True)
    terms = models.JSONField(default=dict)
    """What is said of all of them: conclusions, reason."""
    targets = ArrayField(models.UUIDField())
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")


class BatchOutcome(models.Model):
    """What became of one version of a run; ``problem`` is the refusal in both languages, empty when it went well."""

    run = models.ForeignKey(BatchRun, on_delete=models.CASCADE, related_name="outcomes")
    position = models.PositiveIntegerField()
    version_id = models.UUIDField()
    entry_code = models.CharField(max_length=64, default="", blank=True)
    name = models.CharField(max_length=128, default="", blank=True)
    state = models.CharField(max_length=16, choices=enums.VersionState, default="", blank=True)
    is_done = models.BooleanField()
    problem = models.JSONField(default=dict)

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=("run", "position"), name="batch_outcome_once"),)
