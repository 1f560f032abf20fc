"""What stands behind an entry: the binding a node has looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.enums import BindingKind
from jutong.center.catalog.models import Binding
from jutong.center.lineage.graph import Evidence, Pair, Place, Tie
from jutong.center.lineage.seen import Sight
from jutong.center.lineage.spots import (
    TableId,
    bare,
    entry_id,
    entry_place,
    of_kind,
    sources_by_name,
    table_place,
)


@dataclass(frozen=True)
class Bindings:
    """Open bindings of published entries to tables."""

    sight: Sight

    def down(self, places: Collection[Place]) -> Iterable[tuple[Place, Tie]]:
        """Return the entries that tables stand behind."""
        wanted = [TableId.of(place.id) for place in of_kind(places, "table")]
        if not wanted:
            return
        any_of = Q()
        for one in wanted:
            any_of |= Q(source=one.source, schema_name=one.schema_name, table=one.table)
        for binding in _open(any_of):
            yield entry_place(binding.entry), _tie(binding)

    def up(self, places: Collection[Place]) -> Iterable[tuple[Place, Tie]]:
        """Return the tables behind entries."""
        codes = bare(places, "entry")
        found = list(_open(Q(entry__code__in=codes))) if codes else []
        sources = sources_by_name(binding.source for binding in found)
        for binding in found:
            yield table_place(binding, sources.get(binding.source), self.sight), _tie(binding)


def _open(which: Q) -> QuerySet[Binding]:
    rows = Binding.objects.filter(
        which, ended_at=None, kind=BindingKind.TABLE, entry__published__isnull=False, entry__removed_at=None
    )
    return rows.select_related("entry__organisation", "entry__published").prefetch_related("entry__published__items")


def _tie(binding: Binding) -> Tie:
    return Tie(
        before=str(TableId(binding.source, binding.schema_name, binding.table)),
        after=entry_id(binding.entry),
        pairs=tuple(Pair(column, item) for item, column in binding.columns.items()),
        evidence=Evidence("binding", _("挂接"), f"/catalog/{binding.entry.code}", binding.bound_at),
    )
