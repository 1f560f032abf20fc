"""What comes in before it is an entry: batches of proposals, and what nodes counted in sampled tables."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from jutong.center.catalog.models import Entry
from jutong.center.fleet.models import Source
from jutong.center.intake.enums import BatchKind, BatchState, Outcome
from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class PlainEncoder(DjangoJSONEncoder):
    """Writes Chinese as it is: a third of the bytes, and nothing the driver has to escape."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


class Batch(models.Model):
    """One file, listing or database from which entries are proposed. Nothing of it is in the catalog.

    The file itself lies in the home folder under ``uploads`` by the batch's id, readable to its owner alone.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=BatchKind)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="batches"
    )
    """Whose entries they become; none for a harvest of several departments."""
    name = models.CharField(max_length=200)
    """The file's own name, or the source's."""
    digest = models.CharField(max_length=64, default="", blank=True)
    size = models.BigIntegerField(default=0)
    format = models.CharField(max_length=16, default="", blank=True)
    template = models.CharField(max_length=64, default="", blank=True)
    """Edition of the template the file was made from; empty for a file with headers of its own."""
    mapping = models.JSONField(default=dict, blank=True)
    """Which header is which field, with confidence and reason: ``{"sheet", "columns": [...]}``."""
    defaults = models.JSONField(default=dict, blank=True)
    """What holds for every row that says nothing: field to value."""
    state = models.CharField(max_length=16, choices=BatchState, default=BatchState.RECEIVED, db_index=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    """Proposals by outcome, and ``warned`` for those with a warning."""
    problem = models.JSONField(default=dict, blank=True)
    """Why it was not read to its end: ``code``, ``message``, ``next_step`` and ``fields`` of the error."""
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name


class Proposal(models.Model):
    """One proposed entry. ``line`` is the row of the person's own file, or the table's number in a database."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="proposals")
    line = models.PositiveIntegerField()
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="proposals"
    )
    provider = models.CharField(max_length=256, default="", blank=True)
    code = models.CharField(max_length=64, default="", blank=True)
    """Resource code the row gives, by which an entry is found again."""
    name = models.CharField(max_length=256, default="", blank=True)
    fields = models.JSONField(encoder=PlainEncoder, default=dict)
    items = models.JSONField(encoder=PlainEncoder, default=list)
    raw = models.JSONField(encoder=PlainEncoder, default=dict, blank=True)
    """What stood in the row: header to text. Never changed."""
    fixes = models.JSONField(encoder=PlainEncoder, default=dict, blank=True)
    """What a person put in the place of what was read: place to value. Outlives another check."""
    origin = models.JSONField(encoder=PlainEncoder, default=dict, blank=True)
    """For a table of a connected database: source, schema, table and the column of each item."""
    findings = models.JSONField(encoder=PlainEncoder, default=list, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, db_index=True)
    warned = models.BooleanField(default=False)
    entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.SET_NULL, related_name="proposals")
    """The entry it matches, or was made into."""
    left = models.JSONField(encoder=PlainEncoder, default=dict, blank=True)
    """Why no draft was made of it although it was asked for: ``code``, ``message``, ``next_step``, ``fields``."""

    class Meta:
        ordering = ("batch", "line")
        constraints = (models.UniqueConstraint(fields=("batch", "line"), name="proposal_line_once"),)
        indexes = (models.Index(fields=("batch", "outcome", "line"), name="proposal_groups"),)

    def __str__(self) -> str:
        return self.name or str(self.line)


class SourceProfile(models.Model):
    """What a node counted in a bounded sample of one table: counts only, no value ever comes here."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="profiles")
    schema_name = models.CharField(max_length=63, default="", blank=True)
    table = models.CharField(max_length=128)
    ordered_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, blank=True)
    ok = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, default="", blank=True)
    sampled = models.PositiveIntegerField(default=0)
    rows = models.BigIntegerField(default=-1)
    columns = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("source", "schema_name", "table")
        constraints = (models.UniqueConstraint(fields=("source", "schema_name", "table"), name="source_profile_once"),)
