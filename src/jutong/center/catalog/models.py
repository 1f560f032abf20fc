from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from jutong.center.catalog import enums
from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class Entry(models.Model):
    """A catalog entry: one thing a department holds. What it says stands in its versions."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="entries")
    published = models.OneToOneField(
        "EntryVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="published_for"
    )
    published_name = models.CharField(max_length=128, default="", db_index=True)
    share_attribute = models.CharField(
        max_length=16, choices=enums.ShareAttribute, default="", blank=True, db_index=True
    )
    domain = models.CharField(max_length=32, default="", blank=True)
    update_cycle = models.CharField(max_length=16, choices=enums.UpdateCycle, default="", blank=True)
    grade = models.CharField(max_length=16, choices=enums.Grade, default="", blank=True)
    data_format = models.CharField(max_length=16, choices=enums.DataFormat, default="", blank=True)
    is_open = models.BooleanField(default=False)
    quality = models.PositiveSmallIntegerField(null=True, blank=True)
    """Conformance score 0 to 100 of the published version; null until it was run."""
    is_bound = models.BooleanField(default=False, db_index=True)
    use_count = models.PositiveIntegerField(default=0)
    search_name = models.CharField(max_length=256, default="", blank=True)
    search_text = models.TextField(default="", blank=True)
    search_tokens = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("code",)
        indexes = (
            GinIndex(fields=("search_tokens",), name="entry_search"),
            models.Index(
                fields=("-is_bound", "-use_count", "code"),
                condition=Q(published__isnull=False),
                name="entry_published_order",
            ),
        )

    def __str__(self) -> str:
        return self.published_name or self.code


class EntryVersion(models.Model):
    """What an entry says at one time: the nine matters of 条例 13 over the core metadata of 1272号."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=enums.VersionState, default=enums.VersionState.DRAFT)
    name = models.CharField(max_length=128)
    summary = models.CharField(max_length=1000, default="", blank=True)
    classification = models.CharField(max_length=32, default="", blank=True)
    domain = models.CharField(max_length=32, default="", blank=True)
    data_format = models.CharField(max_length=16, choices=enums.DataFormat, default="", blank=True)
    update_cycle = models.CharField(max_length=16, choices=enums.UpdateCycle, default="", blank=True)
    share_attribute = models.CharField(max_length=16, choices=enums.ShareAttribute, default="", blank=True)
    share_way = models.CharField(max_length=16, choices=enums.ShareWay, default="", blank=True)
    share_scope = models.CharField(max_length=500, default="", blank=True)
    share_purpose = models.CharField(max_length=500, default="", blank=True)
    use_conditions = models.CharField(max_length=500, default="", blank=True)
    refusal_reason = models.CharField(max_length=500, default="", blank=True)
    basis_kind = models.CharField(max_length=16, choices=enums.BasisKind, default="", blank=True)
    basis_title = models.CharField(max_length=128, default="", blank=True)
    basis_article = models.CharField(max_length=64, default="", blank=True)
    grade = models.CharField(max_length=16, choices=enums.Grade, default="", blank=True)
    is_open = models.BooleanField(default=False)
    not_secret = models.BooleanField(default=False)
    origin = models.CharField(max_length=200, default="", blank=True)
    format_type = models.CharField(max_length=32, default="", blank=True)
    share_channel = models.CharField(max_length=16, choices=enums.ShareChannel, default=enums.ShareChannel.PLATFORM)
    open_condition = models.CharField(max_length=500, default="", blank=True)
    related_codes = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    extra_classes = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    extensions = models.JSONField(default=dict, blank=True)
    template = models.CharField(max_length=64, default="", blank=True)
    kind = models.CharField(max_length=16, choices=enums.VersionKind, default=enums.VersionKind.CONTENT)
    change_note = models.CharField(max_length=500, default="", blank=True)
    """Why this version was made: what changed, or why the entry is taken down."""
    effective_from = models.DateField(null=True, blank=True)
    """The day from which what it says holds; set when published where the department named none."""
    trigger = models.CharField(
        max_length=16, choices=enums.UpdateTrigger, default=enums.UpdateTrigger.VOLUNTARY, blank=True
    )
    writers = ArrayField(models.UUIDField(), default=list, blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    consented_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    consented_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    return_code = models.CharField(max_length=32, default="", blank=True)
    return_reason = models.CharField(max_length=1000, default="", blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("entry", "-number")
        constraints = (
            models.UniqueConstraint(fields=("entry", "number"), name="version_number_once"),
            models.UniqueConstraint(
                fields=("entry",),
                condition=Q(state__in=("draft", "assessed", "consented", "submitted", "returned")),
                name="one_open_version_per_entry",
            ),
            models.CheckConstraint(
                condition=Q(consented_by=None, consented_at=None)
                | Q(consented_by__isnull=False, consented_at__isnull=False),
                name="version_consent_paired",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="version_decision_paired",
            ),
            models.UniqueConstraint(
                fields=("entry",), condition=Q(state="published"), name="one_published_version_per_entry"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("published", "superseded")) | Q(published_at__isnull=False),
                name="published_version_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state="submitted") | Q(submitted_at__isnull=False, consented_at__isnull=False),
                name="submitted_version_is_consented",
            ),
            models.CheckConstraint(condition=~Q(state="returned") | ~Q(return_reason=""), name="return_gives_reason"),
            models.CheckConstraint(
                condition=~Q(state__in=("published", "superseded"), share_attribute="none")
                | ~(Q(refusal_reason="") | Q(basis_kind="") | Q(basis_title="") | Q(basis_article="")),
                name="not_shared_names_its_basis",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"


class Item(models.Model):
    """信息项: one field of an entry version."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(EntryVersion, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=64)
    column = models.CharField(max_length=63, default="", blank=True)
    data_type = models.CharField(max_length=1, choices=enums.DataType)
    length = models.PositiveIntegerField(null=True, blank=True)
    is_key = models.BooleanField(default=False)
    is_personal = models.BooleanField(default=False)
    is_sensitive = models.BooleanField(default=False)
    grade = models.CharField(max_length=16, choices=enums.Grade, default=enums.Grade.G1)
    widest_mode = models.CharField(max_length=8, choices=enums.FieldMode, default=enums.FieldMode.PLAIN)
    mask = models.CharField(max_length=16, default="all")
    note = models.CharField(max_length=200, default="", blank=True)
    english_name = models.CharField(max_length=64, default="", blank=True)
    element = models.CharField(max_length=32, default="", blank=True, db_index=True)
    code_table = models.CharField(max_length=64, default="", blank=True)
    source_code = models.CharField(max_length=64, default="", blank=True)
    share_attribute = models.CharField(max_length=16, choices=enums.ShareAttribute, default="", blank=True)
    is_open = models.BooleanField(default=False)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("version", "name"), name="item_name_once"),
            models.UniqueConstraint(fields=("version", "position"), name="item_position_once"),
        )

    def __str__(self) -> str:
        return self.name


class Assessment(models.Model):
    """One of the two assessments 条例 13 asks for, with result, person, date and the document's text."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(EntryVersion, on_delete=models.CASCADE, related_name="assessments")
    kind = models.CharField(max_length=16, choices=enums.AssessmentKind)
    passed = models.BooleanField()
    conclusion = models.CharField(max_length=1000)
    assessed_by = models.CharField(max_length=64)
    assessed_on = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("version", "kind"), name="assessment_once"),)


class Binding(models.Model):
    """挂接: what really stands behind an entry. One open binding per entry.

    A table is found by introspection; files, services, streams and video channels are registered with their
    ``place`` (protocol, address, path, channel), never with a secret. Health comes only from a node's probes.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="bindings")
    kind = models.CharField(max_length=16, choices=enums.BindingKind, default=enums.BindingKind.TABLE)
    source = models.CharField(max_length=64)
    schema_name = models.CharField(max_length=63, default="", blank=True)
    table = models.CharField(max_length=128, default="", blank=True)
    place = models.JSONField(default=dict, blank=True)
    fresh_column = models.CharField(max_length=63, default="", blank=True)
    """Column that says when a row was last changed; the probe reads its newest value."""
    health = models.CharField(max_length=16, choices=enums.BindingHealth, default=enums.BindingHealth.UNKNOWN)
    problems = models.JSONField(default=list, blank=True)
    rows = models.BigIntegerField(null=True, blank=True)
    newest_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    usual_rows = models.BigIntegerField(null=True, blank=True)
    """Rows that were normal so far, against which a sudden loss is seen; it follows every look but such a one."""
    columns = models.JSONField(default=dict)
    row_estimate = models.BigIntegerField(default=0)
    bound_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    bound_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("entry",), condition=Q(ended_at=None), name="one_open_binding_per_entry"),
        )

    @property
    def is_table(self) -> bool:
        """Whether it is a table or view, which alone can be read field by field."""
        return self.kind == enums.BindingKind.TABLE

    @property
    def where(self) -> str:
        """Where it stands, in one line."""
        if self.is_table:
            return f"{self.schema_name}.{self.table}" if self.schema_name else self.table
        address, path, channel = (str(self.place.get(name) or "") for name in ("address", "path", "channel"))
        whole = "/".join(part.strip("/") for part in (address, path) if part.strip("/"))
        return " ".join(part for part in (whole or "/", channel) if part)


class UnboundFlag(models.Model):
    """A published entry that stood with nothing behind it for too long (VC-12): told once, gone when it is bound."""

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, primary_key=True, related_name="unbound_flag")
    since = models.DateTimeField()
    """From when on nothing was bound: publication, or the end of the last binding."""
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.entry_id)


class EntryClass(models.Model):
    """A further class of an entry with the resource code it has there (1272号: one resource, several classes)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="classes")
    classification = models.CharField(max_length=32)
    code = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entry", "classification"), name="entry_class_once"),)


class EntryChange(models.Model):
    """A line of the catalog's change feed, numbered in the order in which the changes became visible.

    Search indexes and cascading nodes read it with a cursor; ``changes.tell`` is the only writer.
    """

    sequence = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=16, choices=enums.ChangeKind)
    version = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        ordering = ("sequence",)


class CatalogTemplate(models.Model):
    """An edition of the compilation template that was loaded here; rows are never changed (条例 12)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    edition = models.CharField(max_length=63)
    version = models.PositiveIntegerField()
    division = models.CharField(max_length=6, default="", blank=True)
    """Code of the division it binds, empty for all."""
    effective_from = models.DateField()
    document = models.JSONField()
    loaded_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ("-effective_from", "-loaded_at")
        constraints = (models.UniqueConstraint(fields=("edition", "version"), name="template_version_once"),)

    def __str__(self) -> str:
        return f"{self.edition}.{self.version}"


class SavedSearch(models.Model):
    """关注的检索: a search a department keeps; ``cursor`` is how far the change feed was looked through for it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="saved_searches")
    role = models.CharField(max_length=16)
    name = models.CharField(max_length=64)
    q = models.CharField(max_length=100, default="", blank=True)
    facets = models.JSONField(default=dict)
    cursor = models.BigIntegerField(default=0, db_index=True)
    found_count = models.PositiveIntegerField(default=0)
    found_at = models.DateTimeField(null=True, blank=True)
    created_by_name = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "q", "facets"), name="search_saved_once"),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.name


class CodeCounter(models.Model):
    """The last sequence number given under a classification code; locked while a code is allocated."""

    classification = models.CharField(max_length=32, primary_key=True)
    last = models.PositiveIntegerField(default=0)


# at the end, because they refer to the models above by name, and Django looks for models here
from jutong.center.catalog import life as life  # noqa: E402, PLC0414
