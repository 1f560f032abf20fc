"""What works of the library made of what: the newest of each that a node said is done, with the body of its order."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Binding
from jutong.center.library.models import FeedRow, LibraryTable, Work, WorkState
from jutong.center.library.queries import late_hours
from jutong.center.library.serving import target_of
from jutong.center.lineage.graph import Evidence, Pair, Place, Tie
from jutong.center.lineage.seen import Sight
from jutong.center.lineage.spots import LibraryId, TableId, of_kind, page_of, sources_by_name, table_place
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.contracts.copies import ServeOrder
from jutong.contracts.derive import DeriveOrder, DeriveSource
from jutong.contracts.envelope import Body
from jutong.contracts.fusion import FuseOrder
from jutong.contracts.library import Feed, TableDefinition
from jutong.contracts.standardising import StandardiseOrder

Found = tuple[Place, Tie]
ENTITY = "entity_id"


@dataclass(frozen=True)
class Works:
    """Works of the library that were done; ``now`` tells which tables are late."""

    sight: Sight
    now: datetime

    def down(self, places: Collection[Place]) -> Iterable[Found]:
        """Return what was made of tables of the library."""
        wanted = {place.id for place in of_kind(places, "library")}
        ids = [LibraryId.of(name) for name in wanted]
        works = _newest(self._after(ids)) if ids else ()
        return [(after, tie) for work in works for _, after, tie in self._read(work) if tie.before in wanted]

    def up(self, places: Collection[Place]) -> Iterable[Found]:
        """Return what tables of the library, and copies of them, were made of."""
        wanted = {place.id for place in places if place.kind in {"library", "table"}}
        works = _newest(self._before(wanted)) if wanted else ()
        return [(before, tie) for work in works for before, _, tie in self._read(work) if tie.after in wanted]

    def place(self, name: LibraryId) -> Place | None:
        """Return the place of a register or a table of the library; None where nothing was made of or into it."""
        if name.zone == "fused":
            row = LibraryTable.objects.filter(library__code=name.code, name=name.table).first()
            return self._table_place(name.code, _document(TableDefinition, row.definition)) if row else None
        works = _newest(Q(kind="standardise", feed__organisation__code=name.code, feed__name=name.table))
        return next((after for work in works for _, after, _ in self._read(work) if after.id == str(name)), None)

    def _after(self, ids: Iterable[LibraryId]) -> Q:
        which = Q(pk__in=())
        for one in ids:
            if one.zone == "landed":
                which |= Q(kind="standardise", feed__organisation__code=one.code, feed__landed=one.table)
            elif one.zone == "standardised":
                fed = FeedRow.objects.filter(organisation__code=one.code, name=one.table)
                for code, name in fed.values_list("table__library__code", "table__name"):
                    which |= Q(kind="fuse", library__code=code, table=name)
                which |= Q(kind="derive")
            else:
                which |= Q(kind="serve", library__code=one.code, table=one.table) | Q(kind="derive")
        return which

    def _before(self, names: Iterable[str]) -> Q:
        which = Q(pk__in=())
        for name in names:
            if name.startswith("table:"):
                copied = TableId.of(name).table
                tables = LibraryTable.objects.select_related("library")
                which |= Q(kind="serve", library__in=[row.library_id for row in tables if target_of(row) == copied])
                continue
            one = LibraryId.of(name)
            if one.zone == "standardised":
                which |= Q(kind="standardise", feed__organisation__code=one.code, feed__name=one.table)
            elif one.zone != "landed":
                which |= Q(kind__in=("fuse", "derive"), library__code=one.code, table=one.table)
        return which

    def _read(self, work: Work) -> Iterator[tuple[Place, Place, Tie]]:
        if work.kind == "standardise":
            yield self._standardised(work, _document(StandardiseOrder, work.body))
        elif work.kind == "fuse":
            yield from self._fused(work, _document(FuseOrder, work.body))
        elif work.kind == "derive":
            yield from self._derived(work, _document(DeriveOrder, work.body))
        elif work.kind == "serve":
            yield self._copied(work, _document(ServeOrder, work.body))

    def _standardised(self, work: Work, order: StandardiseOrder) -> tuple[Place, Place, Tie]:
        feed = order.feed
        before = self._landed_place(feed)
        after = self._register_place(feed, order.table)
        pairs = tuple(Pair(column, name, is_changed=True) for name, column in feed.columns)
        return before, after, _tie(work, before, after, pairs)

    def _fused(self, work: Work, order: FuseOrder) -> Iterator[tuple[Place, Place, Tie]]:
        after = self._table_place(order.library, order.table)
        for feed in order.feeds:
            before = self._register_place(feed, order.table)
            pairs = tuple(Pair(name, name, is_changed=True) for name, _ in feed.columns if name in after.fields)
            yield before, after, _tie(work, before, after, pairs)

    def _derived(self, work: Work, order: DeriveOrder) -> Iterator[tuple[Place, Place, Tie]]:
        after = self._table_place(order.library, order.table)
        known = {one.part: one for one in order.inputs}
        for number, source in enumerate(order.spec.sources):
            pairs = _of_source(order, source, first=number == 0)
            if source.part not in known or not pairs:
                continue
            definition = known[source.part].definition
            feeds = known[source.part].feeds
            befores = [self._register_place(feed, definition) for feed in feeds]
            for before in befores or [self._table_place(source.library, definition)]:
                yield before, after, _tie(work, before, after, pairs)

    def _copied(self, work: Work, order: ServeOrder) -> tuple[Place, Place, Tie]:
        row = LibraryTable.objects.get(library=work.library_id, name=order.table)
        before = self._table_place(order.library, _document(TableDefinition, row.definition))
        names = [name for name, _ in order.titles]
        binding = Binding(
            source=order.source, schema_name=order.schema_name, table=order.target,
            columns={name: name for name in (*names, ENTITY)},
        )  # fmt: skip
        after = table_place(binding, sources_by_name([order.source]).get(order.source), self.sight)
        return before, after, _tie(work, before, after, tuple(Pair(name, name) for name in (ENTITY, *names)))

    def _landed_place(self, feed: Feed) -> Place:
        columns = {column: column for _, column in feed.columns}
        return self._of_department(LibraryId("landed", feed.organisation_code, feed.landed), feed, columns, feed.landed)

    def _register_place(self, feed: Feed, table: TableDefinition) -> Place:
        titles = {field.name: field.title for field in table.fields}
        fields = {name: titles.get(name, name) for name, _ in feed.columns}
        name = LibraryId("standardised", feed.organisation_code, feed.name)
        return self._of_department(name, feed, fields, table.title)

    def _of_department(self, name: LibraryId, feed: Feed, fields: dict[str, str], title: str) -> Place:
        organisation = Organisation.objects.filter(code=feed.organisation_code).first()
        is_open = organisation is not None and self.sight.inside(organisation)
        note = _("资源库，原样归集") if name.zone == "landed" else _("资源库，已按标准整理")
        return Place(
            id=str(name), title=title if is_open or name.zone != "landed" else _("归集的表"), note=note,
            owner=feed.organisation_name, address=page_of(str(name)) if is_open else "", is_open=is_open,
            fields=fields,
        )  # fmt: skip

    def _table_place(self, code: str, table: TableDefinition) -> Place:
        row = LibraryTable.objects.select_related("library").filter(library__code=code, name=table.name).first()
        is_open = has(self.sight.actor, Permission.LIBRARY_LIBRARY_VIEW)
        return Place(
            id=str(LibraryId("fused", code, table.name)),
            title=table.title,
            note=_("资源库"),
            owner=row.library.title if row else code,
            address=f"/library/tables/{code}/{table.name}" if is_open and row else "",
            is_late=row is not None and late_hours(row, self.now) > 0,
            is_open=is_open,
            fields={ENTITY: ENTITY, **{field.name: field.title for field in table.fields}},
        )


def _of_source(order: DeriveOrder, source: DeriveSource, *, first: bool) -> tuple[Pair, ...]:
    keys = zip(source.by, order.table.keys, strict=False) if first else ()
    pairs = {(column, key): Pair(column, key) for column, key in keys}
    for field in order.spec.fields:
        if field.part != source.part:
            continue
        columns = [field.column, *(one.column for one in field.where)] if field.measure != "take" else [field.column]
        for column in filter(None, columns):
            pairs[column, field.name] = Pair(column, field.name, is_changed=field.measure != "take")
    return tuple(pairs.values())


def _document(kind: type[Body], kept: dict[str, Any]) -> Body:
    return kind.model_validate_json(json.dumps(kept))


def _newest(which: Q) -> QuerySet[Work]:
    rows = Work.objects.filter(which, state=WorkState.DONE, library__isnull=False).select_related("library")
    ordered = rows.order_by("kind", "library_id", "table", "feed_id", "-finished_at", "-id")
    return ordered.distinct("kind", "library_id", "table", "feed_id")


def _tie(work: Work, before: Place, after: Place, pairs: tuple[Pair, ...]) -> Tie:
    evidence = Evidence("work", _("资源库作业的回执"), f"/library/works/{work.id}", work.finished_at)
    return Tie(before.id, after.id, pairs, evidence)
