from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from jutong.center.catalog.enums import ShareWay, UpdateCycle
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.demand import enums
from jutong.center.org.models import Organisation, User
from jutong.center.sharing.models import Application
from jutong.kernel.ids import uuid7


class Demand(models.Model):
    """需求: data a department needs for its duties, whether the catalog has it or not (条例 20(1))."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=16, choices=enums.DemandState, db_index=True)
    requester = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="demands")
    division_code = models.CharField(max_length=12, db_index=True)
    """Of the authority that docks it; a referral moves it up."""
    title = models.CharField(max_length=128)
    name_key = models.CharField(max_length=128, db_index=True)
    """The title in the one form in which names are compared."""
    basis = models.CharField(max_length=500)
    scenario = models.CharField(max_length=500)
    matter = models.CharField(max_length=128, default="", blank=True)
    frequency = models.CharField(max_length=16, choices=UpdateCycle, default="", blank=True)
    share_way = models.CharField(max_length=16, choices=ShareWay, default="", blank=True)
    urgency = models.CharField(max_length=16, choices=enums.Urgency, default=enums.Urgency.NORMAL)
    wanted_on = models.DateField(null=True, blank=True)
    division_filter = models.CharField(max_length=12, default="", blank=True)
    """Beginning of the codes of the divisions the data is about; empty for all."""
    expected_holder = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="demands_expected"
    )
    is_true = models.BooleanField(default=False)
    is_lawful = models.BooleanField(default=False)
    is_secured = models.BooleanField(default=False)
    holder = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="demands_assigned"
    )
    entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="demands")
    """What stands for it once something does."""
    draft = models.ForeignKey(EntryVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    """What its holder is making of it."""
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    close_reason = models.CharField(max_length=500, default="", blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(db_index=True)
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-stated_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False) | (~Q(state="merged") & Q(merged_into=None)),
                name="demand_merged_into_one",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")), name="demand_not_into_itself"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("matched", "cataloged", "applied", "met")) | Q(entry__isnull=False),
                name="demand_found_names_entry",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("assigned", "held", "cataloguing")) | Q(holder__isnull=False),
                name="demand_assigned_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(holder=None) | ~Q(holder=F("requester")), name="demand_holder_is_another"
            ),
            models.CheckConstraint(condition=~Q(state="closed") | ~Q(close_reason=""), name="demand_close_reasoned"),
            models.CheckConstraint(
                condition=Q(state__in=("merged", "met", "withdrawn", "closed"), ended_at__isnull=False)
                | (~Q(state__in=("merged", "met", "withdrawn", "closed")) & Q(ended_at=None)),
                name="demand_end_dated",
            ),
            models.CheckConstraint(condition=Q(is_true=True, is_lawful=True, is_secured=True), name="demand_declared"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class DemandItem(models.Model):
    """One item a need asks for."""

    demand = models.ForeignKey(Demand, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=64)
    meaning = models.CharField(max_length=200, default="", blank=True)
    key = models.CharField(max_length=64, db_index=True)
    """The name in the one form in which items are compared."""

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("demand", "position"), name="demand_item_position_once"),
            models.UniqueConstraint(fields=("demand", "key"), name="demand_item_once"),
        )


class Joiner(models.Model):
    """我也要: another department that has the need too."""

    demand = models.ForeignKey(Demand, on_delete=models.CASCADE, related_name="joiners")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="demands_joined")
    scenario = models.CharField(max_length=500)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint(fields=("demand", "organisation"), name="demand_joined_once"),)


class Match(models.Model):
    """An entry that may be what a need asks for, with the reasons; made by looking, never by deciding."""

    demand = models.ForeignKey(Demand, on_delete=models.CASCADE, related_name="matches")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()
    """0 to 100."""
    reasons = models.JSONField(default=list)
    """Rows of ``way``, and for an item ``asked``, ``found`` and ``confidence``."""

    class Meta:
        ordering = ("-score", "id")
        constraints = (
            models.UniqueConstraint(fields=("demand", "entry"), name="demand_match_once"),
            models.CheckConstraint(condition=Q(score__lte=100), name="demand_score_to_hundred"),
        )


class Assignment(models.Model):
    """One question to one presumed holder and its answer; rows are added, never changed after the answer."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="assignments")
    holder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, default="", blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answer = models.CharField(max_length=16, choices=enums.HolderAnswer, default="", blank=True)
    basis = models.CharField(max_length=500, default="", blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    """When it was answered or called off."""

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(fields=("demand",), condition=Q(ended_at=None), name="one_open_assignment"),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & ~Q(basis="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="assignment_answer_reasoned",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__gte=F("at"), ended_at__isnull=False),
                name="assignment_answered_later",
            ),
        )


class DemandApplication(models.Model):
    """An application that came of a need, one open at a time for each department."""

    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="applications")
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="from_demand")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    supplied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("at", "id")
