from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from jutong.center.agreement import enums
from jutong.center.org.models import Organisation, User
from jutong.center.sharing.models import Application, Grant
from jutong.kernel.ids import uuid7

SIDES = (("requester", "requester"), ("provider", "provider"))


class Agreement(models.Model):
    """One version of 共享协议 or 使用承诺书. Its canonical document is signed and never changes once sent on."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32)
    version = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=16, choices=enums.AgreementKind)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="agreements")
    grant = models.ForeignKey(Grant, null=True, blank=True, on_delete=models.PROTECT, related_name="agreements")
    requester = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=enums.AgreementState, db_index=True)
    terms = models.JSONField()
    document = models.JSONField()
    digest = models.CharField(max_length=71)
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="later")
    """The version this one changes, or the agreement it renews."""
    change_note = models.CharField(max_length=500, default="", blank=True)
    drafted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    in_force_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, default="", blank=True)
    is_narrower = models.BooleanField(default=False)
    """Gives the requester less than the version before, so that 条例 27(3) asks for filing."""
    measured_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-drafted_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("number", "version"), name="agreement_version_once"),
            models.UniqueConstraint(
                fields=("grant",), condition=Q(state__in=("in-force", "suspended")), name="one_agreement_in_force"
            ),
            models.UniqueConstraint(
                fields=("number",), condition=Q(state__in=("drafted", "sent", "signed")), name="one_open_version"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("drafted", "sent", "signed", "accepted", "void"), in_force_at=None)
                | Q(state__in=("in-force", "suspended"), in_force_at__isnull=False, ended_at=None, grant__isnull=False)
                | Q(state__in=("superseded", "ended"), in_force_at__isnull=False, ended_at__isnull=False),
                name="agreement_dates_fit",
            ),
            models.CheckConstraint(condition=~Q(requester=models.F("provider")), name="agreement_of_two_sides"),
            models.CheckConstraint(condition=Q(digest__startswith="sha256:"), name="agreement_digest_named"),
        )

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"


class OrganisationKey(models.Model):
    """The public part of a key with which an organisation signs; the private part is in the instance's keys folder."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="signing_keys")
    key_id = models.CharField(max_length=64, unique=True)
    alg = models.CharField(max_length=16, default="ed25519")
    public_key = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("made_at", "id")


class Signature(models.Model):
    """A 工作机构负责人's signature, over a statement that names the document's digest, the person, post and time.

    Rows are only added.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=10, choices=SIDES)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """The head whose delegation this was signed under, where somebody else signed."""
    at = models.DateTimeField()
    statement = models.JSONField()
    alg = models.CharField(max_length=16)
    key_id = models.CharField(max_length=64)
    public_key = models.CharField(max_length=64)
    signature = models.CharField(max_length=200)

    class Meta:
        ordering = ("at",)
        constraints = (
            models.UniqueConstraint(fields=("agreement", "side"), name="signed_once_per_side"),
            models.UniqueConstraint(fields=("agreement", "by"), name="signed_by_two_people"),
        )


class Obligation(models.Model):
    """One duty of a version in force that is measured: who, what, how much."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="obligations")
    kind = models.CharField(max_length=16, choices=enums.ObligationKind)
    side = models.CharField(max_length=10, choices=SIDES)
    bound = models.BigIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("agreement", "kind"), name="obligation_once"),)


class Measurement(models.Model):
    """How one obligation was kept on one Beijing day; ``met`` is empty where nothing could be measured."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="measurements")
    day = models.DateField()
    value = models.BigIntegerField(null=True, blank=True)
    samples = models.BigIntegerField(default=0)
    met = models.BooleanField(null=True)
    is_final = models.BooleanField(default=False)

    class Meta:
        ordering = ("-day", "obligation_id")
        constraints = (
            models.UniqueConstraint(fields=("obligation", "day"), name="measured_once_a_day"),
            models.CheckConstraint(
                condition=Q(value=None, met=None) | Q(value__isnull=False, met__isnull=False),
                name="measured_value_paired",
            ),
        )


class Breach(models.Model):
    """An obligation that was not kept on a day, with its evidence and the party computed from it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="breaches")
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="breaches")
    day = models.DateField()
    value = models.BigIntegerField()
    bound = models.BigIntegerField()
    evidence = models.JSONField()
    party = models.CharField(max_length=10, choices=enums.Party)
    responsible = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="breaches")
    state = models.CharField(max_length=16, choices=enums.BreachState, db_index=True)
    found_at = models.DateTimeField()
    answer = models.CharField(max_length=1000, default="", blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=1000, default="", blank=True)
    settled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-found_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("obligation", "day"), name="breach_once_a_day"),
            models.CheckConstraint(
                condition=Q(answered_by=None, answered_at=None)
                | Q(answered_by__isnull=False, answered_at__isnull=False),
                name="breach_answer_paired",
            ),
            models.CheckConstraint(
                condition=Q(state="settled", settled_by__isnull=False, settled_at__isnull=False)
                | (~Q(state="settled") & Q(settled_by=None, settled_at=None)),
                name="breach_settlement_paired",
            ),
        )

    def __str__(self) -> str:
        return self.number
