"""Who uses a table of a library: the entries bound to its serving copy, and how many may call them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from jutong.center.catalog.models import Binding, Entry
from jutong.center.library.models import LibraryTable
from jutong.center.library.serving import SCHEMA, source_of, target_of
from jutong.center.sharing.enums import GrantState

MOST = 50


@dataclass(frozen=True)
class Use:
    """An entry that stands on a library table, and its grants that can be called."""

    entry: Entry
    grants: int


def of_table(table: LibraryTable) -> list[Use]:
    """Return the published entries bound to a table's serving copy."""
    source = source_of(table.library)
    if source is None:
        return []
    bound = Binding.objects.filter(source=source.name, schema_name=SCHEMA, table=target_of(table), ended_at=None)
    rows = Entry.objects.filter(id__in=bound.values("entry"), published__isnull=False)
    counted = rows.annotate(active=Count("grants", filter=Q(grants__state=GrantState.ACTIVE))).order_by("code")
    return [Use(row, row.active) for row in counted[:MOST]]
