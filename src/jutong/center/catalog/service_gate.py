"""An interface in use keeps its shape (条例 27(3)): what its users were granted cannot drop away or turn unnoticed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from jutong.center.catalog.enums import FieldMode
from jutong.center.catalog.errors import ServiceInUseError
from jutong.center.catalog.models import Binding, Entry, EntryVersion, Item
from jutong.center.org.actor import Actor
from jutong.center.process.gates import Gate, passes
from jutong.center.sharing.models import Grant, GrantItem

_WIDTH = {FieldMode.VERIFY: 0, FieldMode.MASKED: 1, FieldMode.PLAIN: 2}
"""How much of an item each mode shows."""


def entries_in_use(entries: Iterable[UUID]) -> set[UUID]:
    """Return which of these entries have a supplied grant that has not ended, in one query."""
    running = Grant.objects.filter(entry_id__in=list(entries), ended_at=None, supplied_at__isnull=False)
    return set(running.values_list("entry_id", flat=True))


def require_same_shape(version: EntryVersion, by: Actor, now: datetime) -> None:
    """Let a version through that keeps what running grants cover, or whose change was filed and accepted.

    Raises:
        ServiceInUseError: naming the items and the departments.
    """
    after = {item.name: item for item in version.items.all()}
    _require(version.entry, [name for name, row in _granted(version.entry).items() if _turns(row, after)], by, now)


def require_same_columns(entry: Entry, columns: Collection[str], by: Actor, now: datetime) -> None:
    """Let a binding through that carries every granted item the present one carries, or whose change was accepted.

    Args:
        entry: with a binding or none.
        columns: names of the items the new binding carries; none where it is no table.
        by: who binds.
        now: when.

    Raises:
        ServiceInUseError: naming the items and the departments.
    """
    present = Binding.objects.filter(entry=entry, ended_at=None).first()
    if present is None or not present.is_table:
        return
    lost = [name for name in _granted(entry) if name in present.columns and name not in columns]
    _require(entry, lost, by, now)


def _granted(entry: Entry) -> dict[str, GrantItem]:
    rows = GrantItem.objects.filter(grant__entry=entry, grant__ended_at=None, grant__supplied_at__isnull=False)
    return {row.item.name: row for row in rows.select_related("item").order_by("item__position", "id")}


def _turns(row: GrantItem, after: dict[str, Item]) -> bool:
    item = after.get(row.item.name)
    if item is None or item.data_type != row.item.data_type or item.is_key != row.item.is_key:
        return True
    return _WIDTH.get(FieldMode(item.widest_mode), 0) < _WIDTH.get(FieldMode(row.mode), 0)


def _require(entry: Entry, items: list[str], by: Actor, now: datetime) -> None:
    if not items or passes(Gate.SERVICE_CHANGE, entry, items=items, by=by, now=now):
        return
    rows = GrantItem.objects.filter(grant__entry=entry, grant__ended_at=None, item__name__in=items)
    names = rows.values_list("grant__requester__short_name", flat=True).distinct().order_by("grant__requester__code")
    raise ServiceInUseError(
        name=entry.published_name, items="、".join(items), departments="、".join(dict.fromkeys(names))
    )
