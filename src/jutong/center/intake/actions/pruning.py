from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.intake import storage
from jutong.center.intake.actions.receiving import note
from jutong.center.intake.enums import BatchKind
from jutong.center.intake.models import Batch
from jutong.center.org.actor import Actor

_AT_ONCE = 100


def prune(*, by: Actor, now: datetime) -> int:
    """Remove the files whose time of keeping is over; what became of their rows stays. Returns how many."""
    old = (
        Batch.objects.filter(kind=BatchKind.FILE, created_at__lt=now - storage.KEPT).exclude(digest="").exclude(size=0)
    )
    count = 0
    for batch in old[:_AT_ONCE]:
        with transaction.atomic():
            storage.forget(batch.id)
            batch.size = 0
            batch.save(update_fields=["size"])
            batch.proposals.update(raw={})
            note("forget", batch, by, now)
        count += 1
    return count
