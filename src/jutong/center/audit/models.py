from __future__ import annotations

import uuid

from django.db import models

from jutong.kernel.ids import uuid7


class AuditEvent(models.Model):
    """One thing somebody did. No foreign keys, so that the trail never stands in the way of live data."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(db_index=True)
    event = models.CharField(max_length=64, db_index=True)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    subject_label = models.CharField(max_length=200, default="")
    actor_username = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=64)
    actor_role = models.CharField(max_length=32)
    organisation_code = models.CharField(max_length=18, db_index=True)
    organisation_name = models.CharField(max_length=128)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("subject_kind", "subject_id", "at"), name="audit_subject"),)
