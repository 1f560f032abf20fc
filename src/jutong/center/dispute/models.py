from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from jutong.center.dispute import enums
from jutong.center.org.models import Organisation, User
from jutong.kernel.ids import uuid7


class Dispute(models.Model):
    """争议: a disagreement of two departments on its way through the three stages of 条例 28."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=16, choices=enums.DisputeState, db_index=True)
    subject_kind = models.CharField(max_length=16, choices=enums.SubjectKind)
    subject_number = models.CharField(max_length=64)
    subject_label = models.CharField(max_length=200)
    subject_link = models.CharField(max_length=200, default="", blank=True)
    claimant = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="disputes_raised")
    respondent = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="disputes_answered")
    coordinator = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="disputes_coordinated"
    )
    """The lowest authority common to both; computed when the dispute is raised and again when it is escalated."""
    government_division = models.CharField(max_length=12, default="", blank=True)
    claim = models.CharField(max_length=1000)
    facts = models.CharField(max_length=2000)
    settlement = models.CharField(max_length=2000, default="", blank=True)
    execute_by = models.DateField(null=True, blank=True)
    execution_note = models.CharField(max_length=1000, default="", blank=True)
    raised_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(db_index=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    referred_at = models.DateTimeField(null=True, blank=True)
    refer_reason = models.CharField(max_length=1000, default="", blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    """When it was agreed, decided or taken back."""
    executed_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField()
    """The last step of the parties, the coordinator or the government."""

    class Meta:
        ordering = ("-raised_at", "-id")
        constraints = (
            models.CheckConstraint(condition=~Q(claimant=F("respondent")), name="dispute_between_two"),
            models.CheckConstraint(
                condition=Q(coordinator=None) | (~Q(coordinator=F("claimant")) & ~Q(coordinator=F("respondent"))),
                name="dispute_coordinator_is_third",
            ),
            models.CheckConstraint(
                condition=~Q(state="coordinating") | Q(coordinator__isnull=False, escalated_at__isnull=False),
                name="dispute_coordinated_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("referred", "decided"))
                | (Q(referred_at__isnull=False) & ~Q(government_division="")),
                name="dispute_referred_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("negotiating", "coordinating", "referred"), closed_at=None)
                | (~Q(state__in=("negotiating", "coordinating", "referred")) & Q(closed_at__isnull=False)),
                name="dispute_close_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | (~Q(settlement="") & Q(execute_by__isnull=False)),
                name="dispute_settled_on_terms",
            ),
            models.CheckConstraint(
                condition=Q(state="executed", executed_at__isnull=False) | (~Q(state="executed") & Q(executed_at=None)),
                name="dispute_execution_dated",
            ),
            models.CheckConstraint(
                condition=Q(executed_at=None) | Q(executed_at__gte=F("closed_at")), name="dispute_executed_later"
            ),
            models.UniqueConstraint(
                fields=("subject_kind", "subject_number", "claimant"),
                condition=Q(state__in=("negotiating", "coordinating", "referred")),
                name="one_open_dispute_a_subject",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.subject_label}"


class Statement(models.Model):
    """What one side says; both views stand beside each other and are never changed."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="statements")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=2000)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Evidence(models.Model):
    """One piece of evidence: what it is, where it is found, what it shows. Never a person's values."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="evidence")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=128)
    reference = models.CharField(max_length=200, default="", blank=True)
    shows = models.CharField(max_length=1000)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Proposal(models.Model):
    """A way to settle it, by a party or by the coordinator; a later one replaces it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="proposals")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=2000)
    execute_by = models.DateField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class Response(models.Model):
    """What a party says to a proposal, once."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="responses")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    accepted = models.BooleanField()
    reason = models.CharField(max_length=1000, default="", blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(fields=("proposal", "organisation"), name="proposal_answered_once"),
            models.CheckConstraint(condition=Q(accepted=True) | ~Q(reason=""), name="proposal_refusal_reasoned"),
        )


class Decision(models.Model):
    """What the government of the level decided, with reasons; final (条例 28)."""

    dispute = models.OneToOneField(Dispute, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=16, choices=enums.Outcome)
    text = models.CharField(max_length=2000)
    reasons = models.CharField(max_length=2000)
    document_number = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(text="") & ~Q(reasons=""), name="dispute_decision_reasoned"),
        )
