"""What was moved: the newest job that ended well for each target, with its signed order and receipt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog.models import Binding
from jutong.center.jobs.lineage import Ordered, ordered
from jutong.center.jobs.models import Job, JobState
from jutong.center.jobs.transfer import Transfer
from jutong.center.lineage.graph import Evidence, Pair, Place, Tie
from jutong.center.lineage.seen import Sight
from jutong.center.lineage.spots import (
    LibraryId,
    TableId,
    bare,
    of_kind,
    page_of,
    place_id,
    sources_by_name,
    table_place,
)
from jutong.contracts.lineage import LandedColumn

LANDED = "landed"


@dataclass(frozen=True)
class Moves:
    """Jobs that moved a table."""

    sight: Sight

    def down(self, places: Collection[Place]) -> Iterable[tuple[Place, Tie]]:
        """Return where tables were moved to."""
        wanted = {place.id: place for place in of_kind(places, "table")}
        if not wanted:
            return
        any_of = Q()
        for one in map(TableId.of, wanted):
            any_of |= Q(source=one.source, schema_name=one.schema_name, table=one.table)
        entries = Binding.objects.filter(any_of).values("entry_id")
        for job, known in _newest(Q(entry_id__in=entries)):
            if str(_read(known)) in wanted:
                yield self._written(job, known), _tie(job, known)

    def up(self, places: Collection[Place]) -> Iterable[tuple[Place, Tie]]:
        """Return the tables others were moved from."""
        which = self._landing(places) | self._into(places)
        if not which:
            return
        wanted = {place.id for place in places}
        for job, known in _newest(which):
            if _written_id(job, known) in wanted:
                yield self._read_place(job, known), _tie(job, known)

    def _landing(self, places: Collection[Place]) -> Q:
        which = Q()
        for one in map(LibraryId.of, (place_id("library", name) for name in bare(places, "library"))):
            if one.zone == LANDED:
                which |= Q(entry__organisation__code=one.code, target=one.table)
        return which

    def _into(self, places: Collection[Place]) -> Q:
        which = Q()
        for one in (TableId.of(place.id) for place in of_kind(places, "table")):
            which |= Q(work__into__source=one.source, work__into__table=one.table)
        return Q(transfer__in=Transfer.objects.filter(which).values("id")) if which else which

    def _read_place(self, job: Job, known: Ordered) -> Place:
        order = known.order
        binding = Binding(
            entry=job.entry, source=order.source, schema_name=order.schema_name, table=order.table,
            columns={name: name for name in order.columns},
        )  # fmt: skip
        return table_place(binding, sources_by_name([order.source]).get(order.source), self.sight)

    def _written(self, job: Job, known: Ordered) -> Place:
        into, columns = known.order.into, known.columns
        if into is not None:
            binding = Binding(
                entry=job.entry, source=into.source, schema_name=into.schema_name, table=into.table,
                columns={column.name: column.name for column in columns},
            )  # fmt: skip
            return table_place(binding, sources_by_name([into.source]).get(into.source), self.sight)
        return landed_place(job, columns, self.sight)


def landed_place(job: Job, columns: Iterable[LandedColumn], sight: Sight) -> Place:
    """Return the place of a landed table of the library."""
    name = str(LibraryId(LANDED, job.entry.organisation.code, job.target))
    is_open = sight.inside(job.entry.organisation)
    return Place(
        id=name,
        title=job.target if is_open else _("归集的表"),
        note=_("资源库，原样归集"),
        owner=job.entry.organisation.name,
        address=page_of(name) if is_open else "",
        is_open=is_open,
        fields={column.name: column.name for column in columns},
    )


def _newest(which: Q) -> Iterator[tuple[Job, Ordered]]:
    """Yield the newest job of each entry and target that ended well, with its order."""
    rows = Job.objects.filter(which, state=JobState.DONE, is_dry=False, period={}).select_related("entry__organisation")
    for job in rows.order_by("entry_id", "target", "-ordered_at", "-id").distinct("entry_id", "target"):
        known = ordered(job)
        if known is not None:
            yield job, known


def _read(known: Ordered) -> TableId:
    return TableId(known.order.source, known.order.schema_name, known.order.table)


def _written_id(job: Job, known: Ordered) -> str:
    into = known.order.into
    if into is not None:
        return str(TableId(into.source, into.schema_name, into.table))
    return str(LibraryId(LANDED, job.entry.organisation.code, job.target))


def _tie(job: Job, known: Ordered) -> Tie:
    pairs = [
        Pair(
            origin,
            column.name,
            is_changed=any(not change.keeps for change in changes),
            is_masked=any(change.masks for change in changes),
        )
        for column in known.columns
        for origin, changes in column.origins.items()
    ]
    evidence = Evidence("job", _("交换任务的回执"), f"/jobs/{job.id}", job.finished_at)
    return Tie(str(_read(known)), _written_id(job, known), tuple(pairs), evidence)
