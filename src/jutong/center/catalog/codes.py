"""Resource codes (信息资源代码): one running number per classification, without gaps and without races."""

from __future__ import annotations

from jutong.center.catalog.models import CodeCounter
from jutong.standards import resource_code


def allocate(classification: str, count: int = 1) -> list[str]:
    """Return the next codes of a classification, inside the caller's transaction.

    The counter's row stays locked until that transaction ends: whoever comes next waits, and a transaction that
    fails gives its numbers back.

    Raises:
        ResourceCodeError: for a classification of another shape.
    """
    CodeCounter.objects.bulk_create([CodeCounter(classification=classification)], ignore_conflicts=True)
    counter = CodeCounter.objects.select_for_update().get(classification=classification)
    first = counter.last + 1
    counter.last += count
    codes = [resource_code.form(classification=classification, sequence=first + at) for at in range(count)]
    counter.save(update_fields=["last"])
    return codes
