"""Resource codes (信息资源代码): one running number per classification, without gaps and without races."""

from __future__ import annotations

from jutong.center.catalog.models import CodeCounter, Entry, EntryClass, EntryVersion
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


def allocate_further(entry: Entry, version: EntryVersion) -> list[EntryClass]:
    """Give an entry a resource code in each further class its version names, inside the caller's transaction.

    A code once given stays the entry's, also when a later version drops the class: nobody else ever gets it, and the
    entry has it again when the class comes back. Counters are locked in one order, so that two publications that
    share classes wait for each other and never for good.

    Args:
        entry: whose row the caller holds locked.
        version: being published.

    Returns:
        the classes in force, in the version's order.

    Raises:
        ResourceCodeError: for a classification of another shape.
    """
    wanted = [name for name in dict.fromkeys(version.extra_classes) if name != version.classification]
    given = {row.classification: row for row in entry.classes.filter(classification__in=wanted)}
    fresh = [
        EntryClass(entry=entry, classification=name, code=allocate(name)[0])
        for name in sorted(wanted)
        if name not in given
    ]
    EntryClass.objects.bulk_create(fresh)
    given |= {row.classification: row for row in fresh}
    return [given[name] for name in wanted]
