from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from jutong.center.catalog.enums import FieldMode, ShareAttribute
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.org.models import InformationSystem, Organisation, User
from jutong.center.sharing import enums
from jutong.center.sharing.telling import NoticeQuerySet
from jutong.kernel.ids import uuid7


class Application(models.Model):
    """使用申请: one need against one published entry version, with the five fields of 条例 20."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="applications")
    version = models.ForeignKey(EntryVersion, on_delete=models.PROTECT, related_name="+")
    share_attribute = models.CharField(max_length=16, choices=ShareAttribute)
    requester = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="applications_made")
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="applications_received")
    system = models.ForeignKey(InformationSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=enums.ApplicationState, db_index=True)
    title = models.CharField(max_length=128)
    basis = models.CharField(max_length=500, default="", blank=True)
    scenario = models.CharField(max_length=500, default="", blank=True)
    scope = models.CharField(max_length=500, default="", blank=True)
    duty = models.ForeignKey("Duty", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    share_way = models.CharField(max_length=16, choices=enums.UseWay, default="", blank=True)
    valid_until = models.DateField(null=True, blank=True)
    frequency = models.CharField(max_length=16, choices=enums.Frequency, default="", blank=True)
    expected_monthly = models.PositiveIntegerField(default=0)
    """Records the requester expects to get in a month; 0 where it did not say."""
    daily_quota = models.PositiveIntegerField(default=1000)
    per_minute = models.PositiveIntegerField(default=0)
    """Calls a minute at most; 0 leaves it to the node."""
    call_days = models.CharField(max_length=7, default="", blank=True)
    """Weekdays on which it will be called, Monday as 1, such as ``12345``; empty for any time."""
    first_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    last_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    """Minutes after midnight in Beijing between which it will be called."""
    division_filter = models.CharField(max_length=12, default="", blank=True)
    renews = models.ForeignKey("Grant", null=True, blank=True, on_delete=models.PROTECT, related_name="renewals")
    """The grant this application is to follow on, from the moment that one ends."""
    is_true = models.BooleanField(default=False)
    is_lawful = models.BooleanField(default=False)
    is_necessary = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(call_days="", first_minute=None, last_minute=None)
                | Q(
                    ~Q(call_days=""),
                    first_minute__isnull=False,
                    last_minute__isnull=False,
                    first_minute__lt=F("last_minute"),
                    last_minute__lte=1440,
                ),
                name="call_hours_paired",
            ),
            models.UniqueConstraint(fields=("renews",), condition=Q(closed_at=None), name="one_open_renewal"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class ApplicationItem(models.Model):
    """One item asked for, how much of it, why, and what was answered."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    asked = models.CharField(max_length=8, choices=FieldMode)
    reason = models.CharField(max_length=200, default="", blank=True)
    answer = models.CharField(max_length=8, choices=enums.ItemAnswer, default=enums.ItemAnswer.PENDING)
    given = models.CharField(max_length=8, choices=FieldMode, default="", blank=True)
    answer_note = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ("item__position",)
        constraints = (models.UniqueConstraint(fields=("application", "item"), name="item_asked_once"),)


class ApplicationCondition(models.Model):
    """One typed condition on the rows: an item, an operator, values. All of an application hold together."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="conditions")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    operator = models.CharField(max_length=8, choices=enums.Operator)
    values = models.JSONField()
    origin = models.CharField(max_length=10, choices=enums.ConditionOrigin, default=enums.ConditionOrigin.REQUESTER)

    class Meta:
        ordering = ("-origin", "item__position", "id")


class Consent(models.Model):
    """A 工作机构负责人's consent, on the requester's or the provider's side (条例 20(2), 20(3))."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="consents")
    side = models.CharField(max_length=10, choices=(("requester", "requester"), ("provider", "provider")))
    agreed = models.BooleanField()
    note = models.CharField(max_length=500, default="", blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    """The head whose delegation this consent was given under, where somebody else gave it."""
    at = models.DateTimeField()

    class Meta:
        ordering = ("at",)


class Supplement(models.Model):
    """补正通知: at most one per application, complete at once (条例 21(2))."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="supplement")
    missing = models.JSONField()
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    answered_text = models.CharField(max_length=2000, default="", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)


class Extension(models.Model):
    """延长答复期限: needs the authority's consent and a notice to the requester; at most ten working days."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="extension")
    days = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    consented = models.BooleanField(null=True)
    consented_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    consented_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=10), name="extension_at_most_ten"),
            models.CheckConstraint(
                condition=Q(consented=None, consented_by=None, consented_at=None)
                | Q(consented__isnull=False, consented_by__isnull=False, consented_at__isnull=False),
                name="extension_consent_paired",
            ),
        )


class Reply(models.Model):
    """答复: prepared by the steward, in force after the provider's 工作机构负责人 consents."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="reply")
    agreed = models.BooleanField()
    refusal = models.CharField(max_length=16, choices=enums.RefusalReason, default="", blank=True)
    text = models.CharField(max_length=1000, default="", blank=True)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    in_force_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(agreed=True, refusal="") | (Q(agreed=False) & ~Q(refusal="") & ~Q(text="")),
                name="refusal_gives_reasons",
            ),
        )


class Grant(models.Model):
    """授权: what an agreed application allows, ordered to the node; in use only after the node's receipt."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=32, unique=True)
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="grant")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="grants")
    requester = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="grants_held")
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="grants_given")
    system = models.ForeignKey(InformationSystem, on_delete=models.PROTECT, related_name="grants")
    state = models.CharField(max_length=16, choices=enums.GrantState, default=enums.GrantState.ORDERED, db_index=True)
    purpose = models.CharField(max_length=500)
    daily_quota = models.PositiveIntegerField()
    max_rows = models.PositiveIntegerField(default=100)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    issued_at = models.DateTimeField()
    supplied_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_confirmed_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        ordering = ("-issued_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="grant_ends_after_start"),
            ExclusionConstraint(
                name="grants_do_not_overlap",
                expressions=(
                    ("entry", RangeOperators.EQUAL),
                    ("system", RangeOperators.EQUAL),
                    (
                        Func(
                            "valid_from",
                            "valid_until",
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ),
                condition=Q(ended_at=None),
            ),
        )

    def __str__(self) -> str:
        return self.number


class GrantItem(models.Model):
    """One item a grant covers and how much of it."""

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="items")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=8, choices=FieldMode)
    column = models.CharField(max_length=63)
    is_lookup = models.BooleanField(default=False)

    class Meta:
        ordering = ("item__position",)
        constraints = (models.UniqueConstraint(fields=("grant", "item"), name="granted_once"),)


class Suspension(models.Model):
    """暂停 (条例 27(2)): one click by provider or authority; lifting is a decision of its own."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="suspensions")
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(fields=("grant",), condition=Q(lifted_at=None), name="one_open_suspension"),
            models.CheckConstraint(
                condition=Q(lifted_by=None, lifted_at=None) | Q(lifted_by__isnull=False, lifted_at__isnull=False),
                name="suspension_lift_paired",
            ),
        )


class Message(models.Model):
    """往来: what the two sides write each other on an application."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="messages")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at",)


class Violation(models.Model):
    """违规记录 (条例 39, 40): found by a scan, never an implied consent."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=4)
    clause = models.CharField(max_length=64)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="violations")
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(max_length=200)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ("-found_at",)
        constraints = (
            models.UniqueConstraint(fields=("code", "subject_kind", "subject_id"), name="violation_once_per_subject"),
        )


class Notice(models.Model):
    """通知 in the platform, to everyone in a post of an organisation with the role.

    ``text`` is the Chinese template and ``fields`` what fills it, so that each reader gets the own language.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="notices")
    role = models.CharField(max_length=16, default="", blank=True)
    text = models.CharField(max_length=300)
    fields = models.JSONField(default=dict)
    link = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField(db_index=True)
    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-id")


class NumberCounter(models.Model):
    """The last number given under a prefix such as ``SQ20261109``; its row is locked while one is taken."""

    prefix = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)


# at the end, because they refer to the models above by name, and Django looks for models here
from jutong.center.sharing.consumption import GrantAlert as GrantAlert  # noqa: E402, PLC0414
from jutong.center.sharing.consumption import GrantUse as GrantUse  # noqa: E402, PLC0414
from jutong.center.sharing.consumption import IdleInquiry as IdleInquiry  # noqa: E402, PLC0414
from jutong.center.sharing.office import Delegation as Delegation  # noqa: E402, PLC0414
from jutong.center.sharing.office import Duty as Duty  # noqa: E402, PLC0414
