"""Lays a lineage out in columns: what it is made of on the left, what is made of it on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jutong.center.lineage.graph import Graph, Place, Tie, Way

MOST_IN_COLUMN = 12
"""Above so many places a column shows departments, each of which opens."""


@dataclass(frozen=True)
class Box:
    """One box of a column: a place, or the places of one department."""

    places: tuple[Place, ...]
    owner: str = ""

    @property
    def place(self) -> Place | None:
        """The place, where it is one."""
        return self.places[0] if len(self.places) == 1 else None


@dataclass(frozen=True)
class Line:
    """One curve between two columns, as an SVG path in a box of 100 by 100."""

    path: str
    is_late: bool


@dataclass(frozen=True)
class Column:
    """One column, with the curves that lead into it from the one on its left."""

    steps: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...] = ()


def columns(graph: Graph, *, opened: str = "") -> list[Column]:
    """Return the columns of a graph from the left on; ``opened`` is the department shown place by place."""
    levels = [-steps for steps in range(graph.depth("up"), 0, -1)] + list(range(graph.depth("down") + 1))
    found: list[Column] = []
    ties = graph.within()
    for level in levels:
        way: Way = "up" if level < 0 else "down"
        boxes = _boxes(graph.column(way, abs(level)), opened)
        lines = _lines(found[-1].boxes, boxes, ties) if found else ()
        found.append(Column(level, boxes, lines))
    return found


def _boxes(places: Sequence[Place], opened: str) -> tuple[Box, ...]:
    if len(places) <= MOST_IN_COLUMN:
        return tuple(Box((place,)) for place in places)
    owners = dict.fromkeys(place.owner for place in places)
    found: list[Box] = []
    for owner in owners:
        own = tuple(place for place in places if place.owner == owner)
        found += [Box((place,)) for place in own] if owner == opened or len(own) == 1 else [Box(own, owner)]
    return tuple(found)


def _lines(left: Sequence[Box], right: Sequence[Box], ties: Sequence[Tie]) -> tuple[Line, ...]:
    at = {place.id: (number, place) for number, box in enumerate(left) for place in box.places}
    to = {place.id: number for number, box in enumerate(right) for place in box.places}
    drawn: dict[tuple[int, int], bool] = {}
    for tie in ties:
        if tie.before in at and tie.after in to:
            number, place = at[tie.before]
            ends = (number, to[tie.after])
            drawn[ends] = drawn.get(ends, False) or place.is_late
    return tuple(_line(ends, len(left), len(right), is_late=late) for ends, late in sorted(drawn.items()))


def _line(ends: tuple[int, int], left: int, right: int, *, is_late: bool) -> Line:
    start, end = ((2 * number + 1) * 50 / count for number, count in zip(ends, (left, right), strict=True))
    return Line(f"M0 {start:.1f}C50 {start:.1f} 50 {end:.1f} 100 {end:.1f}", is_late)
