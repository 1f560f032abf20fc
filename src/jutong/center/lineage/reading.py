"""The lineage of one place for one person, and who is hit when it changes or stops."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from jutong.center.catalog import queries as catalog
from jutong.center.catalog.models import Binding
from jutong.center.fleet.models import Source
from jutong.center.jobs.lineage import ordered
from jutong.center.jobs.models import Job, JobState
from jutong.center.lineage.graph import Graph, Place, Tie
from jutong.center.lineage.seen import Sight
from jutong.center.lineage.spots import LibraryId, TableId, entry_place, table_place
from jutong.center.lineage.ties.bindings import Bindings
from jutong.center.lineage.ties.moves import LANDED, Moves, landed_place
from jutong.center.lineage.ties.uses import Uses
from jutong.center.lineage.ties.works import Works
from jutong.center.lineage.walking import MOST_STEPS, Ties, walk
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True)
class Hit:
    """One department that would be hit: by which grants, over which fields, how it used them lately."""

    place: Place
    grants: tuple[Place, ...]
    fields: tuple[str, ...]
    uses: tuple[Tie, ...]


@dataclass(frozen=True)
class Impact:
    """What hangs on a place or some of its fields."""

    start: Place
    graph: Graph
    departments: tuple[Hit, ...]
    hidden: tuple[Place, ...]
    tables: tuple[Place, ...]
    entries: tuple[Place, ...]
    cases: tuple[Place, ...]


def picture(actor: Actor, at: str, *, names: Collection[str] = (), up: int = 1, down: int = 1, now: datetime) -> Graph:
    """Return the lineage of a place as far as the actor may see it.

    Raises:
        NotFoundError: if there is no such place the actor may know of.
    """
    start = start_place(actor, at, now)
    return walk(start, _sorts(actor, now), names=[name for name in names if name in start.fields], up=up, down=down)


def impact(actor: Actor, at: str, *, names: Collection[str] = (), now: datetime) -> Impact:
    """Return who and what is hit when a place, or some of its fields, changes or stops.

    Raises:
        NotFoundError: as :func:`picture`.
    """
    start = start_place(actor, at, now)
    behind = _behind(start, [name for name in names if name in start.fields], Sight(actor))
    graph = walk(behind[0], _sorts(actor, now), names=behind[1], up=0, down=MOST_STEPS)
    reached = [graph.places[name] for name in graph.down if name not in {graph.start, start.id}]
    followed = graph.within()
    return Impact(
        start=start,
        graph=graph,
        departments=tuple(_hit(place, graph, followed) for place in reached if place.kind == "user"),
        hidden=tuple(place for place in reached if place.kind == "hidden"),
        tables=tuple(place for place in reached if place.kind in {"table", "library"}),
        entries=tuple(place for place in reached if place.kind == "entry"),
        cases=tuple(place for place in reached if place.kind == "correction"),
    )


def _behind(start: Place, names: list[str], sight: Sight) -> tuple[Place, list[str]]:
    """Return what to walk from: of an entry the table behind it, since what was moved from there is hit too."""
    found = list(Bindings(sight).up([start]))
    if not found:
        return start, names
    table, tie = found[0]
    return table, sorted(tie.carried(frozenset(names or start.fields), "up"))


def _hit(place: Place, graph: Graph, followed: list[Tie]) -> Hit:
    uses = tuple(tie for tie in followed if tie.after == place.id)
    fields = dict.fromkeys(pair.before for tie in uses for pair in tie.pairs)
    grants = tuple(graph.places[tie.before] for tie in uses)
    return Hit(place, grants, tuple(fields), uses)


def start_place(actor: Actor, at: str, now: datetime) -> Place:
    """Return the place a walk begins at.

    Raises:
        NotFoundError: if there is none the actor may know of.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    kind, _, name = at.partition(":")
    sight = Sight(actor)
    found: Place | None = None
    if kind == "entry":
        found = entry_place(catalog.published_entry(actor, name))
    elif kind == "table" and name.count("/") >= 2:  # noqa: PLR2004 - source, schema and table
        found = _table(TableId.of(at), sight)
    elif kind == "library" and name.count("/") >= 2:  # noqa: PLR2004 - zone, code and table
        found = _library(LibraryId.of(at), sight, now)
    if found is None or not found.is_open:
        raise NotFoundError(what=at[:200])
    return found


def _table(name: TableId, sight: Sight) -> Place | None:
    source = Source.objects.filter(name=name.source).select_related("organisation").first()
    rows = Binding.objects.filter(source=name.source, schema_name=name.schema_name, table=name.table)
    binding = rows.select_related("entry__organisation").order_by("-bound_at").first()
    if binding is None and source is not None:
        binding = Binding(source=name.source, schema_name=name.schema_name, table=name.table, columns={})
    return table_place(binding, source, sight) if binding is not None else None


def _library(name: LibraryId, sight: Sight, now: datetime) -> Place | None:
    if name.zone != LANDED:
        return Works(sight, now).place(name)
    rows = Job.objects.filter(
        entry__organisation__code=name.code, target=name.table, state=JobState.DONE, is_dry=False, period={}
    )
    job = rows.select_related("entry__organisation").order_by("-ordered_at").first()
    known = ordered(job) if job is not None else None
    return landed_place(job, known.columns, sight) if job is not None and known is not None else None


def _sorts(actor: Actor, now: datetime) -> list[Ties]:
    sight = Sight(actor)
    return [Bindings(sight), Moves(sight), Works(sight, now), Uses(sight, now)]
