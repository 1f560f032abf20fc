from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Entry
from jutong.center.complaint import enums
from jutong.center.org.models import Organisation, User
from jutong.center.sharing.models import Grant
from jutong.kernel.ids import uuid7

_OVER = ("closed", "withdrawn")


class Coded(models.Model):
    """Something a person outside follows with a number and a code; only the code's digest is kept."""

    code_digest = models.CharField(max_length=64)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Complaint(Coded):
    """投诉举报 (条例 37), brought from outside the login wall. What it says lies in boxes; see ``correction.boxes``."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=12, choices=enums.ComplaintKind)
    receiver = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="complaints")
    entry = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    record_id = models.CharField(max_length=36, default="", blank=True)
    state = models.CharField(
        max_length=12, choices=enums.ComplaintState, default=enums.ComplaintState.RECEIVED, db_index=True
    )
    words = models.BinaryField()
    answer = models.BinaryField(null=True, blank=True)
    review = models.BinaryField(null=True, blank=True)
    received_at = models.DateTimeField()
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-received_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(answer=None, answered_by=None, answered_at=None)
                | Q(answer__isnull=False, answered_by__isnull=False, answered_at__isnull=False),
                name="complaint_answer_whole",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None, reviewed_at=None)
                | Q(review__isnull=False, reviewed_by__isnull=False, reviewed_at__isnull=False),
                name="complaint_review_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("answered", "reviewing")) | Q(answered_at__isnull=False),
                name="complaint_answered_with_text",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("answered_by")), name="complaint_two_people"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__gte=F("received_at")), name="complaint_answer_after"
            ),
            models.CheckConstraint(
                condition=Q(state__in=_OVER, closed_at__isnull=False) | (~Q(state__in=_OVER) & Q(closed_at=None)),
                name="complaint_closed_paired",
            ),
        )

    def __str__(self) -> str:
        return self.number


class ComplaintStep(models.Model):
    """One step of a complaint as it happened; rows are only added."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="steps")
    event = models.CharField(max_length=12, default="", blank=True)
    state = models.CharField(max_length=12, choices=enums.ComplaintState)
    name = models.CharField(max_length=64, default="", blank=True)
    organisation_name = models.CharField(max_length=128, default="", blank=True)
    note = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)

    @property
    def label(self) -> str:
        """What happened, as people read it."""
        return str(enums.ComplaintEvent(self.event).label if self.event else _("收到"))


class Inquiry(Coded):
    """本人查询 (个人信息保护法 45): who used my data, after the counter has checked who asks."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    receiver = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="inquiries")
    document = models.CharField(max_length=16, choices=enums.DocumentKind)
    is_agent = models.BooleanField(default=False)
    """Whether somebody with a written mandate asked for the person."""
    person = models.BinaryField(null=True, blank=True)
    state = models.CharField(
        max_length=12, choices=enums.InquiryState, default=enums.InquiryState.TRACING, db_index=True
    )
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-checked_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="closed", person=None, closed_at__isnull=False)
                | (~Q(state="closed") & Q(person__isnull=False, closed_at=None)),
                name="inquiry_erased_when_closed",
            ),
            models.CheckConstraint(condition=Q(valid_until__gt=F("checked_at")), name="inquiry_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(ready_at__isnull=False), name="inquiry_ready_paired"
            ),
        )

    def __str__(self) -> str:
        return self.number


class Secrecy(models.Model):
    """A legal basis not to tell a person of uses under a grant yet, with the day it ends (个人信息保护法 35)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="secrecies")
    basis_title = models.CharField(max_length=128)
    basis_article = models.CharField(max_length=64)
    stated_on = models.DateField()
    until = models.DateField(db_index=True)
    stated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField()
    disclosed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-stated_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("grant",), condition=Q(disclosed_at=None), name="one_open_secrecy_per_grant"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("stated_on")), name="secrecy_ends_after_start"),
        )
