from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from jutong.center.catalog.models import Entry
from jutong.center.org.models import InformationSystem, Organisation, User
from jutong.center.ownership import enums
from jutong.kernel.ids import uuid7


class ItemSubject(models.Model):
    """What items of one division are about, whatever they are called: the thing that has one source (条例 19).

    Made from the published catalog by ``holdings.follow``; a row with a designation stays when nobody holds it.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    division_code = models.CharField(max_length=12)
    key = models.CharField(max_length=240)
    """Element code or normalised name, as ``meaning.subject_key`` makes it."""
    name = models.CharField(max_length=64)
    element = models.CharField(max_length=32, default="", blank=True)
    organisation_count = models.PositiveIntegerField(default=0)
    entry_count = models.PositiveIntegerField(default=0)
    tokens = ArrayField(models.CharField(max_length=64), default=list, blank=True)

    class Meta:
        ordering = ("-organisation_count", "-entry_count", "key")
        constraints = (models.UniqueConstraint(fields=("division_code", "key"), name="subject_once"),)
        indexes = (
            GinIndex(fields=("tokens",), name="subject_tokens"),
            models.Index(
                fields=("division_code", "-organisation_count", "-entry_count", "key"),
                condition=Q(organisation_count__gt=1),
                name="subject_overlap",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Holding(models.Model):
    """One item of a published entry as the holding of its department."""

    subject = models.ForeignKey(ItemSubject, on_delete=models.PROTECT, related_name="holdings")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="holdings")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="holdings")
    item_name = models.CharField(max_length=64)
    is_key = models.BooleanField(default=False)
    is_shared = models.BooleanField(default=True)
    """Whether neither the entry nor the item is 不予共享."""

    class Meta:
        ordering = ("organisation", "entry", "item_name")
        constraints = (models.UniqueConstraint(fields=("entry", "item_name"), name="holding_once"),)


class FeedPosition(models.Model):
    """How far a follower of the catalog's change feed has come."""

    name = models.CharField(max_length=32, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    basis = models.CharField(max_length=64, default="", blank=True)
    """By which words and data elements what it read was understood."""


class SourceDesignation(models.Model):
    """数源部门 of one subject: who answers for it, in which entry, since when and on what document (条例 19(2))."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(ItemSubject, on_delete=models.PROTECT, related_name="designations")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="designations")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="designations")
    state = models.CharField(max_length=16, choices=enums.DesignationState, default=enums.DesignationState.PROPOSED)
    basis = models.CharField(max_length=500)
    answer_by = models.DateField()
    """Until this day the departments are heard; nobody's silence holds the authority up longer."""
    effective_on = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ("-proposed_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("subject",), condition=Q(state="designated"), name="one_source"),
            models.UniqueConstraint(fields=("subject",), condition=Q(state="proposed"), name="one_proposal"),
            models.CheckConstraint(
                condition=~Q(state="designated") | Q(effective_on__isnull=False, decided_at__isnull=False),
                name="designation_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state="revoked") | (Q(revoked_at__isnull=False) & ~Q(revoke_reason="")),
                name="revocation_gives_reason",
            ),
        )


class Position(models.Model):
    """What a department that holds the subject said to a proposal; these are the 协同部门 afterwards."""

    designation = models.ForeignKey(SourceDesignation, on_delete=models.CASCADE, related_name="positions")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="positions")
    stance = models.CharField(max_length=16, choices=enums.Stance, default="", blank=True)
    text = models.CharField(max_length=500, default="", blank=True)
    stated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("organisation",)
        constraints = (
            models.UniqueConstraint(fields=("designation", "organisation"), name="position_once"),
            models.CheckConstraint(condition=Q(stance="") | Q(stated_at__isnull=False), name="position_is_dated"),
        )


class CollectionPlan(models.Model):
    """A form, system or project that will ask people for data, registered before it does (条例 19(1))."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="collection_plans")
    kind = models.CharField(max_length=16, choices=enums.PlanKind)
    name = models.CharField(max_length=128)
    purpose = models.CharField(max_length=1000)
    """What duty it serves and on what basis it asks."""
    state = models.CharField(max_length=16, choices=enums.PlanState, default=enums.PlanState.DRAFT)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, default="", blank=True)

    class Meta:
        ordering = ("-changed_at", "-id")
        constraints = (
            models.CheckConstraint(condition=~Q(state="returned") | ~Q(decision_note=""), name="plan_return_reasoned"),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "returned")) | Q(decided_at__isnull=False), name="plan_decided"
            ),
        )

    def __str__(self) -> str:
        return self.name


class PlanField(models.Model):
    """One thing a plan asks people for, and what the department does about what is shared already."""

    plan = models.ForeignKey(CollectionPlan, on_delete=models.CASCADE, related_name="fields")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=64)
    meaning = models.CharField(max_length=200, default="", blank=True)
    choice = models.CharField(max_length=16, choices=enums.FieldChoice, default="", blank=True)
    entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """The entry it is taken from where it is reused."""
    justification = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("plan", "position"), name="plan_field_position_once"),
            models.UniqueConstraint(fields=("plan", "name"), name="plan_field_name_once"),
            models.CheckConstraint(condition=~Q(choice="reuse") | Q(entry__isnull=False), name="reuse_names_entry"),
            models.CheckConstraint(condition=~Q(choice="justify") | ~Q(justification=""), name="justify_gives_reason"),
        )


class FieldHit(models.Model):
    """An item shared already that a field asks for again, with how it was found and how sure that is."""

    field = models.ForeignKey(PlanField, on_delete=models.CASCADE, related_name="hits")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    item_name = models.CharField(max_length=64)
    way = models.CharField(max_length=16, choices=enums.HitWay)
    confidence = models.PositiveSmallIntegerField()
    """0 to 100."""
    is_source = models.BooleanField(default=False)
    """Whether the entry is the designated source's."""

    class Meta:
        ordering = ("-is_source", "-confidence", "id")
        constraints = (
            models.UniqueConstraint(fields=("field", "entry", "item_name"), name="field_hit_once"),
            models.CheckConstraint(condition=Q(confidence__lte=100), name="confidence_to_hundred"),
        )


class EntrySystem(models.Model):
    """An information system from which an entry comes."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="from_systems")
    system = models.ForeignKey(InformationSystem, on_delete=models.PROTECT, related_name="entry_links")
    linked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entry", "system"), name="entry_system_once"),)


class WithholdingReview(models.Model):
    """The authority's review of an entry on 负面清单: document number and the day it is looked at again."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="withholding_review")
    document_number = models.CharField(max_length=64)
    reviewed_on = models.DateField()
    review_again_on = models.DateField()
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(review_again_on__gt=models.F("reviewed_on")), name="review_again_later"),
        )
