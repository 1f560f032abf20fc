"""Where every column that lands comes from, and what was done to it on its way: read off an order, no row needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jutong.contracts.landing import Landing
from jutong.contracts.rules import Cast, ColumnMask, Identity, Reference, Rule
from jutong.contracts.steps import Constant, Drop, Rename, Step, StepUnfit, made_by, read_by


@dataclass(frozen=True)
class Change:
    """One thing done to a value: the step, rule or mask it was done by.

    ``masks`` is set when the value itself can no longer be told, ``keeps`` when it is still the same value.
    """

    id: str
    kind: str
    masks: bool = False
    keeps: bool = False


Ways = dict[str, tuple[Change, ...]]
"""Columns of the source, each with what was done to its values, in order."""


@dataclass(frozen=True)
class LandedColumn:
    """A column that lands: its name behind the steps and in the target, and what it is made of."""

    column: str
    name: str
    origins: Ways


@dataclass(frozen=True)
class Filter:
    """A column of the source that decides which rows land; ``table`` is set where another table is asked."""

    column: str
    rule: str
    kind: str
    table: str = ""
    table_column: str = ""


def landed(
    columns: Sequence[str],
    steps: Sequence[Step] = (),
    rules: Sequence[Rule] = (),
    masks: Sequence[ColumnMask] = (),
    into: Landing | None = None,
) -> tuple[LandedColumn, ...]:
    """Return every column that lands, in order.

    Args:
        columns: of the source.
        steps: taken with them, in this order.
        rules: of which some change what lands.
        masks: put on what passed.
        into: what the target calls the columns, if it is a database.

    Raises:
        StepUnfit: naming the first step, rule or mask that names a column that is not there.
    """
    found = _changed(_after_steps(columns, steps), [(rule.column, _of_rule(rule)) for rule in rules])
    found = _changed(found, [(mask.column, Change(mask.column, mask.mask, masks=True)) for mask in masks])
    pairs = dict(into.columns) if into else {name: name for name in found}
    return tuple(LandedColumn(name, pairs[name], ways) for name, ways in found.items() if name in pairs)


def filters(columns: Sequence[str], steps: Sequence[Step], rules: Sequence[Rule]) -> tuple[Filter, ...]:
    """Return every column of the source by which rows are set aside, skipped, or end the move.

    Raises:
        StepUnfit: as :func:`landed`.
    """
    ways, found = _after_steps(columns, steps), []
    for rule in rules:
        if rule.action == "warn":
            continue
        named = [rule.column, *getattr(rule, "with_columns", ()), *filter(None, [getattr(rule, "other", "")])]
        other = (rule.table, rule.in_column) if isinstance(rule, Reference) else ("", "")
        sources = dict.fromkeys(source for name in named for source in ways.get(name, {}))
        found += [Filter(source, rule.id, rule.kind, *other) for source in sources]
    return tuple(found)


def _of_rule(rule: Rule) -> Change | None:
    changes = isinstance(rule, Cast) or (isinstance(rule, Identity) and rule.to_18)
    return Change(rule.id, rule.kind) if changes else None


def _changed(found: dict[str, Ways], changes: Iterable[tuple[str, Change | None]]) -> dict[str, Ways]:
    for column, change in changes:
        if column not in found:
            raise StepUnfit(change.id if change else column, column)
        if change is not None:
            found = {**found, column: _also(found[column], change)}
    return found


def _after_steps(columns: Sequence[str], steps: Sequence[Step]) -> dict[str, Ways]:
    found: dict[str, Ways] = {name: {name: ()} for name in columns}
    for step in steps:
        if missing := next((name for name in read_by(step) if name not in found), None):
            raise StepUnfit(step.id, missing)
        found = _after(found, step)
    return found


def _after(found: dict[str, Ways], step: Step) -> dict[str, Ways]:
    change = Change(step.id, step.kind, keeps=isinstance(step, Rename))
    if isinstance(step, Rename):
        return {
            step.to if name == step.column else name: _also(ways, change) if name == step.column else ways
            for name, ways in found.items()
        }
    if isinstance(step, Drop):
        return {name: ways for name, ways in found.items() if name != step.column}
    if isinstance(step, Constant):
        return {**found, step.into: {}}
    made = made_by(step) or read_by(step)[0]
    return {**found, made: _also(_joined([found[name] for name in read_by(step)]), change)}


def _also(ways: Ways, change: Change) -> Ways:
    return {source: (*changes, change) for source, changes in ways.items()}


def _joined(several: Sequence[Ways]) -> Ways:
    """Return all the ways; a source that comes by two of them has the changes of both."""
    found: Ways = {}
    for ways in several:
        for source, changes in ways.items():
            found[source] = tuple(dict.fromkeys((*found.get(source, ()), *changes)))
    return found
