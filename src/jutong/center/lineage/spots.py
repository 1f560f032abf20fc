"""Places made from the registry's rows, and what their ids mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Binding, Entry, Item
from jutong.center.fleet.models import Source
from jutong.center.lineage.graph import Place, PlaceKind
from jutong.center.lineage.seen import Sight
from jutong.center.org.models import Organisation


def place_id(kind: PlaceKind, name: str) -> str:
    """Return the id of a place."""
    return f"{kind}:{name}"


@dataclass(frozen=True, order=True)
class TableId:
    """A table of a department's own source."""

    source: str
    schema_name: str
    table: str

    def __str__(self) -> str:
        return place_id("table", f"{self.source}/{self.schema_name}/{self.table}")

    @classmethod
    def of(cls, place_id: str) -> TableId:
        """Read a place's id back."""
        source, schema_name, table = place_id.partition(":")[2].split("/", 2)
        return cls(source, schema_name, table)


@dataclass(frozen=True, order=True)
class LibraryId:
    """A table of the library: zone, code of the organisation or library, name."""

    zone: str
    code: str
    table: str

    def __str__(self) -> str:
        return place_id("library", f"{self.zone}/{self.code}/{self.table}")

    @classmethod
    def of(cls, place_id: str) -> LibraryId:
        """Read a place's id back."""
        zone, code, table = place_id.partition(":")[2].split("/", 2)
        return cls(zone, code, table)


def entry_id(entry: Entry) -> str:
    """Return the id of an entry's place."""
    return place_id("entry", entry.code)


def of_kind(places: Iterable[Place], kind: str) -> list[Place]:
    """Return the places of one kind."""
    return [place for place in places if place.kind == kind]


def bare(places: Iterable[Place], kind: str) -> list[str]:
    """Return the ids of the places of one kind, without the kind."""
    return [place.id.partition(":")[2] for place in of_kind(places, kind)]


def page_of(place_id: str) -> str:
    """Return the lineage page of a place that has no page of its own."""
    return f"/lineage?at={quote(place_id)}"


def entry_place(entry: Entry) -> Place:
    """Return the place of a published entry, whose version and items were fetched with it."""
    version = entry.published
    items: Collection[Item] = version.items.all() if version is not None else ()
    return Place(
        id=entry_id(entry),
        title=entry.published_name or entry.code,
        note=_("目录条目"),
        owner=entry.organisation.name,
        address=f"/catalog/{entry.code}",
        is_late=False,
        fields={item.name: item.name for item in items},
    )


def table_place(binding: Binding, source: Source | None, sight: Sight) -> Place:
    """Return the place of the table behind a binding."""
    found = TableId(binding.source, binding.schema_name, binding.table)
    organisation: Organisation = source.organisation if source else binding.entry.organisation
    is_open = sight.inside(organisation)
    comments: dict[str, str] = {}
    for one in source.tables if source else []:
        if (one["schema_name"], one["name"]) == (found.schema_name, found.table):
            comments = {column["name"]: column.get("comment", "") for column in one["columns"]}
    names = set(binding.columns.values()) | set(comments)
    return Place(
        id=str(found),
        title=f"{found.schema_name}.{found.table}".lstrip(".") if is_open else _("业务库里的表"),
        note=found.source if is_open else _("数据源"),
        owner=organisation.name,
        address=page_of(str(found)) if is_open else "",
        is_late=binding.health in {"degraded", "down"},
        is_open=is_open,
        fields={name: (f"{comments[name]} {name}" if comments.get(name) else name) for name in names},
    )


def sources_by_name(names: Iterable[str]) -> dict[str, Source]:
    """Return sources with their departments."""
    return {row.name: row for row in Source.objects.filter(name__in=set(names)).select_related("organisation")}
