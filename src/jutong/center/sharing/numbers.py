from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.sharing.models import NumberCounter
from jutong.kernel.clock import civil_date

APPLICATION = "SQ"
GRANT = "GQ"


def next_number(letters: str, now: datetime) -> str:
    """Return the next number of the day, such as ``SQ20261109-0042``.

    The counter's row stays locked until the transaction ends, so that no number is given twice and none is lost
    when the action fails.

    Raises:
        RuntimeError: outside a transaction, where the lock would hold nothing.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a number is taken inside the transaction of its action")
    prefix = f"{letters}{civil_date(now):%Y%m%d}"
    NumberCounter.objects.get_or_create(prefix=prefix)
    counter = NumberCounter.objects.select_for_update().get(prefix=prefix)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{prefix}-{counter.last:04d}"
