from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.correction import enums
from jutong.center.fleet.models import Node
from jutong.center.org.models import Organisation, User
from jutong.center.sharing.models import Grant
from jutong.kernel.ids import uuid7

_ANSWERED = ("answered", "travelling")
_OVER = ("closed", "withdrawn")


class Correction(models.Model):
    """校核申请 (条例 26): a doubt about one row of an entry, its verification and the travel of the new value.

    What is said of the person, key, claimed and corrected values, words and reasons, stands in two boxes only the
    instance can open; see ``boxes``.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="corrections")
    version = models.ForeignKey(EntryVersion, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    responsible = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="corrections_to_answer")
    raiser = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="corrections_raised")
    origin = models.CharField(max_length=12, choices=enums.Origin)
    grant = models.ForeignKey(Grant, null=True, blank=True, on_delete=models.PROTECT, related_name="corrections")
    record_id = models.CharField(max_length=36, default="", blank=True)
    complaint_id = models.UUIDField(null=True, blank=True, db_index=True)
    kind = models.CharField(max_length=16, choices=enums.DoubtKind)
    urgency = models.CharField(max_length=8, choices=enums.Urgency, default=enums.Urgency.NORMAL)
    business = models.CharField(max_length=200, default="", blank=True)
    items = models.JSONField()
    key_items = models.JSONField()
    key_tag = models.CharField(max_length=64)
    claim = models.BinaryField()
    locator = models.TextField(default="", blank=True)
    """Where a node found the row by comparison: its key in a box for the source's node; nobody here can open it."""
    also = models.JSONField(default=list, blank=True)
    """Codes of entries whose data was made of this row; who received those is told as well."""
    state = models.CharField(
        max_length=12, choices=enums.CorrectionState, default=enums.CorrectionState.RAISED, db_index=True
    )
    finding = models.CharField(max_length=8, choices=enums.Finding, default="", blank=True)
    answer = models.BinaryField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    """When the raising department took the answer."""
    closed_at = models.DateTimeField(null=True, blank=True)
    archive_number = models.CharField(max_length=40, default="", blank=True)
    dispute_number = models.CharField(max_length=32, default="", blank=True)
    node = models.ForeignKey(Node, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=64, default="", blank=True)
    schema_name = models.CharField(max_length=63, default="", blank=True)
    table = models.CharField(max_length=128, default="", blank=True)
    columns = models.JSONField(default=dict)
    mark = models.CharField(max_length=12, choices=enums.MarkState, default=enums.MarkState.NONE)
    mark_problem = models.CharField(max_length=500, default="", blank=True)
    marked_at = models.DateTimeField(null=True, blank=True)
    unmarked_at = models.DateTimeField(null=True, blank=True)
    matched = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=("entry", "state"), name="correction_by_entry"),)
        constraints = (
            models.UniqueConstraint(
                fields=("entry", "key_tag", "raiser"),
                condition=~Q(state__in=_OVER),
                name="one_open_correction_per_row",
            ),
            models.CheckConstraint(
                condition=Q(finding="", answer=None, answered_by=None, answered_at=None)
                | (~Q(finding="") & Q(answer__isnull=False, answered_by__isnull=False, answered_at__isnull=False)),
                name="correction_answer_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_ANSWERED) | ~Q(finding=""), name="correction_answered_with_finding"
            ),
            models.CheckConstraint(
                condition=~Q(state="travelling") | Q(finding__in=("true", "partly")),
                name="correction_travels_if_upheld",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("created_by")), name="correction_two_people"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__gte=F("created_at")), name="correction_answer_after"
            ),
            models.CheckConstraint(
                condition=Q(state__in=_OVER, closed_at__isnull=False) | (~Q(state__in=_OVER) & Q(closed_at=None)),
                name="correction_closed_paired",
            ),
        )

    def __str__(self) -> str:
        return self.number


class Recipient(models.Model):
    """下游通知名单: one grant whose holder had received the row, and when it had the corrected value."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="recipients")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    way = models.CharField(max_length=4, choices=enums.ReceiptWay, default="", blank=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("found_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("correction", "grant"), name="recipient_once"),
            models.CheckConstraint(
                condition=Q(way="", confirmed_at=None, confirmed_by=None)
                | Q(way="feed", confirmed_at__isnull=False, confirmed_by=None)
                | Q(way="hand", confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="recipient_confirmed_whole",
            ),
        )


class CorrectionStep(models.Model):
    """One step of a case as it happened; rows are only added. ``note`` holds counts and choices, no value."""

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="steps")
    event = models.CharField(max_length=12, default="", blank=True)
    """Empty for the first: the case was raised."""
    state = models.CharField(max_length=12, choices=enums.CorrectionState)
    name = models.CharField(max_length=64)
    organisation_name = models.CharField(max_length=128, default="", blank=True)
    note = models.CharField(max_length=500, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)

    @property
    def label(self) -> str:
        """What happened, as people read it."""
        return str(enums.CorrectionEvent(self.event).label if self.event else _("提出校核申请"))


class Material(models.Model):
    """佐证材料: a picture or PDF, closed like everything said of a person. Its name is in the box too."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="materials")
    media_type = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    box = models.BinaryField()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("correction", "digest"), name="material_once"),)


class Trace(models.Model):
    """溯源: a node was asked which of its access records concern what somebody looked up."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_kind = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+")
    entry_code = models.CharField(max_length=64, default="", blank=True)
    ordered_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    is_complete = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ("-ordered_at", "node")
        indexes = (models.Index(fields=("subject_kind", "subject_id"), name="trace_by_subject"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(answered_at__isnull=False) | Q(is_complete=False), name="trace_complete_when_answered"
            ),
        )


class TraceHit(models.Model):
    """One access record a trace found."""

    trace = models.ForeignKey(Trace, on_delete=models.CASCADE, related_name="hits")
    record_id = models.CharField(max_length=36, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("trace", "record_id"), name="hit_once"),)
