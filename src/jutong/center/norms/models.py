"""Data elements in versions, code tables in editions, and what conformance runs found."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from jutong.center.catalog.enums import DataType
from jutong.center.norms import enums
from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class DataElement(models.Model):
    """数据元: one standard definition that items of many entries follow. What it says stands in its versions."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=32, unique=True)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="elements"
    )
    """Who answers for it; null for the library that ships with the platform."""
    published = models.OneToOneField(
        "ElementVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="published_for"
    )
    published_name = models.CharField(max_length=64, default="", blank=True, db_index=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.published_name or self.code


class ElementVersion(models.Model):
    """What a data element says at one time."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    element = models.ForeignKey(DataElement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=enums.ElementState, default=enums.ElementState.DRAFT)
    name = models.CharField(max_length=64)
    english_name = models.CharField(max_length=64)
    synonyms = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    definition = models.CharField(max_length=500)
    data_type = models.CharField(max_length=1, choices=DataType)
    length = models.PositiveIntegerField(null=True, blank=True)
    precision = models.PositiveSmallIntegerField(null=True, blank=True)
    pattern = models.CharField(max_length=200, default="", blank=True)
    value_domain = models.CharField(max_length=500, default="", blank=True)
    code_table = models.CharField(max_length=64, default="", blank=True)
    standard = models.CharField(max_length=128, default="", blank=True)
    effective_from = models.DateField(null=True, blank=True)
    effective_to = models.DateField(null=True, blank=True)
    change_note = models.CharField(max_length=500, default="", blank=True)
    proposed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    return_reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ("element", "-number")
        constraints = (
            models.UniqueConstraint(fields=("element", "number"), name="element_version_once"),
            models.UniqueConstraint(
                fields=("element",),
                condition=Q(state__in=("draft", "submitted", "returned")),
                name="one_open_version_per_element",
            ),
            models.UniqueConstraint(
                fields=("element",), condition=Q(state="published"), name="one_published_version_per_element"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("published", "superseded", "retired")) | Q(effective_from__isnull=False),
                name="published_element_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(return_reason=""), name="element_return_gives_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


class CodeTable(models.Model):
    """代码表: a list of codes with their names, in dated editions. Its key is what items and elements refer to."""

    key = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=128)
    name_en = models.CharField(max_length=128, default="", blank=True)
    standard = models.CharField(max_length=128, default="", blank=True)
    source = models.CharField(max_length=300, default="", blank=True)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="code_tables"
    )
    digest = models.CharField(max_length=64, default="", blank=True)
    """SHA-256 of the shipped content it was loaded from; empty for a table loaded by hand."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("key",)

    def __str__(self) -> str:
        return self.name


class CodeTableEdition(models.Model):
    """One edition of a code table: the day from which it is in force. Its values are those in force on that day."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    table = models.ForeignKey(CodeTable, on_delete=models.CASCADE, related_name="editions")
    name = models.CharField(max_length=64)
    effective_from = models.DateField()
    size = models.PositiveIntegerField()
    """How many codes are in force in it."""
    changed = models.PositiveIntegerField(default=0)
    """How many codes the edition before it has that this one has not, or names otherwise."""
    loaded_by = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ("table", "-effective_from")
        constraints = (models.UniqueConstraint(fields=("table", "effective_from"), name="code_edition_once"),)


class CodeValue(models.Model):
    """One code under one name during one span of editions; ``valid_to`` is the first day it is not in force."""

    id = models.BigAutoField(primary_key=True)
    table = models.ForeignKey(CodeTable, on_delete=models.CASCADE, related_name="values")
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, default="", blank=True)
    parent = models.CharField(max_length=32, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("table", "code", "valid_from")
        constraints = (
            models.UniqueConstraint(fields=("table", "code", "valid_from"), name="code_value_once"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="code_value_ends_after_it_began"
            ),
        )
        indexes = (models.Index(fields=("table", "valid_from", "valid_to"), name="code_value_span"),)


class CodeMapping(models.Model):
    """What became of a code at one edition: kept codes have no row; an empty ``target`` says that nothing follows."""

    id = models.BigAutoField(primary_key=True)
    table = models.ForeignKey(CodeTable, on_delete=models.CASCADE, related_name="mappings")
    on = models.DateField()
    """The edition from which the code no longer stands for what it did."""
    code = models.CharField(max_length=32)
    target = models.CharField(max_length=32, default="", blank=True)
    kind = models.CharField(max_length=16, choices=enums.MappingKind)
    certainty = models.CharField(max_length=16, choices=enums.Certainty)
    reason = models.CharField(max_length=200, default="", blank=True)
    decided_by = models.CharField(max_length=64, default="", blank=True)
    """Who settled it; empty for a mapping the rules derived."""

    class Meta:
        ordering = ("table", "code", "on", "target")
        constraints = (models.UniqueConstraint(fields=("table", "on", "code", "target"), name="code_mapping_once"),)
        indexes = (models.Index(fields=("table", "code"), name="code_mapping_of"),)


class ConformanceRun(models.Model):
    """One run of the executable norms over an entry, a department or a table, with every finding."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=enums.RunKind)
    subject = models.CharField(max_length=200, db_index=True)
    subject_label = models.CharField(max_length=200)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="conformance_runs")
    score = models.PositiveSmallIntegerField(null=True)
    """0 to 100; null when no rule had anything to look at."""
    entries = models.PositiveIntegerField(default=1)
    rules = models.JSONField(default=list)
    """Per rule: id, weight, checked, failed."""
    findings = models.JSONField(default=list)
    edition = models.CharField(max_length=32)
    """Version of the norms it was run with."""
    by = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("kind", "subject", "-at"), name="run_newest"),)
        constraints = (
            models.CheckConstraint(condition=Q(score=None) | Q(score__lte=100), name="run_score_is_a_share"),
        )
