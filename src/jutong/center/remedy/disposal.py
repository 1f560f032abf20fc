from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from jutong.center.org.models import User
from jutong.center.remedy.enums import CopyKind, DisposalMethod, DisposalState
from jutong.center.sharing.models import Grant
from jutong.kernel.ids import uuid7


class Disposal(models.Model):
    """处置: what a requester does with the data it received once its grant has ended (条例 27(1))."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="disposal")
    state = models.CharField(max_length=16, choices=DisposalState, db_index=True)
    reason = models.CharField(max_length=500)
    """Why the grant ended."""
    round = models.PositiveSmallIntegerField(default=1)
    opened_at = models.DateTimeField()
    reported_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, default="", blank=True)
    """What the provider said of the report last."""
    problem = models.CharField(max_length=500, default="", blank=True)
    """Why the proof failed, until the provider looks at it again."""
    seen_until = models.DateTimeField(null=True, blank=True)
    """Answers after the end up to here were looked into by the provider."""
    disposed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(reported_by=None, reported_at=None)
                | Q(reported_by__isnull=False, reported_at__isnull=False),
                name="disposal_report_paired",
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None, verified_at=None)
                | Q(verified_by__isnull=False, verified_at__isnull=False),
                name="disposal_check_paired",
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=F("reported_by")), name="disposal_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(disposed_at=None) | Q(state="disposed", verified_at__isnull=False),
                name="disposed_after_check",
            ),
        )

    def __str__(self) -> str:
        return self.number


class DisposalCopy(models.Model):
    """One copy that has to go: where it is, and what was done with it."""

    disposal = models.ForeignKey(Disposal, on_delete=models.PROTECT, related_name="copies")
    kind = models.CharField(max_length=16, choices=CopyKind)
    place = models.CharField(max_length=200)
    from_ledger = models.BooleanField(default=False)
    """Whether the usage ledger told of it; such a copy cannot be left out."""
    method = models.CharField(max_length=16, choices=DisposalMethod, default="", blank=True)
    done_on = models.DateField(null=True, blank=True)
    witness = models.CharField(max_length=64, default="", blank=True)
    basis = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("disposal", "kind", "place"), name="copy_named_once"),
            models.CheckConstraint(condition=~Q(place=""), name="copy_is_somewhere"),
            models.CheckConstraint(
                condition=Q(method="", done_on=None) | (~Q(method="") & Q(done_on__isnull=False)),
                name="copy_method_paired",
            ),
            models.CheckConstraint(condition=~Q(method="keep") | ~Q(basis=""), name="kept_copy_names_the_law"),
        )


class Certificate(models.Model):
    """销毁证明: the report of one round as a document with its digest; written once."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    disposal = models.ForeignKey(Disposal, on_delete=models.PROTECT, related_name="certificates")
    round = models.PositiveSmallIntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=71)
    signature = models.JSONField(null=True)
    """Of the requester's organisation over the canonical text: ``alg``, ``key_id``, ``public_key``, ``signature``."""
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("-round",)
        constraints = (models.UniqueConstraint(fields=("disposal", "round"), name="one_certificate_a_round"),)
