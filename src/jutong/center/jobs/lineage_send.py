"""Which lineage events are on their way to whoever collects them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from jutong.kernel.ids import uuid7


class LineageState(models.TextChoices):
    """How an event stands."""

    WAITING = "waiting", _("待送出")
    SENT = "sent", _("已送出")
    DEAD = "dead", _("送不出去")


class LineageSend(models.Model):
    """One event of one job. Its text is made when it is sent: neither order nor ended job changes."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="lineage")
    kind = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=LineageState, default=LineageState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    problem = models.CharField(max_length=500, default="", blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("job", "kind"), name="lineage_event_once"),)
        indexes = (models.Index(fields=("state", "next_at"), name="lineage_due"),)
