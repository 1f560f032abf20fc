from __future__ import annotations

import uuid

from django.db import models

from jutong.kernel.ids import uuid7


class Replay(models.Model):
    """Rows of a job that people put right at the node and that were added to its table, as the node reports it.

    ``left`` rows waited for a decision then, ``dropped`` had been given up with a reason. ``official`` is who did it.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey("jobs.Job", on_delete=models.PROTECT, related_name="replays")
    number = models.PositiveIntegerField()
    rows = models.BigIntegerField()
    left = models.BigIntegerField()
    dropped = models.BigIntegerField()
    digest = models.CharField(max_length=80)
    delta_version = models.IntegerField()
    official = models.CharField(max_length=150)
    replayed_at = models.DateTimeField()
    leaf_index = models.BigIntegerField()

    class Meta:
        ordering = ("-replayed_at", "-id")
        constraints = (models.UniqueConstraint(fields=("job", "number"), name="replay_number_once"),)
