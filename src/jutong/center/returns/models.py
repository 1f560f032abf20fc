from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.org.models import InformationSystem, Organisation, User
from jutong.center.returns import enums
from jutong.center.sharing.enums import Frequency, UseWay
from jutong.center.sharing.models import Application
from jutong.kernel.ids import uuid7


class ReturnFlow(models.Model):
    """回流: what an upper department's entry says about a lower area, given back to it (条例 24).

    There is no field for conditions: the law allows none. The rows are chosen by the asker's own division and
    nothing else.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=16, choices=enums.ReturnState, db_index=True)
    requester = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="returns_asked")
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="returns_owed")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="returns")
    version = models.ForeignKey(EntryVersion, on_delete=models.PROTECT, related_name="+")
    system = models.ForeignKey(InformationSystem, on_delete=models.PROTECT, related_name="+")
    division_code = models.CharField(max_length=12)
    """The asker's own division; the rows of no other area are returned."""
    basis = models.CharField(max_length=500)
    scenario = models.CharField(max_length=500)
    share_way = models.CharField(max_length=16, choices=UseWay)
    frequency = models.CharField(max_length=16, choices=Frequency)
    note = models.CharField(max_length=500, default="", blank=True)
    """What the upper department says on what a row means and how it is counted."""
    application = models.OneToOneField(
        Application, null=True, blank=True, on_delete=models.PROTECT, related_name="return_flow"
    )
    """The share it runs on, made by the confirmation."""
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_index=True)
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    supplied_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("requester", "entry"), condition=Q(ended_at=None), name="one_open_return_an_entry"
            ),
            models.CheckConstraint(condition=~Q(requester=F("provider")), name="return_between_two"),
            models.CheckConstraint(
                condition=~Q(state__in=("docking", "returning", "short"))
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False, application__isnull=False),
                name="return_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("returning", "short")) | Q(supplied_at__isnull=False),
                name="return_supplied_dated",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("withdrawn", "ended"), ended_at__isnull=False)
                | (~Q(state__in=("withdrawn", "ended")) & Q(ended_at=None)),
                name="return_end_dated",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.version.name}"


class ReturnItem(models.Model):
    """One item that is returned; ``left_out`` says why the upper department does not have it."""

    flow = models.ForeignKey(ReturnFlow, on_delete=models.CASCADE, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    left_out = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ("item__position",)
        constraints = (models.UniqueConstraint(fields=("flow", "item"), name="returned_once"),)


class Cycle(models.Model):
    """One comparison: how many rows the upper department says lie in the area, how many came, how many are held.

    ``fetched`` is counted from the access records; the two others are what each side says.
    """

    flow = models.ForeignKey(ReturnFlow, on_delete=models.PROTECT, related_name="cycles")
    counted = models.PositiveBigIntegerField()
    counted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    counted_at = models.DateTimeField()
    fetched = models.PositiveBigIntegerField(null=True, blank=True)
    held = models.PositiveBigIntegerField(null=True, blank=True)
    compared_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    compared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("counted_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("flow",), condition=Q(compared_at=None), name="one_open_cycle"),
            models.CheckConstraint(
                condition=Q(held=None, compared_at=None) | Q(held__isnull=False, compared_at__isnull=False),
                name="cycle_compared_paired",
            ),
            models.CheckConstraint(
                condition=Q(compared_at=None) | Q(compared_at__gte=F("counted_at")), name="cycle_compared_later"
            ),
        )

    @property
    def gap(self) -> int | None:
        """How many rows are missing; less than none where more are held than counted."""
        return None if self.held is None else self.counted - self.held
