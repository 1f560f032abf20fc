"""What an office brings to every application: the duties it acts on, and who may consent in its head's place."""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class Duty(models.Model):
    """职责: one duty of an organisation, on which it may ask for data; never changed, only closed and made anew."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="duties")
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    basis = models.CharField(max_length=500)
    """The law, regulation or decision with its article, or the document that lays down the duty."""
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("code", "created_at")
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "code"), condition=Q(closed_at=None), name="duty_code_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class DaySpan(Func):
    """The days of a span, both included."""

    function = "daterange"
    output_field = DateRangeField()


class Delegation(models.Model):
    """代办: a 工作机构负责人 lets one other person of the office consent between two days, both included."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="delegations")
    head = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_made")
    delegate = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_held")
    valid_from = models.DateField()
    valid_until = models.DateField()
    reason = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-valid_from", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="delegation_ends_after_start"),
            models.CheckConstraint(condition=~Q(head=F("delegate")), name="delegation_to_another"),
            ExclusionConstraint(
                name="one_delegate_at_a_time",
                expressions=(
                    ("organisation", RangeOperators.EQUAL),
                    ("head", RangeOperators.EQUAL),
                    (DaySpan("valid_from", "valid_until", RangeBoundary(True, True)), RangeOperators.OVERLAPS),
                ),
                condition=Q(revoked_at=None),
            ),
        )
