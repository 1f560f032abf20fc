"""Walks from a place to what it is made of and to what is made of it, level by level, a few queries each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from jutong.center.lineage.graph import Graph, Place, Reached, Tie, Way, by_near

MOST_PLACES = 200
MOST_STEPS = 8


class Ties(Protocol):
    """One sort of record that ties places."""

    def down(self, places: Collection[Place]) -> Iterable[tuple[Place, Tie]]:
        """Return what is made of some places: the far end of every tie, and the tie."""

    def up(self, places: Collection[Place]) -> Iterable[tuple[Place, Tie]]:
        """Return what some places are made of."""


def walk(start: Place, sorts: Sequence[Ties], *, names: Collection[str] = (), up: int = 1, down: int = 1) -> Graph:
    """Return the lineage of a place.

    Args:
        start: where to begin.
        sorts: the records to ask.
        names: only these of its fields; all of them without any.
        up: steps against the flow, at most ``MOST_STEPS``.
        down: steps with the flow.
    """
    graph = Graph(start.id, {start.id: start})
    begin = frozenset(names) or frozenset(start.fields)
    _walk(graph, sorts, "up", begin, min(up, MOST_STEPS))
    _walk(graph, sorts, "down", begin, min(down, MOST_STEPS))
    return graph


def _walk(graph: Graph, sorts: Sequence[Ties], way: Way, begin: frozenset[str], most: int) -> None:
    reached = graph.up if way == "up" else graph.down
    reached[graph.start] = Reached(0, begin)
    edge = {graph.start}
    for steps in range(1, most + 1):
        found = [pair for sort in sorts for pair in getattr(sort, way)([graph.places[name] for name in sorted(edge)])]
        known = {place.id: place for place, _ in found}
        ties = [tie for _, tie in found]
        edge = _next(graph, reached, by_near(ties, way), known, steps=steps, way=way)
        if not edge:
            return


def _next(
    graph: Graph,
    reached: dict[str, Reached],
    ties: dict[str, list[Tie]],
    known: dict[str, Place],
    *,
    steps: int,
    way: Way,
) -> set[str]:
    """Take one step; return the places that were reached first, or with fields that are new there."""
    edge: set[str] = set()
    for near, several in ties.items():
        for tie in several:
            far = tie.after if way == "down" else tie.before
            names = tie.carried(reached[near].names, way)
            if not names:
                continue
            if far not in reached and len(graph.places) >= MOST_PLACES:
                graph.is_cut = True
                continue
            graph.places.setdefault(far, known[far])
            graph.ties[tie.before, tie.after, str(tie.evidence.label)] = tie
            before = reached.get(far)
            if before is None or not names <= before.names:
                gathered = names | (before.names if before else frozenset())
                reached[far] = Reached(before.steps if before else steps, gathered)
                edge.add(far)
    return edge
