"""What periods, rule sets and calculations look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from jutong.api.types import Day, In, Out
from jutong.center.clocks.models import RuleSet
from jutong.center.clocks.rules import Ruled
from jutong.center.clocks.whatif import MOST_PAUSES, WhatIf
from jutong.standards.local_rules import LONGEST

Division = Annotated[str, Field(max_length=12, pattern=r"^\d*$")]
PeriodId = Annotated[str, Field(min_length=1, max_length=16)]


class ClockPeriodOut(Out):
    """A period as it binds; ``statutory_length`` is the law's own where the law sets one."""

    id: str
    name: str
    length: int
    unit: str
    extension_cap: int
    clause: str
    actor: str
    statutory: bool
    statutory_length: int
    local: bool


class RulePeriodOut(Out):
    """One period of a rule set."""

    id: str
    length: int
    extension_cap: int | None
    clause: str


class ClockRuleSetOut(Out):
    """A division's own periods in one version."""

    division: str
    version: int
    title: str
    document: str
    effective_from: date
    message_left: int | None
    superior_after: int | None
    digest: str
    loaded_by: str
    loaded_at: datetime
    periods: list[RulePeriodOut]


class RulePeriodIn(In):
    """One period as the locality sets it."""

    id: PeriodId
    length: Annotated[int, Field(ge=1, le=LONGEST)]
    extension_cap: Annotated[int | None, Field(ge=0, le=LONGEST)] = None
    clause: Annotated[str | None, Field(max_length=32)] = None


class LadderIn(In):
    """Days of the ladder's rungs, in working days."""

    message_left: Annotated[int | None, Field(ge=0, le=LONGEST)] = None
    superior_after: Annotated[int | None, Field(ge=1, le=LONGEST)] = None


class ClockRulesIn(In):
    """A division's own periods; an empty list returns to the law."""

    format: Literal["jutong.clock-rules/1"]
    division: Annotated[str, Field(min_length=1, max_length=12, pattern=r"^\d+$")]
    title: Annotated[str, Field(min_length=1, max_length=128)]
    document: Annotated[str, Field(min_length=1, max_length=64)]
    effective_from: Day
    periods: Annotated[list[RulePeriodIn], Field(max_length=100)]
    ladder: LadderIn | None = None


class ClockPauseIn(In):
    """First and last day on which the clock stands still."""

    first: Day
    last: Day


class ClockCalculationIn(In):
    """What to work out."""

    period: PeriodId
    started_on: Day
    pauses: Annotated[list[ClockPauseIn], Field(max_length=MOST_PAUSES, default_factory=list)]
    extension: Annotated[int, Field(ge=0, le=LONGEST)] = 0
    division: Division = ""


class ClockDayOut(Out):
    """One day; ``number`` is the working day it is, 0 where it is not counted, and ``note`` says why."""

    day: date
    kind: str
    number: int
    note: str


class ClockCalculationOut(Out):
    """The worked-out clock."""

    period: str
    clause: str
    due_on: date
    provisional: bool
    gross_days: int
    net_days: int
    days: list[ClockDayOut]


def period_out(row: Ruled) -> ClockPeriodOut:
    """Return a period as others see it."""
    return ClockPeriodOut(
        id=row.law.id, name=row.law.name, length=row.period.length, unit=row.period.unit.value,
        extension_cap=row.period.extension_cap, clause=row.clause, actor=row.law.actor, statutory=row.law.statutory,
        statutory_length=row.law.length, local=row.rule_set is not None,
    )  # fmt: skip


def rule_set_out(row: RuleSet) -> ClockRuleSetOut:
    """Return a rule set as others see it."""
    return ClockRuleSetOut(
        division=row.division_code, version=row.version, title=row.title, document=row.document,
        effective_from=row.effective_from, message_left=row.message_left, superior_after=row.superior_after,
        digest=row.digest, loaded_by=row.loaded_by, loaded_at=row.loaded_at,
        periods=[
            RulePeriodOut(id=one.period, length=one.length, extension_cap=one.extension_cap, clause=one.clause)
            for one in row.periods.all()
        ],
    )  # fmt: skip


def calculation_out(found: WhatIf) -> ClockCalculationOut:
    """Return a worked-out clock as others see it."""
    return ClockCalculationOut(
        period=found.ruled.law.id, clause=found.ruled.clause, due_on=found.due.due_on,
        provisional=found.due.provisional, gross_days=found.gross, net_days=found.net,
        days=[
            ClockDayOut(day=row.day, kind=row.kind.value, number=row.number, note=row.row.note) for row in found.days
        ],
    )  # fmt: skip
