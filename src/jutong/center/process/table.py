"""What a process is made of: one table of rows, from which actions, pages, diagrams, guards and tests are derived.

Pure: no database, no clock. A pair of state and event without a row is refused, and the refusal names what is
allowed. Overdue is never an event: the law knows no tacit consent, so lateness changes no state (条例 39(4)).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.org.permissions import Permission
from jutong.center.process.errors import StepNotAllowedError, WrongSideError
from jutong.center.process.sides import Side


@dataclass(frozen=True, slots=True)
class Who:
    """A side and the permission the person's post there must carry; the node and the platform need none."""

    side: Side
    permission: Permission | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """In ``state``, ``event`` by one of ``who`` leads to ``next`` while ``guards`` hold.

    ``event`` is a member of the process's own choices, whose label people read. ``guards`` name what must hold
    besides state, side and post; each is checked by the action that takes the step.
    """

    state: str
    event: TextChoices
    who: tuple[Who, ...]
    next: str
    clause: str
    guards: tuple[StrEnum, ...] = ()


def _join(labels: Collection[str | Promise]) -> str:
    return "、".join(map(str, labels)) or str(_("无"))


joined = lazy(_join, str)
"""Joins labels when somebody reads them, in the reader's language."""


@dataclass(frozen=True)
class Machine:
    """A table with the word for what it is about.

    Attributes:
        what: the word.
        states: its states.
        rows: the table.
        key: what programs call it, such as ``application``; unique among all processes.
        initial: the states in which a case may begin.
    """

    what: str | Promise
    states: type[TextChoices]
    rows: tuple[Row, ...]
    key: str
    initial: tuple[str, ...]

    def find(self, state: str, event: TextChoices) -> Row | None:
        """Return the row of a state and an event, if the table has one."""
        return next((row for row in self.rows if row.state == state and row.event == event), None)

    def events(self, state: str) -> list[TextChoices]:
        """Return what can happen in a state, in the order of the table."""
        return [row.event for row in self.rows if row.state == state]

    def open_to_people(self, state: str) -> list[TextChoices]:
        """Return what somebody can do in a state; what only the node or the platform does is left out."""
        return [
            row.event for row in self.rows if row.state == state and any(who.permission is not None for who in row.who)
        ]

    def edges(self) -> frozenset[tuple[str, str]]:
        """Return every change of state the table knows."""
        return frozenset((str(row.state), str(row.next)) for row in self.rows if row.state != row.next)

    def step(self, state: str, event: TextChoices, *, label: str) -> Row:
        """Return the row of a state and an event.

        Raises:
            StepNotAllowedError: naming the state and what is allowed in it.
        """
        row = self.find(state, event)
        if row is None:
            allowed = [other.label for other in self.open_to_people(state)]
            raise StepNotAllowedError(
                what=label, state=self.states(state).label, event=event.label, allowed=joined(allowed)
            )
        return row


def standing(row: Row, sides: Collection[Side]) -> list[Who]:
    """Return the lines of a row that speak of the actor's sides.

    Raises:
        WrongSideError: if the step belongs to other parties.
    """
    found = [who for who in row.who if who.side in sides]
    if not found:
        raise WrongSideError(event=row.event.label, sides=joined([who.side.label for who in row.who]))
    return found
