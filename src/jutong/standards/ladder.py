"""The ladder of a clock nobody answers (逐级催办): who hears of it when, as data with version and effective date.

The law names the superior who sees a breach (条例 39-41) and no day on which it is told; the days here are the
platform's, a locality may set its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache

from jutong.standards.shipped import read_json


class StepName(StrEnum):
    """The rungs, in the order in which they are taken."""

    WORKBENCH = "workbench"
    MESSAGE = "message"
    AUTHORITY = "authority"
    SUPERIOR = "superior"


class When(StrEnum):
    """What the days of a rung count: nothing, working days left, or working days past the last one."""

    STARTED = "started"
    LEFT = "left"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One rung in one version."""

    step: StepName
    name: str
    name_en: str
    when: When
    days: int
    version: int
    effective_from: date


@lru_cache(maxsize=1)
def _rows() -> tuple[LadderStep, ...]:
    rows = (
        LadderStep(
            **{
                **row,
                "step": StepName(row["step"]),
                "when": When(row["when"]),
                "effective_from": date.fromisoformat(row["effective_from"]),
            }
        )
        for row in read_json("ladder.json")
    )
    return tuple(sorted(rows, key=lambda row: (row.effective_from, row.version)))


def ladder(on: date, *, message_left: int | None = None, superior_after: int | None = None) -> tuple[LadderStep, ...]:
    """Return the rungs in force on a day, in order, with a locality's own days where it set any."""
    newest = {row.step: row for row in _rows() if row.effective_from <= on}
    own = {StepName.MESSAGE: message_left, StepName.SUPERIOR: superior_after}
    steps = (newest[name] for name in StepName if name in newest)
    return tuple(step if (days := own.get(step.step)) is None else replace(step, days=days) for step in steps)
