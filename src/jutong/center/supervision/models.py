from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from jutong.center.org.models import Organisation, User
from jutong.center.sharing.models import Violation
from jutong.center.supervision import enums
from jutong.kernel.ids import uuid7


class Case(models.Model):
    """What is done about one violation on record: evidence, who is heard, who judges, until when it is put right.

    ``text`` is the Chinese sentence of what was found and ``fields`` what fills it; ``evidence`` lists what shows it
    (``kind``, ``id``, ``label``, ``link``). ``judge`` is the organisation whose ``judge_role`` judges it; no
    authority judges itself (条例 41).
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    violation = models.OneToOneField(Violation, on_delete=models.PROTECT, related_name="case")
    number = models.CharField(max_length=32, unique=True)
    code = models.CharField(max_length=4, db_index=True)
    state = models.CharField(max_length=12, choices=enums.CaseState, default=enums.CaseState.FOUND, db_index=True)
    concerned = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="violation_cases")
    detector = models.CharField(max_length=32)
    text = models.CharField(max_length=300)
    fields = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)
    reported_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reporter = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    judge = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="violation_cases_judged"
    )
    judge_role = models.CharField(max_length=16, default="", blank=True)
    opened_at = models.DateTimeField()
    offered_at = models.DateTimeField(null=True, blank=True)
    hear_until = models.DateField(null=True, blank=True)
    """Last day on which whoever it is about is waited for; nothing is ordered before it was heard."""
    stated_at = models.DateTimeField(null=True, blank=True)
    noticed_on = models.DateField(null=True, blank=True)
    rectify_until = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="found", offered_at=None, judge=None, hear_until=None, judge_role="")
                | (
                    ~Q(state="found")
                    & Q(offered_at__isnull=False, judge__isnull=False, hear_until__isnull=False)
                    & Q(judge_role__in=("authority", "leader"))
                ),
                name="case_offer_paired",
            ),
            models.CheckConstraint(
                condition=Q(judge=None) | ~Q(judge=F("concerned")) | Q(judge_role="leader"),
                name="case_not_judged_by_itself",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("found", "offered"), decided_by=None, decided_at=None)
                | (~Q(state__in=("found", "offered")) & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="case_decision_paired",
            ),
            models.CheckConstraint(
                condition=Q(noticed_on=None) | Q(stated_at__isnull=False) | Q(noticed_on__gt=F("hear_until")),
                name="case_heard_first",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("found", "offered", "dismissed"), noticed_on=None, rectify_until=None)
                | (
                    Q(state__in=("noticed", "reported", "rectified", "referred"), noticed_on__isnull=False)
                    & Q(rectify_until__gt=F("noticed_on"))
                ),
                name="case_limit_dated",
            ),
            models.CheckConstraint(
                condition=Q(reported_by=None, reporter=None) | Q(reported_by__isnull=False, reporter__isnull=False),
                name="case_report_paired",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.code}"


class CaseStep(models.Model):
    """One step of a case, as it was taken; rows are only added."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    event = models.CharField(max_length=12, choices=enums.CaseEvent)
    text = models.CharField(max_length=2000, default="", blank=True)
    until = models.DateField(null=True, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class OrderPaper(models.Model):
    """责令改正通知书: the text as it was served, with its digest; rows are only added."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="papers")
    number = models.CharField(max_length=32, unique=True)
    content = models.JSONField()
    digest = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")


class ExchangePlatform(models.Model):
    """平台登记: a platform a department runs for sharing, and whether it is part of the national system (条例 31)."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="exchange_platforms")
    name = models.CharField(max_length=128)
    joined_on = models.DateField(null=True, blank=True)
    document = models.CharField(max_length=128, default="", blank=True)
    """What shows that it was brought in."""
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "name"), condition=Q(closed_at=None), name="platform_once"),
            models.CheckConstraint(condition=Q(joined_on=None) | ~Q(document=""), name="joining_is_documented"),
        )

    def __str__(self) -> str:
        return self.name
