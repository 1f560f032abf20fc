from __future__ import annotations

from datetime import date
from typing import Generic, TypeVar

from pydantic import Field

from jutong.api.types import Out
from jutong.center.clocks.queries import ClockView
from jutong.center.org.models import InformationSystem, Organisation, User

Row = TypeVar("Row")


class PageOut(Out, Generic[Row]):
    """Some rows of a list."""

    rows: list[Row]
    next: str = Field(description="下一页的cursor；空表示没有了 · cursor of what follows, empty at the end")


class OrganisationRef(Out):
    """An organisation by its credit code."""

    code: str
    name: str
    short_name: str


class SystemRef(Out):
    """An information system."""

    id: str
    name: str


class ClockOut(Out):
    """A legal period in working days. ``remaining`` is negative when overdue; ``provisional`` means 暂定."""

    period: str
    name: str
    clause: str
    total: int
    used: int
    remaining: int
    state: str = Field(description="ok, soon, over, paused, done")
    due_on: date
    provisional: bool


def organisation_ref(organisation: Organisation) -> OrganisationRef:
    """Return an organisation as answers show it."""
    return OrganisationRef(code=organisation.code, name=organisation.name, short_name=organisation.short_name)


def system_ref(system: InformationSystem | None) -> SystemRef | None:
    """Return a system as answers show it."""
    return SystemRef(id=str(system.id), name=system.name) if system is not None else None


def person(user: User | None) -> str:
    """Return a person's name as answers show it; nobody reads as empty."""
    return user.name if user is not None else ""


def clock_out(clock: ClockView | None) -> ClockOut | None:
    """Return a clock as answers show it."""
    if clock is None:
        return None
    return ClockOut(
        period=clock.period,
        name=clock.name,
        clause=clock.clause,
        total=clock.total,
        used=clock.used,
        remaining=clock.remaining,
        state=clock.state,
        due_on=clock.due_on,
        provisional=clock.provisional,
    )
