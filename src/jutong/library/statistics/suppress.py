"""Takes out of a table of cells what would show single ones.

First the cells that are small themselves, or differ by few from an answer given before. Then others, so that what was
taken out cannot be computed back: along every dimension the cells of a line add up to a figure that anybody may ask
for, so in no line may a single cell be missing, nor cells that together are fewer than the floor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from jutong.contracts.statistics import StatisticsQuery, Suppression
from jutong.library.statistics.compute import Cell, Counted
from jutong.library.statistics.errors import DifferencingError, PopulationSmallError


@dataclass(frozen=True)
class Shown:
    """One cell as it may be seen: nothing of it where ``hidden``; a value is None where it may not be or is not."""

    keys: tuple[str | None, ...]
    hidden: bool
    values: tuple[object, ...]


@dataclass(frozen=True)
class Answer:
    """All cells, and how many of them are hidden for their own sake and for that of others."""

    cells: tuple[Shown, ...]
    total: int
    small: int
    beside: int


def answered(query: StatisticsQuery, counted: Counted, rules: Suppression) -> Answer:
    """Return what may be seen.

    Raises:
        PopulationSmallError: when all rows together are too few.
        DifferencingError: when all rows together differ by too few from those of an answer given before.
    """
    if counted.total < rules.floor:
        raise PopulationSmallError(floor=rules.floor)
    if 0 < counted.near < rules.floor:
        raise DifferencingError(days=rules.remember_days, floor=rules.floor)
    small = {at for at, cell in enumerate(counted.cells) if _is_small(cell, rules.floor)}
    hidden = _with_others(counted.cells, set(small), len(query.groups), rules.floor)
    cells = [
        Shown(cell.keys, at in hidden, () if at in hidden else _values(query, cell, rules))
        for at, cell in enumerate(counted.cells)
    ]
    cells.sort(key=lambda cell: tuple((key is None, key or "") for key in cell.keys))
    return Answer(tuple(cells), counted.total, len(small), len(hidden) - len(small))


def _is_small(cell: Cell, floor: int) -> bool:
    return cell.count < floor or 0 < cell.near < floor


def _with_others(cells: Sequence[Cell], hidden: set[int], width: int, floor: int) -> set[int]:
    """Return the cells to hide, those beside included."""
    lines = _lines(cells, width)
    while True:
        before = len(hidden)
        for line in lines:
            while (missing := [at for at in line if at in hidden]) and _tells(cells, missing, floor):
                left = [at for at in line if at not in hidden]
                if not left:
                    break
                hidden.add(min(left, key=lambda at: (cells[at].count, cells[at].keys == (), at)))
        if len(hidden) == before:
            return hidden


def _tells(cells: Sequence[Cell], missing: Sequence[int], floor: int) -> bool:
    return len(missing) == 1 or sum(cells[at].count for at in missing) < floor


def _lines(cells: Sequence[Cell], width: int) -> list[list[int]]:
    """Return the cells that differ in one dimension only, for every dimension."""
    found: list[list[int]] = []
    for dimension in range(width):
        line: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
        for at, cell in enumerate(cells):
            line[cell.keys[:dimension] + cell.keys[dimension + 1 :]].append(at)
        found += line.values()
    return found


def _values(query: StatisticsQuery, cell: Cell, rules: Suppression) -> tuple[object, ...]:
    figures = iter(cell.figures)
    found: list[object] = []
    for measure in query.measures:
        if measure.kind == "count":
            found.append(cell.count)
            continue
        figure = next(figures)
        if figure.told < rules.floor or _is_dominated(figure.largest, figure.size, rules.dominance_percent):
            found.append(None)
        elif measure.kind == "sum":
            found.append(figure.total)
        elif measure.kind == "average":
            found.append(None if figure.total is None else (figure.total / figure.told).quantize(Decimal("0.01")))
        else:
            found.append(figure.least if measure.kind == "least" else figure.greatest)
    return tuple(found)


def _is_dominated(largest: Decimal | None, size: Decimal | None, percent: int) -> bool:
    return largest is not None and bool(size) and largest * 100 > (size or 0) * percent
