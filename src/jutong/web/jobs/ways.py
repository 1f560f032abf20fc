"""Lineage as a table: each column that lands, the columns it is made of, and what was done on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jutong.center.jobs.lineage import ordered
from jutong.center.jobs.models import Job
from jutong.center.jobs.work import Work
from jutong.contracts.lineage import Change, LandedColumn, landed
from jutong.contracts.rules import ColumnMask, Rule
from jutong.contracts.steps import Step, StepUnfit
from jutong.web.jobs.words import mask_told, told


@dataclass(frozen=True)
class Way:
    """One column that lands."""

    name: str
    sources: str
    done: Sequence[str]
    is_masked: bool


def ways(columns: Sequence[str], work: Work) -> list[Way]:
    """Return the ways of a transfer's columns; none where its steps do not fit the table."""
    try:
        found = landed(columns, work.steps, work.rules, work.masks, work.into)
    except StepUnfit:
        return []
    return _told(found, work.steps, work.rules, work.masks)


def ways_of(job: Job) -> list[Way]:
    """Return the ways of a job's columns as it was ordered."""
    known = ordered(job)
    if known is None:
        return []
    return _told(known.columns, known.order.steps, known.order.rules, known.order.masks)


def _told(
    found: Iterable[LandedColumn], steps: Sequence[Step], rules: Sequence[Rule], masks: Sequence[ColumnMask]
) -> list[Way]:
    words = {one.id: told(one) for one in (*steps, *rules)}
    masked = {mask.column: mask_told(mask) for mask in masks}
    rows = []
    for column in found:
        changes: dict[Change, None] = dict.fromkeys(change for way in column.origins.values() for change in way)
        done = [masked[change.id] if change.masks else words[change.id] for change in changes]
        is_masked = any(change.masks for change in changes)
        rows.append(Way(column.name, "、".join(column.origins), done, is_masked))
    return rows
